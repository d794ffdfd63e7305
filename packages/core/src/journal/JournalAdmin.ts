/**
 * Looks after the journal: projects its read models anew, and forgets sessions for good.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { JournalAdmin } from "han-core/JournalAdmin"
 *
 * // Removes every session whose last line is older than `before`, in milliseconds since 1970.
 * const forgetBefore = (before: number) =>
 *   Effect.gen(function* () {
 *     const admin = yield* JournalAdmin
 *     yield* Effect.logInfo(`${(yield* admin.forgettable({ before })).length} sessions go`)
 *     return yield* admin.forget({ before })
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import { SessionId } from "./Entry.ts"

/** The progress of one projection: `entries` of `total` are projected. */
export const RebuildProgress = Schema.Struct({ projection: Schema.String, entries: Schema.Int, total: Schema.Int })
export type RebuildProgress = typeof RebuildProgress.Type

/** Sessions by their ids, or all whose last line is older than `before` (milliseconds since 1970); one whose lines tell no time is none of these. */
export const ForgetWhich = Schema.Union(Schema.Struct({ sessionIds: Schema.Array(SessionId) }), Schema.Struct({ before: Schema.Number }))
export type ForgetWhich = typeof ForgetWhich.Type

/** Counts of what `forget` removed. */
export const Forgotten = Schema.Struct({ sessions: Schema.Int, entries: Schema.Int })
export type Forgotten = typeof Forgotten.Type

/** The work of whoever looks after the journal. Only the process that owns the database and its unix socket give it. */
export class JournalAdmin extends Context.Tag("han-core/JournalAdmin")<
  JournalAdmin,
  {
    /** Projects the whole journal anew beside the read models in use, then swaps them. Reads and appends go on meanwhile. */
    readonly rebuild: Stream.Stream<RebuildProgress, StoreError>
    /** Removes sessions for good: entries, outputs, read models, full text. Their transcripts are not indexed again. */
    readonly forget: (which: ForgetWhich) => Effect.Effect<Forgotten, StoreError, Viewer>
    /** The sessions that `forget` would remove. */
    readonly forgettable: (which: { readonly before: number }) => Effect.Effect<ReadonlyArray<SessionId>, StoreError, Viewer>
  }
>() {}
