import { randomUUID } from "node:crypto"
import * as path from "node:path"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { borderAt } from "../../text/Clip.ts"
import type { HookDecision, HookTarget } from "../decision/hookDecision.ts"
import type { Hook } from "../Hook.ts"
import { takesFiles } from "../Hook.ts"
import type { HookProgress } from "../HookCall.ts"
import { type HookEnd, type HookOutcome, type HookOutput, type HookStatus, nothing, whyNotRun } from "../HookOutcome.ts"
import { type HookProcessEnd, runHookProcess } from "../process/hookProcess.ts"
import { asArgument, chunked, commandFor, quotedList } from "../shell/hookFiles.ts"

/** The settings that commands of one call share. */
export interface CommandSetting {
  readonly input: string
  /** The folder for outputs that are too long for memory. */
  readonly outputFolder: string
  /** One permit for each command that may run at once. */
  readonly slots: Effect.Semaphore
  /** The end of the caller's patience; milliseconds since 1970. */
  readonly until: number
  readonly emit: (progress: HookProgress) => void
}

/** Bytes kept in memory of stdout, and as many of stderr. A file holds all of longer outputs. */
const memoryBytes = 64 * 1024
const standardLimitMs = 300_000
const maxNamed = 100

/** Runs the command of a target that is due, in as many calls as its files need. Being interrupted ends it. */
export const runTarget = (target: HookTarget, decision: HookDecision, runId: string, setting: CommandSetting): Effect.Effect<HookOutcome> =>
  Effect.gen(function* () {
    const { hook } = target
    const base = outcomeOf(target, decision, runId)
    const given = decision.given
    const strange = given?.filter((file) => decision.nonUtf8.has(file)) ?? []
    if (strange.length > 0) {
      const text = `the name of ${strange.join(", ")} is no UTF-8, so no command can be given it: rename the file`
      return { ...base, status: "broken", reason: { code: "refused", text } } satisfies HookOutcome
    }
    const groups = given === null ? [null] : chunked(given.map(asArgument))
    const directory = path.join(target.tree.root, target.directory)
    const ends: Array<HookProcessEnd> = []
    for (const [index, files] of groups.entries()) {
      const environment = files === null ? target.environment : { ...target.environment, HAN_FILES: quotedList(files) }
      const text = files === null ? { command: hook.command } : commandFor(hook.command)
      if ("refused" in text) return { ...base, status: "broken", reason: { code: "refused", text: text.refused } } satisfies HookOutcome
      const end = yield* inSlot(setting, (leftMs) => {
        if (index === 0)
          setting.emit({ _tag: "Started", runId, hook: hook.id, directory: target.directory === "" ? "." : target.directory, command: hook.command })
        return runHookProcess({
          command: text.command,
          args: files ?? [],
          directory,
          environment,
          input: setting.input,
          limitMs: Math.max(1, Math.min(hook.timeout === null ? standardLimitMs : Duration.toMillis(hook.timeout), leftMs)),
          idleLimitMs: hook.idleTimeout === null ? null : Duration.toMillis(hook.idleTimeout),
          memoryBytes,
          outputFolder: setting.outputFolder,
          name: index === 0 ? runId : `${runId}-${index}`,
          onLine: (stream, text) => setting.emit({ _tag: "Line", runId, stream, text })
        })
      })
      ends.push(end)
      if (statusOf(end.end) !== "passed") break
    }
    const last = ends.at(-1)
    if (last === undefined) return base
    return {
      ...base,
      status: statusOf(last.end),
      command: hook.command,
      end: last.end,
      durationMs: ends.reduce((sum, { durationMs }) => sum + durationMs, 0),
      stdout: together(ends.map(({ stdout }) => stdout)),
      stderr: together(ends.map(({ stderr }) => stderr)),
      outputFile: ends.findLast(({ outputFile }) => outputFile !== null)?.outputFile ?? null
    } satisfies HookOutcome
  })

