import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as ClaudeFolders from "han-core/ClaudeFolders"
import type { ClientHook } from "han-core/Hook"
import * as HookSettings from "han-core/HookSettings"
import { type HookList, Hooks } from "han-core/Hooks"
import * as PluginFiles from "han-core/PluginFiles"
import { Plugins } from "han-core/Plugins"
import { type ClientEntriesPlace, type ClientEntriesWanted, type EntryChange, isOwn, isThere, notedProjects, write } from "han-core/unstable/ClientEntries"
import { doubleCalls, doubleText, mayRun, neededAt, waitingInVain } from "han-core/unstable/HookCallers"
import { claudeFolder } from "../coordinator/ClaudeFolder.ts"
import { hanProgram } from "../coordinator/HanProgram.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { canBeRun } from "./HookPrograms.ts"
import { hookQuery } from "./ProjectFolder.ts"

/** Plugins and hooks as the files have them for the configuration that this person uses: no coordinator is asked. */
export const layerFiles = (host: CliEnvironment): Layer.Layer<Hooks | Plugins> =>
  Layer.merge(PluginFiles.layer, HookSettings.layerSettings({ trustFile: join(host.home, "trust.json") })).pipe(
    Layer.provide(ClaudeFolders.layer({ folders: [claudeFolder(host)], managed: ClaudeFolders.managedSettings(process.platform) }))
  )

/** The settings that Claude Code's calls of han stand in. */
export const placeOf = (host: CliEnvironment, dry: boolean): ClientEntriesPlace => ({
  settings: ClaudeFolders.settingsFile("user", claudeFolder(host)),
  record: join(host.home, "setup.json"),
  dry
})

/** No project: what a repository enables has no say there. */
const nowhere = "/"

/**
 * The hooks wherever han may run some: the user's own, those of the project that is asked about (the current one if absent), of every repository that was trusted, and
 * of every project that Claude Code has installed a plugin for, or that had entries added before. `notes`: what could not be looked at; `isWhole`: nothing was left out.
 */
export const situations = (host: CliEnvironment, project?: string) =>
  Effect.gen(function* () {
    const hooks = yield* Hooks
    const decided = yield* Effect.either(hooks.decisions)
    // The files are read in this process, so somebody answers.
    const { plugins } = yield* Effect.orDie((yield* Plugins).list({}))
    const asked = hookQuery(project, host).projectPath
    const others = [
      ...(Either.isRight(decided) ? decided.right.map(({ projectPath }) => projectPath) : []),
      ...plugins.flatMap(({ projectPath }) => projectPath ?? [])
    ]
    const noted = yield* Effect.either(notedProjects(placeOf(host, false)))
    const lists: Array<HookList> = []
    let isWhole = Either.isRight(decided) && Either.isRight(noted)
    for (const projectPath of new Set([nowhere, asked, ...others, ...(Either.isRight(noted) ? noted.right : [])])) {
      const found = yield* Effect.either(hooks.list({ projectPath }))
      // A project that is gone has no sessions, and one that is not mounted may come back.
      if (Either.isLeft(found)) isWhole = false
      else if (!lists.some((list) => list.projectPath === found.right.projectPath)) lists.push(found.right)
    }
    const errors = lists.flatMap(({ problems }) => problems.flatMap(({ message, severity }) => (severity === "error" ? [message] : [])))
    const notes = [
      ...(Either.isLeft(decided) ? [`which repositories are trusted is not known: ${decided.left.message}`] : []),
      ...new Set(errors),
      ...(errors.length === 0 ? [] : ["no entry is taken out while not everything can be read"])
    ]
    return { lists, notes, isWhole: isWhole && errors.length === 0 }
  })

type Situations = Effect.Effect.Success<ReturnType<typeof situations>>

