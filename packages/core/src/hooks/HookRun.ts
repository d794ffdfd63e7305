/**
 * Runs of hooks, and the checks that files passed, as lines of han's own log tell them.
 *
 * @example
 * ```ts
 * import { flakyRuns, type HookRun } from "han-core/HookRun"
 *
 * const flakiest = (runs: ReadonlyArray<HookRun>): ReadonlyArray<readonly [hook: string, times: number]> => {
 *   const flaky = flakyRuns(runs)
 *   const byHook = Map.groupBy(
 *     runs.filter(({ id }) => flaky.has(id)),
 *     ({ hook, plugin }) => `${plugin}/${hook}`
 *   )
 *   return [...byHook].map(([hook, list]) => [hook, list.length] as const).sort(([, a], [, b]) => b - a)
 * }
 * ```
 */

import * as Schema from "effect/Schema"
import { SessionId } from "../journal/Entry.ts"
import { array, count, filled, type JsonObject, number, object, text, whole } from "../text/json.ts"
import { againstIt } from "./HookOutcome.ts"

/** The milliseconds after which a run without an end counts as abandoned: longer than a hook may take unless its definition says so. */
export const maxRunMs = 3_600_000

/**
 * A run of a hook, as han's log tells its start and its end. Null for everything that neither says; the end's fields are null while it runs, and when it was
 * abandoned. Times are milliseconds since 1970.
 */
export class HookRun extends Schema.Class<HookRun>("han-core/HookRun")({
  /** The id of the line of the start, or of the line of the end when there is no other. */
  id: Schema.String,
  /** The id of the line of the end; null when there is none. */
  endId: Schema.NullOr(Schema.String),
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
  /** True: no end is told and none will come, because the session ended, the same gate began anew, or it began longer than `maxRunMs` ago. */
  abandoned: Schema.Boolean,
  output: Schema.NullOr(Schema.String),
  error: Schema.NullOr(Schema.String),
  /** The verdict that the client was told: a `HookStatus`, a verdict of `HookSaid`, or `cancelled`; null for lines that han did not write. */
  verdict: Schema.NullOr(Schema.String),
  /** The reason why it was run, or passed without a run. */
  reason: Schema.NullOr(Schema.String),
  /** The first 100 of the `fileCount` files that it was about, relative to its directory. */
  files: Schema.Array(Schema.String),
  fileCount: Schema.Int,
  /** A key that stands for the command and all content that it reads. */
  contentKey: Schema.NullOr(Schema.String),
  /** The file with all of its output, on the machine that it ran on, for two weeks. */
  outputFile: Schema.NullOr(Schema.String),
  /** The id of the call: one for all hooks of one event. */
  orchestrationId: Schema.NullOr(Schema.String),
  taskId: Schema.NullOr(Schema.String)
}) {
  /** `abandoned` is neither a pass nor a failure. */
  get status(): "running" | "passed" | "failed" | "abandoned" {
    return this.passed === null ? (this.abandoned ? "abandoned" : "running") : this.passed ? "passed" : "failed"
  }
}

/** A check that a file passed with the content that has this digest. */
export const FileValidation = Schema.Struct({
  /** The id of the line that tells it; one line may tell several. */
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

/** A decoded line of han's log, with its place. `at`: milliseconds since 1970. */
export interface HanEvent {
  readonly id: string
  readonly sessionId: SessionId
  readonly at: number | null
  readonly name: string
  readonly replyTo: string | null
  readonly data: unknown
  /** The store's number of its transcript, and the line's number in that. */
  readonly transcriptNo: number
  readonly line: number
}

/** The facts of a line about a hook: its name and, for the line of an end, its result. Null for those that the line does not tell. */
export interface HookFacts {
  readonly plugin: string | null
  readonly hook: string | null
  readonly exitCode: number | null
  readonly durationMs: number | null
  /** As the line says; by the exit code where it does not. */
  readonly passed: boolean
}
/** Thirty years: a line that states more, or less than nothing, did not measure, and sums of it would be nonsense. */
const maxMs = 1e12
const lasted = (value: unknown): number | null => {
  const ms = number(value)
  return ms !== null && ms >= 0 && ms <= maxMs ? ms : null
}
/** Reads the facts out of a line's data, of any shape. A duration that cannot be is null. */
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

/** Tells if a line of this name is the end of a run. */
export const endsRun = (name: string): boolean => name === "hook_result" || name === "hook_validation"

/** The facts of a session beside its log. `ended`: the client has closed it. `now`: milliseconds since 1970. */
export interface RunsAsOf {
  readonly now: number
  readonly ended: boolean
}

/**
 * Folds the events of one session, in any order, into runs, in the order of their starts. A result belongs to the run that it names; one that names none
 * belongs to the last run of the same plugin, hook and directory that has begun and not ended. A result without a known start is a run of its own.
 */
export const runsOf = (events: ReadonlyArray<HanEvent>, asOf: RunsAsOf): ReadonlyArray<HookRun> => {
  const { beginnings, ends, orphans } = joined(inTime(events))
  const newest = new Map(beginnings.map((event, index) => [gateOf(event), index]))
  const runs = beginnings.map((event, index) => {
    const run = started(event)
    const end = ends.get(event.id)
    if (end !== undefined) return end.reduce(ended, run)
    const isOver = asOf.ended || newest.get(gateOf(event)) !== index || run.startedAt === null || asOf.now - run.startedAt > maxRunMs
    return isOver ? new HookRun({ ...run, abandoned: true }, { disableValidation: true }) : run
  })
  return [...runs, ...orphans.map((event) => ended(started(event), event))].sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0) || (a.id < b.id ? -1 : 1))
}

