import * as Zlib from "node:zlib"
import * as Effect from "effect/Effect"

/** `too_large`: what comes out is more than the bound · `encoding`: it is no whole gzip file of one member. */
export type GunzipProblem = "too_large" | "encoding"

/** Decompresses one gzip member (RFC 1952) that nothing follows, to `maxBytes` at most. */
export const gunzipOne = (bytes: Uint8Array, maxBytes: number): Effect.Effect<Uint8Array, GunzipProblem> => {
  const start = headerEnd(bytes)
  if (start === undefined) return Effect.fail("encoding")
  return Effect.async((resume) => {
    // The raw stream, and not gunzip: that goes on with a second member behind the first as if it were the same file.
    Zlib.inflateRaw(bytes.subarray(start), { info: true, maxOutputLength: maxBytes }, (error, result: unknown) => {
      if (error !== null) return resume(Effect.fail("code" in error && error.code === "ERR_BUFFER_TOO_LARGE" ? "too_large" : "encoding"))
      const { buffer, engine } = result as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }
      const trailer = bytes.subarray(start + engine.bytesWritten)
      const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.byteLength)
      const isWhole = trailer.length === 8 && view.getUint32(0, true) === Zlib.crc32(buffer) && view.getUint32(4, true) === buffer.length % 2 ** 32
      resume(isWhole ? Effect.succeed(buffer) : Effect.fail("encoding"))
    })
  })
}

/** Where the compressed bytes begin; undefined for what is no gzip. */
const headerEnd = (bytes: Uint8Array): number | undefined => {
  const [first, second, method, flags = 0] = bytes
  if (first !== 0x1f || second !== 0x8b || method !== 8 || (flags & 0xe0) !== 0) return undefined
  let at = 10
  if ((flags & 4) !== 0) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0)
  // A name and a comment, each ended by a zero.
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue
    const zero = bytes.indexOf(0, at)
    if (zero < 0) return undefined
    at = zero + 1
  }
  if ((flags & 2) !== 0) at += 2
  return at < bytes.length ? at : undefined
}
