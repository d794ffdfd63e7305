import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { effortMs } from "han-core/unstable/StartingFile"

/**
 * Milliseconds that the coordinator of a home has worked so far, or has waited for a processor: by the holder of its lock, which Linux names. Null where no system says
 * who holds it, or nobody does.
 */
export const coordinatorEffortMs = (home: string): number | null => {
  try {
    const { ino } = statSync(join(home, "lock.db"))
    for (const line of readFileSync("/proc/locks", "utf8").split("\n")) {
      const [, pid, inode] = /^\d+: POSIX\s+ADVISORY\s+WRITE\s+(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line) ?? []
      if (Number(inode) === ino) return effortMs(Number(pid))
    }
  } catch {
    // Another system, or no lock yet.
  }
  return null
}
