import * as fc from "fast-check"
import { borderAt, clipped } from "han-core/unstable/Clip"
import { describe, expect, it } from "vitest"

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" })
const units = fc.constantFrom("a", "\r", "\n", "\u0301", "😀", "👨‍👩‍👧", "🇩🇪", "\u200d", "각", "\u1100", "\u1161", "\ud800", "क", "्", "é")
const texts = fc.array(units, { maxLength: 60 }).map((parts) => parts.join(""))

describe("a clipped text", () => {
  it("A clipped text ends where a character ends, and loses no whole one that fits", () => {
    fc.assert(
      fc.property(texts, fc.nat({ max: 80 }), (text, length) => {
        const ends = [0, ...[...graphemes.segment(text)].map(({ index, segment }) => index + segment.length)]
        expect(clipped(text, length)).toBe(text.slice(0, Math.max(...ends.filter((end) => end <= length))))
      }),
      { numRuns: 1000 }
    )
  })

  it("A clipped text does not depend on how long the text is before the place", () => {
    fc.assert(
      fc.property(texts, fc.nat({ max: 80 }), (text, at) => {
        const before = "word ".repeat(1000)
        expect(borderAt(before + text, before.length + at)).toBe(before.length + borderAt(` ${text}`, at + 1) - 1)
      }),
      { numRuns: 500 }
    )
  })

  it("A clipped text is short work for what is one character without end", () => {
    const endless = `a${"\u0301".repeat(1_000_000)}`
    expect(clipped(endless, 500_000).length).toBeLessThanOrEqual(500_000)
  })
})
