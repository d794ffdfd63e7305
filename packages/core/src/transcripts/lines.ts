import { Buffer } from "node:buffer"

/** One complete line: its bytes without the newline, and where it begins in the file. */
export interface Line {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** Splits consecutive blocks of a file, from byte `offset` on, into the lines they complete. What follows the last newline waits for the next block. */
export interface LineSplitter {
  /** The lines that `block` completes. They are views of `block` where they can be, so a block must not be written to again. */
  readonly push: (block: Uint8Array) => ReadonlyArray<Line>
}

const newline = 10

export const lineSplitter = (offset: number): LineSplitter => {
  // Pieces of the line that no newline has ended yet: joined once, so that a line over many blocks costs one copy.
  let pieces: Array<Uint8Array> = []
  let pending = 0
  let begin = offset
  return {
    push: (block) => {
      const buffer = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
      const lines: Array<Line> = []
      let from = 0
      for (let at = buffer.indexOf(newline); at !== -1; at = buffer.indexOf(newline, from)) {
        const end = block.subarray(from, at)
        const bytes = pending === 0 ? end : Buffer.concat([...pieces, end])
        lines.push({ offset: begin, bytes })
        begin += bytes.length + 1
        from = at + 1
        pieces = []
        pending = 0
      }
      if (from < block.length) {
        pieces.push(block.subarray(from))
        pending += block.length - from
      }
      return lines
    }
  }
}

/** The limits of one batch of lines; a longer line is a batch of its own. */
export const batchLimits = { lines: 1000, bytes: 1 << 20 }

/** The end of the batch that begins at `start`, which has at least one of `items`. */
const fitting = <A extends { readonly bytes: Uint8Array }>(items: ReadonlyArray<A>, start: number): number => {
  let bytes = 0
  let end = start
  while (end < items.length && end - start < batchLimits.lines) {
    bytes += items[end]?.bytes.length ?? 0
    if (bytes > batchLimits.bytes && end > start) break
    end++
  }
  return end
}

export const inBatches = <A extends { readonly bytes: Uint8Array }>(items: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> => {
  const batches: Array<ReadonlyArray<A>> = []
  for (let start = 0; start < items.length; ) {
    const end = fitting(items, start)
    batches.push(start === 0 && end === items.length ? items : items.slice(start, end))
    start = end
  }
  return batches
}
