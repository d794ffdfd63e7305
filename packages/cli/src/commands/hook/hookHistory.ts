import * as Effect from "effect/Effect"
import { HookHistory, maxHookRuns } from "han-core/HookHistory"
import { flakyRuns, type HookRun } from "han-core/HookRun"
import { sessionMeant } from "../../arguments/SessionArgument.ts"
import { answered, ask, print, writeShape } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { inFull } from "../../environment/WorkingDirectory.ts"
import * as Shape from "../../export/JsonShapes.ts"
import { isNoFolder, placeOf } from "../../hook/CacheFilter.ts"
import { counted, dateTime, duration } from "../../terminal/Figures.ts"
import { plain, plainLine, toJson } from "../../terminal/PlainText.ts"
import { type Style, styleOf } from "../../terminal/Style.ts"

export interface Options {
  readonly project: string | undefined
  readonly session: string | undefined
  readonly hook: string | undefined
  readonly event: string | undefined
  readonly failed: boolean
  readonly output: boolean
  readonly limit: number
  readonly utc: boolean
  readonly json: boolean
}

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const history = yield* HookHistory
      const { event, failed, hook, limit, project, session } = options
      const sessionId = session === undefined ? undefined : (yield* sessionMeant(session, host)).id
      const found = yield* answered(
        host,
        "history",
        history.runs({
          // One more than is shown tells whether there are more.
          limit: Math.min(limit + 1, maxHookRuns),
          ...(sessionId === undefined ? {} : { sessionId }),
          ...(project === undefined ? {} : { directory: placeOf(inFull(project)) }),
          ...(hook === undefined ? {} : { hook }),
          ...(event === undefined ? {} : { event }),
          ...(failed ? { failed } : {})
        })
      )
      const runs = found.slice(0, limit)
      if (found.length === 0 && project !== undefined) yield* isNoFolder(inFull(project))
      const flaky = flakyRuns(runs)
      if (options.json)
        return yield* print(host.out, `${toJson({ runs: runs.map((one) => Shape.hookRun(one, flaky.has(one.id))), ...(yield* writeShape(host)) })}\n`)
      const style = styleOf(host.terminal)
      if (found.length === 0) return yield* print(host.out, `No run of a hook is known that is asked for. ${byHand}\n`)
      for (const one of runs) yield* print(host.out, runText(one, flaky.has(one.id), options, style))
      if (found.length > runs.length)
        yield* print(
          host.out,
          `${style.dim(`${runs.length === 0 ? "some runs are known" : `the newest ${counted(runs.length, "run")}`}; --limit N shows more`)}\n`
        )
      yield* print(host.out, `${style.dim(byHand)}\n`)
    })
  )

const byHand = "Runs by hand are not kept, unless `han hook run --session ID` says whose they are."

const runText = (run: HookRun, flaky: boolean, options: Options, style: Style): string => {
  const name = `${run.plugin === null ? "" : `${plainLine(run.plugin)}/`}${plainLine(run.hook)}`
  const state = stateText(run, style)
  const took = run.durationMs === null || run.cached ? "" : ` ${duration(run.durationMs)}`
  const head = `${style.dim(dateTime(run.startedAt ?? run.finishedAt, options.utc))}  ${state}${took}  ${style.bold(name)}  ${plainLine(run.event ?? "")}  ${plainLine(run.directory ?? "")}`
  const lines = [
    ...(flaky ? [style.yellow("flaky: with the same content it passed once and failed once")] : []),
    ...(run.reason === null ? [] : [style.dim(plainLine(run.reason))]),
    ...(run.error === null ? [] : [plainLine(run.error)]),
    ...(options.output && run.output !== null ? plain(run.output).trimEnd().split("\n") : []),
    ...(options.output && run.outputFile !== null ? [`all of it: ${plainLine(run.outputFile)}`] : [])
  ]
  return `${head}\n${lines.map((line) => `    ${line}\n`).join("")}`
}

const stateText = (run: HookRun, style: Style): string => {
  switch (run.status) {
    case "running":
      return style.cyan("running")
    case "abandoned":
      return style.dim("end unknown")
    case "passed":
      return style.green(run.cached ? "passed before" : "passed")
    case "failed":
      return run.verdict === "changed" ? style.yellow(run.verdict) : style.red(endOf(run))
  }
}

const endOf = (run: HookRun): string => run.verdict ?? (run.exitCode === null ? "failed" : `exit code ${run.exitCode}`)
