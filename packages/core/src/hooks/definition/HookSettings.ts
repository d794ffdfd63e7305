/**
 * Answers `Hooks` from files: Claude Code's settings, the plugins that they enable, `han.yml`, and the decisions of `han trust`.
 *
 * @example
 * ```ts
 * import * as Layer from "effect/Layer"
 * import * as ClaudeFolders from "han-core/ClaudeFolders"
 * import * as HookSettings from "han-core/HookSettings"
 *
 * const hooks = HookSettings.layerSettings({ trustFile: "/home/dev/.han/trust.json" }).pipe(
 *   Layer.provide(ClaudeFolders.layer({ folders: ["/home/dev/.claude"], managed: ClaudeFolders.managedSettings("linux") }))
 * )
 * ```
 */

import * as path from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type { Work } from "../../files/keptReads.ts"
import { kept } from "../../files/keptReads.ts"
import { type Installation, installationsIn, installedFile } from "../../plugins/installedPlugins.ts"
import { isWithin, type PluginContent, pluginContents } from "../../plugins/pluginContent.ts"
import { keyOf } from "../../plugins/pluginKey.ts"
import { pluginPlaces, realPath } from "../../plugins/pluginPlaces.ts"
import { ClaudeFolders } from "../../settings/ClaudeFolders.ts"
import type { ClientHook, Hook, HookPlugin, HookProblem, HookTrust } from "../Hook.ts"
import { type FileOfTrust, HookContentChanged, type HookList, HookProjectInvalid, type HookQuery, Hooks, type TrustDecision } from "../Hooks.ts"
import { applyChanges } from "./hookOverlay.ts"
import { hookReading } from "./hookReading.ts"
import { hookScopes, type NamedPlugin, type Scoped } from "./hookScopes.ts"
import { digestOf, type Untrusted } from "./trustDigest.ts"
import { readDecisions, removeDecision, type StoredDecision, writeDecision } from "./trustFile.ts"

/** The files of han itself that `layerSettings` uses beside those of Claude Code. */
export interface HookSettingsOptions {
  /** The file with the decisions of `han trust`. */
  readonly trustFile: string
}

/** Hooks as the files of Claude Code, of plugins and of han have them. A question looks at every file, and reads those that have changed since it was last read. */
export const layerSettings = (options: HookSettingsOptions): Layer.Layer<Hooks, never, ClaudeFolders> =>
  Layer.effect(
    Hooks,
    Effect.map(ClaudeFolders, (claude) => make(readersOf(claude, options.trustFile)))
  )

const make = (readers: Readers): typeof Hooks.Service => ({
  list: Effect.fn("Hooks.list")((query: HookQuery) => Effect.map(look(readers, query), ({ list }) => list)),
  trust: Effect.fn("Hooks.trust")(function* ({ digest, ...query }: HookQuery & { readonly digest: string }) {
    const { files, list: now } = yield* look(readers, query)
    if (now.trust.digest === null || now.trust.digest !== digest) {
      return yield* new HookContentChanged({
        projectPath: now.projectPath,
        message: `what would run in ${now.projectPath} is not what was shown any more; nothing was trusted. Look again: \`han trust\``
      })
    }
    const decision: TrustDecision = {
      projectPath: now.projectPath,
      digest,
      trustedAt: yield* Clock.currentTimeMillis,
      hooks: now.hooks.filter(({ id }) => now.trust.hooks.includes(id)).map(({ command, id }) => ({ id, command }))
    }
    yield* writeDecision(readers.trustFile, { ...decision, files: Object.fromEntries(files) })
    return decision
  }),
  revoke: Effect.fn("Hooks.revoke")((projectPath: string) => removeDecision(readers.trustFile, realPath(projectPath) ?? path.resolve(projectPath))),
  decisions: Effect.map(readDecisions(readers.trustFile), (all) => all.map(withoutFiles))
})

/** The readers of one layer, each with the contents that it keeps until their files change. */
const readersOf = (claude: typeof ClaudeFolders.Service, trustFile: string) => {
  const reading = hookReading()
  return {
    claude,
    trustFile,
    reading,
    placeOf: pluginPlaces(reading.json),
    ...pluginContents(),
    decisions: kept((file) => Effect.either(readDecisions(file)))
  }
}
type Readers = ReturnType<typeof readersOf>

/** `root`: null where its hooks do not count here, or count as another plugin's. */
interface Placed {
  readonly plugin: HookPlugin
  readonly root: string | null
}

/** Finds the plugins that settings name, with the folder and the trust of those that are on. */
const placedPlugins = Effect.fnUntraced(function* (readers: Readers, work: Work, scoped: Scoped, problems: Array<HookProblem>) {
  const lists = yield* Effect.forEach(scoped.folders, (folder) => readers.reading.json(work, installedFile(folder), problems))
  const installed = lists.flatMap((list) => installationsIn(list ?? {}))
  const found: Array<Placed> = []
  const roots = new Map<string, HookPlugin>()
  // What is trusted by itself stands for a folder that something else names, too.
  for (const named of [...scoped.plugins].sort((a, b) => Number(b.isPersons) - Number(a.isPersons))) {
    const plugin = named.enabled ? yield* placed(readers, work, scoped, { named, installed }, problems) : nowhere(named)
    const same = plugin.root === null ? undefined : roots.get(plugin.root)
    if (plugin.root !== null && same === undefined) roots.set(plugin.root, plugin)
    found.push(same === undefined ? { plugin, root: plugin.root } : { plugin: { ...plugin, sameAs: keyOf(same) }, root: null })
  }
  return found
})

