import { type BigIntStats, lstatSync, statSync } from "node:fs"
import { errorCode } from "./fileFacts.ts"

/** The answer of one system call about a path. */
export interface FileLook {
  /** Another one when another file is there, or it was changed; for what cannot be asked, why. */
  readonly identity: string
  /** Null for what is not there or cannot be asked. */
  readonly stats: BigIntStats | null
}

/** Nothing is there, and nothing can be without a change. */
export const missing: FileLook = { identity: "missing", stats: null }

/** `link`: a symbolic link itself · `target`: what it leads to. */
export const lookAt = (path: string | Buffer, at: "link" | "target"): FileLook => {
  try {
    const stats = (at === "link" ? lstatSync : statSync)(path, { bigint: true, throwIfNoEntry: false })
    if (stats === undefined) return missing
    return { identity: `${stats.dev}:${stats.ino}:${stats.mode}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`, stats }
  } catch (cause) {
    const code = errorCode(cause)
    return nowhere.has(code) ? missing : { identity: code, stats: null }
  }
}

/** The last two: no file can have such a name. */
const nowhere = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ERR_INVALID_ARG_VALUE"])

/** The clock of file systems is coarse: for so long another change may leave no trace. */
const settleMs = 100
/** The same where times are whole seconds, or two of them. */
const coarseSettleMs = 2100

/**
 * Tells whether a change after `time` (milliseconds since 1970, before the content was read) would have made it look different. The time of the last change of the inode
 * decides: no program can set it.
 */
export const isSettled = ({ stats }: FileLook, time: number): boolean => {
  if (stats === null) return true
  const settle = stats.ctimeNs % 1_000_000_000n === 0n ? coarseSettleMs : settleMs
  return Number(stats.ctimeNs / 1_000_000n) < time - settle
}
