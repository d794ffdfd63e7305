import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { startLogPath } from "./HanHome.ts"

const readBytes = 4096

/**
 * The reason with which the last start of a coordinator failed, as the log of starts has it behind its first `from` bytes. Undefined when that start succeeded, or nobody
 * has written there.
 */
export const lastFailure = (home: string, from = 0): string | undefined => {
  let log: number
  try {
    log = openSync(startLogPath(home), "r")
  } catch {
    // Nobody has written there yet.
    return undefined
  }
  try {
    const { size } = fstatSync(log)
    const begin = Math.max(from, size - readBytes)
    if (begin >= size) return undefined
    const bytes = Buffer.alloc(size - begin)
    const read = readSync(log, bytes, 0, bytes.length, begin)
    const last = bytes.toString("utf8", 0, read).trimEnd().split("\n").at(-1) ?? ""
    return last.startsWith("han: ") && !/^han: (?:warning: |a coordinator is already running)|; going on without a log$/.test(last) ? last.slice(5) : undefined
  } finally {
    closeSync(log)
  }
}
