import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { Work } from "../../files/keptReads.ts"
import { enabledIn, partsOf } from "../../plugins/pluginKey.ts"
import type { Declared } from "../../plugins/pluginPlaces.ts"
import { type ClaudeFolders, settingsFile } from "../../settings/ClaudeFolders.ts"
import { hanConfigFiles } from "../../settings/hanConfig.ts"
import { filled, type JsonObject, object } from "../../text/json.ts"
import type { Hook, HookProblem, HookScope } from "../Hook.ts"
import type { HookList } from "../Hooks.ts"
import type { HookChanges } from "./hookChanges.ts"
import { problemAt } from "./hookKeys.ts"
import { isFor } from "./hookOverlay.ts"
import type { HookReading } from "./hookReading.ts"

/** A plugin as all settings together name it. */
export interface NamedPlugin {
  readonly name: string
  readonly marketplace: string
  readonly enabled: boolean
  readonly scope: HookScope
  readonly settings: string
  /** The user's or the managed settings enable it, whatever the repository says. */
  readonly isPersons: boolean
  readonly personsFile: string | null
}

/** All that the files of settings say of hooks in a project. */
export interface Scoped {
  readonly projectPath: string
  /** The configuration folders that count, the strongest first. */
  readonly folders: ReadonlyArray<string>
  /** The weakest first. */
  readonly settings: ReadonlyArray<{ readonly scope: HookScope; readonly file: string }>
  readonly plugins: ReadonlyArray<NamedPlugin>
  /** Declarations by the names of marketplaces, the strongest first. */
  readonly declared: ReadonlyMap<string, ReadonlyArray<Declared>>
  /** The weakest first. */
  readonly changes: ReadonlyArray<HookChanges>
  /** The settings that keep Claude Code from running entries. */
  readonly client: HookList["client"]
  /** Warns of changes of hooks that a plugin does not have. */
  readonly reportUnmatched: (hooks: ReadonlyArray<Hook>, problems: Array<HookProblem>) => void
}

const maxPlugins = 10_000

interface Read {
  readonly scope: HookScope
  readonly file: string
  readonly settings: JsonObject
  readonly ignored: HookProblem | null
}

/** Reads the settings of every scope that holds in a project. */
export const hookScopes = Effect.fnUntraced(function* (
  claude: typeof ClaudeFolders.Service,
  reading: HookReading,
  work: Work,
  query: { readonly projectPath: string; readonly folder: string | undefined },
  problems: Array<HookProblem>
) {
  const { projectPath } = query
  const folders = chosen(
    (yield* claude.folders).map((folder) => folder.path),
    query.folder,
    problems
  )
  const managed = yield* claude.managed
  for (const { message, path } of managed.problems) problems.push({ severity: "error", path, line: null, key: null, message })
  const users = folders.map((folder) => settingsFile("user", folder))
  const files: ReadonlyArray<readonly [HookScope, string]> = [
    // The default folder is the strongest of them.
    ...users.map((file) => ["user", file] as const).reverse(),
    // In the home folder the project's file is the user's.
    ...(["project", "local"] as const).map((scope) => [scope, settingsFile(scope, projectPath)] as const).filter(([, file]) => !users.includes(file)),
    ...managed.files.map((file) => ["managed", file] as const)
  ]
  const read: ReadonlyArray<Read> = yield* Effect.forEach(files, ([scope, file]) =>
    Effect.map(reading.settings(work, file, problems), ({ ignored, value }) => ({ scope, file, settings: value ?? {}, ignored }))
  )
  const known = yield* Effect.forEach(folders, (folder) => {
    const file = path.join(folder, "plugins", "known_marketplaces.json")
    return Effect.map(reading.json(work, file, problems), (noted) => ({ file, noted: noted ?? {} }))
  })
  const changes = (yield* Effect.forEach(hanConfigFiles([...folders].reverse(), projectPath), ([source, file]) =>
    reading.changes(work, source, file, problems)
  )).flatMap((found) => found ?? [])
  return {
    projectPath,
    folders,
    settings: files.map(([scope, file]) => ({ scope, file })),
    plugins: namedIn(read, problems),
    declared: declaredIn(read, known, projectPath),
    changes,
    client: clientIn(read),
    reportUnmatched: (hooks, problems) => reportUnmatched(changes, hooks, problems)
  } satisfies Scoped
})

