import { randomUUID } from "node:crypto"
import { rmSync } from "node:fs"
import * as path from "node:path"
import * as Cache from "effect/Cache"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"
import { lookAt } from "../../files/fileLook.ts"
import { type HookProcessEnd, runHookProcess } from "../process/hookProcess.ts"

const limitMs = 5000
/** Milliseconds that an answer is believed: the program behind a shim may change with any file of the project, and asking again starts it. */
const keptMs = 10_000
const capacity = 500
/** Bytes kept in memory of stdout, and as many of stderr. */
const memoryBytes = 16 * 1024

/**
 * Tells what a program says of its version, in a directory and with an environment: a text that is the same as long as the program says and does the same. One that
 * is missing, fails, or takes more than five seconds has a version too: that it does so. It is believed for ten seconds, unless `isFresh` or its file changed.
 */
export type ToolVersions = (tool: string, directory: string, environment: Readonly<Record<string, string>>, isFresh?: boolean) => Effect.Effect<string>

export const toolVersions = (options: {
  /** For what is too long for memory, while it is read. */
  readonly outputFolder: string
}): Effect.Effect<ToolVersions> =>
  Effect.map(
    Cache.make({ capacity, timeToLive: keptMs, lookup: (question: Question) => ask(question, options.outputFolder) }),
    (versions): ToolVersions =>
      (tool, directory, environment, isFresh = false) =>
        Effect.suspend(() => {
          const question = new Question(tool, directory, environment)
          const asked = isFresh ? Effect.zipRight(versions.refresh(question), versions.get(question)) : versions.get(question)
          // The one who asked for all may go away; then the others ask again.
          const answered: Effect.Effect<string> = Effect.catchAllCause(asked, (cause) => (Cause.isInterruptedOnly(cause) ? answered : Effect.failCause(cause)))
          return answered
        })
  )

/** Equal to another one about the same program in the same directory, with the same PATH. */
class Question implements Equal.Equal {
  readonly tool: string
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  private readonly key: string

  constructor(tool: string, directory: string, environment: Readonly<Record<string, string>>) {
    this.tool = tool
    this.directory = directory
    this.environment = environment
    this.key = JSON.stringify([tool, directory, environment["PATH"], programAt(tool, directory, environment["PATH"])])
  }

  [Hash.symbol](): number {
    return Hash.string(this.key)
  }

  [Equal.symbol](that: unknown): boolean {
    return that instanceof Question && that.key === this.key
  }
}

/** Another text when another program is there, or it was written to. */
const programAt = (tool: string, directory: string, searched = ""): string | null => {
  for (const folder of searched.split(path.delimiter)) {
    const { identity, stats } = lookAt(path.resolve(directory, folder, tool), "target")
    if (stats?.isFile()) return identity
  }
  return null
}

const ask = ({ directory, environment, tool }: Question, outputFolder: string): Effect.Effect<string> =>
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
