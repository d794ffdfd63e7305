import * as fc from "fast-check"
import { decodeEntry } from "han-core/Decode"
import { entryText } from "han-core/Entry"
import { mask } from "han-core/Mask"
import { describe, expect, it } from "vitest"
import { entryOf, scenario, scenarios, transcriptOf } from "../../../../test/fixtureLines.ts"
import { runs } from "../../../../test/runs.ts"

const main = transcriptOf("main")
const han = transcriptOf("han")
const masked = (record: object, transcript = main) => JSON.parse(entryText(mask(transcript, entryOf(record))))

/** Fields whose values somebody or something wrote, by their names. */
const textFields = new Set(
  "content text thinking command prompt old_string new_string stdout stderr output summary customTitle aiTitle lastPrompt oldString newString originalFile raw lines query".split(
    " "
  )
)
/** Fields of tools and of the client's that are no texts, wherever they stand: paths, names, states. */
const factFields = new Set("file_path notebook_path filePath subagent_type status tool_name name type id tool_use_id taskId agentType".split(" "))
const wordsOf = (text: string): ReadonlyArray<string> => text.match(/\p{L}{4,}/gu) ?? []
const collect = (value: unknown, isText: boolean, into: { readonly texts: Set<string>; readonly rest: Set<string> }): void => {
  if (typeof value === "string") for (const word of wordsOf(value)) (isText ? into.texts : into.rest).add(word)
  if (typeof value !== "object" || value === null) return
  for (const [key, part] of Object.entries(value)) {
    for (const word of wordsOf(key)) into.rest.add(word)
    collect(part, Array.isArray(value) ? isText : !factFields.has(key) && (isText || textFields.has(key)), into)
  }
}

