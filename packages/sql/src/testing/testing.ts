/**
 * The tests that every store of han passes, for a store of one's own: they need a runner of tests and a layer. See the README.
 *
 * @example
 * ```ts
 * import { test } from "bun:test"
 * import * as Layer from "effect/Layer"
 * import { Viewer } from "han-core/Viewer"
 * import * as SqliteStore from "han-sql/SqliteStore"
 * import { suite } from "han-sql/testing"
 *
 * suite({ test, name: "SqliteStore", store: () => Layer.merge(SqliteStore.layer({ filename: ":memory:" }), Viewer.layerLocal) })
 * ```
 */

import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Append } from "han-core/JournalWriter"
import type { StoreUnusable } from "han-core/StoreError"
import type { Asked, Case, Given } from "./cases.ts"
import { corpusCases } from "./corpusCases.ts"
import { factCases } from "./factCases.ts"
import { ledgerCases } from "./ledgerCases.ts"
import { outputCases } from "./outputCases.ts"
import { storeCases } from "./storeCases.ts"
import { transcriptCases } from "./transcriptCases.ts"

const casesOf = { corpora: corpusCases, store: storeCases, transcripts: transcriptCases, ledger: ledgerCases, facts: factCases, outputs: outputCases } as const

/** A part of the suite. `corpora`: laws over transcripts that are made up · `store`: appends, following, pages, search · `transcripts`: several of one session · `ledger`: tokens and money · `facts`: what lists say of sessions · `outputs`: files of tools' output. */
export type Part = keyof typeof casesOf

export interface SuiteOptions {
  /** `test` of `bun:test`, `it` of vitest or jest, or a function like these. The tests of a suite run one after another. */
  readonly test: (title: string, run: () => Promise<void>, timeoutMs: number) => void
  /** Begins the titles. */
  readonly name: string
  /** A store and a viewer who has nothing in it, each time it is built: an empty store of one viewer, or another viewer of the same store. */
  readonly store: () => Layer.Layer<Asked, StoreUnusable>
  /** All if absent. */
  readonly parts?: ReadonlyArray<Part>
  /** How often laws of order and of cutting are tried; 3 if absent. */
  readonly runs?: number
  /** Further transcripts that the laws of order are tried on. */
  readonly also?: ReadonlyArray<Append>
}

/** Milliseconds that a test may take: on a machine that runs many at once the longest takes a third of it. */
const timeoutMs = 300_000

/** Registers the tests of a store with a runner. A store that passes them can take the place of `SqliteStore` or `PgStore`. */
export const suite = ({ parts = ["corpora", "store", "transcripts", "ledger", "facts", "outputs"], ...options }: SuiteOptions): void =>
  register(
    options,
    parts.flatMap((part) => casesOf[part])
  )

/** Registers cases. */
export const register = ({ also = [], name, runs = 3, store, test }: Omit<SuiteOptions, "parts">, cases: ReadonlyArray<Case>): void => {
  const elsewhere: Given["elsewhere"] = (effect) => Effect.provide(effect, Layer.fresh(Layer.suspend(store)))
  for (const { run, title } of cases) test(`${name}: ${title}`, () => Effect.runPromise(elsewhere(run({ also, elsewhere, runs }))), timeoutMs)
}
