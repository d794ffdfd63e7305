import * as Path from "node:path"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { PriceRow } from "han-core/Pricing"
import { StoreError } from "han-core/StoreError"
import type { RemakeProgress } from "han-rpc/Coordinator"
import * as SqliteStore from "han-sql/SqliteStore"
import { compareEarlier } from "han-sql/unstable/compareEarlier"
import { copyEarlier } from "han-sql/unstable/copyEarlier"
import * as EarlierStore from "han-sql/unstable/EarlierStore"
import { attempt, HomeUnusable } from "../home/Home.ts"
import { bytesOf, formerFile, freeBytes, inWords, newFile, remove, settle, swap } from "./databaseFiles.ts"

export interface RemakeOptions {
  /** The file of the earlier build. */
  readonly database: string
  readonly prices: ReadonlyArray<PriceRow>
  /** Told of each step before it is done. */
  readonly step: (progress: RemakeProgress) => Effect.Effect<void>
}

/** A copy with its read models is about as large as what it is made of. */
const roomFactor = 1.2

/** Fails when the disk has not enough space for a second database beside this one. */
export const checkRoom = (database: string): Effect.Effect<void, HomeUnusable> =>
  Effect.gen(function* () {
    const folder = Path.dirname(database)
    const [wanted, free] = yield* attempt(folder, "cannot be measured", () => [Math.ceil(bytesOf(database) * roomFactor), freeBytes(folder)] as const)
    if (free >= wanted) return
    return yield* new HomeUnusable({
      path: database,
      message: `${database} was written by an earlier build of han and is made anew beside it: that takes ${inWords(wanted)}, and ${inWords(free)} are free; free ${inWords(wanted - free)} on that disk, then start again (nothing was changed)`
    })
  })

/**
 * Makes the store of an earlier build anew: copies its journal into a new file, which projects it, compares every line, and puts the new file in its place. Gives the path of the
 * earlier file. Until the last step that one is only read; a failure, or an end of the process, leaves it as it was.
 */
export const remake = ({ database, prices, step }: RemakeOptions): Effect.Effect<string, StoreError | HomeUnusable> => {
  const made = newFile(database)
  return Effect.gen(function* () {
    const { version, told } = yield* Effect.scoped(
      Effect.gen(function* () {
        const from = yield* EarlierStore.open(database)
        const at = (phase: RemakeProgress["phase"]) => (lines: number) => step({ phase, version: from.version, lines, total: from.lines, message: null })
        yield* at("copying")(0)
        yield* copied(from, { made, prices, copying: at("copying"), comparing: at("comparing") })
        return { version: from.version, told: at("swapping")(from.lines) }
      })
    )
    yield* told
    const former = formerFile(database, String(version))
    yield* attempt(made, "cannot be closed", () => settle(made, { mark: true }))
    yield* attempt(database, "cannot be closed", () => settle(database, { mark: false }))
    yield* told
    yield* swap(database, former, told)
    return former
  }).pipe(
    Effect.catchAllDefect((defect) => Effect.fail(failed(database, defect instanceof Error ? defect.message : String(defect)))),
    // What is left takes space that may be what was missing.
    Effect.tapErrorCause((cause) => (Cause.isInterruptedOnly(cause) ? Effect.void : Effect.ignore(Effect.try(() => remove(made)))))
  )
}

const failed = (database: string, why: string) => new StoreError({ operation: "remake", reason: "failed", message: `${database}: ${why}` })

const copied = (
  from: EarlierStore.EarlierStore,
  options: {
    readonly made: string
    readonly prices: ReadonlyArray<PriceRow>
    readonly copying: (lines: number) => Effect.Effect<void>
    readonly comparing: (lines: number) => Effect.Effect<void>
  }
) =>
  Effect.zipRight(copyEarlier(from, options.copying), Effect.zipRight(options.comparing(0), compareEarlier(from, options.comparing))).pipe(
    Effect.provide(SqliteStore.layer({ filename: options.made, prices: options.prices })),
    // Every line comes after the one before it, or the file has lost some: that is for a person to look at.
    Effect.catchTags({
      EntryGap: ({ message }) => failed(from.location, message),
      ToolOutputGap: ({ message }) => failed(from.location, message),
      StoreUnusable: ({ message }) => failed(from.location, message)
    })
  )
