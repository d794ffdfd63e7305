import * as fc from "fast-check"
import { expect, it } from "vitest"
import { changes, lineDiff } from "../../src/text/lineDiff.ts"

it("A comparison keeps the lines that both texts have", () => {
  expect(lineDiff("a\nb\nc\n", "a\nB\nc\nd\n").map(({ kind, text }) => `${kind} ${text}`)).toEqual(["same a", "removed b", "added B", "same c", "added d"])
  expect(changes(lineDiff("", "x\ny"))).toEqual({ added: 2, removed: 0 })
})

it("Both texts can be read from their comparison, with the numbers of their lines", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", "", "d e"), { minLength: 1, maxLength: 12 }).map((lines) => `${lines.join("\n")}\n`)
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = lineDiff(before, after)
      const read = (kind: "removed" | "added") =>
        lines
          .filter((line) => line.kind === "same" || line.kind === kind)
          .map((line) => `${line.text}\n`)
          .join("")
      expect([read("removed"), read("added")]).toEqual([before, after])
      const numbers = (name: "old" | "new") => lines.flatMap((line) => line[name] ?? [])
      expect(numbers("old")).toEqual(numbers("old").map((_, index) => index + 1))
      expect(numbers("new")).toEqual(numbers("new").map((_, index) => index + 1))
    })
  )
})

it("Texts of many lines are compared without a table of all pairs", () => {
  const long = (word: string) => Array.from({ length: 20_000 }, (_, index) => `${word} ${index}`).join("\n")
  expect(changes(lineDiff(long("a"), long("b")))).toEqual({ added: 20_000, removed: 20_000 })
})
