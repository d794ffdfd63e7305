import * as zlib from "node:zlib"
import type { Entry } from "han-core/Entry"

/** How the bytes of a block are stored; the number stands beside them for good. */
const stored = 0
const zstd = 1

/** Raw bytes that one block holds at most, unless a single line is longer: large enough to compress well, small enough to open for one line. */
const blockBytes = 64 * 1024

/** Consecutive lines of a transcript as they are stored: the file's own bytes, each line with its newline. */
export interface Block {
  readonly firstLine: number
  readonly lines: number
  readonly offset: number
  /** Bytes of the file that the block stands for. */
  readonly size: number
  readonly codec: number
  readonly data: Uint8Array
}

export const pack = (entries: ReadonlyArray<Entry>): ReadonlyArray<Block> => {
  const blocks: Array<Block> = []
  for (let from = 0; from < entries.length; ) {
    let to = from
    let size = 0
    while (to < entries.length && (to === from || size + entries[to]!.bytes.length + 1 <= blockBytes)) size += entries[to++]!.bytes.length + 1
    const raw = new Uint8Array(size)
    let at = 0
    for (let i = from; i < to; i++) {
      raw.set(entries[i]!.bytes, at)
      at += entries[i]!.bytes.length
      raw[at++] = 10
    }
    blocks.push({ firstLine: entries[from]!.line, lines: to - from, offset: entries[from]!.offset, size, ...compress(raw) })
    from = to
  }
  return blocks
}

const level = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } }

export const compress = (raw: Uint8Array): Pick<Block, "codec" | "data"> => {
  const data = zlib.zstdCompressSync(raw, level)
  return data.length < raw.length ? { codec: zstd, data } : { codec: stored, data: raw }
}

export const decompress = (block: { readonly codec: number; readonly data: Uint8Array }): Uint8Array => {
  switch (block.codec) {
    case stored:
      return block.data
    case zstd:
      return zlib.zstdDecompressSync(block.data)
    default:
      throw new Error(`a block has codec ${block.codec}, which this version of han does not know`)
  }
}

/** The entries of a block, from line `from` on. */
export const unpack = (
  block: { readonly firstLine: number; readonly lines: number; readonly offset: number; readonly codec: number; readonly data: Uint8Array },
  from = 0,
  to = Number.MAX_SAFE_INTEGER
): ReadonlyArray<Entry> => {
  const raw = decompress(block)
  const entries: Array<Entry> = []
  let start = 0
  for (let line = block.firstLine; line < block.firstLine + block.lines && line < to; line++) {
    const end = raw.indexOf(10, start)
    if (line >= from) entries.push({ line, offset: block.offset + start, bytes: raw.subarray(start, end) })
    start = end + 1
  }
  return entries
}
