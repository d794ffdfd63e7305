import * as Schema from "effect/Schema"
import { HookAnswer } from "./HookAnswer.ts"
import { HookOutcome } from "./HookOutcome.ts"

/** A call of the agent, or of a person. */
export const HookCall = Schema.Struct({
  /** The event that is meant. Null: the one that `input` names, else every event of the hook that `only` names. */
  event: Schema.NullOr(Schema.String),
  /** What the agent wrote: a JSON object with `session_id`, `cwd`, `tool_input` and so on; empty by hand. Commands get it as it is. */
  input: Schema.String,
  /** Of the caller; what `input` says of it comes first. */
  cwd: Schema.String,
  /** The caller's environment. Commands see of it what is on the list, and what their hook declares. */
  environment: Schema.Record({ key: Schema.String, value: Schema.String }),
  /** The one hook that is meant: its plugin as `name` or `name@marketplace`, and its name. Null: all. */
  only: Schema.NullOr(Schema.Struct({ plugin: Schema.String, hook: Schema.String })),
  /** Only in this directory: absolute, or from the project. */
  directory: Schema.optional(Schema.String),
  /** False: nothing counts as passed before. A pass is kept all the same. */
  cache: Schema.Boolean,
  /** How the answer is given: what a called program writes, or the body of an answer over HTTP, which has no exit code. */
  answerAs: Schema.Literal("command", "http"),
  /** True: the client said that it does not wait. It reads JSON only then, and hands it on with its next request. */
  async: Schema.optional(Schema.Boolean),
  /** True: nothing of it is kept but passes; whatever `input` says it is of no session. */
  trial: Schema.optional(Schema.Boolean),
  /** The file of the program that was called: what can be run again where no `han` is to be found. Undefined where none was, as over HTTP. */
  program: Schema.optional(Schema.String),
  /** When the called program was started or the request came, in milliseconds since 1970: what the client counts its limit from. Undefined: now. */
  startedAt: Schema.optional(Schema.Number)
})
export type HookCall = typeof HookCall.Type

/** The call makes no sense. `message` says what is wrong with it, and what to do. */
export class HookCallInvalid extends Schema.TaggedError<HookCallInvalid>("han-core/HookCallInvalid")("HookCallInvalid", { message: Schema.String }) {}

/** What happens, while it happens. */
export const HookProgress = Schema.Union(
  /** A command was started. */
  Schema.TaggedStruct("Started", { runId: Schema.String, hook: Schema.String, directory: Schema.String, command: Schema.String }),
  /** A line of it, without its end. */
  Schema.TaggedStruct("Line", { runId: Schema.String, stream: Schema.Literal("stdout", "stderr"), text: Schema.String }),
  /** What became of a hook in a directory; also of one that was not run. */
  Schema.TaggedStruct("Ended", { outcome: HookOutcome }),
  /** The last one. */
  Schema.TaggedStruct("Answered", { answer: HookAnswer })
)
export type HookProgress = typeof HookProgress.Type

/** What would happen. `outcome.status` is `skipped` for what would not be run, `passed` and `cached` for what need not be; `due` for the rest. */
export const HookPlanItem = Schema.Struct({
  hook: Schema.String,
  /** Null where it came to no directory. */
  directory: Schema.NullOr(Schema.String),
  due: Schema.Boolean,
  cached: Schema.Boolean,
  reason: HookOutcome.fields.reason,
  /** Relative to the directory; at most 100. */
  files: Schema.Array(Schema.String),
  fileCount: Schema.Int,
  /** The ids of hooks that come before it. */
  after: Schema.Array(Schema.String)
})
export type HookPlanItem = typeof HookPlanItem.Type
export const HookPlan = Schema.Struct({
  event: Schema.NullOr(Schema.String),
  projectPath: Schema.String,
  /** Where the commands would run: the project, or the worktree of it that the agent works in. */
  tree: Schema.String,
  items: Schema.Array(HookPlanItem)
})
export type HookPlan = typeof HookPlan.Type
