import { describe, expect, it } from "vitest"
import { entryOf, only, transcriptOf, user } from "../../../../../test/fixtureLines.ts"
import { decode } from "../../../src/harness/claude/ClaudeCode.ts"
import type { Transcript } from "../../../src/journal/Entry.ts"

const decodeOne = (line: string | Uint8Array | object, kind: Transcript["kind"] = "main") => decode(transcriptOf(kind), entryOf(line))
const eventsOf = (line: string | Uint8Array | object, kind?: Transcript["kind"]) => decodeOne(line, kind).events

describe("times", () => {
  it.each([
    ["2026-03-01T10:00:01.000Z", Date.UTC(2026, 2, 1, 10, 0, 1)],
    ["2026-03-01T12:00:01+02:00", Date.UTC(2026, 2, 1, 10, 0, 1)],
    ["2026-03-01T10:00:01", Date.UTC(2026, 2, 1, 10, 0, 1)],
    ["2026-03-01", Date.UTC(2026, 2, 1)],
    ["2026-13-01T10:00:01.000Z", null],
    ["yesterday", null],
    ["1", null],
    [1_772_359_201_000, null]
  ])("The time %s is read as an instant, or as none", (timestamp, at) => {
    expect(decodeOne({ type: "mode", mode: "normal", timestamp }).envelope.at).toBe(at)
  })
})

describe("damaged lines", () => {
  const whole = JSON.stringify(user("still here", { timestamp: "2026-03-01T10:00:01.000Z" }))
  const reasons = (line: string) => only(eventsOf(line), "Unreadable")

  it.each([
    ["cut off", '{"type":"assistant","message":{"content":[{"type":"text","te'],
    ["cut off in a string", '{"parentUuid":"x","message":{"role":"user","content":"half wri']
  ])("The decoder finds the record behind one that is %s", (_, broken) => {
    const decoded = decodeOne(broken + whole)
    expect(decoded.events).toMatchObject([
      { _tag: "Unreadable", recovered: true },
      { _tag: "Prompted", text: "still here" }
    ])
    expect(decoded.envelope).toMatchObject({ type: "user", uuid: "u", at: Date.UTC(2026, 2, 1, 10, 0, 1) })
  })

  it("The decoder reads both records of a line whose newline is missing", () => {
    expect(decodeOne(JSON.stringify(user("first", { uuid: "1" })) + whole).events).toMatchObject([
      { _tag: "Unreadable", recovered: true },
      { text: "first" },
      { text: "still here" }
    ])
  })

  it("The decoder reads a record between NULs", () => {
    expect(decodeOne(`${"\0".repeat(64)}${whole}\0\0`)).toMatchObject({
      envelope: { uuid: "u" },
      events: [{ _tag: "Unreadable", recovered: true }, { _tag: "Prompted" }]
    })
  })

  it("The decoder does not take a part of a broken record for a record", () => {
    expect(reasons('{"type":"assistant","message":{"content":[{"type":"text","te{"type":"user"}')).toEqual([
      { _tag: "Unreadable", reason: "a record that breaks off or is damaged: no valid JSON", recovered: false }
    ])
  })

  it("The decoder does not search a broken line for ever", () => {
    expect(reasons(`{"type":"user","x":[${'{"a":1},'.repeat(200_000)}{}`)).toHaveLength(1)
  })

  it.each([
    ["", "an empty line"],
    ["\r", "an empty line"],
    ["\0\0\0\0", "only NUL bytes, written when the machine went down"],
    ["[1]", "a JSON array, not an object"],
    ["null", "a JSON null, not an object"],
    ['"x"', "a JSON string, not an object"],
    ["garbage", "no JSON"],
    ["}", "no JSON"]
  ])("The line %j is unreadable and says why", (line, reason) => {
    expect(eventsOf(line)).toEqual([{ _tag: "Unreadable", reason, recovered: false }])
  })

  it("The decoder reads a line behind a byte order mark", () => {
    expect(eventsOf(`\ufeff${whole}`)).toMatchObject([{ _tag: "Prompted" }])
  })
})

describe("odd text", () => {
  it.each(["emoji 👩‍👩‍👧‍👦🚀", "\u2028separator\u2029", "nul \0 inside", "lone \ud800 surrogate", "日本語", "\u0007bell"])("%j is kept as it is", (text) => {
    expect(eventsOf(user(text))).toMatchObject([{ _tag: "Prompted", text }])
  })

  it("The decoder reads invalid UTF-8 with U+FFFD in its place", () => {
    const bytes = Buffer.from(JSON.stringify(user("a?b")))
    bytes[bytes.indexOf("?")] = 0xff
    expect(eventsOf(new Uint8Array(bytes))).toMatchObject([{ _tag: "Prompted", text: "a\ufffdb" }])
  })
})