/** Runs a shell test of a hook. It says no with any exit code but 0; null: it could not be run, or did not end by itself. `why` explains the answer. */
export const testOf = (
  test: string,
  target: HookTarget,
  files: ReadonlyArray<string>,
  setting: Omit<CommandSetting, "emit">
): Effect.Effect<{ readonly says: "yes" | "no" | null; readonly why: string }> => {
  const text = takesFiles({ command: test }) ? commandFor(test) : { command: test }
  if ("refused" in text) return Effect.succeed({ says: null, why: text.refused })
  return Effect.map(
    inSlot(setting, (leftMs) =>
      runHookProcess({
        command: text.command,
        args: files,
        directory: path.join(target.tree.root, target.directory),
        environment: { ...target.environment, HAN_FILES: quotedList(files) },
        input: setting.input,
        limitMs: Math.max(1, Math.min(testLimitMs, leftMs)),
        idleLimitMs: null,
        memoryBytes: 4096,
        outputFolder: setting.outputFolder,
        name: randomUUID()
      })
    ),
    ({ end }) => ({ says: statusOf(end) === "broken" || end._tag !== "Exited" ? null : end.code === 0 ? ("yes" as const) : ("no" as const), why: endText(end) })
  )
}

const testLimitMs = 10_000

/**
 * Runs a command when there is a slot for it, and tells it how long the caller still waits, in milliseconds; when there is none as long as the caller waits, it is
 * not started.
 */
const inSlot = ({ slots, until }: Omit<CommandSetting, "emit">, run: (leftMs: number) => Effect.Effect<HookProcessEnd>): Effect.Effect<HookProcessEnd> =>
  Effect.flatMap(leftUntil(until), (waited) => {
    let started = false
    const message = `no slot was free for ${Math.round(waited / 1000)} s: other hooks were running; \`hookSlots\` in config.json lets more run at once`
    const tooLate = Effect.suspend(() =>
      started
        ? Effect.never
        : Effect.succeed({ end: { _tag: "NotStarted" as const, message }, stdout: nothing, stderr: nothing, outputFile: null, durationMs: waited })
    )
    const inTime = slots.withPermits(1)(
      Effect.flatMap(leftUntil(until), (leftMs) => {
        started = true
        return run(leftMs)
      })
    )
    return Effect.raceFirst(inTime, Effect.delay(tooLate, waited))
  })

const leftUntil = (until: number): Effect.Effect<number> => Effect.map(Clock.currentTimeMillis, (now) => Math.max(0, until - now))

/** Joins the outputs of several calls of one command, and keeps the end when they are long. */
const together = (outputs: ReadonlyArray<HookOutput>): HookOutput => {
  const [only, ...more] = outputs
  if (only !== undefined && more.length === 0) return only
  const text = outputs.map((output) => output.text).join("")
  const cut = text.length > memoryBytes
  return {
    text: cut ? `… of ${outputs.length} calls the end …\n${text.slice(borderAt(text, text.length - memoryBytes))}` : text,
    bytes: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
    cut: cut || outputs.some((output) => output.cut)
  }
}

const statusOf = (end: HookEnd): HookStatus => {
  switch (end._tag) {
    case "Exited":
      return end.code === 0 ? "passed" : end.code === 2 ? "blocked" : whyNotRun(end.code) === null ? "failed" : "broken"
    case "Signalled":
      return "failed"
    default:
      return "broken"
  }
}

export const endText = (end: HookEnd): string => {
  switch (end._tag) {
    case "Exited":
      return `exit code ${end.code}${whyNotRun(end.code) === null ? "" : `: ${whyNotRun(end.code)}`}`
    case "Signalled":
      return `ended by ${end.signal}`
    case "TimedOut":
      return end.idle ? `no output for ${end.limitMs / 1000} s` : `ran into its limit of ${end.limitMs / 1000} s`
    case "NotStarted":
      return `could not be started: ${end.message}`
  }
}

/** An outcome that says nothing of a run yet. */
export const outcomeOf = (target: HookTarget, decision: Pick<HookDecision, "cached" | "files" | "reason">, runId: string | null): HookOutcome => ({
  ...outcomeWithout(target.hook, target.tree.root),
  runId,
  directory: target.directory === "" ? "." : target.directory,
  status: decision.cached ? "passed" : "skipped",
  reason: decision.reason,
  cached: decision.cached,
  files: decision.files.slice(0, maxNamed),
  fileCount: decision.files.length
})

/** An outcome of a hook that came to no directory; `skipped` because of its event. */
export const outcomeWithout = (hook: Pick<Hook, "id" | "name" | "onError" | "plugin">, tree: string): HookOutcome => ({
  runId: null,
  hook: hook.id,
  plugin: hook.plugin,
  name: hook.name,
  directory: null,
  tree,
  status: "skipped",
  said: null,
  reason: { code: "event", text: "" },
  cached: false,
  command: null,
  files: [],
  fileCount: 0,
  end: null,
  durationMs: 0,
  stdout: nothing,
  stderr: nothing,
  outputFile: null,
  onError: hook.onError,
  flaky: false
})
