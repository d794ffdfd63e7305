import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { endsOf, type HanEvent, maxRunMs, runsOf } from "../../src/hooks/HookRun.ts"
import { SessionId } from "../../src/journal/Entry.ts"

const sessionId = SessionId.make("s")
const now = Date.UTC(2026, 2, 1, 12)
const gate = { plugin: "biome", hook: "lint", directory: "/work/app" }

const event = (name: string, id: string, line: number, more: Partial<HanEvent> & { readonly data?: object } = {}): HanEvent => ({
  id,
  sessionId,
  at: now - 60_000 + line * 1000,
  name,
  replyTo: null,
  transcriptNo: 1,
  line,
  ...more,
  data: { ...gate, ...more.data }
})
const run = (id: string, line: number, more: Parameters<typeof event>[3] = {}) => event("hook_run", id, line, more)
const result = (id: string, line: number, more: Parameters<typeof event>[3] = {}) =>
  event("hook_result", id, line, { ...more, data: { success: true, exit_code: 0, ...more.data } })

const told = (events: ReadonlyArray<HanEvent>, ended = false) => runsOf(events, { now, ended }).map(({ endId, id, status }) => [id, endId, status])

describe("a result", () => {
  it("A result belongs to the run that it names, wherever both stand", () => {
    expect(told([result("e", 1, { replyTo: "r" }), run("r", 2)])).toEqual([["r", "e", "passed"]])
    expect(told([run("r", 1, { data: { hook_run_id: "own" } }), run("other", 2), result("e", 3, { replyTo: "own" })])).toEqual([
      ["r", "e", "passed"],
      ["other", null, "running"]
    ])
  })

  it("A result that names no run belongs to the last open run of its gate", () => {
    const events = [run("r1", 1), result("e1", 2), run("r2", 3), result("e2", 4, { data: { success: false, exit_code: 1 } })]
    expect(told(events)).toEqual([
      ["r1", "e1", "passed"],
      ["r2", "e2", "failed"]
    ])
    expect(told([run("r1", 1), run("r2", 2), result("e", 3)])).toEqual([
      ["r1", null, "abandoned"],
      ["r2", "e", "passed"]
    ])
  })

  it("A result is not mistaken for one of another directory, hook or plugin", () => {
    const web = { directory: "/work/web" }
    const events = [run("app", 1), run("web", 2, { data: web }), result("end-app", 3, { data: { success: false } }), result("end-web", 4, { data: web })]
    expect(told(events)).toEqual([
      ["app", "end-app", "failed"],
      ["web", "end-web", "passed"]
    ])
    expect(told([run("r", 1), result("e", 2, { data: { hook: "test" } })])).toEqual([
      ["r", null, "running"],
      ["e", "e", "passed"]
    ])
  })

  it("A result without a run, or of a run that is not there, is one of its own", () => {
    expect(told([result("e", 1)])).toEqual([["e", "e", "passed"]])
    expect(told([run("r", 1), result("e", 2, { replyTo: "gone" })])).toEqual([
      ["r", null, "running"],
      ["e", "e", "passed"]
    ])
  })

  it("A result of the same millisecond may stand before its run", () => {
    const at = now - 1000
    expect(told([result("e", 1, { at }), run("r", 2, { at })])).toEqual([["r", "e", "passed"]])
  })

  it("A result is found by every id of its run", () => {
    const ends = endsOf([run("r", 1, { data: { hook_run_id: "own" } }), result("e", 2)])
    expect([ends.get("r")?.id, ends.get("own")?.id, ends.get("e")]).toEqual(["e", "e", undefined])
  })
})

describe("a run without an end", () => {
  it("A run without an end is under way for a while and no longer", () => {
    expect(told([run("r", 1, { at: now - maxRunMs })])).toEqual([["r", null, "running"]])
    expect(told([run("r", 1, { at: now - maxRunMs - 1 })])).toEqual([["r", null, "abandoned"]])
    expect(told([run("r", 1, { at: null })])).toEqual([["r", null, "abandoned"]])
  })
  it("A run without an end is over with its session", () => expect(told([run("r", 1)], true)).toEqual([["r", null, "abandoned"]]))
  it("A run without an end is over when its gate begins anew, and no other", () => {
    expect(told([run("a", 1), run("b", 2, { data: { directory: "/work/web" } }), run("c", 3)])).toEqual([
      ["a", null, "abandoned"],
      ["b", null, "running"],
      ["c", null, "running"]
    ])
  })
})

it("runs do not depend on the order in which lines are given, nor on which transcript came first", () => {
  const kinds = fc.record({
    ends: fc.boolean(),
    named: fc.boolean(),
    hook: fc.constantFrom("a", "b"),
    transcriptNo: fc.constantFrom(1, 2),
    gap: fc.constantFrom(0, 1)
  })
  fc.assert(
    fc.property(fc.array(kinds, { minLength: 1, maxLength: 12 }), fc.infiniteStream(fc.nat()), (steps, shuffle) => {
      let time = now - 100_000
      const events = steps.map(({ ends, gap, hook, named, transcriptNo }, line) => {
        time += gap
        const more = { at: time, transcriptNo, data: { hook } }
        return ends ? result(`e${line}`, line, { ...more, replyTo: named ? `r${line - 1}` : null }) : run(`r${line}`, line, more)
      })
      const shuffled = events.map((one) => [one, shuffle.next().value] as const).sort(([, a], [, b]) => a - b)
      const swapped = shuffled.map(([one]) => ({ ...one, transcriptNo: 3 - one.transcriptNo }))
      expect(told(swapped)).toEqual(told(events))
    })
  )
})
