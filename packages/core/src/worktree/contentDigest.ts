import { Buffer } from "node:buffer"
import { createHash } from "node:crypto"
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from "node:fs"
import { open } from "node:fs/promises"
import * as Effect from "effect/Effect"

/** A file of at most so many bytes is read at once: a way through the thread pool takes longer than that. */
const small = 128 * 1024
const pieceBytes = 1024 * 1024
const smallPiece = Buffer.allocUnsafeSlow(small)
// Opening a pipe that has come into the file's place would wait for its other end.
const flags = constants.O_RDONLY | constants.O_NONBLOCK

/** Stands for the bytes of a regular file, symbolic links followed, and for whether it may be executed; null when it cannot be read. Takes a megabyte of memory at most. */
export const contentDigest = (path: string | Buffer): Effect.Effect<string | null> =>
  Effect.suspend(() => {
    const digest = smallDigest(path)
    return digest === "large" ? largeDigest(path) : Effect.succeed(digest)
  })

const smallDigest = (path: string | Buffer): string | null | "large" => {
  try {
    const descriptor = openSync(path, flags)
    try {
      const stats = fstatSync(descriptor, { bigint: true })
      if (!stats.isFile()) return null
      if (stats.size > small) return "large"
      const hash = hashFor(stats)
      // There are files that say that they are empty, and are not. One that is longer than it said is written to, and the next look finds another file.
      const most = stats.size === 0n ? pieceBytes : Number(stats.size)
      for (let read = 0; read < most; ) {
        const count = readSync(descriptor, smallPiece, 0, Math.min(small, most - read), null)
        if (count === 0) break
        hash.update(smallPiece.subarray(0, count))
        read += count
      }
      return hash.digest("hex")
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return null
  }
}

const largeDigest = (path: string | Buffer): Effect.Effect<string | null> =>
  Effect.promise(async (signal) => {
    try {
      const file = await open(path, flags)
      try {
        const stats = await file.stat({ bigint: true })
        if (!stats.isFile()) return null
        const hash = hashFor(stats)
        const piece = Buffer.allocUnsafeSlow(pieceBytes)
        for (let left = Number(stats.size); left > 0 && !signal.aborted; ) {
          const { bytesRead } = await file.read(piece, 0, Math.min(left, piece.length), null)
          if (bytesRead === 0) break
          hash.update(piece.subarray(0, bytesRead))
          left -= bytesRead
        }
        return hash.digest("hex")
      } finally {
        await file.close()
      }
    } catch {
      return null
    }
  })

const hashFor = (stats: BigIntStats) => createHash("sha256").update((stats.mode & 0o111n) === 0n ? "file\n" : "program\n")
