import { type Hook, type HookProblem, takesFiles, triggerText } from "han-core/Hook"
import type { HookList } from "han-core/Hooks"
import { exactText } from "../terminal/ExactText.ts"
import { counted } from "../terminal/Figures.ts"
import { plainLine } from "../terminal/PlainText.ts"
import type { Style } from "../terminal/Style.ts"

const lines = (label: string, text: string | null): ReadonlyArray<string> =>
  text === null
    ? []
    : [
        `    ${label.padEnd(10)}  ${exactText(text)
          .trimEnd()
          .replaceAll("\n", `\n${" ".repeat(16)}`)}\n`
      ]

/** Everything that a hook would run, to the letter, and why it is not run. */
export const whatRuns = (hook: Hook): string =>
  [
    `  ${plainLine(hook.id)}: ${plainLine(hook.trust.why)}\n`,
    ...lines("before all", hook.beforeAll),
    ...lines("command", hook.command),
    ...lines("dir test", hook.dirTest),
    ...lines("file test", hook.fileTest),
    ...lines("when", `${hook.triggers.map(triggerText).join(", ")}${takesFiles(hook) ? ", with the affected files" : ""}`),
    ...lines("plugin", hook.root),
    ...lines("defined in", [hook.file, ...hook.changedBy].join(", "))
  ].join("")

/** The hooks that are not run, and how to allow them; empty when all are trusted. */
export const untrustedText = (list: HookList, style: Style): string => {
  const hooks = list.hooks.filter(({ enabled, trust }) => enabled && trust.state === "untrusted")
  if (hooks.length === 0) return ""
  const decides = list.trust.digest !== null && list.trust.decision === null
  return [
    style.bold(`${counted(hooks.length, "hook")} not trusted, and not run:`),
    list.trust.outdated ? " (trust was given for other content)" : "",
    "\n",
    ...hooks.map(whatRuns),
    decides ? "`han trust` allows exactly this in this project.\n" : ""
  ].join("")
}

export const problemsText = (problems: ReadonlyArray<HookProblem>, style: Style): string =>
  problems.length === 0
    ? ""
    : `${style.bold("Problems")}\n${problems
        .map(({ message, severity }) => `  ${severity === "error" ? style.red("error") : style.yellow("warning")}  ${plainLine(message)}\n`)
        .join("")}`