const clientIn = (read: ReadonlyArray<Read>): HookList["client"] => {
  const counted = read.filter(({ ignored }) => ignored === null)
  return {
    disabledBy: counted.findLast(({ settings }) => settings.disableAllHooks === true)?.file ?? null,
    managedOnlyBy: counted.findLast(({ scope, settings }) => scope === "managed" && settings.allowManagedHooksOnly === true)?.file ?? null,
    ignored: read.flatMap(({ ignored }) => ignored ?? [])
  }
}

/** A variable of the environment may name any folder, and a repository can set variables: only folders that han was told of count. */
const chosen = (known: ReadonlyArray<string>, folder: string | undefined, problems: Array<HookProblem>): ReadonlyArray<string> => {
  if (folder === undefined) return known
  const found = known.find((one) => one === path.resolve(folder))
  if (found !== undefined) return [found]
  const message = `${folder} is no configuration folder that han knows, and was not looked into; those are ${known.join(", ")}`
  problems.push({ severity: "warning", path: folder, line: null, key: null, message })
  return known.slice(0, 1)
}

/** `read`: the weakest first. */
const namedIn = (read: ReadonlyArray<Read>, problems: Array<HookProblem>): ReadonlyArray<NamedPlugin> => {
  const found = new Map<string, NamedPlugin>()
  for (const { file, scope, settings } of read) {
    const warn = (message: string) => problems.push({ severity: "warning", path: file, line: null, key: "enabledPlugins", message: `${file}: ${message}` })
    const named = [...enabledIn(settings)]
    if (named.length > maxPlugins) warn(`only the first ${maxPlugins} of ${named.length} plugins count`)
    for (const [key, enabled] of named.slice(0, maxPlugins)) {
      const parts = partsOf(key)
      if (parts === null) {
        warn(`${JSON.stringify(key.slice(0, 200))} is no name of a plugin with its marketplace, and was left out`)
        continue
      }
      const before = found.get(key)
      const isPerson = scope === "user" || scope === "managed"
      found.set(key, {
        ...parts,
        enabled,
        scope,
        settings: file,
        isPersons: isPerson ? enabled : (before?.isPersons ?? false),
        personsFile: isPerson ? file : (before?.personsFile ?? null)
      })
    }
  }
  return [...found.values()]
}

const declaredIn = (
  read: ReadonlyArray<Read>,
  known: ReadonlyArray<{ readonly file: string; readonly noted: JsonObject }>,
  projectPath: string
): ReadonlyMap<string, ReadonlyArray<Declared>> => {
  const found = new Map<string, Array<Declared>>()
  const add = (marketplace: string, declared: Declared) => found.set(marketplace, [...(found.get(marketplace) ?? []), declared])
  const order: ReadonlyArray<HookScope> = ["managed", "user", "local", "project"]
  const declare = (scope: HookScope) => {
    for (const { file, settings } of read.filter((one) => one.scope === scope).reverse()) {
      for (const [marketplace, value] of Object.entries(object(settings.extraKnownMarketplaces) ?? {})) {
        const isRepository = scope === "project" || scope === "local"
        add(marketplace, {
          by: isRepository ? "repository" : "person",
          file,
          base: isRepository ? projectPath : null,
          source: object(object(value)?.source),
          location: null
        })
      }
    }
  }
  for (const scope of order.slice(0, 2)) declare(scope)
  for (const { file, noted } of known) {
    for (const [marketplace, value] of Object.entries(noted)) {
      add(marketplace, { by: "person", file, base: null, source: object(object(value)?.source), location: filled(object(value)?.installLocation) })
    }
  }
  for (const scope of order.slice(2)) declare(scope)
  return found
}

const reportUnmatched = (files: ReadonlyArray<HookChanges>, hooks: ReadonlyArray<Hook>, problems: Array<HookProblem>): void => {
  for (const { changes, file } of files) {
    for (const change of changes) {
      const mine = hooks.filter((hook) => isFor(change, { name: hook.plugin, marketplace: hook.marketplace, aliases: hook.aliases }))
      // A plugin that is not on here may be on elsewhere.
      if (change.hook === null || mine.length === 0 || mine.some((hook) => hook.name === change.hook)) continue
      const names = [...new Set(mine.map((hook) => hook.name))].join(", ")
      problems.push(problemAt(file, change.at, "warning", `changes a hook that ${change.plugin} does not have; it has ${names}`))
    }
  }
}