const nowhere = ({ enabled, marketplace, name, scope, settings }: NamedPlugin): HookPlugin => ({
  name,
  marketplace,
  version: null,
  aliases: [],
  enabled,
  scope,
  settings,
  root: null,
  sameAs: null,
  trust: null,
  hooks: 0,
  clientHooks: 0
})

const placed = Effect.fnUntraced(function* (
  { placeOf, reading }: Readers,
  work: Work,
  { declared, folders, projectPath }: Scoped,
  { installed, named }: { readonly named: NamedPlugin; readonly installed: ReadonlyArray<Installation> },
  problems: Array<HookProblem>
) {
  const { marketplace, name, settings } = named
  const key = keyOf(named)
  const installations = installed
    .filter((one) => one.key === key && (one.projectPath === null || realPath(one.projectPath) === projectPath))
    .sort((a, b) => Number(a.projectPath === null) - Number(b.projectPath === null))
  const place = yield* placeOf(work, { name, marketplace, declared: declared.get(marketplace) ?? [], installations, folders }, problems)
  if (place === null) {
    const message = `${settings} enables ${key}, which is not installed and in no marketplace that is known here: \`claude plugin install ${key}\``
    problems.push({ severity: "warning", path: settings, line: null, key: `enabledPlugins.${key}`, message })
    return nowhere(named)
  }
  const own = (yield* reading.json(work, path.join(place.root, ".claude-plugin", "plugin.json"), problems)) ?? {}
  const names = [...place.aliases, ...(typeof own.name === "string" ? [own.name] : [])]
  const isInstalled = installations.length > 0 && place.declaredBy === "person" && !isWithin(projectPath, place.root)
  return {
    ...nowhere(named),
    version: place.version ?? (typeof own.version === "string" ? own.version : null),
    aliases: [...new Set(names)].filter((other) => other !== name),
    root: place.root,
    trust: trustOfPlugin(named, place.declaredBy, isInstalled)
  } satisfies HookPlugin
})

const trustOfPlugin = ({ isPersons, marketplace, personsFile, settings }: NamedPlugin, declaredBy: "person" | "repository", isInstalled: boolean): HookTrust =>
  isPersons && declaredBy === "person"
    ? { state: "trusted", why: `enabled in ${personsFile ?? settings}` }
    : isInstalled
      ? { state: "trusted", why: "installed for this user or project" }
      : { state: "untrusted", why: isPersons ? `only the repository says where its marketplace ${marketplace} is` : `only ${settings} enables it` }

/** The hooks of a plugin with the changes of settings, and what a decision of `han trust` would be about. */
const hooksOf = Effect.fnUntraced(function* (
  { contentOf, fileOf, reading }: Readers,
  work: Work,
  { changes }: Scoped,
  { plugin, root, trust }: { readonly plugin: HookPlugin; readonly root: string; readonly trust: HookTrust },
  problems: Array<HookProblem>
) {
  const key = keyOf(plugin)
  const own = yield* reading.plugin(work, root, problems)
  const content = trust.state === "trusted" ? null : yield* contentOf(work, root)
  const hooks: Array<Hook> = []
  const untrusted: Array<Untrusted> = []
  const files = new Map<string, string>()
  for (const definition of own.hooks) {
    const { changedBy, disabledBy, hook, untrustedBy } = applyChanges(definition, plugin, changes)
    const one: Hook = {
      ...hook,
      id: `${key}/${hook.name}`,
      plugin: plugin.name,
      marketplace: plugin.marketplace,
      version: plugin.version,
      aliases: plugin.aliases,
      root,
      file: own.file,
      changedBy,
      disabledBy,
      trust: trustOfHook(trust, content, untrustedBy)
    }
    hooks.push(one)
    // What cannot be vouched for is in no decision.
    if (!hook.enabled || one.trust.state === "trusted" || content?.digest === null) continue
    untrusted.push({ hook: one, content: content?.digest ?? null })
    for (const [at, digest] of content?.files ?? []) files.set(at, digest)
    for (const at of changedBy) files.set(at, (yield* fileOf(work, at)) ?? "")
  }
  return {
    plugin: { ...plugin, hooks: own.hooks.length, clientHooks: own.client.length } satisfies HookPlugin,
    hooks,
    clientHooks: own.client.map((entry): ClientHook => ({ ...entry, plugin: key, scope: plugin.scope })),
    ignored: own.ignored,
    untrusted,
    files
  }
})

