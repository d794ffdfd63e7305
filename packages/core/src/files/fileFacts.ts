import { Buffer } from "node:buffer"
import { accessSync, type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readSync, realpathSync, statSync } from "node:fs"
import * as Effect from "effect/Effect"
import { FileUnreadable } from "./FileUnreadable.ts"

// Transcripts lie on a local disk: a system call takes microseconds there, a trip through the thread pool a hundred times as long, and a pass makes ten for each file.

/** The facts of the file system about one path, symbolic links followed. */
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

/** Maps a failed system call on `path` to a `FileUnreadable` that says what happened and what to do. */
export const unreadable =
  (path: string) =>
  (cause: unknown): FileUnreadable => {
    const code = errorCode(cause)
    switch (code) {
      case "ENOENT":
      case "ENOTDIR":
        return new FileUnreadable({ path, reason: "missing", message: `${path} is not there` })
      case "EACCES":
      case "EPERM":
        return new FileUnreadable({ path, reason: "denied", message: `cannot read ${path} (permission denied): check its owner and mode` })
      case "ELOOP":
        return new FileUnreadable({ path, reason: "failed", message: `cannot read ${path}: its symbolic links lead in a circle` })
      default:
        return new FileUnreadable({
          path,
          reason: "failed",
          message: `cannot read ${path} (${code}): ${cause instanceof Error ? cause.message : String(cause)}`
        })
    }
  }

/** Numbers of 64 bits are taken as such, for two files must not become one by rounding. */
const factsFrom = (stats: BigIntStats): FileFacts => ({
  key: `${stats.dev}:${stats.ino}`,
  device: Number(stats.dev),
  inode: Number(stats.ino),
  size: Number(stats.size),
  mtimeMs: Number(stats.mtimeNs) / 1e6,
  kind: stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other"
})

/** The facts of what is at that path; rejects with a `FileUnreadable`. */
export const askFacts = async (path: string): Promise<FileFacts> => {
  try {
    return factsFrom(statSync(path, { bigint: true }))
  } catch (cause) {
    throw unreadable(path)(cause)
  }
}

/** Runs `ask`, with its rejection as the error. */
export const asking = <A>(path: string, ask: () => Promise<A>): Effect.Effect<A, FileUnreadable> =>
  Effect.tryPromise({ try: ask, catch: (cause) => (cause instanceof FileUnreadable ? cause : unreadable(path)(cause)) })

/** Makes a call to the file system; fails with the reason why the file at `path` cannot be read. */
export const calling = <A>(path: string, call: () => A): Effect.Effect<A, FileUnreadable> => Effect.try({ try: call, catch: unreadable(path) })

export const factsOf = (path: string): Effect.Effect<FileFacts, FileUnreadable> => calling(path, () => factsFrom(statSync(path, { bigint: true })))

/** The facts of an open file. */
export const descriptorFacts = (path: string, descriptor: number): Effect.Effect<FileFacts, FileUnreadable> =>
  calling(path, () => factsFrom(fstatSync(descriptor, { bigint: true })))

/** The path that a symbolic link leads to in the end; null for anything else. */
export const linkTarget = (path: string): Effect.Effect<string | null, FileUnreadable> =>
  calling(path, () => (lstatSync(path).isSymbolicLink() ? realpathSync(path) : null))

/** The path without symbolic links; as it is where there is nothing. */
export const realPathOf = (path: string): Effect.Effect<string> =>
  Effect.orElseSucceed(
    calling(path, () => realpathSync(path)),
    () => path
  )

/** Fails unless the names in that folder may be read, and what they name be reached. */
export const mayList = (folder: string): Effect.Effect<void, FileUnreadable> =>
  Effect.gen(function* () {
    if ((yield* factsOf(folder)).kind !== "folder") return yield* new FileUnreadable({ path: folder, reason: "failed", message: `${folder} is no folder` })
    yield* calling(folder, () => accessSync(folder, constants.R_OK | constants.X_OK))
  })

/** The descriptor of an open file, closed with its scope. Only for what is known to be a regular file: opening a pipe waits for its other end. */
export const openForReading = (path: string) =>
  Effect.acquireRelease(
    calling(path, () => openSync(path, "r")),
    (descriptor) => Effect.sync(() => closeSync(descriptor))
  )

/** `length` bytes at `offset`, fewer at the end of the file, in memory of their own. */
export const readAt = (path: string, descriptor: number, offset: number, length: number): Effect.Effect<Uint8Array, FileUnreadable> =>
  calling(path, () => {
    const block = Buffer.allocUnsafeSlow(length)
    let filled = 0
    while (filled < length) {
      const bytesRead = readSync(descriptor, block, filled, length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return filled === length ? block : block.subarray(0, filled)
  })
