import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { Entry } from "han-core/Entry"
import * as blocks from "../../src/blocks/blocks.ts"

const textOf = (line: Uint8Array) => Buffer.from(line).toString("latin1")

/** Lines in memory as they may come: each where a file had it, with its newline or another byte behind it, or somewhere of its own. */
const layouts = fc.array(
  fc.record({
    text: fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((text) => text.filter((byte) => byte !== 10)),
      fc.integer({ min: 9_000, max: 70_000 }).map((size) => new Uint8Array(size).fill(120))
    ),
    end: fc.constantFrom(10, 10, 10, 0),
    apart: fc.boolean()
  }),
  { minLength: 1, maxLength: 12 }
)
const entriesOf = (lines: ReadonlyArray<{ readonly text: Uint8Array; readonly end: number; readonly apart: boolean }>, last: boolean): ReadonlyArray<Entry> => {
  const whole = new Uint8Array(lines.reduce((sum, { text }) => sum + text.length + 1, 0) - Number(last))
  let at = 0
  let offset = 7
  return lines.map(({ apart, end, text }, index) => {
    whole.set(text, at)
    if (at + text.length < whole.length) whole[at + text.length] = end
    const entry = { line: index + 3, offset, bytes: apart ? text.slice() : whole.subarray(at, at + text.length) }
    at += text.length + 1
    offset += text.length + 1
    return entry
  })
}

describe("blocks of lines", () => {
  it("Blocks of lines give back every line, wherever in memory it came from", () =>
    fc.assert(
      fc.asyncProperty(layouts, fc.boolean(), async (lines, last) => {
        const entries = entriesOf(lines, last)
        const packed = await blocks.pack(entries)
        const back = packed.flatMap((block) => blocks.unpack(block))
        expect(back.map(({ bytes, line, offset }) => [line, offset, textOf(bytes)])).toEqual(
          entries.map(({ bytes, line, offset }) => [line, offset, textOf(bytes)])
        )
        expect(packed.reduce((sum, block) => sum + block.size, 0)).toBe(entries.reduce((sum, { bytes }) => sum + bytes.length + 1, 0))
      }),
      { numRuns: 100 }
    ))

  it("Blocks of lines are stored as they are where that is shorter", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(5000)).map((byte) => (byte === 10 ? 11 : byte))
    const [block] = await blocks.pack([{ line: 0, offset: 0, bytes }])
    expect(block?.codec).toBe(0)
    const [entry] = blocks.unpack(block!)
    expect(textOf(entry!.bytes)).toEqual(textOf(bytes))
  })
})
