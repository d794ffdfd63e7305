import * as Effect from "effect/Effect"
import type { HookPlugin } from "han-core/Hook"
import { Hooks } from "han-core/Hooks"
import { answered, ask, print } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import * as Shape from "../../export/JsonShapes.ts"
import { problemsText } from "../../hook/HookText.ts"
import { hookQuery } from "../../hook/ProjectFolder.ts"
import { count } from "../../terminal/Figures.ts"
import { plainLine, toJson } from "../../terminal/PlainText.ts"
import { type Style, styleOf } from "../../terminal/Style.ts"
import { table } from "../../terminal/Table.ts"

export interface Options {
  readonly project: string | undefined
  readonly json: boolean
}

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const list = yield* answered(
        host,
        "plugins",
        Effect.flatMap(Hooks, (hooks) => hooks.list(hookQuery(options.project, host)))
      )
      const { plugins, problems, projectPath } = list
      if (options.json) return yield* print(host.out, `${toJson({ projectPath, plugins: plugins.map(Shape.hookPlugin), problems })}\n`)
      const style = styleOf(host.terminal)
      const untrusted = plugins.some(({ trust }) => trust?.state === "untrusted")
      const parts = [
        plugins.length === 0
          ? `No settings name a plugin in ${plainLine(projectPath)}; \`claude plugin install NAME@MARKETPLACE\` installs one.\n`
          : table(plugins, columns, { width: host.terminal.columns, style }),
        untrusted ? "What is untrusted is not run; `han trust` shows it, and allows it.\n" : "",
        problemsText(problems, style)
      ]
      yield* print(host.out, parts.filter((part) => part !== "").join("\n"))
    })
  )

const stateOf = ({ enabled, root, sameAs, trust }: HookPlugin): string =>
  !enabled ? "off" : root === null ? "missing" : sameAs !== null ? `= ${sameAs}` : (trust?.state ?? "")

const columns = [
  { header: "PLUGIN", cell: (plugin: HookPlugin) => `${plugin.name}@${plugin.marketplace}`, atLeast: 16 },
  { header: "VERSION", cell: (plugin: HookPlugin) => plugin.version ?? "", atLeast: 7 },
  {
    header: "STATE",
    cell: stateOf,
    paint: (style: Style, plugin: HookPlugin) =>
      stateOf(plugin) === "trusted" ? style.green : stateOf(plugin) === "untrusted" || stateOf(plugin) === "missing" ? style.yellow : style.dim
  },
  { header: "BY", cell: (plugin: HookPlugin) => plugin.scope },
  { header: "HOOKS", align: "right" as const, cell: (plugin: HookPlugin) => count(plugin.hooks) },
  { header: "CLIENT", align: "right" as const, cell: (plugin: HookPlugin) => count(plugin.clientHooks) },
  { header: "FOLDER", cell: (plugin: HookPlugin) => plugin.root ?? "", atLeast: 12 }
]
