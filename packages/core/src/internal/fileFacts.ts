import { Buffer } from "node:buffer"
import { access, constants, type FileHandle, lstat, open, realpath, stat } from "node:fs/promises"
import * as Effect from "effect/Effect"
import { TranscriptUnreadable } from "../Transcripts.ts"

/** What the file system says about one path, symbolic links followed. */
export interface FileFacts {
  /** The same for every path that leads to the same file or folder. */
  readonly key: string
  readonly device: number
  readonly inode: number
  readonly size: number
  /** Finer than milliseconds where the file system is. */
  readonly mtimeMs: number
  readonly kind: "file" | "folder" | "other"
}

export const errorCode = (cause: unknown): string =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "unknown error"

/** Says of a failed system call on `path` what happened and what to do. */
export const unreadable =
  (path: string) =>
  (cause: unknown): TranscriptUnreadable => {
    const code = errorCode(cause)
    switch (code) {
      case "ENOENT":
      case "ENOTDIR":
        return new TranscriptUnreadable({ path, reason: "missing", message: `${path} is not there` })
      case "EACCES":
      case "EPERM":
        return new TranscriptUnreadable({ path, reason: "denied", message: `cannot read ${path} (permission denied): check its owner and mode` })
      case "ELOOP":
        return new TranscriptUnreadable({ path, reason: "failed", message: `cannot read ${path}: its symbolic links lead in a circle` })
      default:
        return new TranscriptUnreadable({
          path,
          reason: "failed",
          message: `cannot read ${path} (${code}): ${cause instanceof Error ? cause.message : String(cause)}`
        })
    }
  }

/** Numbers of 64 bits are taken as such, for two files must not become one by rounding. */
const factsFrom = (stats: Awaited<ReturnType<typeof bigStat>>): FileFacts => ({
  key: `${stats.dev}:${stats.ino}`,
  device: Number(stats.dev),
  inode: Number(stats.ino),
  size: Number(stats.size),
  mtimeMs: Number(stats.mtimeNs) / 1e6,
  kind: stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other"
})
const bigStat = (path: string) => stat(path, { bigint: true })

/** The facts of what is at that path; rejects with a `TranscriptUnreadable`. A plain promise, for thousands of files are asked for at a time. */
export const askFacts = (path: string): Promise<FileFacts> =>
  bigStat(path).then(factsFrom, (cause) => {
    throw unreadable(path)(cause)
  })

/** What `ask` finds, with its rejection as the error. */
export const asking = <A>(path: string, ask: () => Promise<A>): Effect.Effect<A, TranscriptUnreadable> =>
  Effect.tryPromise({ try: ask, catch: (cause) => (cause instanceof TranscriptUnreadable ? cause : unreadable(path)(cause)) })

export const factsOf = (path: string): Effect.Effect<FileFacts, TranscriptUnreadable> => asking(path, () => askFacts(path))

export const handleFacts = (path: string, handle: FileHandle): Effect.Effect<FileFacts, TranscriptUnreadable> =>
  Effect.map(Effect.tryPromise({ try: () => handle.stat({ bigint: true }), catch: unreadable(path) }), factsFrom)

/** Where a symbolic link leads in the end; null for anything else. */
export const linkTarget = (path: string): Effect.Effect<string | null, TranscriptUnreadable> =>
  asking(path, async () => ((await lstat(path)).isSymbolicLink() ? realpath(path) : null))

/** The path without symbolic links; as it is where there is nothing. */
export const realPathOf = (path: string): Effect.Effect<string> => Effect.promise(() => realpath(path).catch(() => path))

/** Fails unless the names in that folder may be read, and what they name be reached. */
export const mayList = (folder: string): Effect.Effect<void, TranscriptUnreadable> =>
  Effect.gen(function* () {
    if ((yield* factsOf(folder)).kind !== "folder")
      return yield* new TranscriptUnreadable({ path: folder, reason: "failed", message: `${folder} is no folder` })
    yield* Effect.tryPromise({ try: () => access(folder, constants.R_OK | constants.X_OK), catch: unreadable(folder) })
  })

/** An open file, closed with its scope. Only for what is known to be a regular file: opening a pipe waits for its other end. */
export const openForReading = (path: string) =>
  Effect.acquireRelease(Effect.tryPromise({ try: () => open(path, "r"), catch: unreadable(path) }), (handle) => Effect.promise(() => handle.close()))

/** `length` bytes at `offset`, fewer at the end of the file, in memory of their own. */
export const readAt = (path: string, handle: FileHandle, offset: number, length: number): Effect.Effect<Uint8Array, TranscriptUnreadable> =>
  Effect.tryPromise({
    try: async () => {
      const block = Buffer.allocUnsafeSlow(length)
      let filled = 0
      while (filled < length) {
        const { bytesRead } = await handle.read(block, filled, length - filled, offset + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return filled === length ? block : block.subarray(0, filled)
    },
    catch: unreadable(path)
  })
