import { readFileSync, renameSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { keyOf } from "../../plugins/pluginKey.ts"
import { canonicalJson, isObject, object } from "../../text/json.ts"
import { type ClosedGate, gatesIn } from "../ClosedGates.ts"
import type { HookProblem } from "../Hook.ts"
import type { HookOutcome } from "../HookOutcome.ts"
import type { HookList } from "../Hooks.ts"
import { outcomeWithout } from "./hookCommand.ts"

/** A gate that nobody can run, because a file that says what it is cannot be read. `why`: what is wrong with the file. */
export interface HiddenGate extends ClosedGate {
  readonly why: string
}

/**
 * Notes the gates of which the agent is blocked while nobody runs them, in a file for programs that find nobody: by project, then by the configuration folder that the
 * call named, "" for none and for several: `{ "/project": { "": [{ "event": "Stop", … }] } }`. A folder without such gates has an empty list where others have some; a
 * project without any is left out. What stood there stays when one of its files cannot be read any more, until it can: these gates are given back, and are shut.
 * The file is written when it changes; that it cannot be is logged, and the hooks are run all the same.
 */
export const failClosedIndex = (file: string): ((list: HookList, folder: string | undefined) => Effect.Effect<ReadonlyArray<HiddenGate>>) => {
  const projects = new Map<string, Map<string, ReadonlyArray<ClosedGate>>>()
  for (const [project, noted] of Object.entries(object(readOrNothing(file)) ?? {})) projects.set(project, foldersOf(noted))
  let isWritten = true
  return (list, folder) =>
    Effect.suspend(() => {
      const { projectPath } = list
      const folders = projects.get(projectPath) ?? new Map<string, ReadonlyArray<ClosedGate>>()
      const name = folder?.includes(",") === true ? "" : (folder ?? "")
      const now = gatesOf(list)
      const kept = (folders.get(name) ?? []).flatMap((gate) => {
        const why = now.some((one) => one.hook === gate.hook && one.event === gate.event) ? null : whyHidden(gate, list)
        return why === null ? [] : [{ gate, why }]
      })
      const before = folders.get(name)
      const noted = inOrder([...now, ...kept.map(({ gate }) => gate)])
      // Most calls have nothing new to note.
      if (before === undefined ? folders.size > 0 || noted.length > 0 : canonicalJson(before) !== canonicalJson(noted)) {
        folders.set(name, noted)
        if ([...folders.values()].some((each) => each.length > 0)) projects.set(projectPath, folders)
        else projects.delete(projectPath)
        isWritten = false
      }
      // What is there is run, whatever else is not known of it.
      const hidden = kept.flatMap(({ gate, why }) => (list.hooks.some(({ id }) => id === gate.hook) ? [] : [{ ...gate, why }]))
      if (isWritten) return Effect.succeed(hidden)
      return Effect.try({
        try: () => {
          const temporary = `${file}.${process.pid}.tmp`
          writeFileSync(temporary, textOf(projects), { mode: 0o600 })
          renameSync(temporary, file)
          isWritten = true
        },
        catch: (cause) => `${file} cannot be written, so hooks with on_error: closed do not block while no coordinator runs (${String(cause)})`
      }).pipe(
        Effect.catchAll((message) => Effect.logWarning(message)),
        Effect.as(hidden)
      )
    })
}

/** Says at an event that the gate guards why it is shut. */
export const hiddenOutcome = ({ hook, why }: HiddenGate, tree: string): HookOutcome => {
  const [plugin = "", name = ""] = hook.split("/")
  return {
    ...outcomeWithout({ id: hook, plugin: plugin.split("@")[0] ?? plugin, name, onError: "closed" }, tree),
    status: "broken",
    reason: { code: "refused", text: hiddenText(why) }
  }
}

export const hiddenText = (why: string): string => `it was closed before (on_error), and stays so until its file can be read again: ${why}`

const gatesOf = ({ hooks, plugins }: HookList): ReadonlyArray<ClosedGate> =>
  hooks
    .filter((hook) => hook.enabled && hook.trust.state === "trusted" && hook.onError === "closed")
    .flatMap((hook) => {
      const settings = plugins.flatMap((plugin) => (keyOf(plugin) === keyOf({ name: hook.plugin, marketplace: hook.marketplace }) ? [plugin.settings] : []))
      const files = [...new Set([hook.file, ...hook.changedBy, ...settings])]
      return hook.triggers.map(({ event, values }): ClosedGate => ({ event, values, filter: hook.toolFilter, hook: hook.id, files }))
    })

/** The error of the file that hides a gate; null when it was taken away, or changed, by files that can be read. */
const whyHidden = ({ files, hook }: ClosedGate, { hooks, plugins, problems }: HookList): string | null => {
  const known = hooks.find(({ id }) => id === hook)
  if (known !== undefined && (!known.enabled || known.trust.state !== "trusted")) return null
  const [plugin = "", name = ""] = hook.split("/")
  const isLost = plugins.some((one) => one.enabled && one.root === null && keyOf(one) === plugin)
  const isAbout = ({ key, path: at, severity }: HookProblem) =>
    severity === "error" &&
    ((files.includes(at) && (at !== files[0] || key === null || key === "hooks" || `${key}.`.startsWith(`hooks.${name}.`))) ||
      (isLost && ofMarketplaces.has(path.basename(at))))
  return problems.find(isAbout)?.message ?? null
}
const ofMarketplaces = new Set(["marketplace.json", "known_marketplaces.json", "installed_plugins.json"])

/** Reads the gates by folder; a list is of before there were folders. */
const foldersOf = (noted: unknown): Map<string, ReadonlyArray<ClosedGate>> =>
  new Map((isObject(noted) ? Object.entries(noted) : [["", noted] as const]).map(([folder, gates]) => [folder, gatesIn(gates)]))

const textOf = (projects: ReadonlyMap<string, ReadonlyMap<string, ReadonlyArray<ClosedGate>>>): string =>
  `${JSON.stringify(sorted(new Map([...projects].map(([project, folders]) => [project, sorted(folders)]))), null, 2)}\n`

const sorted = <A>(all: ReadonlyMap<string, A>): Readonly<Record<string, A>> => Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)))

const inOrder = (gates: ReadonlyArray<ClosedGate>): ReadonlyArray<ClosedGate> =>
  [...new Map(gates.map((gate) => [canonicalJson(gate), gate])).entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, gate]) => gate)

/** Reads a file; one that is broken is written anew. */
const readOrNothing = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, "utf8"))
  } catch {
    return null
  }
}
