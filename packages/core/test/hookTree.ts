import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { json } from "../../../test/claudeTree.ts"
import { put, temporary } from "../../../test/transcriptTree.ts"
import * as HookSettings from "../src/hooks/definition/HookSettings.ts"
import { Hooks } from "../src/hooks/Hooks.ts"
import * as ClaudeFolders from "../src/settings/ClaudeFolders.ts"

/** A configuration folder, a project and a place for decisions in a folder of a test's own, and the hooks there. */
export const hookTree = Effect.gen(function* () {
  const root = yield* temporary
  const config = path.join(root, "home/.claude")
  const project = path.join(root, "project")
  const managed = path.join(root, "etc/managed-settings.json")
  const trustFile = path.join(root, "han/trust.json")
  put(path.join(project, "README"), "")
  /** A marketplace in a folder, with plugins that have these hooks. */
  const putMarket = (folder: string, plugins: Readonly<Record<string, string>>, manifest: ReadonlyArray<unknown> = []) => {
    put(
      path.join(folder, ".claude-plugin/marketplace.json"),
      json({ plugins: [...Object.keys(plugins).map((name) => ({ name, source: `./plugins/${name}` })), ...manifest] })
    )
    for (const [name, command] of Object.entries(plugins)) putPlugin(path.join(folder, "plugins", name), command)
    return folder
  }
  const serviceOf = (folders: ReadonlyArray<string> = [config]) =>
    Effect.provide(Hooks, HookSettings.layerSettings({ trustFile }).pipe(Layer.provide(ClaudeFolders.layer({ folders, managed: [managed] }))))
  return {
    root,
    config,
    project,
    managed,
    trustFile,
    putMarket,
    serviceOf,
    hooks: yield* serviceOf(),
    user: (settings: object) => put(path.join(config, "settings.json"), json(settings)),
    shared: (settings: object) => put(path.join(project, ".claude/settings.json"), json(settings)),
    local: (settings: object) => put(path.join(project, ".claude/settings.local.json"), json(settings))
  }
})

export const putPlugin = (folder: string, command: string) => put(path.join(folder, "han-plugin.yml"), `hooks:\n  test:\n    command: ${command}\n`)

/** As settings declare a marketplace that is a folder. */
export const directory = (folder: string) => ({ source: { source: "directory", path: folder } })
