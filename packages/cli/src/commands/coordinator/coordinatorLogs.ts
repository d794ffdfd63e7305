import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs"
import { logPath, startLogPath } from "../../coordinator/HanHome.ts"
import { report } from "../../coordinator/Report.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { CommandFailed } from "../../environment/CommandFailed.ts"
import { lastLines } from "../../export/LastLines.ts"

export interface Options {
  readonly follow: boolean
  readonly lines: number
}

const pollMs = 200

export const run = async ({ follow, lines }: Options, host: CliEnvironment): Promise<number> => {
  try {
    const path = [logPath(host.home), startLogPath(host.home)].find((path) => statSync(path, { throwIfNoEntry: false }) !== undefined)
    if (path === undefined && !follow) throw new CommandFailed(`there is no log in ${host.home}: no coordinator has run there yet`)
    const printed = path === undefined ? undefined : await printEnd(path, lines, host)
    if (!follow) return 0
    await followFile(logPath(host.home), path === logPath(host.home) ? printed : undefined, host)
    return 0
  } catch (error) {
    return report(host, error)
  }
}

interface Seen {
  readonly inode: number
  readonly offset: number
}

const printEnd = async (path: string, lines: number, host: CliEnvironment): Promise<Seen> => {
  const file = openSync(path, "r")
  try {
    const { ino, size } = fstatSync(file)
    await host.out.write(lastLines(file, size, lines))
    return { inode: ino, offset: size }
  } finally {
    closeSync(file)
  }
}

/** Until a signal ends the process. A file that was replaced, as when the log is rotated, is read from its beginning. */
const followFile = async (path: string, from: Seen | undefined, host: CliEnvironment): Promise<void> => {
  let ended = false
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => {
      ended = true
    })
  let seen = from
  const chunk = Buffer.alloc(64 * 1024)
  while (!ended) {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found !== undefined && (found.ino !== seen?.inode || found.size !== seen.offset)) {
      const file = openSync(path, "r")
      try {
        const { ino, size } = fstatSync(file)
        let offset = seen?.inode === ino && seen.offset <= size ? seen.offset : 0
        for (let read = readSync(file, chunk, 0, chunk.length, offset); read > 0; read = readSync(file, chunk, 0, chunk.length, offset)) {
          await host.out.write(chunk.subarray(0, read))
          offset += read
        }
        seen = { inode: ino, offset }
      } finally {
        closeSync(file)
      }
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
