/**
 * A call of hooks, the progress while they run, and the plan of a call that runs nothing.
 *
 * @example
 * ```ts
 * import type { HookCall, HookProgress } from "han-core/HookCall"
 *
 * const byHand = (cwd: string): HookCall => ({
 *   event: null,
 *   input: "",
 *   cwd,
 *   environment: { PATH: process.env.PATH ?? "" },
 *   only: { plugin: "lint", hook: "check" },
 *   cache: false,
 *   answerAs: "command"
 * })
 * const shown = (progress: HookProgress): string | null =>
 *   progress._tag === "Line" ? progress.text : progress._tag === "Ended" ? `${progress.outcome.hook}: ${progress.outcome.status}` : null
 * ```
 */

import * as Schema from "effect/Schema"
import { HookAnswer } from "./HookAnswer.ts"
import { HookOutcome } from "./HookOutcome.ts"

/** A call of hooks by the client at an event, or by a person. */
export const HookCall = Schema.Struct({
  /** The event; null: the one that `input` names, else every event of the hook that `only` names. */
  event: Schema.NullOr(Schema.String),
  /** The client's JSON object with `session_id`, `cwd`, `tool_input` and so on; empty for a call by hand. Commands get it as it is. */
  input: Schema.String,
  /** The caller's directory, absolute. The one that `input` names goes before it. */
  cwd: Schema.String,
  /** The caller's environment. Commands see those variables of it that are on han's list or that their hook declares. */
  environment: Schema.Record({ key: Schema.String, value: Schema.String }),
  /** The only hook to run: its plugin as `name` or `name@marketplace`, and its name. Null: all hooks. */
  only: Schema.NullOr(Schema.Struct({ plugin: Schema.String, hook: Schema.String })),
  /** The only directory to run in: absolute, or relative to the project. */
  directory: Schema.optional(Schema.String),
  /** False: cached passes do not count. New passes are kept all the same. */
  cache: Schema.Boolean,
  /** The form of the answer: the output of a called program, or the body of a response over HTTP, which has no exit code. */
  answerAs: Schema.Literal("command", "http"),
  /** True: the client does not wait. It then reads JSON only, and hands it on with its next request. */
  async: Schema.optional(Schema.Boolean),
  /** True: only passes are kept, and the call belongs to no session, whatever `input` says. */
  trial: Schema.optional(Schema.Boolean),
  /** The file of the called program, to be run again where no `han` is found. Absent for a call over HTTP. */
  program: Schema.optional(Schema.String),
  /** The start of the called program, or the arrival of the request, in milliseconds since 1970: the client counts its limit from there. Now if absent. */
  startedAt: Schema.optional(Schema.Number)
})
export type HookCall = typeof HookCall.Type

/** The call makes no sense. `message` says what is wrong, and what to do. No hook was run. */
export class HookCallInvalid extends Schema.TaggedError<HookCallInvalid>("han-core/HookCallInvalid")("HookCallInvalid", { message: Schema.String }) {}

/** Progress of a call, in order of time: each started command, each line of it, each outcome, and the answer as the last one. */
export const HookProgress = Schema.Union(
  /** A command was started. */
  Schema.TaggedStruct("Started", { runId: Schema.String, hook: Schema.String, directory: Schema.String, command: Schema.String }),
  /** A command printed a line; `text` is without its newline. */
  Schema.TaggedStruct("Line", { runId: Schema.String, stream: Schema.Literal("stdout", "stderr"), text: Schema.String }),
  /** A hook has its outcome in a directory, run or not. */
  Schema.TaggedStruct("Ended", { outcome: HookOutcome }),
  /** The call is answered. Nothing follows. */
  Schema.TaggedStruct("Answered", { answer: HookAnswer })
)
export type HookProgress = typeof HookProgress.Type

/** A hook in a directory, with what a call would do: run it (`due`), skip it because of a cached pass (`cached`), or skip it for `reason`. */
export const HookPlanItem = Schema.Struct({
  hook: Schema.String,
  /** Null for a hook that would not be tried in a directory. */
  directory: Schema.NullOr(Schema.String),
  due: Schema.Boolean,
  cached: Schema.Boolean,
  reason: HookOutcome.fields.reason,
  /** The first 100 of `fileCount`, relative to the directory. */
  files: Schema.Array(Schema.String),
  fileCount: Schema.Int,
  /** The ids of the hooks that would run before it. */
  after: Schema.Array(Schema.String)
})
export type HookPlanItem = typeof HookPlanItem.Type
/** The plan of a call: the hooks that it would run or skip. Nothing is run for it. */
export const HookPlan = Schema.Struct({
  event: Schema.NullOr(Schema.String),
  projectPath: Schema.String,
  /** The folder in which commands would run: the project, or the worktree of it that the agent works in. */
  tree: Schema.String,
  items: Schema.Array(HookPlanItem)
})
export type HookPlan = typeof HookPlan.Type