const trustOfHook = (plugin: HookTrust, content: PluginContent | null, untrustedBy: ReadonlyArray<string>): HookTrust =>
  plugin.state === "untrusted"
    ? content?.digest === null
      ? { state: "untrusted", why: `${plugin.why}, and \`han trust\` cannot vouch for it: ${content.why}` }
      : plugin
    : untrustedBy.length > 0
      ? { state: "untrusted", why: `${untrustedBy.join(", ")} changes what it runs` }
      : plugin

/** Answers a question, with the digests of the files that a decision of `han trust` would be about. */
const look = Effect.fnUntraced(function* (readers: Readers, query: HookQuery) {
  const { claude, reading } = readers
  const work: Work = { reads: 0 }
  const problems: Array<HookProblem> = []
  const projectPath = yield* projectOf(query.projectPath)
  const scoped = yield* hookScopes(claude, reading, work, { projectPath, folder: query.folder }, problems)
  const inSettings = yield* Effect.forEach(scoped.settings, ({ file, scope }) =>
    Effect.map(reading.settingsHooks(work, file, problems), ({ entries }) => entries.map((entry): ClientHook => ({ ...entry, plugin: null, scope, file })))
  )
  const plugins = yield* placedPlugins(readers, work, scoped, problems)
  const parts = yield* Effect.forEach(plugins, ({ plugin, root }) =>
    root === null || plugin.trust === null
      ? Effect.succeed({ plugin, hooks: [], clientHooks: [], ignored: [], untrusted: [], files: new Map<string, string>() })
      : hooksOf(readers, work, scoped, { plugin, root, trust: plugin.trust }, problems)
  )
  const hooks = parts.flatMap((part) => part.hooks)
  scoped.reportUnmatched(hooks, problems)
  const files = new Map(parts.flatMap((part) => [...part.files]))
  const decision = yield* decided(readers, work, projectPath, problems)
  const list: HookList = {
    projectPath,
    ...trusting(
      hooks,
      parts.flatMap((part) => part.untrusted),
      decision,
      files
    ),
    clientHooks: [...inSettings.flat(), ...parts.flatMap((part) => part.clientHooks)],
    client: { ...scoped.client, ignored: [...scoped.client.ignored, ...parts.flatMap((part) => part.ignored)] },
    plugins: parts.map(({ plugin }) => plugin).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    problems,
    read: work.reads
  }
  return { list, files }
})

/** Finds the decision about a project. A file of decisions that cannot be believed decides nothing. */
const decided = Effect.fnUntraced(function* ({ decisions, trustFile }: Readers, work: Work, projectPath: string, problems: Array<HookProblem>) {
  const found = yield* decisions(work, trustFile)
  if (Either.isRight(found)) return found.right.find((decision) => decision.projectPath === projectPath) ?? null
  problems.push({ severity: "error", path: trustFile, line: null, key: null, message: found.left.message })
  return null
})

/** The hooks as a decision leaves them: those that it is about are trusted when it is about exactly what is there now. */
const trusting = (
  hooks: ReadonlyArray<Hook>,
  untrusted: ReadonlyArray<Untrusted>,
  decision: StoredDecision | null,
  files: ReadonlyMap<string, string>
): Pick<HookList, "hooks" | "trust"> => {
  const digest = untrusted.length === 0 ? null : digestOf(untrusted)
  const ids = untrusted.map(({ hook }) => hook.id)
  if (decision === null || decision.digest !== digest)
    return { hooks, trust: { digest, hooks: ids, decision: null, outdated: decision !== null, changed: changedFiles(decision, files) } }
  const why = `by \`han trust\` at ${new Date(decision.trustedAt).toISOString()}`
  return {
    hooks: hooks.map((hook) => (ids.includes(hook.id) ? { ...hook, trust: { state: "trusted", why } } : hook)),
    trust: { digest, hooks: ids, decision: withoutFiles(decision), outdated: false, changed: [] }
  }
}

const withoutFiles = ({ files: _, ...decision }: StoredDecision): TrustDecision => decision

/** Lists what is no longer as it was when the decision was taken. */
const changedFiles = (decision: StoredDecision | null, now: ReadonlyMap<string, string>): ReadonlyArray<FileOfTrust> => {
  if (decision?.files === undefined) return []
  const before = new Map(Object.entries(decision.files))
  return [...new Set([...before.keys(), ...now.keys()])].sort().flatMap((at): ReadonlyArray<FileOfTrust> => {
    if (before.get(at) === now.get(at)) return []
    return [{ path: at, change: !before.has(at) ? "added" : now.has(at) ? "changed" : "removed" }]
  })
}

const projectOf = (projectPath: string): Effect.Effect<string, HookProjectInvalid> =>
  Effect.suspend(() => {
    const invalid = (why: string) => Effect.fail(new HookProjectInvalid({ projectPath, message: `${JSON.stringify(projectPath)} ${why}` }))
    if (!path.isAbsolute(projectPath)) return invalid("is no project: it must be an absolute path")
    const real = realPath(projectPath)
    return real === null ? invalid("is no folder that can be looked into") : Effect.succeed(real)
  })
