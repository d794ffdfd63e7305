import { describe, expect, it } from "vitest"
import { type NotedChange, type OwnChange, ownNotes, pathFrom } from "../src/FileChange.ts"

const own = (path: string, at: number | null, toolName = "Edit", until: number | null = null): OwnChange => ({ path, toolName, at, until })
const note = (id: string, path: string, at: number | null, toolName = "Edit"): NotedChange => ({ id, path, toolName, at })
const left = (changes: ReadonlyArray<OwnChange>, notes: ReadonlyArray<NotedChange>, cwd: string | null = "/work/app") =>
  ownNotes(changes, notes, cwd).map(({ id }) => id)

const minute = 60_000

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
  ])("%s", (_, changes, notes, expected) => expect(left(changes, notes)).toEqual(expected))

  it("is compared by the end of its path where nobody knows the directory", () => {
    expect(left([own("/work/app/src/a.ts", 0)], [note("n", "src/a.ts", 1)], null)).toEqual([])
    expect(left([own("/work/app/src/a.ts", 0)], [note("n", "lib/a.ts", 1)], null)).toEqual(["n"])
  })
})

it("paths are meant from a directory", () => {
  expect([
    pathFrom("/w", "a/./b/../c.ts"),
    pathFrom("/w", "/a.ts"),
    pathFrom(null, "./a.ts"),
    pathFrom("C:\\w", "a\\b.ts"),
    pathFrom("/w", "C:\\a.ts")
  ]).toEqual(["/w/a/c.ts", "/a.ts", "a.ts", "C:/w/a/b.ts", "C:/a.ts"])
})
