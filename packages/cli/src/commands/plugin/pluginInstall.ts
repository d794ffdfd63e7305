import * as Effect from "effect/Effect"
import type { SettingsScope } from "han-core/ClaudeFolders"
import type { ClientHook, Hook } from "han-core/Hook"
import { calledOf, mayRun, waitingInVain } from "han-core/unstable/HookCallers"
import { type InstallReport, type InstallRequest, install, type UninstallReport, type UninstallRequest, uninstall } from "han-core/unstable/PluginInstall"
import { claudeFolder } from "../../coordinator/ClaudeFolder.ts"
import { print, run as runAgainst } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { workingDirectory } from "../../environment/WorkingDirectory.ts"
import { follow, followedText, layerFiles } from "../../hook/GateEntries.ts"
import { hookQuery } from "../../hook/ProjectFolder.ts"
import { plainLine, toJson } from "../../terminal/PlainText.ts"
import { styleOf } from "../../terminal/Style.ts"

export interface Options {
  readonly names: ReadonlyArray<string>
  /** Undefined: `names` are taken out. */
  readonly what: { readonly from: string | undefined } | undefined
  readonly scope: SettingsScope
  readonly project: string | undefined
  readonly json: boolean
}

const gitTimeoutMs = 120_000

/** The files are changed here: no coordinator is needed. */
export const run = (options: Options, host: CliEnvironment): Promise<number> => {
  const folder = claudeFolder(host)
  const place = { names: options.names, scope: options.scope, folder, projectPath: hookQuery(options.project, host).projectPath }
  const program = options.what === undefined ? removed(options, place, host) : added(options, { ...place, from: options.what.from }, host)
  return runAgainst(host, Effect.provide(program, layerFiles(host)))
}

const added = (options: Options, request: Omit<InstallRequest, "cwd" | "environment" | "gitTimeoutMs">, host: CliEnvironment) =>
  Effect.gen(function* () {
    const done = yield* install({ ...request, cwd: workingDirectory(), environment: host.environment, gitTimeoutMs })
    const followed = yield* follow(host, options.project)
    const keys = done.plugins.map(({ plugin }) => plugin)
    const isTheirs = (hook: Hook) => keys.includes(`${hook.plugin}@${hook.marketplace}`)
    const uncalled = [...new Set(followed.lists.flatMap((list) => waitingInVain(list, { of: isTheirs })))]
    const report = { ...done, notes: [...done.notes, ...followed.notes], entries: followed.entries, uncalled }
    const runs = followed.lists.some(({ hooks }) => hooks.some((hook) => isTheirs(hook) && mayRun(hook)))
    // Claude Code reads a plugin's own entries when it starts.
    const isOutside = ({ plugin }: ClientHook) => plugin === null || !keys.includes(plugin)
    const atOnce = followed.lists.every((list) =>
      list.hooks.filter((hook) => isTheirs(hook) && mayRun(hook)).every((hook) => calledOf(hook, list).every(({ by }) => by.some(isOutside)))
    )
    yield* print(host.out, options.json ? `${toJson(report)}\n` : installedText(report, followedText(followed), { runs, atOnce }, host))
  })

const removed = (options: Options, request: UninstallRequest, host: CliEnvironment) =>
  Effect.gen(function* () {
    const done = yield* uninstall(request)
    const followed = yield* follow(host, options.project)
    const report = { ...done, entries: followed.entries, notes: followed.notes }
    yield* print(host.out, options.json ? `${toJson(report)}\n` : removedText(report) + followedText(followed) + notesText(followed.notes, host))
  })

type Installed = InstallReport & { readonly uncalled: ReadonlyArray<string> }

/** `runs`: at least one of their hooks is trusted; `atOnce`: all of these are called by entries that Claude Code has taken up. */
const installedText = (
  { notes, plugins, uncalled, written }: Installed,
  followed: string,
  { atOnce, runs }: { readonly runs: boolean; readonly atOnce: boolean },
  host: CliEnvironment
): string =>
  [
    ...plugins.map(({ already, message }) => `${already ? "Installed already: " : ""}${plainLine(message)}\n`),
    ...written.map((file) => `  wrote  ${plainLine(file)}\n`),
    followed,
    notesText([...uncalled, ...notes], host),
    plugins.every(({ already }) => already)
      ? ""
      : `${uncalled.length > 0 || !runs ? "" : `han runs their hooks ${atOnce ? "from now on" : "from Claude Code's next start on"}. `}Claude Code loads ${runs ? "the rest of them" : "them"} at its next start.\n`
  ].join("")

const notesText = (notes: ReadonlyArray<string>, host: CliEnvironment): string =>
  notes.map((note) => `${styleOf(host.terminal).yellow("note")}  ${plainLine(note)}\n`).join("")

const removedText = ({ plugins, written }: UninstallReport): string =>
  [
    ...plugins.flatMap(({ message, stillEnabledIn }) => [
      `${plainLine(message)}\n`,
      stillEnabledIn.length === 0
        ? ""
        : `  it is still on by the settings of ${stillEnabledIn.join(", ")}: \`--scope ${stillEnabledIn[0]}\` takes it out there\n`
    ]),
    ...written.map((file) => `  wrote  ${plainLine(file)}\n`)
  ].join("")
