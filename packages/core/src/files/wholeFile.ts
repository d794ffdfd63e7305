import { Buffer } from "node:buffer"
import { randomBytes } from "node:crypto"
import { type BigIntStats, constants } from "node:fs"
import { access, type FileHandle, lstat, mkdir, open, readlink, realpath, rename, stat, unlink } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { FileUnreadable } from "./FileUnreadable.ts"
import { asking, errorCode } from "./fileFacts.ts"

/** A small file, as one look found it. */
export interface WholeFile {
  readonly bytes: Uint8Array
  readonly stats: BigIntStats
}

const refused = (file: string, why: string) => new FileUnreadable({ path: file, reason: "failed", message: `${file} ${why}` })

/** All bytes of a regular file of at most `most` bytes; null when nothing is there. A pipe or a device is refused, never waited for. */
export const readWhole = (file: string, most: number): Effect.Effect<WholeFile | null, FileUnreadable> =>
  Effect.catchIf(
    asking(file, () => askWhole(file, most)),
    (error) => error.reason === "missing",
    () => Effect.succeed(null)
  )

const askWhole = (file: string, most: number): Promise<WholeFile> =>
  withOpen(file, async (handle, stats) => {
    if (stats.size > BigInt(most)) throw refused(file, `is longer than ${most} bytes and was not read`)
    const bytes = await readUpTo(handle, Number(stats.size) + 1)
    // Then it is another file by now.
    if (bytes.length !== Number(stats.size)) throw refused(file, "was written to while it was read; try again")
    return { bytes, stats }
  })

/** The first bytes of a regular file, at most `most`; null when nothing is there. */
export const readStart = (file: string, most: number): Effect.Effect<WholeFile | null, FileUnreadable> =>
  Effect.catchIf(
    asking(file, () => withOpen(file, async (handle, stats) => ({ bytes: await readUpTo(handle, Math.min(most, Number(stats.size))), stats }))),
    (error) => error.reason === "missing",
    () => Effect.succeed(null)
  )

const withOpen = async <A>(file: string, use: (handle: FileHandle, stats: BigIntStats) => Promise<A>): Promise<A> => {
  // Opening a pipe would wait for its other end.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stats = await handle.stat({ bigint: true })
    if (!stats.isFile()) throw refused(file, "is no file")
    return await use(handle, stats)
  } finally {
    await handle.close()
  }
}

const readUpTo = async (handle: FileHandle, most: number): Promise<Uint8Array> => {
  const block = Buffer.allocUnsafeSlow(most)
  let filled = 0
  while (filled < most) {
    const { bytesRead } = await handle.read(block, filled, most - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return block.subarray(0, filled)
}

const maxLinks = 40

/** The one name of the file that a path means, every symbolic link followed, whether or not it is there. */
export const targetOf = async (file: string): Promise<string> => {
  let at = file
  for (let links = 0; links < maxLinks; links++) {
    const stats = await lstat(at).catch(nullIfMissing)
    if (stats === null || !stats.isSymbolicLink())
      return path.join((await realpath(path.dirname(at)).catch(nullIfMissing)) ?? path.dirname(at), path.basename(at))
    at = path.resolve(path.dirname(at), await readlink(at))
  }
  throw Object.assign(new Error("its symbolic links lead in a circle"), { code: "ELOOP" })
}

const sameLook = (a: BigIntStats | null, b: BigIntStats | null): boolean =>
  a === null || b === null ? a === b : a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs

const nullIfMissing = (cause: unknown): null => {
  if (errorCode(cause) === "ENOENT") return null
  throw cause
}

/**
 * Puts these bytes in place of a file, or makes it with the folder that it lies in: whoever reads meanwhile sees the old bytes or the new ones, and after a
 * crash one of them is there. It keeps its mode and owner. False, and nothing done, when it is no longer what `before` saw. Rejects with what the system said.
 */
export const replaceWhole = async (file: string, bytes: Uint8Array, before: BigIntStats | null): Promise<boolean> => {
  const folder = path.dirname(file)
  if (before === null) await mkdir(folder, { recursive: true })
  // Renaming over it would ask the folder alone.
  else await access(file, constants.W_OK)
  const mode = before === null ? Number((await stat(folder)).mode) & 0o666 : Number(before.mode) & 0o7777
  const temporary = path.join(folder, `.${path.basename(file)}.${process.pid}-${randomBytes(6).toString("hex")}.tmp`)
  const handle = await open(temporary, "wx", 0o600)
  let there = true
  try {
    try {
      await handle.writeFile(bytes)
      const made = await handle.stat({ bigint: true })
      if (before !== null && (made.uid !== before.uid || made.gid !== before.gid)) await handle.chown(Number(before.uid), Number(before.gid))
      // After the owner, whose change takes bits away.
      await handle.chmod(mode)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (!sameLook(before, await stat(file, { bigint: true }).catch(nullIfMissing))) return false
    await rename(temporary, file)
    there = false
    await syncFolder(folder)
    return true
  } finally {
    if (there) await unlink(temporary)
  }
}

/** Not every system lets a folder be opened; where it does, the new name is on the disk afterwards. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, constants.O_RDONLY).catch(() => null)
  if (handle === null) return
  try {
    await handle.sync()
  } catch (cause) {
    if (!["EINVAL", "EISDIR", "EPERM", "ENOTSUP", "EBADF"].includes(errorCode(cause))) throw cause
  } finally {
    await handle.close()
  }
}
