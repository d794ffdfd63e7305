import * as Effect from "effect/Effect"
import { triggerText } from "han-core/Hook"
import { check, type PluginReport } from "han-core/unstable/PluginCheck"
import { report } from "../../coordinator/Report.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { inFull } from "../../environment/WorkingDirectory.ts"
import * as Shape from "../../export/JsonShapes.ts"
import { problemsText } from "../../hook/HookText.ts"
import { counted } from "../../terminal/Figures.ts"
import { plainLine, toJson } from "../../terminal/PlainText.ts"
import { styleOf } from "../../terminal/Style.ts"
import { table } from "../../terminal/Table.ts"

export interface Options {
  readonly directory: string
  readonly json: boolean
}

/** The files are read here, so that it works where no coordinator may be started. */
export const run = async (options: Options, host: CliEnvironment): Promise<number> => {
  const found = await Effect.runPromise(Effect.either(check(inFull(options.directory))))
  if (found._tag === "Left") return report(host, found.left)
  await host.out.write(options.json ? `${toJson(shape(found.right))}\n` : text(found.right, host))
  return isSound(found.right) ? 0 : 1
}

const isSound = ({ problems }: PluginReport): boolean => problems.every(({ severity }) => severity !== "error")

const shape = (report: PluginReport) => ({
  root: report.root,
  valid: isSound(report),
  hooks: report.hooks.map(Shape.hookDefinition),
  clientHooks: report.clientHooks.map(Shape.clientHook),
  problems: report.problems
})

const text = (report: PluginReport, host: CliEnvironment): string => {
  const style = styleOf(host.terminal)
  const [errors, warnings] = (["error", "warning"] as const).map((severity) => report.problems.filter((problem) => problem.severity === severity).length)
  const head = `${plainLine(report.root)}: ${counted(report.hooks.length, "hook")}, ${report.clientHooks.length} run by Claude Code itself, ${counted(errors ?? 0, "error")}, ${counted(warnings ?? 0, "warning")}\n`
  const hooks =
    report.hooks.length === 0
      ? ""
      : table(
          report.hooks,
          [
            { header: "HOOK", cell: ({ name }) => name },
            { header: "EVENTS", cell: ({ triggers }) => triggers.map(triggerText).join(", "), atLeast: 12 },
            { header: "WHERE", cell: ({ dirsWith }) => dirsWith.join(", "), atLeast: 8 },
            { header: "COMMAND", cell: ({ command }) => command, atLeast: 20 }
          ],
          { width: host.terminal.columns, style }
        )
  return [head, hooks, problemsText(report.problems, style)].filter((part) => part !== "").join("\n")
}
