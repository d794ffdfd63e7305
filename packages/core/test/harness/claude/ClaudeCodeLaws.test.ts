import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { entryOf, scenario, scenarios, transcriptOf } from "../../../../../test/fixtureLines.ts"
import { runs } from "../../../../../test/runs.ts"
import { decodeEntry } from "../../../src/harness/Decode.ts"
import { DecodedLine } from "../../../src/journal/SessionEvent.ts"
import { fromLine, idOf, kindOf, roleOf, searchTextOf, textOf } from "../../../src/sessions/Message.ts"

const transcripts = fc.constantFrom(transcriptOf("main"), transcriptOf("agent"), transcriptOf("han"))
const types = [
  "user",
  "assistant",
  "system",
  "summary",
  "attachment",
  "queue-operation",
  "file-history-snapshot",
  "file-history-delta",
  "custom-title",
  "ai-title",
  "agent-name",
  "tag",
  "pr-link",
  "worktree-state",
  "relocated",
  "cost-state",
  "api-request",
  "last-prompt",
  "tools-used",
  "progress",
  "tool_use",
  "tool_result",
  "token_usage",
  "hook_file_change"
]
const names = [
  "type",
  "message",
  "content",
  "text",
  "usage",
  "input",
  "name",
  "id",
  "attachment",
  "snapshot",
  "modelUsage",
  "uuid",
  "tool_use_id",
  "edits",
  "todos",
  "data",
  "ref",
  "error",
  "__proto__",
  "toString"
]
/** Records with the right names and any values under them. */
const nearMiss = fc
  .letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom(...types, "tool_use", "tool_result", "text", "thinking", "Write", "TodoWrite"),
      tie("object"),
      fc.array(tie("value"), { maxLength: 3 })
    ),
    object: fc.dictionary(fc.constantFrom(...names), tie("value"), { maxKeys: 6, noNullPrototype: true })
  }))
  .object.chain((object) => fc.constantFrom(...types).map((type) => ({ ...Object(object), type })))

const check = (line: string | Uint8Array | object, transcript: ReturnType<typeof transcriptOf>, payload?: string) => {
  const entry = entryOf(line, payload)
  const decoded = decodeEntry(transcript, entry)
  expect(decoded.events.length).toBeGreaterThan(0)
  expect(Schema.is(DecodedLine)(decoded)).toBe(true)
  expect(decodeEntry(transcript, entryOf(line, payload))).toEqual(decoded)
  const kind = kindOf(decoded)
  if (kind !== null) roleOf(kind)
  textOf(decoded)
  searchTextOf(decoded)
  expect(idOf(transcript, decoded, entry)).not.toBe("")
  expect(fromLine(transcript, decoded, entry) === null).toBe(kind === null)
  return decoded
}

describe("any line", () => {
  it("A line of any bytes decodes without an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), transcripts, (bytes, transcript) => void check(bytes, transcript)),
      { numRuns: runs(500, 100) }
    )
  })

  it("A line of any text, whole or cut, decodes without an error", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), transcripts, (json, cut, transcript) => void check(json.slice(0, cut % (json.length + 1)), transcript)),
      { numRuns: runs(500, 100) }
    )
  })

  it("A line of a known type with anything in it decodes without an error", () => {
    fc.assert(
      fc.property(nearMiss, transcripts, fc.option(fc.json(), { nil: undefined }), (record, transcript, payload) => void check(record, transcript, payload)),
      { numRuns: runs(2000, 200) }
    )
  })

  it("A line of an unknown type is unrecognised, and its words are kept", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).map((name) => `novelty-${name}`),
        fc.stringMatching(/^[a-z]{1,20}$/),
        (type, word) => {
          const decoded = check({ type, payload: { deep: [word] } }, transcriptOf("main"))
          expect(decoded.events).toEqual([{ _tag: "Unrecognized", type, text: word }])
          expect(kindOf(decoded)).toBe("unrecognized")
        }
      )
    )
  })

  it("A line that is nested deeper than a stack decodes without an error", () => {
    for (const depth of [200, 5000, 100_000]) {
      const deep = `${'{"a":['.repeat(depth)}"x"${"]}".repeat(depth)}`
      for (const type of ["novelty", "assistant", "tool_result"]) {
        const decoded = decodeEntry(
          transcriptOf("main"),
          entryOf(`{"type":"${type}","uuid":"u","result":${deep},"message":{"content":[{"type":"tool_use","id":"t","name":"Bash","input":${deep}}]}}`)
        )
        expect(decoded.events.length).toBeGreaterThan(0)
        searchTextOf(decoded)
        textOf(decoded)
      }
      const han = decodeEntry(transcriptOf("han"), entryOf(`{"type":"hook_run","uuid":"u","data":${deep}}`))
      searchTextOf(han)
    }
  })
})

describe("recorded lines", () => {
  it("Recorded lines that are cut at any place and followed by the next one lose only the cut one", () => {
    const lines = scenarios
      .flatMap((name) => scenario(name).flatMap(({ entries }) => entries.map(({ bytes }) => Buffer.from(bytes).toString())))
      .filter((line) => line.includes('"uuid":"'))
    fc.assert(
      fc.property(fc.constantFrom(...lines), fc.constantFrom(...lines), fc.nat(), (broken, whole, at) => {
        const cut = broken.slice(0, 1 + (at % (broken.length - 1)))
        const transcript = transcriptOf("main")
        const decoded = decodeEntry(transcript, entryOf(cut + whole))
        const expected = decodeEntry(transcript, entryOf(whole))
        expect(decoded.envelope).toEqual(expected.envelope)
        expect(decoded.events[0]).toMatchObject({ _tag: "Unreadable", recovered: true })
        expect(decoded.events.slice(1)).toEqual(expected.events)
      }),
      { numRuns: runs(300, 100) }
    )
  })
})
