import type * as Effect from "effect/Effect"
import type { Append } from "han-core/JournalWriter"
import type { StoreUnusable } from "han-core/StoreError"
import type { Viewer } from "han-core/Viewer"
import type { Projections } from "../readmodels/Projection.ts"
import type { StoreServices } from "../store.ts"

/** The services that a case asks, and the viewer on whose behalf: a store in which that one has nothing. */
export type Asked = Exclude<StoreServices, Projections> | Viewer

/** Services and values that a case is given beside its own store. */
export interface Given {
  /** How often a law is tried with other values. */
  readonly runs: number
  /** Carries out the effect on another empty store. */
  readonly elsewhere: <A, E>(effect: Effect.Effect<A, E, Asked>) => Effect.Effect<A, E | StoreUnusable>
  /** Further transcripts that the laws of order are tried on. */
  readonly also: ReadonlyArray<Append>
}

/** One thing that every store must do: it fails when the store does not. */
export interface Case {
  readonly title: string
  readonly run: (given: Given) => Effect.Effect<void, unknown, Asked>
}

export const test = (title: string, run: Case["run"]): Case => ({ title, run })
