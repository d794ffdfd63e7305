import * as Effect from "effect/Effect"
import type { HookPlanItem } from "han-core/HookCall"
import { HookRunner } from "han-core/HookRunner"
import { answered, ask, print } from "../Asking.ts"
import { brokenFiles } from "../BrokenFiles.ts"
import { type HandCall, handCall } from "../HookCalls.ts"
import type { Host } from "../Host.ts"
import { plainLine, toJson } from "../terminal/PlainText.ts"
import { type Style, styleOf } from "../terminal/Style.ts"

export interface Options extends HandCall {
  readonly json: boolean
}

export const run = (options: Options, host: Host): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const runner = yield* HookRunner
      const plan = yield* answered(host, "explain", runner.explain(handCall(options, host, "hook explain")))
      if (options.json) return yield* print(host.out, `${toJson(plan)}\n`)
      const style = styleOf(host.terminal)
      // What is for other events says nothing about this one.
      const items = plan.items.filter(({ reason }) => reason.code !== "event")
      const where = plan.tree === plan.projectPath ? plainLine(plan.tree) : `${plainLine(plan.tree)}, a worktree of ${plainLine(plan.projectPath)}`
      const head = `${style.bold(options.event ?? `${options.only?.plugin} ${options.only?.hook}`)} in ${where}\n`
      const broken = yield* brokenFiles(host)
      const none = `No hook is for it; \`han hook list\` shows those that there are.\n`
      yield* print(host.out, `${head}${items.length === 0 ? none : items.map((item) => itemText(item, style)).join("")}${broken}`)
    })
  )

const itemText = (item: HookPlanItem, style: Style): string => {
  const state = item.due ? style.cyan("would run") : item.cached ? style.green("passed before") : style.dim("would not run")
  const where = item.directory === null ? "" : ` in ${plainLine(item.directory)}`
  const files =
    item.due && item.fileCount > 0
      ? [`files    ${item.files.slice(0, 5).map(plainLine).join(", ")}${item.fileCount > 5 ? ` and ${item.fileCount - 5} more` : ""}`]
      : []
  const after = item.after.length === 0 ? [] : [`after    ${item.after.map(plainLine).join(", ")}`]
  return `  ${style.bold(`${plainLine(item.hook)}${where}`)}: ${state}\n${[`because  ${plainLine(item.reason.text)}`, ...files, ...after].map((line) => `      ${line}\n`).join("")}`
}
