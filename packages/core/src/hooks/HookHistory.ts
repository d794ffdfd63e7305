/**
 * The runs of hooks of all sessions, newest first.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { HookHistory } from "han-core/HookHistory"
 *
 * const lastFailures = (directory: string) =>
 *   Effect.gen(function* () {
 *     const runs = yield* (yield* HookHistory).runs({ directory, failed: true, limit: 20 })
 *     return runs.map(({ hook, plugin, startedAt, verdict }) => {
 *       const at = startedAt === null ? "at an unknown time" : new Date(startedAt).toISOString()
 *       return `${plugin}/${hook} ${verdict ?? "failed"} ${at}`
 *     })
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { SessionId } from "../journal/Entry.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import type { HookRun } from "./HookRun.ts"

/** The runs that are asked for: those that fulfil every given condition. */
export const HookRunFilter = Schema.Struct({
  sessionId: Schema.optional(SessionId),
  /** Only runs in this folder or below it; absolute. */
  directory: Schema.optional(Schema.String),
  /** Only runs of the hook, or of the hooks of the plugin, with this name. */
  hook: Schema.optional(Schema.String),
  event: Schema.optional(Schema.String),
  /** True: only runs that ended and did not let the agent go on as it was, also by an answer in JSON. */
  failed: Schema.optional(Schema.Boolean)
})
export type HookRunFilter = typeof HookRunFilter.Type

/** The most runs in one answer. */
export const maxHookRuns = 10_000

/** The runs of hooks of all sessions, by the lines of han's own log. */
export class HookHistory extends Context.Tag("han-core/HookHistory")<
  HookHistory,
  {
    /** The newest runs first, those that are under way among them: at most `limit`, taken into the bounds of `hookRunLimit`. */
    readonly runs: (filter: HookRunFilter & { readonly limit: number }) => Effect.Effect<ReadonlyArray<HookRun>, StoreError, Viewer>
  }
>() {}

/** The limit as a whole number from 1 to `maxHookRuns`. */
export const hookRunLimit = (limit: number): number => Math.max(1, Math.min(maxHookRuns, Math.trunc(limit)))

/** Makes the condition that tells if a run fulfils the filter. */
export const isAskedFor =
  ({ directory, event, failed, hook, sessionId }: HookRunFilter) =>
  (run: HookRun): boolean =>
    (sessionId === undefined || run.sessionId === sessionId) &&
    (directory === undefined || run.directory === directory || run.directory?.startsWith(directory.endsWith("/") ? directory : `${directory}/`) === true) &&
    (hook === undefined || run.hook === hook || run.plugin === hook) &&
    (event === undefined || run.event === event) &&
    (failed !== true || run.passed === false)
