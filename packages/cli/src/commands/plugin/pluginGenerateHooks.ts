import * as Effect from "effect/Effect"
import { type GeneratedHooks, generate, pluginFoldersBelow } from "han-core/unstable/GeneratedHooks"
import { print, run as runAgainst } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { inFull } from "../../environment/WorkingDirectory.ts"
import { problemsText } from "../../hook/HookText.ts"
import { counted } from "../../terminal/Figures.ts"
import { plainLine, toJson } from "../../terminal/PlainText.ts"
import { type Style, styleOf } from "../../terminal/Style.ts"

export interface Options {
  readonly directory: string
  readonly all: boolean
  readonly check: boolean
  readonly json: boolean
}

/** One plugin that failed does not keep the others from being done. */
interface Failed {
  readonly root: string
  readonly state: "failed"
  readonly message: string
}

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  runAgainst(
    host,
    Effect.gen(function* () {
      const directory = inFull(options.directory)
      if (!options.all) {
        const one = yield* generate(directory, options)
        yield* print(host.out, options.json ? `${toJson(one)}\n` : textOf(one, styleOf(host.terminal)))
        return isRight(one) ? 0 : 1
      }
      const done = yield* Effect.forEach(yield* pluginFoldersBelow(directory), (root) =>
        Effect.catchAll(generate(root, options), ({ message }) => Effect.succeed<Failed>({ root, state: "failed", message }))
      )
      yield* print(host.out, options.json ? `${toJson({ plugins: done })}\n` : allText(done, styleOf(host.terminal)))
      return done.every(isRight) ? 0 : 1
    })
  )

const isRight = ({ state }: GeneratedHooks | Failed): boolean => state === "current" || state === "written"

const allText = (done: ReadonlyArray<GeneratedHooks | Failed>, style: Style): string => {
  const right = done.filter(isRight)
  const written = right.filter(({ state }) => state === "written").length
  const rest = done.length === right.length ? "" : `, ${done.length - right.length} not as ${done.length - right.length === 1 ? "it" : "they"} should be`
  return `${done.map((one) => textOf(one, style)).join("")}${counted(done.length, "plugin")}: ${right.length - written} as they were, ${written} written${rest}\n`
}

const textOf = (one: GeneratedHooks | Failed, style: Style): string => {
  if (one.state === "failed") return `${style.red("failed")}   ${plainLine(one.message)}\n`
  const file = plainLine(one.file)
  const entries = one.entries.map(
    ({ event, matcher, timeoutSeconds, ...entry }) =>
      `  ${event}${matcher === null ? "" : `:${plainLine(matcher)}`}  ${entry.command}${entry.async ? ", async" : ""}${timeoutSeconds === null ? "" : `, ${timeoutSeconds} s`}\n`
  )
  const replaced = one.replaced.map((command) => `  instead of  ${plainLine(command)}\n`)
  const problems = problemsText(one.problems, style)
  switch (one.state) {
    case "current":
      return `${style.dim("current")}  ${file}\n${problems}`
    case "broken":
      return `${style.red("broken")}   ${plainLine(one.root)}: han-plugin.yml has errors; ${file} was left as it is\n${problems}`
    case "stale":
      return `${style.yellow("stale")}    ${file} is not what han-plugin.yml asks for; \`han plugin generate-hooks\` without --check writes\n${entries.join("")}${replaced.join("")}${problems}`
    case "written":
      return `${style.green("written")}  ${file}\n${entries.join("")}${replaced.join("")}${problems}`
  }
}
