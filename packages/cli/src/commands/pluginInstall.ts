import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ClaudeFolders from "han-core/ClaudeFolders"
import * as PluginFiles from "han-core/PluginFiles"
import { type InstallReport, install, type UninstallReport, uninstall } from "han-core/PluginInstall"
import { print, run as runAgainst } from "../Asking.ts"
import { claudeFolder } from "../ClaudeFolder.ts"
import type { Host } from "../Host.ts"
import { hookQuery } from "../ProjectFolder.ts"
import { plainLine, toJson } from "../terminal/PlainText.ts"
import { styleOf } from "../terminal/Style.ts"
import { workingDirectory } from "../WorkingDirectory.ts"

export interface Options {
  readonly names: ReadonlyArray<string>
  /** Undefined: `names` are taken out. */
  readonly what: { readonly from: string | undefined } | undefined
  readonly scope: ClaudeFolders.SettingsScope
  readonly project: string | undefined
  readonly json: boolean
}

const gitTimeoutMs = 120_000

/** The files are changed here: no coordinator is needed. */
export const run = (options: Options, host: Host): Promise<number> => {
  const folder = claudeFolder(host)
  const place = { names: options.names, scope: options.scope, folder, projectPath: hookQuery(options.project, host).projectPath }
  const managed = ClaudeFolders.managedSettings(process.platform)
  const files = PluginFiles.layer.pipe(Layer.provide(ClaudeFolders.layer({ folders: [folder], managed })))
  const program =
    options.what === undefined
      ? Effect.flatMap(uninstall(place), (done) => print(host.out, options.json ? `${toJson(done)}\n` : removedText(done)))
      : Effect.flatMap(install({ ...place, from: options.what.from, cwd: workingDirectory(), environment: host.environment, gitTimeoutMs }), (done) =>
          print(host.out, options.json ? `${toJson(done)}\n` : installedText(done, host))
        )
  return runAgainst(host, Effect.provide(program, files))
}

const installedText = ({ notes, plugins, written }: InstallReport, host: Host): string => {
  const style = styleOf(host.terminal)
  return [
    ...plugins.map(({ already, message }) => `${already ? "Installed already: " : ""}${plainLine(message)}\n`),
    ...written.map((file) => `  wrote  ${plainLine(file)}\n`),
    ...notes.map((note) => `${style.yellow("note")}  ${plainLine(note)}\n`),
    plugins.every(({ already }) => already) ? "" : "han runs their hooks from now on; Claude Code loads the rest of them at its next start.\n"
  ].join("")
}

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
