import * as Schema from "effect/Schema"

/** Why a hook runs in a directory, or does not. */
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

/** `text` says it in words: which files changed, which marker is missing, who switched it off. */
export const HookReason = Schema.Struct({ code: HookReasonCode, text: Schema.String })
export type HookReason = typeof HookReason.Type

/** One of the outputs of a command: its first and last bytes, as text. Bytes that are no UTF-8 are U+FFFD here; the file has them as they came. */
export const HookOutput = Schema.Struct({
  text: Schema.String,
  /** Of all of it. */
  bytes: Schema.Int,
  /** `text` lacks something of the middle, for which it has a line that says so. */
  cut: Schema.Boolean
})
export type HookOutput = typeof HookOutput.Type

/** The end of a command. `NotStarted`: not even its shell could be started. */
export const HookEnd = Schema.Union(
  Schema.TaggedStruct("Exited", { code: Schema.Int }),
  Schema.TaggedStruct("Signalled", { signal: Schema.String }),
  /** `idle`: not a sign of life for so long. `limitMs`: the limit that it ran into. */
  Schema.TaggedStruct("TimedOut", { idle: Schema.Boolean, limitMs: Schema.Number }),
  Schema.TaggedStruct("NotStarted", { message: Schema.String })
)
export type HookEnd = typeof HookEnd.Type

/** Says what a shell means by an exit code that says nothing of what was checked; null for any other code. */
export const whyNotRun = (code: number): string | null =>
  code === 127 ? "a program that it calls was not found" : code === 126 ? "a program that it calls may not be run" : null

/**
 * `passed`: its command ended with 0, or did so before for the same content · `failed`: with another code, or by a signal · `blocked`: with 2 ·
 * `broken`: it could not be run (126 and 127, too), ran into its limit, or a hook that it depends on did not pass; `on_error` says what that means · `skipped`: it was not due.
 */
export const HookStatus = Schema.Literal("passed", "failed", "blocked", "broken", "skipped")
export type HookStatus = typeof HookStatus.Type

/**
 * What a command that ended with 0 has answered in the client's JSON, other than to go on · `denied`: it blocks or denies · `asked`: somebody is to be asked ·
 * `deferred`: the tool is put off · `stopped`: the turn is to end · `changed`: the tool gets another input. Its reason, if it gave one.
 */
export const HookSaid = Schema.Struct({
  verdict: Schema.Literal("denied", "asked", "deferred", "stopped", "changed"),
  reason: Schema.NullOr(Schema.String)
})
export type HookSaid = typeof HookSaid.Type

/** What became of one hook in one directory at one event. */
export const HookOutcome = Schema.Struct({
  /** The id of its run in the history; null for what was not run and did not pass from the cache. */
  runId: Schema.NullOr(Schema.String),
  /** `plugin@marketplace/hook` */
  hook: Schema.String,
  plugin: Schema.String,
  name: Schema.String,
  /** Relative to `tree`, `.` for that itself; null where it came to no directory. */
  directory: Schema.NullOr(Schema.String),
  /** The folder that the directory lies in, absolute. */
  tree: Schema.String,
  status: HookStatus,
  /** Null: nothing that keeps the agent from going on as it was. */
  said: Schema.optionalWith(Schema.NullOr(HookSaid), { default: () => null }),
  /** Why it was run, or was not. */
  reason: HookReason,
  /** It passed before for the same content, and was not run. */
  cached: Schema.Boolean,
  /** As it was run, with the files in it; null when it was not. */
  command: Schema.NullOr(Schema.String),
  /** That it was about, relative to the directory; at most 100 of them. */
  files: Schema.Array(Schema.String),
  fileCount: Schema.Int,
  end: Schema.NullOr(HookEnd),
  durationMs: Schema.Number,
  stdout: HookOutput,
  stderr: HookOutput,
  /** Where all of both outputs is, of more than 1 GB the first, when they were too long to be kept in memory. */
  outputFile: Schema.NullOr(Schema.String),
  onError: Schema.Literal("open", "closed"),
  /** The same content passed and failed before. */
  flaky: Schema.Boolean
})
export type HookOutcome = typeof HookOutcome.Type

/** Says in one word what the client was told of it. */
export const verdictOf = ({ said, status }: HookOutcome): HookStatus | HookSaid["verdict"] => (status === "passed" && said !== null ? said.verdict : status)

/** Tells whether it let the agent go on as it was. */
export const hasPassed = (outcome: HookOutcome): boolean => verdictOf(outcome) === "passed"

/** The verdicts of what was run and is against it, in whichever words; of one that could not be run nobody knows. */
export const againstIt: ReadonlySet<string> = new Set(["failed", "blocked", "denied", "asked", "deferred", "stopped"])

export const nothing: HookOutput = { text: "", bytes: 0, cut: false }
