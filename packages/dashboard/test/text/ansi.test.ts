import * as fc from "fast-check"
import { expect, it } from "vitest"
import { ansiSpans } from "../../src/text/ansi.ts"

const textOf = (output: string) =>
  ansiSpans(output)
    .map(({ text }) => text)
    .join("")

it("Colours and weights of a program's output are styles, and nothing else of its escapes is left", () => {
  expect(ansiSpans("\u001b[1;31mbad\u001b[0m \u001b[92mgood\u001b[39m")).toEqual([
    { text: "bad", styles: ["bold", "fg1"], color: undefined },
    { text: " ", styles: [], color: undefined },
    { text: "good", styles: ["fg10"], color: undefined }
  ])
  expect(ansiSpans("\u001b[38;2;255;0;16mx\u001b[38;5;196my\u001b[48;5;4mz")).toEqual([
    { text: "x", styles: [], color: "#ff0010" },
    { text: "y", styles: [], color: "#ff0000" },
    { text: "z", styles: ["bg4"], color: "#ff0000" }
  ])
  expect(textOf("\u001b]0;a title\u0007\u001b[2K\u001b[3Aline\u001b[?25l\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\")).toBe("linelink")
})

it("A line that was written over shows what it became", () => {
  expect(textOf("10 %\r50 %\r100 %\ndone\r\n")).toBe("100 %\ndone\n")
  expect(textOf("abc\r")).toBe("abc")
})

it("Any output keeps its words, in few pieces, however many escapes it has", () => {
  expect(ansiSpans("\u001b[31mx\u001b[32my".repeat(10_000)).length).toBeLessThanOrEqual(2001)
  expect(textOf("\u001b[31mx\u001b[32my".repeat(10_000))).toBe("xy".repeat(10_000))
  const pieces = fc.constantFrom("\u001b[", "\u001b]", "\u001b", "31m", "0;", "\u0007", "a", "\n", " ", "38;2;", "日", "\u001b[38;5m", "\u009b")
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
      const text = textOf(parts.join(""))
      expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/)
      expect([...text].filter((one) => one === "日").length).toBeLessThanOrEqual(parts.filter((one) => one === "日").length)
    })
  )
})
