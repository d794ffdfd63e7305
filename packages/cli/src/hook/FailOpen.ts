import { accessSync, constants, lstatSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { isFrequent, quietMs, told, words } from "han-core/unstable/UnaskedGates"
import { toldPath } from "../coordinator/HanHome.ts"
import { lastFailure } from "../coordinator/StartLog.ts"

/** Says why no coordinator can be started for this home, in words that complete a sentence about it; undefined when one can. */
export const whyNotStarted = (home: string, mayStart: boolean): string | undefined => {
  const barred = whyBarred(home)
  if (barred !== undefined) return `it cannot be started, for ${home} cannot be written (${barred})`
  if (mayStart) return undefined
  const failure = lastFailure(home)
  return `${failure === undefined ? "" : `its last start failed: ${failure}; `}\`han coordinator start\` starts it`
}

/** The reason why nothing can be written to the folder, or the folder not be made, in the system's words. */
const whyBarred = (home: string): string | undefined => {
  try {
    accessSync(there(home), constants.W_OK | constants.X_OK)
    if (!isThere(home)) return undefined
    // A full disk lets itself be opened.
    const attempt = join(home, `.attempt-${process.pid}`)
    writeFileSync(attempt, "0", { mode: 0o600 })
    rmSync(attempt, { force: true })
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message.replace(/, (?:access|open|write).*$/, "") : String(error)
  }
}

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined

/** The folder, or the one that it would be made in. */
const there = (folder: string): string => (isThere(folder) || folder === dirname(folder) ? folder : there(dirname(folder)))

/**
 * The text that a hook writes when it lets go without its gates: at the end of a turn each time; at events that come often once an hour for a session and a reason. Where
 * that cannot be noted it is said each time.
 */
export const saying = (
  home: string,
  event: string | null,
  session: string | undefined,
  reason: string
): { readonly stdout: string; readonly stderr: string } =>
  isFrequent(event) && session !== undefined && !isNews(home, `${session}\0${reason}`) ? { stdout: "", stderr: "" } : told(event, words(event, reason))

/** Notes that something was said, in the home, or where that cannot be written in a folder for temporary files. */
const isNews = (home: string, what: string): boolean => {
  const name = Bun.hash(what).toString(36)
  for (const folder of [toldPath(home), join(tmpdir(), `han-told-${process.getuid?.() ?? ""}`)]) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const { mode, uid } = lstatSync(folder)
      // What others may write to says nothing.
      if (uid !== (process.getuid?.() ?? uid) || (mode & 0o022) !== 0) continue
      const mark = join(folder, name)
      const at = statSync(mark, { throwIfNoEntry: false })?.mtimeMs
      if (at !== undefined && Date.now() - at < quietMs) return false
      writeFileSync(mark, "0", { mode: 0o600 })
      return true
    } catch {
      // The next folder, or none: then it is said again.
    }
  }
  return true
}
