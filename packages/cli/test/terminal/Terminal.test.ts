import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { byteSize, dateTime, duration, isoInstant } from "../../src/terminal/Figures.ts"
import { highlighted, searchedWords } from "../../src/terminal/Highlight.ts"
import { plain, plainLine, toJson } from "../../src/terminal/PlainText.ts"
import { barLine, progressBar } from "../../src/terminal/ProgressBar.ts"
import { coloured, uncoloured } from "../../src/terminal/Style.ts"
import { table } from "../../src/terminal/Table.ts"
import { fit, padEnd, padStart, widthOf, wrap } from "../../src/terminal/Width.ts"

const steering = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
// Strings in which escape sequences, their parts, wide and joined characters are frequent.
const wild = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 8 }),
      fc.constantFrom(
        "\u001b",
        "\u001b[31m",
        "\u001b]0;title\u0007",
        "\u001b]8;;https://x\u001b\\",
        "\u001bP1$r\u001b\\",
        "\u009b2J",
        "\u009d0;x\u009c",
        "\r",
        "\r\n",
        "\n",
        "\t",
        "\b",
        "\u0007",
        "\u202e",
        "\u2066",
        "日本語",
        "👩‍👩‍👧‍👦",
        "e\u0301",
        "\ud800",
        "plain words",
        "[31m",
        "\u001b[",
        "\u001b]",
        "\u0000"
      )
    ),
    { maxLength: 12 }
  )
  .map((parts) => parts.join(""))

describe("text of transcripts on a terminal", () => {
  it("Text on a terminal holds nothing that steers it", () => {
    fc.assert(
      fc.property(wild, (text) => {
        const shown = plain(text)
        expect(shown).not.toMatch(steering)
        expect(plain(shown)).toBe(shown)
        expect(plainLine(text)).not.toContain("\n")
        expect(shown.isWellFormed()).toBe(true)
      }),
      { numRuns: 500 }
    )
  })

  it("Text on a terminal keeps ordinary characters", () => {
    expect(plain("a\tb\r\nc — naïve 日本語 👩‍👩‍👧‍👦")).toBe("a    b\nc — naïve 日本語 👩‍👩‍👧‍👦")
    expect(plain("\u001b[1;31mred\u001b[0m and \u001b]8;;http://x\u0007link\u001b]8;;\u0007")).toBe("red and link")
    expect(plain("\u001b]0;never ended\nnext line")).toBe("\nnext line")
    expect(plainLine("  two\n lines ")).toBe("two lines")
  })

  it("Text as JSON is the same value, without bare control characters", () => {
    fc.assert(
      fc.property(
        wild.map((text) => text.toWellFormed()),
        (text) => {
          const json = toJson({ text })
          expect(JSON.parse(json)).toEqual({ text })
          expect(json).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
        }
      )
    )
  })
})

describe("widths", () => {
  const text = wild.map(plainLine)
  it("Fitted texts never exceed the width that was asked for", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 40 }), (text, width) => {
        expect(widthOf(fit(text, width))).toBeLessThanOrEqual(Math.max(width, 0))
        if (widthOf(text) <= width) {
          expect(fit(text, width)).toBe(text)
          expect(widthOf(padEnd(text, width))).toBe(width)
          expect(widthOf(padStart(text, width))).toBe(width)
        }
      })
    )
  })

  it("Wrapped lines fit, and no character is lost", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 40 }), (text, width) => {
        const lines = wrap(text, width)
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width)
        expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""))
      })
    )
  })

  it("Widths count what a terminal shows", () => {
    expect([widthOf("abc"), widthOf("日本"), widthOf("e\u0301"), widthOf("👩‍👩‍👧‍👦")]).toEqual([3, 4, 1, 2])
    expect(fit("日本語のテスト", 7)).toBe("日本語…")
    expect(wrap("one two three", 7)).toEqual(["one two", "three"])
  })
})

