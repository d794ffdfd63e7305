import { lstat, readdir, unlink } from "node:fs/promises"
import * as path from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { errorCode } from "../../files/fileFacts.ts"

const keptMs = 14 * 24 * 3600 * 1000
const maxBytes = 2_000_000_000

/**
 * Removes, now and once a day, outputs of hooks that nobody will look for any more: those that were written more than two weeks ago, and while there are more
 * than 2 GB the oldest. Never ends. What cannot be removed is logged, and stays.
 */
export const oldOutputsGone = (folder: string): Effect.Effect<void> => Effect.asVoid(Effect.repeat(pass(folder), Schedule.spaced("1 day")))

const pass = (folder: string): Effect.Effect<void> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const troubles = yield* Effect.promise(() => removeFrom(folder, now))
    const [first] = troubles
    if (first !== undefined) yield* Effect.logWarning(`old outputs in ${folder} cannot be removed (${first}, ${troubles.length} in all)`)
  })

/** Answers what went wrong. A file that goes away meanwhile is no trouble, nor is a folder that is not there. */
const removeFrom = async (folder: string, now: number): Promise<ReadonlyArray<string>> => {
  const troubles: Array<string> = []
  const attempt = async <A>(name: string, act: () => Promise<A>): Promise<A | undefined> => {
    try {
      return await act()
    } catch (cause) {
      const code = errorCode(cause)
      if (code !== "ENOENT") troubles.push(`${name}: ${code}`)
      return undefined
    }
  }
  const files: Array<{ readonly file: string; readonly bytes: number; readonly writtenAt: number }> = []
  for (const name of (await attempt(folder, () => readdir(folder))) ?? []) {
    const file = path.join(folder, name)
    const stats = await attempt(name, () => lstat(file))
    if (stats !== undefined && !stats.isDirectory()) files.push({ file, bytes: stats.size, writtenAt: stats.mtimeMs })
  }
  let bytes = files.reduce((sum, each) => sum + each.bytes, 0)
  for (const each of files.sort((a, b) => a.writtenAt - b.writtenAt)) {
    if (now - each.writtenAt <= keptMs && bytes <= maxBytes) break
    const before = troubles.length
    await attempt(path.basename(each.file), () => unlink(each.file))
    if (troubles.length === before) bytes -= each.bytes
  }
  return troubles
}
