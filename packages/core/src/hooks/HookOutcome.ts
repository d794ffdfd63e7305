/**
 * The outcome of a hook at an event: its status, the reason, the end of its command and its outputs.
 *
 * @example
 * ```ts
 * import { hasPassed, type HookOutcome, verdictOf } from "han-core/HookOutcome"
 *
 * const report = (outcomes: ReadonlyArray<HookOutcome>): string =>
 *   outcomes
 *     .filter((outcome) => outcome.status !== "skipped" && !hasPassed(outcome))
 *     .map((outcome) => `${outcome.hook} in ${outcome.directory ?? outcome.tree}: ${verdictOf(outcome)}\n${outcome.stderr.text}`)
 *     .join("\n")
 * ```
 */

import * as Schema from "effect/Schema"

/** The reason why a hook runs in a directory (the first four) or does not. */
export const HookReasonCode = Schema.Literal(
  // It runs:
  "never-passed",
  "changed",
  "always",
  "no-cache",
  // It does not:
  "unchanged",
  "off",
  "untrusted",
  "event",
  "matcher",
  "no-directory",
  "no-file",
  "dir-test",
  "own-entry",
  "dependency",
  "cycle",
  "refused"
)
export type HookReasonCode = typeof HookReasonCode.Type

/** A reason with its words in `text`: which files changed, which marker is missing, who switched the hook off. */
export const HookReason = Schema.Struct({ code: HookReasonCode, text: Schema.String })
export type HookReason = typeof HookReason.Type

/** An output of a command: its first and last bytes as text. Bytes that are no UTF-8 are U+FFFD here; `HookOutcome.outputFile` has them as they came. */
export const HookOutput = Schema.Struct({
  text: Schema.String,
  /** Bytes of the whole output. */
  bytes: Schema.Int,
  /** True: `text` lacks bytes of the middle, and has a line that says so in their place. */
  cut: Schema.Boolean
})
export type HookOutput = typeof HookOutput.Type

/** The end of a command. `NotStarted`: not even its shell could be started. */
export const HookEnd = Schema.Union(
  Schema.TaggedStruct("Exited", { code: Schema.Int }),
  Schema.TaggedStruct("Signalled", { signal: Schema.String }),
  /** The command ran into the limit `limitMs`: without a sign of life (`idle`), or in all. */
  Schema.TaggedStruct("TimedOut", { idle: Schema.Boolean, limitMs: Schema.Number }),
  Schema.TaggedStruct("NotStarted", { message: Schema.String })
)
export type HookEnd = typeof HookEnd.Type

/** Says why nothing was checked, by the two exit codes with which a shell reports it (126 and 127); null for any other code. */
export const whyNotRun = (code: number): string | null =>
  code === 127 ? "a program that it calls was not found" : code === 126 ? "a program that it calls may not be run" : null

/**
 * The status of a hook. `passed`: its command ended with 0, or did so before for the same content · `failed`: it ended with another code, or by a signal ·
 * `blocked`: it ended with 2 · `broken`: it could not be run (126 and 127, too), ran into its limit, or a hook that it depends on did not pass; `on_error`
 * decides if that lets the agent go on · `skipped`: it was not due.
 */
export const HookStatus = Schema.Literal("passed", "failed", "blocked", "broken", "skipped")
export type HookStatus = typeof HookStatus.Type

/**
 * The answer of a command that ended with 0, in the client's JSON, other than to go on. `denied`: it blocks or denies · `asked`: somebody is to be asked ·
 * `deferred`: the tool is put off · `stopped`: the turn is to end · `changed`: the tool gets another input. `reason`: null when it gave none.
 */
export const HookSaid = Schema.Struct({
  verdict: Schema.Literal("denied", "asked", "deferred", "stopped", "changed"),
  reason: Schema.NullOr(Schema.String)
})
export type HookSaid = typeof HookSaid.Type

/** The outcome of one hook in one directory at one event. */
export const HookOutcome = Schema.Struct({
  /** The id of its run in the history; null for a hook that was not run and has no cached pass. */
  runId: Schema.NullOr(Schema.String),
  /** `plugin@marketplace/hook` */
  hook: Schema.String,
  plugin: Schema.String,
  name: Schema.String,
  /** Relative to `tree`, `.` for that itself; null for a hook that was not tried in a directory. */
  directory: Schema.NullOr(Schema.String),
  /** The folder that the directory lies in, absolute. */
  tree: Schema.String,
  status: HookStatus,
  /** Null: the command said nothing that keeps the agent from going on as it was. */
  said: Schema.optionalWith(Schema.NullOr(HookSaid), { default: () => null }),
  /** The reason why it was run, or was not. */
  reason: HookReason,
  /** True: it passed before for the same content, and was not run. */
  cached: Schema.Boolean,
  /** The command as it was run, with the files in it; null when it was not run. */
  command: Schema.NullOr(Schema.String),
  /** The first 100 of the `fileCount` files that it was about, relative to the directory. */
  files: Schema.Array(Schema.String),
  fileCount: Schema.Int,
  end: Schema.NullOr(HookEnd),
  durationMs: Schema.Number,
  stdout: HookOutput,
  stderr: HookOutput,
  /** The file with both outputs (at most their first GB) when they were too long for memory; else null. */
  outputFile: Schema.NullOr(Schema.String),
  onError: Schema.Literal("open", "closed"),
  /** True: the same content passed and failed before. */
  flaky: Schema.Boolean
})
export type HookOutcome = typeof HookOutcome.Type

/** The one word for an outcome that the client was told: the verdict that a passed command gave in JSON, else the status. */
export const verdictOf = ({ said, status }: HookOutcome): HookStatus | HookSaid["verdict"] => (status === "passed" && said !== null ? said.verdict : status)

/** Tells if a hook let the agent go on as it was. */
export const hasPassed = (outcome: HookOutcome): boolean => verdictOf(outcome) === "passed"

/** The verdicts of a command that was run and found something wrong. A `broken` hook found nothing. */
export const againstIt: ReadonlySet<string> = new Set(["failed", "blocked", "denied", "asked", "deferred", "stopped"])

/** The output of a command that printed nothing. */
export const nothing: HookOutput = { text: "", bytes: 0, cut: false }
