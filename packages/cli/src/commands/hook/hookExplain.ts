import * as Effect from "effect/Effect"
import type { HookPlanItem } from "han-core/HookCall"
import { HookRunner } from "han-core/HookRunner"
import type { HookList } from "han-core/Hooks"
import { calledOf, type HookCalled, mayRun } from "han-core/unstable/HookCallers"
import { answered, ask, print } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { brokenFiles } from "../../hook/BrokenFiles.ts"
import { calledLine, callsShape, situationOf } from "../../hook/CallerText.ts"
import { type HandCall, handCall } from "../../hook/HookCalls.ts"
import { plainLine, toJson } from "../../terminal/PlainText.ts"
import { type Style, styleOf } from "../../terminal/Style.ts"

export interface Options extends HandCall {
  readonly json: boolean
}

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const runner = yield* HookRunner
      const plan = yield* answered(host, "explain", runner.explain(handCall(options, host, "hook explain")))
      const list = yield* situationOf(plan.projectPath, host)
      if (options.json) {
        const calls = (id: string) => list.hooks.filter((hook) => hook.id === id).flatMap((hook) => callsShape(hook, list))
        return yield* print(host.out, `${toJson({ ...plan, items: plan.items.map((item) => ({ ...item, calls: calls(item.hook) })) })}\n`)
      }
      const style = styleOf(host.terminal)
      // What is for other events says nothing about this one.
      const items = plan.items.filter(({ reason }) => reason.code !== "event")
      const where = plan.tree === plan.projectPath ? plainLine(plan.tree) : `${plainLine(plan.tree)}, a worktree of ${plainLine(plan.projectPath)}`
      const head = `${style.bold(options.event ?? `${options.only?.plugin} ${options.only?.hook}`)} in ${where}\n`
      const broken = yield* brokenFiles(host)
      const none = `No hook is for it; \`han hook list\` shows those that there are.\n`
      yield* print(
        host.out,
        `${head}${items.length === 0 ? none : items.map((item) => itemText(item, callsOf(item.hook, plan.event, list), style)).join("")}${broken}`
      )
    })
  )

/** Takes the event that is asked about, else each of the hook's. */
const callsOf = (id: string, event: string | null, list: HookList): ReadonlyArray<HookCalled> =>
  list.hooks.filter((hook) => hook.id === id && mayRun(hook)).flatMap((hook) => calledOf(hook, list).filter((call) => event === null || call.event === event))

const itemText = (item: HookPlanItem, calls: ReadonlyArray<HookCalled>, style: Style): string => {
  const isCalled = calls.length === 0 || calls.some(({ by }) => by.length > 0)
  const state = item.due
    ? isCalled
      ? style.cyan("would run")
      : style.yellow("would run, but nobody calls it")
    : item.cached
      ? style.green("passed before")
      : style.dim("would not run")
  const where = item.directory === null ? "" : ` in ${plainLine(item.directory)}`
  const files =
    item.due && item.fileCount > 0
      ? [`files    ${item.files.slice(0, 5).map(plainLine).join(", ")}${item.fileCount > 5 ? ` and ${item.fileCount - 5} more` : ""}`]
      : []
  const called = calls.map((call) => `called   ${calls.length === 1 ? "" : `at ${plainLine(call.event)} `}${calledLine(call)}`)
  const after = item.after.length === 0 ? [] : [`after    ${item.after.map(plainLine).join(", ")}`]
  return `  ${style.bold(`${plainLine(item.hook)}${where}`)}: ${state}\n${[`because  ${plainLine(item.reason.text)}`, ...called, ...files, ...after].map((line) => `      ${line}\n`).join("")}`
}
