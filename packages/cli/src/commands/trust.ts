import * as Effect from "effect/Effect"
import { type FileOfTrust, Hooks, type TrustDecision } from "han-core/Hooks"
import { waitingInVain } from "han-core/unstable/HookCallers"
import { answered, ask, print } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { BadUsage } from "../environment/CommandFailed.ts"
import * as Shape from "../export/JsonShapes.ts"
import { follow, followedText, layerFiles } from "../hook/GateEntries.ts"
import { problemsText, untrustedText, whatRuns } from "../hook/HookText.ts"
import { hookQuery } from "../hook/ProjectFolder.ts"
import { exactText } from "../terminal/ExactText.ts"
import { counted, dateMinute } from "../terminal/Figures.ts"
import { plainLine, toJson } from "../terminal/PlainText.ts"
import { confirmed } from "../terminal/Question.ts"
import { styleOf } from "../terminal/Style.ts"

export interface Options {
  readonly what: "give" | "list" | "revoke"
  readonly project: string | undefined
  readonly yes: boolean
  readonly json: boolean
}

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  ask(host, options.what === "list" ? listed(options, host) : options.what === "revoke" ? revoked(options, host) : given(options, host))

const given = (options: Options, host: CliEnvironment) =>
  Effect.gen(function* () {
    const hooks = yield* Hooks
    const query = hookQuery(options.project, host)
    const list = yield* answered(host, "hooks", hooks.list(query))
    const style = styleOf(host.terminal)
    const project = plainLine(list.projectPath)
    const { decision, digest } = list.trust
    const errors = problemsText(
      list.problems.filter(({ severity }) => severity === "error"),
      style
    )
    if (digest === null) {
      return yield* print(host.out, `${untrustedText(list, style)}Nothing in ${project} asks for a decision.\n${errors}`)
    }
    if (decision !== null) {
      yield* print(
        host.out,
        `What ${project} would have run is trusted since ${dateMinute(decision.trustedAt, false)}; \`han trust --revoke\` takes it back.\n`
      )
      return yield* called(list.projectPath, options, host)
    }
    const asked = list.hooks.filter(({ id }) => list.trust.hooks.includes(id))
    const head = `${style.bold(`Only the repository ${project} would have these run`)}${list.trust.outdated ? " (they are not what was trusted before)" : ""}:\n${changedText(list.trust.changed)}`
    yield* print(host.out, `${head}${asked.map(whatRuns).join("")}${errors}`)
    if (!options.yes) {
      if (!host.terminal.canAsk) return yield* Effect.fail(new BadUsage("trust: nothing was trusted; without a terminal to ask at, --yes is needed"))
      yield* print(host.err, `Let han run ${counted(asked.length, "hook")} of this repository? Commands run as you, with your rights. [y/N] `)
      if (!(yield* Effect.promise(() => confirmed()))) {
        yield* print(host.err, "Nothing was trusted.\n")
        return 1
      }
    }
    yield* answered(host, "trust", hooks.trust({ ...query, digest }))
    yield* print(host.out, `Trusted: ${counted(asked.length, "hook")} in ${project}, as long as nothing in them changes.\n`)
    yield* called(list.projectPath, options, host)
    return 0
  })

const maxNamed = 20

const changedText = (files: ReadonlyArray<FileOfTrust>): string => {
  if (files.length === 0) return ""
  const words = { changed: "changed", added: "new", removed: "gone" }
  const more = files.length > maxNamed ? `    and ${files.length - maxNamed} more\n` : ""
  return `  Since then:\n${files
    .slice(0, maxNamed)
    .map(({ change, path }) => `    ${words[change].padEnd(7)}  ${plainLine(path)}\n`)
    .join("")}${more}`
}

/** Has Claude Code call han for what is trusted now, and says for which hooks it does not. */
const called = (projectPath: string, options: Options, host: CliEnvironment) =>
  Effect.gen(function* () {
    const followed = yield* Effect.provide(follow(host, options.project), layerFiles(host))
    const uncalled = followed.lists.filter((list) => list.projectPath === projectPath).flatMap((list) => waitingInVain(list))
    const style = styleOf(host.terminal)
    const notes = [...new Set([...uncalled, ...followed.notes])].map((note) => `${style.yellow("note")}  ${plainLine(note)}\n`)
    yield* print(host.out, followedText(followed) + notes.join(""))
  })

const revoked = (options: Options, host: CliEnvironment) =>
  Effect.gen(function* () {
    const { projectPath } = hookQuery(options.project, host)
    const was = yield* answered(
      host,
      "revoke",
      Effect.flatMap(Hooks, (hooks) => hooks.revoke(projectPath))
    )
    yield* print(host.out, was ? `${plainLine(projectPath)} is not trusted any more.\n` : `There was no decision for ${plainLine(projectPath)}.\n`)
    if (!was) return
    const followed = yield* Effect.provide(follow(host, options.project), layerFiles(host))
    yield* print(host.out, followedText(followed) + followed.notes.map((note) => `note  ${plainLine(note)}\n`).join(""))
  })

const listed = (options: Options, host: CliEnvironment) =>
  Effect.gen(function* () {
    const decisions = yield* answered(
      host,
      "decisions",
      Effect.flatMap(Hooks, (hooks) => hooks.decisions)
    )
    if (options.json) return yield* print(host.out, `${toJson({ decisions: decisions.map(Shape.trustDecision) })}\n`)
    yield* print(host.out, decisions.length === 0 ? "No repository was trusted.\n" : decisions.map(decisionText).join("\n"))
  })

const decisionText = ({ digest, hooks, projectPath, trustedAt }: TrustDecision): string =>
  `${plainLine(projectPath)}, ${dateMinute(trustedAt, false)}, ${digest.slice(0, 12)}\n${hooks
    .map(({ command, id }) => `  ${plainLine(id)}: ${exactText(command).trimEnd().replaceAll("\n", "\n    ")}\n`)
    .join("")}`
