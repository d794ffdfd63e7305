import * as fc from "fast-check"
import type { Entry } from "han-core/Entry"
import { describe, expect, it } from "vitest"
import { entryOf, scenario, scenarios, transcriptOf } from "../../../../test/fixtureLines.ts"
import { runs } from "../../../../test/runs.ts"
import { prettyJson } from "../../src/messages/prettyJson.ts"
import { ask, lineOf, wholeDocument } from "../messageSchema.ts"

const transcripts = fc.constantFrom(transcriptOf("main"), transcriptOf("agent"), transcriptOf("han"))
const types = [
  ...["user", "assistant", "system", "summary", "attachment", "queue-operation", "file-history-snapshot", "file-history-delta", "custom-title", "pr-link"],
  ...["progress", "tool_use", "tool_result", "novelty"],
  ...["hook_run", "hook_result", "hook_check_state", "hook_reference", "hook_validation", "hook_script", "hook_datetime", "hook_file_change"],
  ...["hook_validation_cache", "queue_operation", "mcp_tool_call", "mcp_tool_result", "exposed_tool_call", "exposed_tool_result"],
  ...["memory_query", "memory_learn", "sentiment_analysis", "token_usage"]
]
const names = [
  ...["type", "message", "content", "text", "thinking", "signature", "usage", "input", "name", "id", "tool_use_id", "source", "data", "url", "media_type"],
  ...["attachment", "prompt", "snapshot", "timestamp", "uuid", "parentUuid", "isMeta", "isCommand", "isInterrupt", "command", "level", "subtype", "usage"],
  ...["input_tokens", "arguments", "result", "output", "files", "paths", "signals", "call_id", "hook", "success", "duration_ms", "exit_code", "tool"],
  ...["sentiment_score", "append", "session_id", "hookRunId", "__proto__", "toString"]
]
const words = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.constantFrom("a\ud800", "\u2028", "\0", "e\u0301".repeat(400), "x".repeat(600), "2026-03-01T10:00:01Z", "mcp__a__b", "<command-name>/x</command-name>")
)
/** Records with the right names and any values under them. */
const nearMiss = fc
  .letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.jsonValue({ maxDepth: 1 }),
      words,
      fc.constantFrom("text", "thinking", "tool_use", "tool_result", "image", "base64", "queued_command", 1e300, -0, 2 ** 53, 0.5, true),
      tie("object"),
      fc.array(tie("value"), { maxLength: 3 })
    ),
    object: fc.dictionary(fc.constantFrom(...names), tie("value"), { maxKeys: 8, noNullPrototype: true })
  }))
  .object.chain((object) => fc.constantFrom(...types).map((type) => ({ ...Object(object), type })))

const strings = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string" ? [value] : typeof value === "object" && value !== null ? Object.values(value).flatMap(strings) : []

const check = async (line: string | Uint8Array | object | Entry, transcript: ReturnType<typeof transcriptOf>) => {
  const entry = line instanceof Object && "bytes" in line && "offset" in line ? line : entryOf(line)
  const shown = lineOf(transcript, entry)
  if (shown === null) return
  const { data, errors } = await ask(wholeDocument, [shown])
  expect(errors).toBeUndefined()
  expect(JSON.parse(JSON.stringify(data))).toEqual(data)
  expect(strings(data).filter((text) => !text.isWellFormed())).toEqual([])
}

describe("every field is told without an error", () => {
  it("Every field is told without an error for any bytes", () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), transcripts, (bytes, transcript) => check(bytes, transcript)),
      { numRuns: runs(200, 100) }
    ))

  it("Every field is told without an error for any JSON, whole or cut", () =>
    fc.assert(
      fc.asyncProperty(fc.json(), fc.nat(), transcripts, (json, cut, transcript) => check(json.slice(0, cut % (json.length + 1)), transcript)),
      { numRuns: runs(200, 100) }
    ))

  it("Every field is told without an error for any object", () =>
    fc.assert(
      fc.asyncProperty(fc.object(), transcripts, (record, transcript) => check(record, transcript)),
      { numRuns: runs(200, 100) }
    ))

  it("Every field is told without an error for a known type with anything in it", () =>
    fc.assert(
      fc.asyncProperty(nearMiss, transcripts, (record, transcript) => check(record, transcript)),
      { numRuns: runs(1500, 150) }
    ))

  it("Every field is told without an error for a known event with anything as its data", () =>
    fc.assert(
      fc.asyncProperty(nearMiss, fc.constantFrom(...types), (data, type) => check({ uuid: "e", type, data }, transcriptOf("han"))),
      { numRuns: runs(800, 100) }
    ))

  it("Every field is told without an error for real lines with a byte changed", () => {
    const real = scenarios.slice(0, 8).flatMap((name) => scenario(name).flatMap(({ entries, transcript }) => entries.map((entry) => ({ entry, transcript }))))
    return fc.assert(
      fc.asyncProperty(fc.constantFrom(...real), fc.nat(), fc.nat({ max: 255 }), ({ entry, transcript }, at, byte) => {
        const bytes = Uint8Array.from(entry.bytes)
        bytes[at % bytes.length] = byte
        return check({ ...entry, bytes }, transcript)
      }),
      { numRuns: runs(300, 100) }
    )
  })

  it("Every field is told without an error for a result of two megabytes, whatever it is made of", async () => {
    for (const text of ["x", "\u0301", "\0", "\ud800", "\u2028"]) {
      const content = `a${text.repeat(2_000_000)}`
      await check({ type: "user", uuid: "u", message: { content: [{ type: "tool_result", tool_use_id: "t", content }] } }, transcriptOf("main"))
    }
  })

  it("Every field is told without an error for what is nested deeper than a stack", async () => {
    const deep = (depth: number) => `{"type":"assistant","message":{"content":[{"type":"tool_use","input":${"[".repeat(depth)}${"]".repeat(depth)}}]}}`
    for (const depth of [100, 1000, 100_000]) await check(deep(depth), transcriptOf("main"))
    await check(`{"type":"mcp_tool_result","data":{"result":${"[".repeat(5000)}${"]".repeat(5000)}}}`, transcriptOf("han"))
  })
})

describe("JSON to read", () => {
  it("JSON to read means the same, with its keys in order", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const written = prettyJson(value)
        expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(prettyJson(JSON.parse(written))).toBe(written)
      }),
      { numRuns: runs(300, 100) }
    )
    expect(prettyJson({ b: { d: 1, c: 2 }, a: "\u2028" })).toBe('{\n  "a": "\u2028",\n  "b": {\n    "c": 2,\n    "d": 1\n  }\n}')
  })
})
