import * as Zlib from "node:zlib"
import * as Effect from "effect/Effect"

/** `too_large`: it says that more comes out than the bound · `encoding`: it is no whole gzip file of one member, or says something else of its length. */
export type GunzipProblem = "too_large" | "encoding"

/**
 * Decompresses one gzip member (RFC 1952) that nothing follows, to `maxBytes` at most. Goes no further than the member says that it reaches; of one that says more than the bound,
 * only so far that one which is cut off, and says what stands there by chance, is mostly known for what it is.
 */
export const gunzipOne = (bytes: Uint8Array, maxBytes: number): Effect.Effect<Uint8Array, GunzipProblem> => {
  const start = headerEnd(bytes)
  if (start === undefined || bytes.length - start < trailerBytes) return Effect.fail("encoding")
  const body = bytes.subarray(start)
  const trailer = new DataView(body.buffer, body.byteOffset + body.length - trailerBytes, trailerBytes)
  const [checksum, said] = [trailer.getUint32(0, true), trailer.getUint32(4, true)]
  const wanted = said <= maxBytes ? said : Math.min(maxBytes, probedBytes)
  return Effect.async((resume) => {
    const kept = Buffer.alloc(said <= maxBytes ? said : 0)
    let size = 0
    // The raw stream, and not gunzip: that goes on with a second member behind the first as if it were the same file.
    const inflate = Zlib.createInflateRaw({ chunkSize: 65_536 })
    const end = (answer: Effect.Effect<Uint8Array, GunzipProblem>) => {
      inflate.destroy()
      resume(answer)
    }
    inflate.on("data", (chunk: Buffer) => {
      if (size + chunk.length <= kept.length) kept.set(chunk, size)
      size += chunk.length
      if (size > wanted) end(Effect.fail(said > maxBytes ? "too_large" : "encoding"))
    })
    inflate.on("end", () => {
      const isWhole = inflate.bytesWritten === body.length - trailerBytes && size === said && Zlib.crc32(kept) === checksum
      end(isWhole ? Effect.succeed(kept) : Effect.fail("encoding"))
    })
    inflate.on("error", () => end(Effect.fail("encoding")))
    inflate.end(body)
    return Effect.sync(() => void inflate.destroy())
  })
}

const probedBytes = 1024 * 1024

/** The checksum and the length behind the compressed bytes. */
const trailerBytes = 8

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
