import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { SessionId } from "../journal/Entry.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import type { HookRun } from "./HookRun.ts"

export const HookRunFilter = Schema.Struct({
  sessionId: Schema.optional(SessionId),
  /** In this folder or below it; absolute. */
  directory: Schema.optional(Schema.String),
  /** The name of a hook or of its plugin. */
  hook: Schema.optional(Schema.String),
  event: Schema.optional(Schema.String),
  /** Only those that ended, and did not let the agent go on as it was: also what was denied or changed in JSON. */
  failed: Schema.optional(Schema.Boolean)
})
export type HookRunFilter = typeof HookRunFilter.Type

/** What one question is answered with at most. */
export const mostHookRuns = 10_000

/** The runs of hooks of all sessions, as han's own lines tell of them. */
export class HookHistory extends Context.Tag("han-core/HookHistory")<
  HookHistory,
  {
    /** At most `limit`, which counts as 1 when it is less and as `mostHookRuns` when it is more; the newest first. Those that are under way are among them. */
    readonly runs: (filter: HookRunFilter & { readonly limit: number }) => Effect.Effect<ReadonlyArray<HookRun>, StoreError, Viewer>
  }
>() {}

/** A limit as it counts. */
export const hookRunLimit = (limit: number): number => Math.max(1, Math.min(mostHookRuns, Math.trunc(limit)))

/** Whether a run is one that is asked for. */
export const isAskedFor =
  ({ directory, event, failed, hook, sessionId }: HookRunFilter) =>
  (run: HookRun): boolean =>
    (sessionId === undefined || run.sessionId === sessionId) &&
    (directory === undefined || run.directory === directory || run.directory?.startsWith(directory.endsWith("/") ? directory : `${directory}/`) === true) &&
    (hook === undefined || run.hook === hook || run.plugin === hook) &&
    (event === undefined || run.event === event) &&
    (failed !== true || run.passed === false)
