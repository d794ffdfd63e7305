import { keyOf } from "../../plugins/pluginKey.ts"
import type { HookDefinition, HookPlugin } from "../Hook.ts"
import { type HookChange, type HookChanges, mayRunMore } from "./hookChanges.ts"

/** Tells whether a change is meant for this plugin: by its key, its name, or another name of it. */
export const isFor = (change: HookChange, plugin: { readonly name: string; readonly marketplace: string; readonly aliases: ReadonlyArray<string> }): boolean =>
  change.plugin === keyOf(plugin) || change.plugin === plugin.name || plugin.aliases.includes(change.plugin)

/** A hook as all files of settings together leave it. `files`: the weakest first. */
export const applyChanges = (definition: HookDefinition, plugin: HookPlugin, files: ReadonlyArray<HookChanges>) => {
  let hook = definition
  let disabledBy: string | null = null
  const changedBy: Array<string> = []
  const untrustedBy: Array<string> = []
  for (const { changes, file, off, source } of files) {
    const mine = changes.filter((change) => isFor(change, plugin) && (change.hook === null || change.hook === definition.name))
    // What is said of the hook itself is stronger than what is said of its plugin.
    for (const change of [...mine].sort((a, b) => Number(a.hook !== null) - Number(b.hook !== null))) {
      if (source !== "user" && mayRunMore(hook, change.set)) untrustedBy.push(file.path)
      hook = { ...hook, ...change.set }
      if (change.set.enabled !== undefined) disabledBy = change.set.enabled ? null : file.path
      changedBy.push(file.path)
    }
    if (off) {
      hook = { ...hook, enabled: false }
      disabledBy = file.path
      changedBy.push(file.path)
    }
  }
  const off = files.find((one) => one.off)
  if (off !== undefined) {
    hook = { ...hook, enabled: false }
    disabledBy = off.file.path
  }
  return { hook, disabledBy, changedBy: [...new Set(changedBy)], untrustedBy: [...new Set(untrustedBy)] }
}
