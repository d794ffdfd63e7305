import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type { Work } from "../../files/keptReads.ts"
import { kept } from "../../files/keptReads.ts"
import { installationsIn, installedFile } from "../../plugins/installedPlugins.ts"
import { isWithin, pluginContents } from "../../plugins/pluginContent.ts"
import { keyOf } from "../../plugins/pluginKey.ts"
import { pluginPlaces, realPath } from "../../plugins/pluginPlaces.ts"
import { ClaudeFolders } from "../../settings/ClaudeFolders.ts"
import type { ClientHook, Hook, HookPlugin, HookProblem, HookTrust } from "../Hook.ts"
import { type FileOfTrust, HookContentChanged, type HookList, HookProjectInvalid, type HookQuery, Hooks, type TrustDecision } from "../Hooks.ts"
import { applyChanges } from "./hookOverlay.ts"
import { hookReading } from "./hookReading.ts"
import { hookScopes, type Scoped } from "./hookScopes.ts"
import { digestOf, type Untrusted } from "./trustDigest.ts"
import { readDecisions, removeDecision, type StoredDecision, writeDecision } from "./trustFile.ts"

export interface HookSettingsOptions {
  /** Where the decisions of `han trust` are kept. */
  readonly trustFile: string
}

/** Hooks as the files of Claude Code, of plugins and of han have them. A question looks at every file, and reads those that have changed since it was last read. */
export const layerSettings = (options: HookSettingsOptions): Layer.Layer<Hooks, never, ClaudeFolders> =>
  Layer.effect(
    Hooks,
    Effect.gen(function* () {
      const claude = yield* ClaudeFolders
      const reading = hookReading()
      const placeOf = pluginPlaces(reading.json)
      const { contentOf, fileOf } = pluginContents()
      const decisions = kept((file) => Effect.either(readDecisions(file)))

      /** The plugins that are on, with where they are and whether they are trusted. */
      const plugins = Effect.fnUntraced(function* (work: Work, scoped: Scoped, problems: Array<HookProblem>) {
        const { folders, projectPath } = scoped
        const installed = (yield* Effect.forEach(folders, (folder) => reading.json(work, installedFile(folder), problems))).flatMap((list) =>
          installationsIn(list ?? {})
        )
        const found: Array<{ readonly plugin: HookPlugin; readonly root: string | null }> = []
        const roots = new Map<string, HookPlugin>()
        // What is trusted by itself stands for a folder that something else names, too.
        for (const named of [...scoped.plugins].sort((a, b) => Number(b.isPersons) - Number(a.isPersons))) {
          const { enabled, marketplace, name, scope, settings } = named
          const nothing = {
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
          }
          if (!enabled) {
            found.push({ plugin: nothing, root: null })
            continue
          }
          const key = keyOf(named)
          const installations = installed
            .filter((one) => one.key === key && (one.projectPath === null || realPath(one.projectPath) === projectPath))
            .sort((a, b) => Number(a.projectPath === null) - Number(b.projectPath === null))
          const place = yield* placeOf(work, { name, marketplace, declared: scoped.declared.get(marketplace) ?? [], installations, folders }, problems)
          if (place === null) {
            problems.push({
              severity: "warning",
              path: settings,
              line: null,
              key: `enabledPlugins.${key}`,
              message: `${settings} enables ${key}, which is not installed and in no marketplace that is known here: \`claude plugin install ${key}\``
            })
            found.push({ plugin: nothing, root: null })
            continue
          }
          const own = (yield* reading.json(work, path.join(place.root, ".claude-plugin", "plugin.json"), problems)) ?? {}
          const names = [...place.aliases, ...(typeof own.name === "string" ? [own.name] : [])]
          const isInstalled = installations.length > 0 && place.declaredBy === "person" && !isWithin(projectPath, place.root)
          const trust: HookTrust =
            named.isPersons && place.declaredBy === "person"
              ? { state: "trusted", why: `enabled in ${named.personsFile ?? settings}` }
              : isInstalled
                ? { state: "trusted", why: "installed for this user or project" }
                : {
                    state: "untrusted",
                    why: named.isPersons ? `only the repository says where its marketplace ${marketplace} is` : `only ${settings} enables it`
                  }
          const same = roots.get(place.root) ?? null
          const plugin: HookPlugin = {
            ...nothing,
            version: place.version ?? (typeof own.version === "string" ? own.version : null),
            aliases: [...new Set(names)].filter((other) => other !== name),
            root: place.root,
            sameAs: same === null ? null : keyOf(same),
            trust
          }
          if (same === null) roots.set(place.root, plugin)
          found.push({ plugin, root: same === null ? place.root : null })
        }
        return found
      })

      const look = Effect.fnUntraced(function* (query: HookQuery) {
        const work: Work = { reads: 0 }
        const problems: Array<HookProblem> = []
        const projectPath = yield* projectOf(query.projectPath)
        const scoped = yield* hookScopes(claude, reading, work, { projectPath, folder: query.folder }, problems)
        const hooks: Array<Hook> = []
        const clientHooks: Array<ClientHook> = []
        const listed: Array<HookPlugin> = []
        const untrusted: Array<Untrusted> = []
        const files = new Map<string, string>()
        const ignored = [...scoped.client.ignored]
        for (const settings of scoped.settings) {
          const { entries } = yield* reading.settingsHooks(work, settings.file, problems)
          for (const entry of entries) clientHooks.push({ ...entry, plugin: null, scope: settings.scope, file: settings.file })
        }
        for (const { plugin, root } of yield* plugins(work, scoped, problems)) {
          if (root === null || plugin.trust === null) {
            listed.push(plugin)
            continue
          }
          const key = keyOf(plugin)
          const own = yield* reading.plugin(work, root, problems)
          ignored.push(...own.ignored)
          for (const entry of own.client) clientHooks.push({ ...entry, plugin: key, scope: plugin.scope })
          const content = plugin.trust.state === "trusted" ? null : yield* contentOf(work, root)
          for (const definition of own.hooks) {
            const { changedBy, disabledBy, hook, untrustedBy } = applyChanges(definition, plugin, scoped.changes)
            const trust: HookTrust =
              plugin.trust.state === "untrusted"
                ? content?.digest === null
                  ? { state: "untrusted", why: `${plugin.trust.why}, and \`han trust\` cannot vouch for it: ${content.why}` }
                  : plugin.trust
                : untrustedBy.length > 0
                  ? { state: "untrusted", why: `${untrustedBy.join(", ")} changes what it runs` }
                  : plugin.trust
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
              trust
            }
            hooks.push(one)
            // What cannot be vouched for is in no decision.
            if (hook.enabled && trust.state === "untrusted" && content?.digest !== null) {
              untrusted.push({ hook: one, content: content?.digest ?? null })
              for (const [at, digest] of content?.files ?? []) files.set(at, digest)
              for (const at of changedBy) files.set(at, (yield* fileOf(work, at)) ?? "")
            }
          }
          listed.push({ ...plugin, hooks: own.hooks.length, clientHooks: own.client.length })
        }
        scoped.reportUnmatched(hooks, problems)
        const digest = untrusted.length === 0 ? null : digestOf(untrusted)
        const decision = yield* decided(work, projectPath, problems)
        const isGiven = decision !== null && decision.digest === digest
        const ids = untrusted.map(({ hook }) => hook.id)
        const when = decision === null ? "" : new Date(decision.trustedAt).toISOString()
        const list: HookList = {
          projectPath,
          hooks: isGiven
            ? hooks.map((hook) => (ids.includes(hook.id) ? { ...hook, trust: { state: "trusted", why: `by \`han trust\` at ${when}` } } : hook))
            : hooks,
          clientHooks,
          client: { ...scoped.client, ignored },
          plugins: listed.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
          problems,
          trust: {
            digest,
            hooks: ids,
            decision: isGiven ? withoutFiles(decision) : null,
            outdated: decision !== null && !isGiven,
            changed: isGiven ? [] : changedFiles(decision, files)
          },
          read: work.reads
        }
        return { list, files }
      })

      const list = Effect.fn("Hooks.list")((query: HookQuery) => Effect.map(look(query), ({ list }) => list))

      /** A file of decisions that cannot be believed decides nothing. */
      const decided = Effect.fnUntraced(function* (work: Work, projectPath: string, problems: Array<HookProblem>) {
        const found = yield* decisions(work, options.trustFile)
        if (Either.isRight(found)) return found.right.find((decision) => decision.projectPath === projectPath) ?? null
        problems.push({ severity: "error", path: options.trustFile, line: null, key: null, message: found.left.message })
        return null
      })

      const trust = Effect.fn("Hooks.trust")(function* ({ digest, ...query }: HookQuery & { readonly digest: string }) {
        const { files, list: now } = yield* look(query)
        if (now.trust.digest === null || now.trust.digest !== digest) {
          return yield* new HookContentChanged({
            projectPath: now.projectPath,
            message: `what would run in ${now.projectPath} is not what was shown any more; nothing was trusted. Look again: \`han trust\``
          })
        }
        const decision: TrustDecision = {
          projectPath: now.projectPath,
          digest,
          trustedAt: Date.now(),
          hooks: now.hooks.filter(({ id }) => now.trust.hooks.includes(id)).map(({ command, id }) => ({ id, command }))
        }
        yield* writeDecision(options.trustFile, { ...decision, files: Object.fromEntries(files) })
        return decision
      })

      return {
        list,
        trust,
        revoke: Effect.fn("Hooks.revoke")((projectPath: string) => removeDecision(options.trustFile, realPath(projectPath) ?? path.resolve(projectPath))),
        decisions: Effect.map(readDecisions(options.trustFile), (all) => all.map(withoutFiles))
      }
    })
  )

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
