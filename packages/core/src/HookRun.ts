import * as Schema from "effect/Schema"
import { SessionId } from "./Entry.ts"
import { array, count, type JsonObject, number, object, text, whole } from "./internal/json.ts"

/** One run of a hook: what han's log says about its start and its end. Null for what neither says; all of the end is null while it runs. */
export class HookRun extends Schema.Class<HookRun>("han-core/HookRun")({
  /** The id of the line that tells of the start, or of the end when there is no other. */
  id: Schema.String,
  sessionId: SessionId,
  plugin: Schema.NullOr(Schema.String),
  hook: Schema.String,
  /** The client's event, e.g. `PostToolUse`. */
  event: Schema.NullOr(Schema.String),
  directory: Schema.NullOr(Schema.String),
  command: Schema.NullOr(Schema.String),
  cached: Schema.Boolean,
  startedAt: Schema.NullOr(Schema.Number),
  finishedAt: Schema.NullOr(Schema.Number),
  durationMs: Schema.NullOr(Schema.Number),
  exitCode: Schema.NullOr(Schema.Number),
  passed: Schema.NullOr(Schema.Boolean),
  output: Schema.NullOr(Schema.String),
  error: Schema.NullOr(Schema.String),
  /** How it ended, in han's own words (`HookStatus`, or `cancelled`); null for lines of others. */
  verdict: Schema.NullOr(Schema.String),
  /** Why it was run, or was not and passed all the same. */
  reason: Schema.NullOr(Schema.String),
  /** That it was about, from its directory; at most 100 of `fileCount`. */
  files: Schema.Array(Schema.String),
  fileCount: Schema.Int,
  /** Stands for what was run and all content that it reads. */
  contentKey: Schema.NullOr(Schema.String),
  /** Where all of its output is, on the machine that it ran on and for two weeks. */
  outputFile: Schema.NullOr(Schema.String),
  /** What called it: one id for all hooks of one event. */
  orchestrationId: Schema.NullOr(Schema.String),
  taskId: Schema.NullOr(Schema.String)
}) {
  get status(): "running" | "passed" | "failed" {
    return this.passed === null ? "running" : this.passed ? "passed" : "failed"
  }
}

/** That a file, with this content, passed a check. */
export const FileValidation = Schema.Struct({
  /** The id of the line that says so. */
  id: Schema.String,
  sessionId: SessionId,
  path: Schema.String,
  digest: Schema.String,
  plugin: Schema.String,
  hook: Schema.String,
  directory: Schema.NullOr(Schema.String),
  at: Schema.NullOr(Schema.Number)
})
export type FileValidation = typeof FileValidation.Type

/** One line of han's log with its place, decoded. */
export interface HanEvent {
  readonly id: string
  readonly sessionId: SessionId
  readonly at: number | null
  readonly name: string
  readonly replyTo: string | null
  readonly data: unknown
}

/** What a line that tells of a hook says of it and, at its end, of how it went. */
export interface HookFacts {
  readonly plugin: string | null
  readonly hook: string | null
  readonly exitCode: number | null
  readonly durationMs: number | null
  /** Where the line does not say so itself, its exit code does. */
  readonly passed: boolean
}
/** Thirty years: what states more, or less than nothing, did not measure, and sums of it would be nonsense. */
const longestMs = 1e12
const lasted = (value: unknown): number | null => {
  const ms = number(value)
  return ms !== null && ms >= 0 && ms <= longestMs ? ms : null
}
export const hookFactsOf = (data: unknown): HookFacts => {
  const facts = object(data) ?? {}
  const exitCode = whole(facts["exit_code"])
  return {
    plugin: text(facts["plugin"]),
    hook: text(facts["hook"]),
    exitCode,
    durationMs: lasted(facts["duration_ms"]),
    passed: typeof facts["success"] === "boolean" ? facts["success"] : exitCode === 0
  }
}

/** Whether a line of this name tells of the end of a run. */
export const endsRun = (name: string): boolean => name === "hook_result" || name === "hook_validation"

