import { keyOf } from "../../plugins/pluginKey.ts"
import type { Hook, HookDependency, HookPhase } from "../Hook.ts"
import type { HookReason } from "../HookOutcome.ts"

/** The hooks of a call with those that they depend on, and what has to wait for what. */
export interface HookGraph {
  /** The hooks that were asked for and those that they depend on, each before the ones that wait for it. */
  readonly hooks: ReadonlyArray<Hook>
  /** The hooks that must have passed before, by the id of the one that waits. */
  readonly dependencies: ReadonlyMap<string, ReadonlyArray<string>>
  /** The reason why a hook cannot be run: one that it depends on is missing, untrusted, or depends on it. */
  readonly broken: ReadonlyMap<string, HookReason>
}

export const hookGraph = (asked: ReadonlyArray<Hook>, all: ReadonlyArray<Hook>): HookGraph => {
  const hooks: Array<Hook> = []
  const dependencies = new Map<string, ReadonlyArray<string>>()
  const broken = new Map<string, HookReason>()
  const way: Array<string> = []
  const visit = (hook: Hook): void => {
    if (dependencies.has(hook.id)) return
    const circle = way.indexOf(hook.id)
    if (circle !== -1) {
      const text = `these hooks wait for each other: ${[...way.slice(circle), hook.id].join(" → ")}; take one depends_on out`
      for (const id of way.slice(circle)) broken.set(id, { code: "cycle", text })
      return
    }
    way.push(hook.id)
    const needed: Array<string> = []
    for (const dependency of hook.dependsOn) {
      const found = meant(dependency, hook, all)
      if (found === undefined) {
        if (!dependency.optional) {
          broken.set(hook.id, {
            code: "dependency",
            text: `it depends on ${dependency.plugin}/${dependency.hook}, which no enabled plugin has: enable the plugin, or mark the dependency as optional`
          })
        }
        continue
      }
      // What was switched off was switched off for those who wait for it, too.
      if (!found.enabled) continue
      if (found.trust.state !== "trusted") {
        if (!dependency.optional) broken.set(hook.id, { code: "dependency", text: `it depends on ${found.id}, which is not trusted: \`han trust\`` })
        continue
      }
      visit(found)
      if (dependency.optional && broken.get(found.id)?.code === "dependency") continue
      needed.push(found.id)
    }
    way.pop()
    dependencies.set(hook.id, needed)
    hooks.push(hook)
  }
  for (const hook of asked) visit(hook)
  return { hooks, dependencies, broken }
}

/** Prefers, of plugins with this name, the one of the same marketplace. */
const meant = (dependency: HookDependency, dependent: Hook, all: ReadonlyArray<Hook>): Hook | undefined => {
  const found = all.filter((hook) => hook.name === dependency.hook && isOf(hook, dependency.plugin))
  return found.find(({ marketplace }) => marketplace === dependent.marketplace) ?? found[0]
}

/** Tells whether a hook is one of the plugin that is called so: by its name, `name@marketplace`, or another name of it. */
export const isOf = (hook: Hook, plugin: string): boolean =>
  hook.plugin === plugin || keyOf({ name: hook.plugin, marketplace: hook.marketplace }) === plugin || hook.aliases.includes(plugin)

const ranks: Readonly<Record<HookPhase, number>> = { format: 0, lint: 1, typecheck: 1, build: 2, test: 3 }
/** Hooks that say no phase are of the one that they are called after. */
const ranksOfNames: ReadonlyMap<string, number> = new Map([...Object.entries(ranks), ["fmt", ranks.format], ["test-changed", ranks.test]])

/** Null: it belongs to no phase, and waits for none. */
const rankOf = (hook: Hook): number | null => (hook.phase === null ? (ranksOfNames.get(hook.name) ?? null) : ranks[hook.phase])

/**
 * Finds the hooks that each waits for beside its dependencies: those of earlier phases that are about the same files. Where a dependency says the opposite, it holds.
 * `isAboutTheSame` is asked for pairs of different phases alone.
 */
export const phaseOrder = (graph: HookGraph, isAboutTheSame: (a: Hook, b: Hook) => boolean): ReadonlyMap<string, ReadonlyArray<string>> => {
  const edges = new Map([...graph.dependencies].map(([id, needed]) => [id, [...needed]]))
  const waits = (id: string, other: string, seen: Set<string>): boolean =>
    id === other ||
    (edges.get(id) ?? []).some((next) => {
      if (seen.has(next)) return false
      seen.add(next)
      return waits(next, other, seen)
    })
  const order = new Map<string, Array<string>>()
  for (const hook of graph.hooks) {
    const rank = rankOf(hook)
    const before = rank === null ? [] : graph.hooks.filter((other) => (rankOf(other) ?? rank) < rank)
    for (const other of before) {
      if (graph.broken.has(hook.id) || graph.broken.has(other.id) || waits(other.id, hook.id, new Set()) || !isAboutTheSame(hook, other)) continue
      order.set(hook.id, [...(order.get(hook.id) ?? []), other.id])
      edges.get(hook.id)?.push(other.id)
    }
  }
  return order
}
