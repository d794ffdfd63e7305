import { Buffer } from "node:buffer"
import { createHash } from "node:crypto"
import type { Entry } from "./Entry.ts"

/** Bytes of each end of the kept ones that are compared before more is appended. */
export const edgeBytes = 4096

/** The two ends of the bytes that are kept of a file: all of them, twice, while they are few. */
export interface Fingerprint {
  readonly head: Uint8Array
  readonly tail: Uint8Array
}

export const noFingerprint: Fingerprint = { head: new Uint8Array(0), tail: new Uint8Array(0) }

/** The ranges of the edges of the first `length` bytes of a file. */
export const edgeRanges = (length: number) => {
  const size = Math.min(edgeBytes, length)
  return { head: { offset: 0, length: size }, tail: { offset: length - size, length: size } }
}

const newline = Uint8Array.of(10)

/** The edges when these lines are kept too. Copies, so that no block of a file stays in memory for its edges. */
export const extendFingerprint = (edges: Fingerprint, lines: ReadonlyArray<Pick<Entry, "bytes">>): Fingerprint => {
  const first: Array<Uint8Array> = [edges.head]
  let size = edges.head.length
  for (const { bytes } of lines) {
    if (size >= edgeBytes) break
    first.push(bytes.subarray(0, edgeBytes), newline)
    size += bytes.length + 1
  }
  const last: Array<Uint8Array> = []
  size = 0
  for (const { bytes } of lines.slice(-edgeBytes).reverse()) {
    if (size >= edgeBytes) break
    last.unshift(bytes.subarray(-edgeBytes), newline)
    size += bytes.length + 1
  }
  if (size < edgeBytes) last.unshift(edges.tail)
  return { head: Buffer.concat(first).subarray(0, edgeBytes), tail: Buffer.concat(last).subarray(-edgeBytes) }
}

export const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
