import * as Effect from "effect/Effect"
import { Hooks } from "han-core/Hooks"
import type { ToolOutputTotals } from "han-core/ToolOutput"
import type { NotTakenFiles } from "han-core/Transcripts"
import { type ClaudeCleanup, Coordinator, type DoctorReport } from "han-rpc/Coordinator"
import { connect } from "../coordinator/Connection.ts"
import { answered, print, run as runAgainst, statusOf } from "../coordinator/CoordinatorClient.ts"
import { logPath } from "../coordinator/HanHome.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { layerFiles } from "../hook/GateEntries.ts"
import { type HookHealth, hookHealth, hookHealthLines } from "../hook/HookDoctor.ts"
import { programWarnings } from "../hook/HookPrograms.ts"
import { hookQuery } from "../hook/ProjectFolder.ts"
import { byteSize, count, counted, dateMinute, duration, isoInstant } from "../terminal/Figures.ts"
import { plainLine, toJson } from "../terminal/PlainText.ts"
import { type Style, styleOf } from "../terminal/Style.ts"
import { statusShape, statusText } from "./coordinator/coordinatorStatus.ts"

export interface Options {
  readonly json: boolean
  readonly utc: boolean
}

/** The report for people; `--json` has all that the coordinator sends. */
const problemsShown = 20

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  runAgainst(
    host,
    Effect.gen(function* () {
      const connected = yield* Effect.either(connect(host))
      const reached =
        connected._tag === "Left" ? connected : yield* Effect.either(Effect.flatMap(Coordinator, (coordinator) => answered(host, "report", coordinator.doctor)))
      if (reached._tag === "Left" && connected._tag === "Right") return yield* unreadable(reached.left.message, options, host)
      const http = reached._tag === "Right" ? reached.right.status.http : undefined
      const warnings = yield* setupWarnings(http === undefined ? undefined : http.state === "listening" ? http.port : null, host)
      const hooks = yield* Effect.provide(hookHealth(host), layerFiles(host))
      if (reached._tag === "Left") {
        const { message } = reached.left
        yield* options.json
          ? print(
              host.out,
              `${toJson({ coordinator: { running: false, home: host.home, log: logPath(host.home), error: message }, versions: { han: host.version, bun: process.versions.bun ?? null }, hooks, warnings })}\n`
            )
          : print(
              host.out,
              `coordinator  not reached: ${plainLine(message)}\nhome         ${host.home}\nlog          ${logPath(host.home)}\nhan          ${host.version}, Bun ${process.versions.bun ?? "?"}\n${warnings.map((warning) => `warning      ${plainLine(warning)}\n`).join("")}\n${section("Hooks", hookHealthLines(hooks), styleOf(host.terminal))}`
            )
        return 1
      }
      const report = { ...reached.right, warnings: [...reached.right.warnings, ...warnings] }
      yield* print(host.out, options.json ? `${toJson({ ...shape(report, host), hooks })}\n` : text(report, hooks, options, host))
      return 0
    })
  )

/** Looks at what Claude Code's hook entries call, as this shell sees it: the coordinator has another PATH. */
const setupWarnings = (port: number | null | undefined, host: CliEnvironment) =>
  Effect.gen(function* () {
    const hooks = yield* Hooks
    const { clientHooks, projectPath } = yield* hooks.list(hookQuery(undefined, host))
    return programWarnings(clientHooks, { host, projectPath, port })
  }).pipe(
    Effect.provide(layerFiles(host)),
    Effect.catchAll(({ message }) => Effect.succeed([`what Claude Code's hooks call is not known: ${message}`]))
  )

/** The coordinator runs, but what it keeps cannot be read. */
const unreadable = (message: string, options: Options, host: CliEnvironment) =>
  Effect.gen(function* () {
    const status = yield* Effect.either(statusOf(host))
    const known = status._tag === "Right"
    yield* print(
      host.out,
      options.json
        ? `${toJson({ coordinator: known ? { ...statusShape(status.right), error: message } : { running: true, home: host.home, log: logPath(host.home), error: message }, versions: { han: host.version, bun: process.versions.bun ?? null }, warnings: [message] })}\n`
        : `${known ? statusText(status.right, host.now()) : ""}problem      ${plainLine(message)}\nlog          ${logPath(host.home)}\n`
    )
    return 1
  })

const shape = ({ claudeCleanup, notTaken, outputs, problems, roots, status, totals, usage, warnings }: DoctorReport, host: CliEnvironment) => {
  const { bytes, entries, transcripts, unreadable, unrecognized, ...distinct } = totals
  return {
    transcripts,
    bytes,
    entries,
    unreadable,
    unrecognized,
    totals: distinct,
    roots,
    notTaken,
    outputs,
    problems,
    versions: {
      han: host.version,
      coordinator: status.version,
      protocol: status.protocol,
      bun: process.versions.bun ?? null,
      [status.database.engine]: status.database.version
    },
    cleanup: claudeCleanup.map((cleanup) => ({
      ...cleanup,
      oldestTranscriptAt: isoInstant(cleanup.oldestTranscriptAt),
      nextDeletionAt: isoInstant(cleanup.nextDeletionAt)
    })),
    usage,
    warnings,
    coordinator: statusShape(status)
  }
}