/** The lines that end runs, by both ids of the run: the one of its line, and the one that it gives itself. */
export const endsOf = (events: ReadonlyArray<HanEvent>): ReadonlyMap<string, HanEvent> => {
  const { beginnings, ends } = joined(inTime(events))
  const found = new Map<string, HanEvent>()
  for (const run of beginnings) {
    const end = ends.get(run.id)?.at(-1)
    if (end === undefined) continue
    found.set(run.id, end)
    const own = ownId(run)
    if (own !== null) found.set(own, end)
  }
  return found
}

/** In the order of time; lines of one transcript without a time have their neighbour's. Which transcript came first does not matter. */
const inTime = (events: ReadonlyArray<HanEvent>): ReadonlyArray<HanEvent> => {
  const times = new Map<HanEvent, number>()
  for (const list of Map.groupBy(events, ({ transcriptNo }) => transcriptNo).values()) {
    list.sort((a, b) => a.line - b.line)
    let last = list.find(({ at }) => at !== null)?.at ?? 0
    for (const event of list) times.set(event, (last = event.at ?? last))
  }
  return [...events].sort((a, b) => (times.get(a) ?? 0) - (times.get(b) ?? 0) || a.line - b.line || (a.id < b.id ? -1 : 1))
}

/** The list of that key, which is put there when it has none. */
const listAt = <A>(lists: Map<string, Array<A>>, key: string): Array<A> => {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}

/** The id that a run gives itself beside the one of its line. */
const ownId = ({ data }: HanEvent): string | null => filled(object(data)?.["hook_run_id"])

const gateOf = ({ data }: HanEvent): string => {
  const facts = object(data) ?? {}
  return JSON.stringify([text(facts["plugin"]), text(facts["hook"]), text(facts["directory"])])
}

/** Beginnings with their ends by the beginning's id, and ends without a beginning, of events in the order of time. */
const joined = (events: ReadonlyArray<HanEvent>) => {
  const beginnings = events.filter(({ name }) => name === "hook_run")
  const byId = new Map<string, HanEvent>()
  for (const event of beginnings) {
    const own = ownId(event)
    if (own !== null && !byId.has(own)) byId.set(own, event)
  }
  for (const event of beginnings) byId.set(event.id, event)
  const ends = new Map<string, Array<HanEvent>>()
  const orphans: Array<HanEvent> = []
  const join = (run: HanEvent | undefined, end: HanEvent) => {
    if (run === undefined) orphans.push(end)
    else listAt(ends, run.id).push(end)
  }
  for (const event of events) if (endsRun(event.name) && event.replyTo !== null) join(byId.get(event.replyTo), event)
  const open = new Map<string, Array<HanEvent>>()
  const unnamed: Array<HanEvent> = []
  for (const event of events) {
    const gate = gateOf(event)
    if (event.name === "hook_run" && !ends.has(event.id)) listAt(open, gate).push(event)
    if (!endsRun(event.name) || event.replyTo !== null) continue
    const run = open.get(gate)?.pop()
    if (run === undefined) unnamed.push(event)
    else join(run, event)
  }
  // Written within one millisecond an end may stand before its beginning.
  for (const event of unnamed) {
    const list = open.get(gateOf(event)) ?? []
    const index = list.findIndex(({ at }) => at === event.at)
    join(index < 0 ? undefined : list.splice(index, 1)[0], event)
  }
  return { beginnings, ends, orphans }
}

const started = (event: HanEvent): HookRun => {
  const data = object(event.data) ?? {}
  return new HookRun(
    {
      id: event.id,
      endId: null,
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
      abandoned: false,
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
      endId: event.id,
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

/** The ids of those runs that ended otherwise than another one with the same content. */
export const flakyRuns = (runs: ReadonlyArray<HookRun>): ReadonlySet<string> => {
  const passed = new Set(runs.flatMap((run) => (run.passed === true && run.contentKey !== null ? [run.contentKey] : [])))
  const failed = new Set(runs.flatMap((run) => (run.verdict !== null && againstIt.has(run.verdict) && run.contentKey !== null ? [run.contentKey] : [])))
  return new Set(runs.flatMap((run) => (run.contentKey !== null && passed.has(run.contentKey) && failed.has(run.contentKey) ? [run.id] : [])))
}

/** The checks that files passed, by these events. Events of other names are passed over. */
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