/** The runs that these events add up to, in the order of their starts. A result without a known start is a run of its own. */
export const runsOf = (events: ReadonlyArray<HanEvent>): ReadonlyArray<HookRun> => {
  const runs = new Map<string, HookRun>()
  for (const event of events) {
    if (event.name !== "hook_run") continue
    runs.set(event.id, started(event))
  }
  for (const event of events) {
    if (!endsRun(event.name)) continue
    const run = (event.replyTo === null ? undefined : runs.get(event.replyTo)) ?? started(event)
    runs.set(run.id, ended(run, event))
  }
  return [...runs.values()].sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0) || (a.id < b.id ? -1 : 1))
}

const started = (event: HanEvent): HookRun => {
  const data = object(event.data) ?? {}
  return new HookRun(
    {
      id: event.id,
      sessionId: event.sessionId,
      plugin: text(data["plugin"]),
      hook: text(data["hook"]) ?? "",
      event: text(data["hook_type"]),
      directory: text(data["directory"]),
      command: text(data["command"]),
      cached: data["cached"] === true,
      startedAt: event.at,
      finishedAt: null,
      durationMs: null,
      exitCode: null,
      passed: null,
      output: null,
      error: null,
      verdict: null,
      ...saidOf(data),
      outputFile: null,
      orchestrationId: text(data["orchestration_id"]),
      taskId: text(data["task_id"])
    },
    { disableValidation: true }
  )
}

const ended = (run: HookRun, event: HanEvent): HookRun => {
  const data = object(event.data) ?? {}
  const { durationMs, exitCode, hook, passed, plugin } = hookFactsOf(event.data)
  return new HookRun(
    {
      ...run,
      plugin: run.plugin ?? plugin,
      hook: run.hook === "" ? (hook ?? "") : run.hook,
      event: run.event ?? text(data["hook_type"]),
      directory: run.directory ?? text(data["directory"]),
      command: run.command ?? text(data["command"]),
      cached: data["cached"] === true || run.cached,
      finishedAt: event.at,
      durationMs,
      exitCode,
      passed,
      output: text(data["output"]),
      error: text(data["error"]),
      verdict: text(data["verdict"]),
      ...saidOf(data),
      outputFile: text(data["output_file"])
    },
    { disableValidation: true }
  )
}

const saidOf = (data: JsonObject) => {
  const files = array(data["files"]).flatMap((file) => text(file) ?? [])
  return {
    reason: text(data["reason_text"]) ?? text(data["reason"]),
    files,
    fileCount: Math.max(files.length, count(data["file_count"])),
    contentKey: text(data["content_key"])
  }
}

/** Of these runs the ids of those that ended otherwise than another one did with the same content. */
export const flakyRuns = (runs: ReadonlyArray<HookRun>): ReadonlySet<string> => {
  const passed = new Set(runs.flatMap((run) => (run.passed === true && run.contentKey !== null ? [run.contentKey] : [])))
  const failed = new Set(runs.flatMap((run) => ((run.verdict === "failed" || run.verdict === "blocked") && run.contentKey !== null ? [run.contentKey] : [])))
  return new Set(runs.flatMap((run) => (run.contentKey !== null && passed.has(run.contentKey) && failed.has(run.contentKey) ? [run.id] : [])))
}

/** The files that these events say passed a check. */
export const validationsOf = (events: ReadonlyArray<HanEvent>): ReadonlyArray<FileValidation> =>
  events.flatMap((event) => {
    if (event.name !== "hook_validation_cache") return []
    const data = object(event.data) ?? {}
    const plugin = text(data["plugin"])
    const hook = text(data["hook"])
    if (plugin === null || hook === null) return []
    return Object.entries(object(data["files"]) ?? {}).flatMap(([path, digest]) =>
      typeof digest === "string"
        ? [{ id: event.id, sessionId: event.sessionId, path, digest, plugin, hook, directory: text(data["directory"]), at: event.at }]
        : []
    )
  })
