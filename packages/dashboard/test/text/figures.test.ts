import { expect, it } from "vitest"
import { modelName, pathEnd } from "../../src/text/columns.ts"
import { count, counted, dollars, duration, short, unknown } from "../../src/text/figures.ts"
import { marked } from "../../src/text/marked.ts"
import { ago } from "../../src/text/times.ts"

it("What is not known is a dash, and never a zero", () => {
  for (const shown of [count, short, dollars, duration]) expect([shown(null), shown(undefined)]).toEqual([unknown, unknown])
  expect([dollars(0), dollars(0.0004), dollars(12.345), dollars(1234.5)]).toEqual(["$0", "<$0.01", "$12.35", "$1,235"])
  expect(ago(null, Date.now())).toBe(unknown)
  // A line that tells no time is told as 1970.
  expect(ago("1970-01-01T00:00:00.000Z", Date.now())).toBe(unknown)
})

it("Figures are short where columns are narrow", () => {
  expect([short(999), short(1000), short(12_345), short(999_600), short(1_234_567)]).toEqual(["999", "1.0k", "12k", "1.0M", "1.2M"])
  expect([duration(420), duration(3200), duration(61_000), duration(7_500_000)]).toEqual(["420 ms", "3.2 s", "1 min", "2 h 5 min"])
  expect([counted(1, "call"), counted(2, "call"), counted(null, "call")]).toEqual(["1 call", "2 calls", "– calls"])
  expect([modelName("claude-opus-4-5-20251101"), modelName("claude-sonnet-5"), modelName("gpt-9"), modelName(null)]).toEqual([
    "opus 4.5",
    "sonnet 5",
    "gpt-9",
    ""
  ])
  expect(pathEnd("/a/b/c/d.ts")).toBe("…/b/c/d.ts")
})

it("Words of a search are marked whatever their case and accents, and excluded ones are not", () => {
  const found = (excerpt: string, query: string) =>
    marked(excerpt, query)
      .filter((part) => part.found)
      .map(({ text }) => text)
  expect(found("Crème brûlée, cremes", "creme -brulee")).toEqual(["Crème", "cremes"])
  expect(found("the total of the basket", '"total of" bas*')).toEqual(["total", "of", "basket"])
  expect(
    marked("a <b> c", "b")
      .map(({ text }) => text)
      .join("")
  ).toBe("a <b> c")
})
