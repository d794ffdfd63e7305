import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { SyncConfig } from "han-core/SyncConfig"
import type { JsonChange } from "han-core/unstable/JsonChange"
import * as JsonFile from "han-core/unstable/JsonFile"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { CommandFailed } from "../../environment/CommandFailed.ts"
import { badConfiguration } from "./syncExitCode.ts"

/** The file that holds the settings of sync, under the key `sync`. */
export const configFile = (host: CliEnvironment): string => join(host.home, "config.json")

const wrong = (message: string) => new CommandFailed(message, badConfiguration)
const decode = Schema.decodeUnknownEither(SyncConfig, { onExcessProperty: "error", errors: "all" })

const decoded = (file: string, value: unknown): Effect.Effect<SyncConfig, CommandFailed> =>
  Either.match(decode(value ?? {}), {
    onRight: Effect.succeed,
    onLeft: (error) => {
      const issues = ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path }) => `${["sync", ...path].join(".")}: ${message}`)
      return Effect.fail(wrong(`${file} is not what han expects: ${[...new Set(issues)].join("; ")}. Correct it there; nothing was changed`))
    }
  })

const asFailure = <A, E extends { readonly message: string }, R>(effect: Effect.Effect<A, E, R>) => Effect.mapError(effect, ({ message }) => wrong(message))

/** Reads what the file says of sync; an empty object when it says nothing. Fails with exit code 2 on a file or an entry that han does not understand. */
export const readSettings = (host: CliEnvironment): Effect.Effect<SyncConfig, CommandFailed> =>
  Effect.flatMap(asFailure(JsonFile.read(configFile(host))), (value) => decoded(configFile(host), value?.["sync"]))

/** Settings to set; `undefined` takes one out. */
export type Wanted = { readonly [K in keyof SyncConfig]?: SyncConfig[K] | undefined }

/** Changes settings of sync in the file, and nothing else in it. A file with a key is for its owner alone. Gives whether it was written. */
export const changeSettings = (host: CliEnvironment, change: (current: SyncConfig) => Wanted): Effect.Effect<boolean, CommandFailed> =>
  Effect.gen(function* () {
    const file = configFile(host)
    const { written } = yield* asFailure(
      JsonFile.edit(file, (whole) =>
        Effect.gen(function* () {
          const current = yield* decoded(file, whole["sync"])
          const wanted = change(current)
          // Before the key is in it.
          if ((wanted.apiKey ?? current.apiKey) !== undefined) yield* closed(file)
          return Object.entries(wanted).map(
            ([name, value]): JsonChange => (value === undefined ? { path: ["sync", name], remove: true } : { path: ["sync", name], value })
          )
        })
      )
    )
    if ((yield* readSettings(host)).apiKey !== undefined) yield* closed(file)
    return written
  })

const attempt = <A>(file: string, act: () => A): Effect.Effect<A, CommandFailed> =>
  Effect.try({ try: act, catch: (cause) => wrong(`${file} cannot be changed: ${cause instanceof Error ? cause.message : String(cause)}`) })

const closed = (file: string) =>
  attempt(file, () => {
    const mode = statSync(file, { throwIfNoEntry: false })?.mode
    if (mode !== undefined && (mode & 0o077) !== 0) chmodSync(file, 0o600)
  })

/** The whole file at one moment; null where there was none. */
export interface Kept {
  readonly bytes: Uint8Array
  readonly mode: number
}

export const keptFile = (host: CliEnvironment): Effect.Effect<Kept | null, CommandFailed> => {
  const file = configFile(host)
  return attempt(file, () => {
    const stats = statSync(file, { throwIfNoEntry: false })
    return stats === undefined ? null : { bytes: readFileSync(file), mode: stats.mode & 0o7777 }
  })
}

/** Makes the file what it was `before`, to the byte, unless somebody else has changed it since it was as `written`: then only the settings of sync are put back. */
export const putBack = (
  host: CliEnvironment,
  { before, settings, written }: { readonly before: Kept | null; readonly settings: SyncConfig; readonly written: Kept | null }
): Effect.Effect<void, CommandFailed> =>
  Effect.gen(function* () {
    const file = configFile(host)
    const now = yield* keptFile(host)
    if (now !== null && written !== null && Buffer.compare(now.bytes, written.bytes) !== 0) {
      const back: JsonChange = Object.keys(settings).length === 0 ? { path: ["sync"], remove: true } : { path: ["sync"], value: settings }
      return void (yield* asFailure(JsonFile.edit(file, () => Effect.succeed([back]))))
    }
    yield* attempt(file, () => {
      if (before === null) return rmSync(file, { force: true })
      writeFileSync(file, before.bytes)
      chmodSync(file, before.mode)
    })
  })