describe("tables", () => {
  const columns = [
    { header: "ID", cell: ([id]: ReadonlyArray<string>) => id ?? "" },
    { header: "N", align: "right" as const, cell: ([, n]: ReadonlyArray<string>) => n ?? "" },
    { header: "TITLE", cell: ([, , title]: ReadonlyArray<string>) => title ?? "", atLeast: 5 }
  ]
  it("Tables line up, and cut what may be cut", () => {
    const rows = [
      ["a", "1", "short"],
      ["bcd", "1,000", "a title that is too long"]
    ]
    expect(table(rows, columns, { width: 26, style: uncoloured })).toBe("ID       N  TITLE\na        1  short\nbcd  1,000  a title that …\n")
    expect(table(rows, columns, { width: Number.POSITIVE_INFINITY, style: uncoloured })).toContain("a title that is too long\n")
  })

  it("Tables fit, whatever is in them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ maxLength: 4 }), fc.nat({ max: 9999 }).map(String), wild), { maxLength: 6 }),
        fc.integer({ min: 24, max: 60 }),
        (rows, width) => {
          const lines = table(rows, columns, { width, style: uncoloured }).split("\n")
          expect(lines.pop()).toBe("")
          expect(lines).toHaveLength(rows.length + 1)
          for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width)
        }
      )
    )
  })

  it("Tables are blocks where columns do not fit: figures stay whole, and texts go on in the next line", () => {
    const wide = [
      { header: "ID", cell: ([id]: ReadonlyArray<string>) => id ?? "" },
      { header: "TOKENS", align: "right" as const, cell: ([, tokens]: ReadonlyArray<string>) => tokens ?? "" },
      { header: "TITLE", cell: ([, , title]: ReadonlyArray<string>) => title ?? "", atLeast: 12 }
    ]
    const rows = [
      ["5e550000", "123,456,789", "日本語の題名はとても長い"],
      ["5e550001", "1", "short"]
    ]
    expect(table(rows, wide, { width: 24, style: uncoloured })).toBe(
      "ID      5e550000\nTOKENS  123,456,789\nTITLE   日本語の題名はと\n        ても長い\n\nID      5e550001\nTOKENS  1\nTITLE   short\n"
    )
    // Closer together, and a little less of the texts, comes first.
    expect(table(rows, wide, { width: 30, style: uncoloured })).toBe("ID            TOKENS TITLE\n5e550000 123,456,789 日本語の…\n5e550001           1 short\n")
    for (const width of [20, 33, 40])
      for (const line of table(rows, wide, { width, style: uncoloured }).split("\n")) expect(widthOf(line)).toBeLessThanOrEqual(width)
  })

  it("Tables are painted without a change of their text", () => {
    const painted = columns.map((column) => ({ ...column, paint: () => coloured.red }))
    expect(plain(table([["a", "1", "t"]], painted, { width: 80, style: coloured }))).toBe(table([["a", "1", "t"]], columns, { width: 80, style: uncoloured }))
  })
})

describe("figures", () => {
  it("Figures are written for people", () => {
    expect([byteSize(0), byteSize(999), byteSize(1000), byteSize(1_234_567), byteSize(999_960), byteSize(123_456_789)]).toEqual([
      "0 B",
      "999 B",
      "1.0 kB",
      "1.2 MB",
      "1.0 MB",
      "123 MB"
    ])
    expect([duration(12), duration(5_400), duration(7_200_000), duration(90_000_000)]).toEqual(["12 ms", "5 s", "2 h", "1 d"])
    expect(dateTime(Date.parse("2026-11-22T01:02:03Z"), true)).toBe("2026-11-22 01:02:03")
    expect([dateTime(null, true), dateTime(Number.NaN, true), isoInstant(null), isoInstant(1e20)]).toEqual(["-", "-", null, null])
  })

  it("Progress is shown only on a terminal, and not too often", () => {
    let now = 0
    const terminal = { output: true, canAsk: true, progress: true, columns: 60, colour: false, pager: [] }
    const bar = progressBar({ terminal, now: () => now })
    const half = { files: 2, filesDone: 1, bytes: 2000, bytesDone: 1000 }
    expect(barLine(half)).toBe("████████████░░░░░░░░░░░░  50 %  1.0 kB of 2.0 kB  1 of 2 files")
    expect(bar.clear()).toBe("")
    expect(bar.draw(half)).toContain("50 %")
    expect(bar.draw(half)).toBe("")
    now = 100
    expect(bar.draw(half)).toContain("50 %")
    expect(bar.clear()).not.toBe("")
    expect(progressBar({ terminal: { ...terminal, progress: false }, now: () => now }).draw(half)).toBe("")
  })

  it("A highlight marks what was searched for", () => {
    expect(searchedWords('"rate limit" retr* -not a.b')).toEqual(["rate", "limit", "retr", "a", "b"])
    expect(highlighted("Rate of retries", "rate retr*", { ...uncoloured, bold: (text) => `<${text}>` })).toBe("<Rate> of <retr>ies")
    fc.assert(
      fc.property(wild, wild, (text, search) => {
        expect(highlighted(text, search, uncoloured)).toBe(text)
      })
    )
  })
})
