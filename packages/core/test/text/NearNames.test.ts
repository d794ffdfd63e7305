import { describe, expect, it } from "vitest"
import { distance, nearNames, similarNames } from "../../src/text/NearNames.ts"
import { shellWord } from "../../src/text/ShellWord.ts"

describe("Names that may have been meant", () => {
  it("Names that look like the one that was asked for come first", () => {
    expect(nearNames("typscript", ["typescript", "python", "type"], 10)).toEqual(["typescript"])
    expect(nearNames("lint", ["eslint", "pylint", "test"], 1)).toEqual(["eslint"])
    expect(similarNames("LINT", ["eslint", "lint"])).toEqual(["lint", "eslint"])
  })

  it("Some names are given all the same where that is asked for, and none where it is not", () => {
    expect(nearNames("zzzzzzzz", ["a", "b", "c"], 2)).toEqual(["a", "b"])
    expect(similarNames("zzzzzzzz", ["a", "b", "c"])).toEqual([])
    expect(nearNames("x", [], 2)).toEqual([])
  })

  it("The distance counts letters to put in, take out or change", () => {
    expect(distance("kitten", "sitting")).toBe(3)
    expect(distance("", "abc")).toBe(3)
    expect(distance("same", "same")).toBe(0)
  })
})

it("A text is one word of a shell, whatever is in it", () => {
  expect(shellWord("/usr/bin/han")).toBe("/usr/bin/han")
  expect(shellWord("/a b/it's")).toBe("'/a b/it'\\''s'")
  expect(shellWord("A=b")).toBe("'A=b'")
})
