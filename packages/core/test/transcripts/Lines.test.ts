import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { batchLimits, inBatches, type Line, lineSplitter } from "../../src/transcripts/lines.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

const split = (content: Uint8Array, cuts: ReadonlyArray<number>, offset = 0): ReadonlyArray<Line> => {
  const splitter = lineSplitter(offset)
  const at = [0, ...[...cuts].map((cut) => cut % (content.length + 1)).sort((a, b) => a - b), content.length]
  return at.slice(1).flatMap((end, index) => splitter.push(content.slice(at[index], end)))
}

// Mostly newlines, carriage returns and NULs: what a splitter gets wrong.
const content = fc
  .array(fc.oneof(fc.constantFrom(10, 13, 0, 255, 123), fc.integer({ min: 0, max: 255 })), { maxLength: 300 })
  .map((list) => Uint8Array.from(list))

describe("lines", () => {
  it("Lines are the same however the file is cut into blocks", () => {
    fc.assert(
      fc.property(content, fc.array(fc.nat()), fc.nat({ max: 1e9 }), (all, cuts, offset) => {
        const lines = split(all, cuts, offset)
        const whole = all.lastIndexOf(10) + 1
        const rebuilt = lines.flatMap((line) => [...line.bytes, 10])
        expect(rebuilt).toEqual([...all.subarray(0, whole)])
        for (const line of lines) {
          expect(line.bytes.includes(10)).toBe(false)
          expect([...all.subarray(line.offset - offset, line.offset - offset + line.bytes.length)]).toEqual([...line.bytes])
        }
      }),
      { numRuns: 500 }
    )
  })

  it("Lines go on where an earlier look ended", () => {
    fc.assert(
      fc.property(content, fc.nat(), (all, cut) => {
        const first = split(all.slice(0, cut % (all.length + 1)), [])
        const last = first[first.length - 1]
        const end = last === undefined ? 0 : last.offset + last.bytes.length + 1
        const both = [...first, ...split(all.slice(end), [], end)]
        expect(both.map((line) => [line.offset, ...line.bytes])).toEqual(split(all, []).map((line) => [line.offset, ...line.bytes]))
      })
    )
  })

  it("Lines keep carriage returns and leave the unfinished one out", () => {
    expect(split(bytes("a\r\n\nb\nhalf"), [1, 2]).map((line) => [line.offset, new TextDecoder().decode(line.bytes)])).toEqual([
      [0, "a\r"],
      [3, ""],
      [4, "b"]
    ])
  })

  it("Lines over many blocks cost one copy, those within a block none", () => {
    const splitter = lineSplitter(0)
    const block = bytes("one\ntwo\nthr")
    const lines = splitter.push(block)
    expect(lines.every((line) => line.bytes.buffer === block.buffer)).toBe(true)
    expect(new TextDecoder().decode(splitter.push(bytes("ee\n"))[0]?.bytes)).toBe("three")
  })
})

describe("batches of lines", () => {
  const sizes = fc.array(fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 3 * batchLimits.bytes })), { maxLength: 40 })
  it("Batches of lines hold all lines in order within the limits, a longer line alone", () => {
    fc.assert(
      fc.property(sizes, (lengths) => {
        const items = lengths.map((length, index) => ({ index, bytes: new Uint8Array(length) }))
        const batches = inBatches(items)
        expect(batches.flat()).toEqual(items)
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0)
          expect(batch.length === 1 || batch.reduce((sum, one) => sum + one.bytes.length, 0) <= batchLimits.bytes).toBe(true)
        }
      })
    )
    expect(inBatches(Array.from({ length: 2500 }, () => ({ bytes: new Uint8Array(1) }))).map((batch) => batch.length)).toEqual([1000, 1000, 500])
  })
})
