import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { toldPath } from "./HanHome.ts"

/**
 * A note that a hook has waited in vain for the coordinator, so that the next ones do not wait as long: for a minute, or for as long as that wait took if it was longer. Thus
 * a coordinator that hangs costs a session half of its time at most. One that starts takes the note away.
 */
const fileIn = (home: string): string => join(toldPath(home), "in-vain")
const minMs = 60_000

/** Tells whether another one has waited in vain not long ago. */
export const isInVain = (home: string): boolean => {
  try {
    const { mtimeMs } = statSync(fileIn(home))
    return Date.now() - mtimeMs < Math.max(minMs, Number(readFileSync(fileIn(home), "utf8")) || 0)
  } catch {
    // There is none.
    return false
  }
}

export const noteInVain = (home: string, waitedMs: number): void => {
  try {
    mkdirSync(dirname(fileIn(home)), { recursive: true, mode: 0o700 })
    writeFileSync(fileIn(home), `${Math.round(waitedMs)}`, { mode: 0o600 })
  } catch {
    // In a home that cannot be written nobody waits: no coordinator can be started there.
  }
}

export const notInVain = (home: string): void => {
  try {
    rmSync(fileIn(home), { force: true })
  } catch {
    // It grows old by itself.
  }
}