const text = (report: DoctorReport, hooks: HookHealth, { utc }: Options, host: CliEnvironment): string => {
  const style = styleOf(host.terminal)
  const { claudeCleanup, notTaken, outputs, roots, status, totals, usage, warnings } = report
  return [
    section(
      "Coordinator",
      [...statusText(status, host.now()).trimEnd().split("\n"), `versions     han ${host.version}, Bun ${process.versions.bun ?? "?"}`],
      style
    ),
    section("Hooks", hookHealthLines(hooks), style),
    section(
      "Folders",
      roots.map((root) => `${root.state.padEnd(10)}  ${plainLine(root.path)}${root.message === null ? "" : `: ${plainLine(root.message)}`}`),
      style
    ),
    section(`Not transcripts (${counted(notTaken.count, ".jsonl file")})`, notTakenLines(notTaken, style), style),
    section("Kept", totalLines(totals), style),
    section("Outputs of tools", outputLines(outputs, style), style),
    section(
      "Claude Code's own deletion",
      claudeCleanup.map((cleanup) => cleanupLine(cleanup, utc, host.now())),
      style
    ),
    section(
      "Usage",
      [
        ...usage.unpricedModels.map((model) => `no price is known for ${plainLine(model)}; set one in config.json`),
        ...usage.notIncluded.map((what) => `not included: ${plainLine(what)}`)
      ],
      style
    ),
    section("Lines to know about", problemLines(report.problems, style), style),
    section(
      "Warnings",
      warnings.map((warning) => style.yellow(plainLine(warning))),
      style
    )
  ]
    .filter((part) => part !== "")
    .join("\n")
}

const totalLines = (totals: DoctorReport["totals"]): ReadonlyArray<string> => {
  const named: ReadonlyArray<readonly [string, number | string]> = [
    ["sessions", totals.sessions],
    ["subagents", totals.subagents],
    ["forks", totals.forks],
    ["transcripts", `${count(totals.transcripts)} (${byteSize(totals.bytes)})`],
    ["lines", totals.entries],
    ["tool calls", `${count(totals.toolCalls)} (${counted(totals.toolErrors, "error")})`],
    ["compactions", totals.compactions],
    ["tasks", `${count(totals.tasks.created)} (${count(totals.tasks.completed)} completed)`],
    ["files touched", totals.filesTouched],
    ["API responses", totals.apiResponses],
    ["unreadable", totals.unreadable],
    ["unknown kind", totals.unrecognized]
  ]
  return named.map(([name, value]) => `${name.padEnd(13)}  ${typeof value === "number" ? count(value) : value}`)
}

const problemLines = (problems: DoctorReport["problems"], style: Style): ReadonlyArray<string> => [
  ...problems.slice(0, problemsShown).map(({ kind, line, lines, offset, path, reason, transcript }) => {
    const repeated = lines > 1 ? ` (${counted(lines, "line")})` : ""
    return `${kind} ${plainLine(path ?? transcript)}, line ${count(line + 1)}, byte ${count(offset)}: ${plainLine(reason)}${repeated}`
  }),
  ...moreLine(problems.length, style)
]

const notTakenLines = ({ count: all, files }: NotTakenFiles, style: Style): ReadonlyArray<string> => [
  ...files.slice(0, problemsShown).map(({ path, reason }) => `${plainLine(path)}: ${reason}`),
  ...moreLine(all, style)
]

const outputLines = ({ bytes, outputs, problemCount, problems }: ToolOutputTotals, style: Style): ReadonlyArray<string> => [
  ...(outputs === 0 ? [] : [`${counted(outputs, "file")} (${byteSize(bytes)}) kept`]),
  ...problems
    .slice(0, problemsShown)
    .map(({ kind, line, reason, sessionId, transcript }) =>
      line === null || transcript === null
        ? `${kind} session ${plainLine(sessionId)}: ${plainLine(reason)}`
        : `${kind} ${plainLine(transcript)}, line ${count(line + 1)}: ${plainLine(reason)}`
    ),
  ...moreLine(problemCount, style)
]

const moreLine = (all: number, style: Style): ReadonlyArray<string> =>
  all > problemsShown ? [style.dim(`… and ${count(all - problemsShown)} more (--json has the first 100)`)] : []

const section = (title: string, lines: ReadonlyArray<string>, style: Style): string =>
  lines.length === 0 ? "" : `${style.bold(title)}\n${lines.map((line) => `  ${line}\n`).join("")}`

const cleanupLine = ({ cleanupPeriodDays, nextDeletionAt, root }: ClaudeCleanup, utc: boolean, now: number): string => {
  const rule = `${plainLine(root)}: transcripts older than ${counted(cleanupPeriodDays, "day")} are deleted`
  if (nextDeletionAt === null) return `${rule}; there are none`
  return nextDeletionAt <= now
    ? `${rule}, the next at Claude Code's next start; han keeps them`
    : `${rule}, the next from ${dateMinute(nextDeletionAt, utc)} on (in ${duration(nextDeletionAt - now)}); han keeps them`
}
