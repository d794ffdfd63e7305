import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { changedBy } from "../../src/harness/claude/claudeTools.ts"
import { type NotedChange, type OwnChange, ownNotes, pathFrom } from "../../src/sessions/FileChange.ts"
import { lineDiff } from "../../src/text/lineDiff.ts"

const own = (path: string, at: number | null, toolName = "Edit", until: number | null = null): OwnChange => ({ path, toolName, at, until })
const note = (id: string, path: string, at: number | null, toolName = "Edit"): NotedChange => ({ id, path, toolName, at })
const left = (changes: ReadonlyArray<OwnChange>, notes: ReadonlyArray<NotedChange>, cwd: string | null = "/work/app") =>
  ownNotes(changes, notes, cwd).map(({ id }) => id)

const minute = 60_000

describe("lines of a change", () => {
  it.each<[string, string, string, number, number]>([
    ["of one word in a line", "a\nb\nc", "a\nx\nc", 1, 1],
    ["that is none", "a\nb", "a\nb", 0, 0],
    ["of a text that was not there", "", "a\nb\n", 2, 0],
    ["of a text that is gone", "a\nb\n", "", 0, 2],
    ["of two places", "a\nb\nc\nd\ne", "x\nb\nc\nd\ny\nz", 3, 2],
    ["that moved", "a\nb\nc", "b\nc\na", 1, 1],
    ["of a newline at the end", "a\n", "a", 0, 0]
  ])("The lines of a change are counted: %s", (_, before, after, added, removed) => expect(lineDiff(before, after)).toEqual({ added, removed }))

  it("Lines of a change are the fewest that turn one text into the other, and the other way round", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 })
    fc.assert(
      fc.property(text, text, (before, after) => {
        const there = lineDiff(before.join("\n"), after.join("\n"))
        const back = lineDiff(after.join("\n"), before.join("\n"))
        expect(back).toEqual({ added: there.removed, removed: there.added })
        expect(there.added - there.removed).toBe(after.length - before.length)
        expect(there.added).toBeLessThanOrEqual(after.length)
      })
    )
  })

  it("Lines of a long text are counted without comparing each with each", () => {
    const long = (mark: string) => ["first", ...Array.from({ length: 3000 }, (_, index) => `${mark}${index}`), "last"].join("\n")
    expect(lineDiff(long("a"), long("b"))).toEqual({ added: 3000, removed: 3000 })
  })

  it.each<[string, unknown, object | null]>([
    [
      "of the client's patch",
      { structuredPatch: [{ lines: ["-a", "+b", " c", "+d"] }, { lines: ["\\ No newline at end of file", "-e"] }] },
      { added: 2, removed: 2 }
    ],
    ["of a patch that changes nothing", { type: "update", structuredPatch: [] }, { added: 0, removed: 0 }],
    ["not of a new file", { type: "create", structuredPatch: [] }, null],
    ["not of another result", "Error: no", null],
    ["not of a broken patch", { structuredPatch: [{ lines: [1] }] }, null]
  ])("The client's record of a change is counted: %s", (_, structured, counts) => expect(changedBy(structured)).toEqual(counts))
})

describe("a note of a change", () => {
  it.each<[string, ReadonlyArray<OwnChange>, ReadonlyArray<NotedChange>, ReadonlyArray<string>]>([
    ["is the tool's own, behind it", [own("/work/app/a.ts", 0)], [note("n", "/work/app/a.ts", 100)], []],
    ["and before it", [own("/work/app/a.ts", 100)], [note("n", "/work/app/a.ts", 0)], []],
    ["and after a tool that took long", [own("/work/app/a.ts", 0, "Edit", 60 * minute)], [note("n", "/work/app/a.ts", 61 * minute)], []],
    ["and without a time", [own("/work/app/a.ts", 0)], [note("n", "/work/app/a.ts", null)], []],
    ["in whatever spelling", [own("/work/app/a.ts", 0), own("/work/app/b.ts", 0)], [note("1", "./a.ts", 1), note("2", "x/../b.ts", 1)], []],
    ["of a tool that it does not name", [own("/work/app/a.ts", 0)], [note("n", "/work/app/a.ts", 1, "unknown")], []],
    ["stands alone for another file", [own("/work/app/a.ts", 0)], [note("n", "/work/app/b.ts", 1)], ["n"]],
    ["and for one of that name elsewhere", [own("/work/app/a.ts", 0)], [note("n", "/work/web/a.ts", 1)], ["n"]],
    ["and for another tool", [own("/work/app/a.ts", 0)], [note("n", "/work/app/a.ts", 1, "Write")], ["n"]],
    ["and for another time", [own("/work/app/a.ts", 0)], [note("n", "/work/app/a.ts", 30 * minute)], ["n"]],
    [
      "is one of two that are two",
      [own("/work/app/a.ts", 0), own("/work/app/a.ts", 1000)],
      [note("1", "/work/app/a.ts", 10), note("2", "/work/app/a.ts", 1010)],
      []
    ],
    ["is more than there are calls", [own("/work/app/a.ts", 0)], [note("1", "/work/app/a.ts", 10), note("2", "/work/app/a.ts", 1010)], ["2"]],
    ["is all there is", [], [note("1", "a.ts", 10)], ["1"]]
  ])("A client's note of a change is matched to a tool's own, or stands alone: %s", (_, changes, notes, expected) =>
    expect(left(changes, notes)).toEqual(expected)
  )

  it("A note of a change is compared by the end of its path where nobody knows the directory", () => {
    expect(left([own("/work/app/src/a.ts", 0)], [note("n", "src/a.ts", 1)], null)).toEqual([])
    expect(left([own("/work/app/src/a.ts", 0)], [note("n", "lib/a.ts", 1)], null)).toEqual(["n"])
  })
})

it("Paths are meant from a directory", () => {
  expect([
    pathFrom("/w", "a/./b/../c.ts"),
    pathFrom("/w", "/a.ts"),
    pathFrom(null, "./a.ts"),
    pathFrom("C:\\w", "a\\b.ts"),
    pathFrom("/w", "C:\\a.ts")
  ]).toEqual(["/w/a/c.ts", "/a.ts", "a.ts", "C:/w/a/b.ts", "C:/a.ts"])
})