describe("a mask", () => {
  it.each(scenarios)("No word that stands in texts alone is left in the masked lines of %s", (name) => {
    for (const { entries, transcript } of scenario(name))
      for (const entry of entries) {
        const into = { texts: new Set<string>(), rest: new Set<string>() }
        let record: unknown
        try {
          record = JSON.parse(entryText(entry))
        } catch {
          continue
        }
        collect(record, false, into)
        const after = { texts: new Set<string>(), rest: new Set<string>() }
        collect(JSON.parse(entryText(mask(transcript, entry))), false, after)
        const left = new Set([...after.texts, ...after.rest])
        // The client's own sentences, which say what a line is.
        for (const word of wordsOf("Request interrupted by user for tool use This session is being continued from a previous conversation")) left.delete(word)
        // Names of commands, and of the blocks that programs put into texts.
        const kept = entryText(mask(transcript, entry)).match(/<command-(?:name|message)>[^<]*|<\/?[a-z-]+>/g) ?? []
        for (const word of kept.flatMap(wordsOf)) left.delete(word)
        expect([...into.texts].filter((word) => !into.rest.has(word) && left.has(word))).toEqual([])
      }
  })

  it("No word in a field that is not known stays, and no key where tools and people write theirs", () => {
    const secret = fc.stringMatching(/^[a-z]{8,12}$/).map((word) => `zq${word} ${word}qz`)
    const nested = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof({ depthSize: "small" }, secret, fc.array(tie("value"), { maxLength: 3 }), fc.dictionary(secret, tie("value"), { maxKeys: 3 }))
    })).value
    const records = fc.record({
      type: fc.constantFrom("user", "assistant", "attachment", "system", "tool_use", "tool_result", "summary", "something-new"),
      newField: secret,
      message: fc.record({
        content: fc.oneof(
          secret,
          fc.array(
            fc.record({ type: fc.constantFrom("text", "tool_use", "tool_result", "thinking"), text: secret, input: nested, content: secret, unheard: secret })
          )
        ),
        other: secret
      }),
      toolUseResult: nested,
      attachment: nested,
      input: nested,
      data: nested
    })
    fc.assert(
      fc.property(records, fc.constantFrom(main, han), (record, transcript) => {
        const { data, ...rest } = record
        expect(JSON.stringify(masked(transcript === han ? { type: "hook_result", data } : rest, transcript))).not.toMatch(/zq[a-z]{8}/)
      }),
      { numRuns: runs(3000, 300) }
    )
  })

  it("Patches and edits keep how many lines they add and take out", () => {
    const record = {
      type: "user",
      toolUseResult: { filePath: "/a.ts", structuredPatch: [{ oldStart: 1, lines: [" same", "-old words", "+new words", "+more"] }], originalFile: "words" },
      message: { content: [{ type: "tool_result", tool_use_id: "t", content: "words" }] }
    }
    expect(masked(record).toolUseResult).toEqual({ filePath: "/a.ts", structuredPatch: [{ oldStart: 1, lines: [" ", "-", "+", "+"] }] })
    const edit = {
      type: "assistant",
      message: {
        content: [{ type: "tool_use", id: "t", name: "Edit", input: { file_path: "/a.ts", old_string: "one\ntwo\n", new_string: "one\nthree\nfour\n" } }]
      }
    }
    expect(masked(edit).message.content[0].input).toEqual({ file_path: "/a.ts", old_string: "1\n2\n", new_string: "1\n3\n4\n" })
  })

  it("han's own lines keep hook, verdict, kind of reason, duration and number of files, and drop output and texts", () => {
    const data = {
      plugin: "p",
      hook: "h",
      hook_type: "Stop",
      verdict: "blocked",
      reason: "due",
      reason_text: "words here",
      duration_ms: 12,
      exit_code: 1,
      success: false,
      file_count: 3,
      files: ["a b"],
      output: "words",
      error: "words",
      command: "npm test"
    }
    expect(masked({ type: "hook_result", uuid: "u", hookRunId: "r", data }, han)).toEqual({
      type: "hook_result",
      uuid: "u",
      hookRunId: "r",
      data: { plugin: "p", hook: "h", hook_type: "Stop", verdict: "blocked", reason: "due", duration_ms: 12, exit_code: 1, success: false, file_count: 3 }
    })
    const entry = mask(han, entryOf({ type: "hook_result", ref: "hook_result/a.json" }, JSON.stringify({ data })))
    expect(new TextDecoder().decode(entry.payload)).not.toContain("words")
  })

  it("An address of a pull request stays in the result of a tool, and in no prompt", () => {
    const address = "https://github.com/o/r/pull/7"
    const result = { type: "user", message: { content: [{ type: "tool_result", tool_use_id: "t", content: `made ${address} for you` }] } }
    expect(masked(result).message.content[0].content).toBe(`> … ${address}`)
    expect(JSON.stringify(masked({ type: "user", message: { content: `look at ${address}` } }))).not.toContain("github")
  })

  it("A damaged line stays damaged in its way, and says nothing", () => {
    for (const line of [
      "garbage of words",
      '{"type":"user","words',
      "",
      "\0\0",
      "null",
      "[1]",
      '"words"',
      "12",
      '\0{"type":"user","uuid":"u"}',
      '{"broken":"words{"type":"user","uuid":"u"}'
    ]) {
      const [before, after] = [entryOf(line), mask(main, entryOf(line))].map((entry) => decodeEntry(main, entry).events[0])
      expect(after, line).toEqual(before)
      expect(entryText(mask(main, entryOf(line)))).not.toContain("words")
    }
  })
})

describe("a withheld line", () => {
  it("A withheld line is quiet, whichever harness it is of", () => {
    for (const transcript of [main, transcriptOf("agent"), han, { ...main, source: "somebody" }]) {
      const { envelope, events } = decodeEntry(transcript, entryOf({ type: "han-withheld", reason: "too_large", bytes: 5_000_000 }))
      expect(events).toEqual([{ _tag: "Withheld", reason: "too_large", bytes: 5_000_000 }])
      expect(envelope.uuid).toBeNull()
    }
    expect(decodeEntry(main, entryOf('{"type":"han-withheld"')).events[0]?._tag).toBe("Unreadable")
  })
})