/** Makes the request for `ClientEntries.write`. */
export const wantedBy = (
  { isWhole, lists }: Situations,
  host: CliEnvironment,
  { corrects, events, settings }: { readonly corrects: boolean; readonly events: ReadonlyArray<string>; readonly settings: string }
): ClientEntriesWanted => ({
  events,
  needed: neededIn(lists, settings, host),
  projects: lists.filter((list) => list.projectPath !== nowhere && list.hooks.some(mayRun)).map(({ projectPath }) => projectPath),
  program: hanProgram(host),
  corrects,
  isWhole
})

/** Collects what the hooks of all these places need of the user's settings. */
const neededIn = (lists: ReadonlyArray<HookList>, settings: string, host: CliEnvironment): ReadonlyMap<string, ReadonlyArray<string> | null> => {
  const needed = new Map<string, ReadonlyArray<string> | null>()
  for (const list of lists) {
    // What a plugin's entry names may not be there, on this machine or for Claude Code.
    const isVain = (entry: ClientHook) => entry.plugin !== null && !canBeRun(entry, { host, projectPath: list.projectPath, port: undefined })
    for (const [event, names] of neededAt(list, (entry) => isOwn(settings)(entry) || isVain(entry))) {
      const before = needed.get(event)
      needed.set(event, before === null || names === null ? null : [...new Set([...(before ?? []), ...names])].sort())
    }
  }
  return needed
}

/** Lists what keeps hooks from being asked, and what has them asked several times, each once. */
export const faultsIn = (lists: ReadonlyArray<HookList>): { readonly vain: ReadonlyArray<string>; readonly doubles: ReadonlyArray<string> } => ({
  vain: [...new Set(lists.flatMap((list) => waitingInVain(list)))],
  doubles: [...new Set(lists.flatMap(({ client, clientHooks }) => doubleCalls(clientHooks, client.ignored).map(doubleText)))]
})

/** The change of the user's settings that followed a change of plugins or trust. */
export interface Followed {
  /** False: `han setup` was not done there, and nothing was written. */
  readonly isSetUp: boolean
  /** The entries that were added, changed and removed. */
  readonly entries: ReadonlyArray<EntryChange>
  readonly file: string
  /** Notes for people about files that could not be looked at or written. */
  readonly notes: ReadonlyArray<string>
  /** As the files are now. */
  readonly lists: ReadonlyArray<HookList>
}

/** Makes the entries of `han setup`, where they are, agree with the hooks that there are now. */
export const follow = (host: CliEnvironment, project?: string): Effect.Effect<Followed, never, Hooks | Plugins> =>
  Effect.gen(function* () {
    const place = placeOf(host, false)
    const found = yield* situations(host, project)
    const { lists, notes } = found
    const none = { isSetUp: false, entries: [], file: place.settings, notes, lists }
    const done = yield* Effect.either(
      Effect.gen(function* () {
        if (!(yield* isThere(place.settings))) return null
        return yield* write(place, wantedBy(found, host, { events: [], corrects: false, settings: place.settings }))
      })
    )
    if (Either.isLeft(done)) return { ...none, notes: [...notes, `the entries of Claude Code could not be brought up to date: ${done.left.message}`] }
    if (done.right === null) return none
    const entries = done.right.entries.filter(({ change }) => change !== "kept")
    const now = entries.length === 0 ? lists : (yield* situations(host, project)).lists
    return { isSetUp: true, entries, file: place.settings, notes: [...notes, ...done.right.notes], lists: now }
  })

/** A line for each kind of change. */
export const followedText = ({ entries, file }: Followed): string => {
  const events = (...changes: ReadonlyArray<EntryChange["change"]>) => [
    ...new Set(entries.filter(({ change }) => changes.includes(change)).map(({ event }) => event))
  ]
  const line = (words: string, named: ReadonlyArray<string>) => (named.length === 0 ? "" : `${words} ${named.join(", ")} (${file}).\n`)
  return line("Claude Code calls han from now on at", events("added", "changed")) + line("Claude Code need not call han any more at", events("removed"))
}
