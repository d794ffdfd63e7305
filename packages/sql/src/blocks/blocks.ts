import { Buffer } from "node:buffer"
import { promisify } from "node:util"
import * as zlib from "node:zlib"
import type { Entry } from "han-core/Entry"

/** Codecs of stored bytes. The number stands beside them in the database and never changes. */
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

/** Compressed on threads of the platform: what is on this one goes on meanwhile. The lines must not change until then. */
export const pack = async (entries: ReadonlyArray<Entry>): Promise<ReadonlyArray<Block>> => {
  const blocks: Array<Promise<Block>> = []
  for (let from = 0; from < entries.length; ) {
    const first = entries[from]!
    let to = from
    let size = 0
    while (to < entries.length && (to === from || size + entries[to]!.bytes.length + 1 <= blockBytes)) size += entries[to++]!.bytes.length + 1
    const lines = to - from
    blocks.push(compress(joined(entries, from, to, size)).then((data) => ({ firstLine: first.line, lines, offset: first.offset, size, ...data })))
    from = to
  }
  return Promise.all(blocks)
}

const newline = 10

/** Lines, each with its newline: where they stand in memory if they follow each other there, as lines of a file do, and not in memory that is given out anew. */
const joined = (entries: ReadonlyArray<Entry>, from: number, to: number, size: number): Uint8Array => {
  const { buffer, byteOffset } = entries[from]!.bytes
  if (size > Buffer.poolSize && byteOffset + size <= buffer.byteLength) {
    const there = new Uint8Array(buffer, byteOffset, size)
    let at = 0
    let i = from
    for (; i < to; i++) {
      const { bytes } = entries[i]!
      if (bytes.buffer !== buffer || bytes.byteOffset !== byteOffset + at || there[at + bytes.length] !== newline) break
      at += bytes.length + 1
    }
    if (i === to) return there
  }
  const raw = new Uint8Array(size)
  let at = 0
  for (let i = from; i < to; i++) {
    raw.set(entries[i]!.bytes, at)
    at += entries[i]!.bytes.length
    raw[at++] = newline
  }
  return raw
}

const level = 1
const onNode = promisify(zlib.zstdCompress)
const zstdOf: (raw: Uint8Array) => Promise<Uint8Array> =
  typeof Bun === "undefined" ? (raw) => onNode(raw, { params: { [zlib.constants.ZSTD_c_compressionLevel]: level } }) : (raw) => Bun.zstdCompress(raw, { level })

export const compress = async (raw: Uint8Array): Promise<Pick<Block, "codec" | "data">> => {
  const data = await zstdOf(raw)
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
