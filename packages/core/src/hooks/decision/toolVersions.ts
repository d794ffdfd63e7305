import { randomUUID } from "node:crypto"
import { rmSync } from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { lookAt } from "../../files/fileLook.ts"
import { type HookProcessEnd, runHookProcess } from "../process/hookProcess.ts"

const limitMs = 5000
/** What a shim stands for may change with any file of the project; asking again costs a start of the program. */
const keptMs = 10_000
const mostKept = 500
/** Of each output. */
const memoryBytes = 16 * 1024

/**
 * What a program says of its version, in a directory and with an environment: a text that is the same as long as the program says and does the same. One that
 * is missing, fails, or takes more than five seconds has a version too: that it does so. It is believed for ten seconds, unless `isFresh` or its file changed.
 */
export const toolVersions = (options: {
  /** For what is too long for memory, while it is read. */
  readonly outputFolder: string
}): ((tool: string, directory: string, environment: Readonly<Record<string, string>>, isFresh?: boolean) => Effect.Effect<string>) => {
  const known = new Map<string, { readonly at: number; readonly version: string }>()
  return (tool, directory, environment, isFresh = false) =>
    Effect.suspend(() => {
      const key = JSON.stringify([tool, directory, environment["PATH"], programAt(tool, directory, environment["PATH"])])
      const before = known.get(key)
      if (!isFresh && before !== undefined && Date.now() - before.at < keptMs) return Effect.succeed(before.version)
      return Effect.map(ask(tool, directory, environment, options.outputFolder), (version) => {
        if (known.size >= mostKept) known.clear()
        known.set(key, { at: Date.now(), version })
        return version
      })
    })
}

/** Another text when another program is there, or it was written to. */
const programAt = (tool: string, directory: string, searched = ""): string | null => {
  for (const folder of searched.split(path.delimiter)) {
    const { identity, stats } = lookAt(path.resolve(directory, folder, tool), "target")
    if (stats?.isFile()) return identity
  }
  return null
}

const ask = (tool: string, directory: string, environment: Readonly<Record<string, string>>, outputFolder: string): Effect.Effect<string> =>
  Effect.suspend(() => {
    const name = randomUUID()
    const run = runHookProcess({
      command: 'exec "$1" --version',
      args: [tool],
      directory,
      environment,
      input: null,
      limitMs,
      idleLimitMs: null,
      memoryBytes,
      outputFolder,
      name
    })
    // Where an output was cut it names the file, which is another one each time.
    return Effect.flatMap(run, (ended) => Effect.as(removed(ended), JSON.stringify([ended.end, ended.stdout.text, ended.stderr.text]).replaceAll(name, "")))
  })

const removed = ({ outputFile }: HookProcessEnd): Effect.Effect<void> =>
  outputFile === null
    ? Effect.void
    : Effect.try(() => rmSync(outputFile, { force: true })).pipe(
        Effect.catchAll(({ error }) => Effect.logWarning(`${outputFile} cannot be removed (${String(error)})`))
      )
