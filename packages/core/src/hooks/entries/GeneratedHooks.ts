import { existsSync, readdirSync } from "node:fs"
import * as path from "node:path"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { JsonFileBroken, JsonFileUnreadable, JsonFileUnwritable } from "../../files/JsonFile.ts"
import { editPlanned, type JsonPlan } from "../../files/jsonPlan.ts"
import { readWhole } from "../../files/wholeFile.ts"
import { maxYamlBytes, parseYaml, type YamlFile } from "../../files/yamlFile.ts"
import { realPath } from "../../plugins/pluginPlaces.ts"
import { array, canonicalJson, type JsonObject, object, text } from "../../text/json.ts"
import { waitAt } from "../ClientWaits.ts"
import { hanPluginFile, hooksIn } from "../definition/hanPluginFile.ts"
import { PluginFolderInvalid } from "../definition/PluginCheck.ts"
import { type HandlerPlace, handlersIn, hanHookCall, takeOut } from "../definition/settingsHookEntries.ts"
import type { HookDefinition, HookProblem } from "../Hook.ts"
import { hookEventNames, refusalOf } from "../HookEvents.ts"
import { common, isOfTools, matcherOf } from "../HookMatcher.ts"

/** An entry that a plugin's hooks need: Claude Code calls han, which runs all that is due. */
export interface GeneratedEntry {
  readonly event: string
  readonly command: string
  /** The matcher: tools, a source, files to watch; null for all. */
  readonly matcher: string | null
  readonly async: boolean
  /** Null: Claude Code's own limit. */
  readonly timeoutSeconds: number | null
}

/** The state of a plugin's `hooks/hooks.json`. */
export interface GeneratedHooks {
  readonly root: string
  readonly file: string
  /** `current`: as it should be · `written`: it is now · `stale`: it is not, and nothing was written · `broken`: han-plugin.yml has errors, nothing was written. */
  readonly state: "current" | "written" | "stale" | "broken"
  readonly entries: ReadonlyArray<GeneratedEntry>
  /** Commands of earlier forms that are, or would be, gone. */
  readonly replaced: ReadonlyArray<string>
  readonly problems: ReadonlyArray<HookProblem>
}

/** `hooks/hooks.json` is broken, or cannot be read or written. It is as it was. */
export type GeneratedHooksError = PluginFolderInvalid | JsonFileBroken | JsonFileUnreadable | JsonFileUnwritable

/**
 * Makes `hooks/hooks.json` of a plugin agree with its `han-plugin.yml`: one entry for each event that its hooks name. What han did not generate stays as it is;
 * entries of earlier forms (`han hook run PLUGIN HOOK`, `han hook dispatch EVENT`) are replaced. With `check` nothing is written.
 */
export const generate: (folder: string, options: { readonly check: boolean }) => Effect.Effect<GeneratedHooks, GeneratedHooksError> = Effect.fn(
  "GeneratedHooks.generate"
)(function* (folder, options) {
  const root = realPath(folder)
  if (root === null) return yield* new PluginFolderInvalid({ path: folder, message: `${folder} is no folder that can be looked into` })
  const { definition, problems } = yield* readDefinition(root)
  const file = path.join(root, "hooks", "hooks.json")
  if (definition === null || problems.some(({ severity }) => severity === "error")) {
    return { root, file, state: "broken", entries: [], replaced: [], problems } satisfies GeneratedHooks
  }
  const { hooks, isAsync } = definition
  const entries = entriesOf(hooks, isAsync)
  const { changes, made } = yield* editPlanned(file, options.check, (plan) => Effect.sync(() => ({ replaced: rewrite(plan, entries) })))
  const state = !changes ? "current" : options.check ? "stale" : "written"
  return { root, file, state, entries, replaced: changes ? made.replaced : [], problems } satisfies GeneratedHooks
})

/** The folders with a `han-plugin.yml` below one, by name. Links, hidden folders and `node_modules` are not looked into, nor what lies in a plugin. */
export const pluginFoldersBelow = (folder: string): Effect.Effect<ReadonlyArray<string>, PluginFolderInvalid> =>
  Effect.suspend(() => {
    const root = realPath(folder)
    if (root === null) return Effect.fail(new PluginFolderInvalid({ path: folder, message: `${folder} is no folder that can be looked into` }))
    const found: Array<string> = []
    const look = (at: string, depth: number): void => {
      if (existsSync(path.join(at, hanPluginFile))) return void found.push(at)
      if (depth === deepest) return
      for (const entry of readdirSync(at, { withFileTypes: true })) {
        if (entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules") look(path.join(at, entry.name), depth + 1)
      }
    }
    try {
      look(root, 0)
    } catch (cause) {
      return Effect.fail(new PluginFolderInvalid({ path: root, message: `${root} cannot be looked into: ${cause instanceof Error ? cause.message : cause}` }))
    }
    return found.length > 0
      ? Effect.succeed(found.sort())
      : Effect.fail(new PluginFolderInvalid({ path: root, message: `${root} holds no plugin with a ${hanPluginFile}` }))
  })

const deepest = 6

/** `sync: false` is the standard, too: only the file itself says whether somebody wrote it. */
interface Definition {
  readonly hooks: ReadonlyArray<HookDefinition>
  readonly isAsync: (hook: HookDefinition) => boolean
}

const readDefinition = Effect.fnUntraced(function* (root: string) {
  const file = path.join(root, hanPluginFile)
  const found = yield* Effect.mapError(readWhole(file, maxYamlBytes), ({ message }) => new PluginFolderInvalid({ path: root, message }))
  if (found === null) {
    return yield* new PluginFolderInvalid({ path: root, message: `${root} has no ${hanPluginFile}: there is nothing to make hooks/hooks.json of` })
  }
  const parsed = yield* parseYaml(file, found.bytes)
  if (Either.isLeft(parsed)) {
    const { line, why } = parsed.left
    const problem: HookProblem = { severity: "error", path: file, line, key: null, message: `${file}${line === null ? "" : `, line ${line}`}: ${why}` }
    return { definition: null, problems: [problem] }
  }
  const { hooks, problems } = hooksIn(parsed.right)
  return { definition: { hooks, isAsync: saysAsync(parsed.right) } satisfies Definition, problems }
})

const saysAsync =
  (file: YamlFile) =>
  ({ name }: HookDefinition): boolean =>
    object(object(file.value.hooks)?.[name])?.sync === false

const entriesOf = (hooks: ReadonlyArray<HookDefinition>, isAsync: (hook: HookDefinition) => boolean): ReadonlyArray<GeneratedEntry> =>
  // One that Claude Code does not know could make it refuse the whole file.
  hookEventNames
    .filter((event) => refusalOf(event) === null)
    .flatMap((event) => {
      // One whose tools leave nothing over never runs.
      const due = hooks.flatMap((hook) => {
        const values = valuesOf(hook, event)
        return values === "never" ? [] : [{ hook, values }]
      })
      if (due.length === 0) return []
      const async = due.every(({ hook }) => isAsync(hook))
      return [
        {
          event,
          // The answer has another form when Claude Code does not wait for it.
          command: `han hook run ${event}${async ? " --async" : ""}`,
          matcher: matcherOf(
            event,
            due.map(({ values }) => values)
          ),
          async,
          timeoutSeconds: timeoutOf(
            event,
            due.map(({ hook }) => hook)
          )
        }
      ]
    })

/** Names what the event must be about for the hook to be due; null for all. */
const valuesOf = (hook: HookDefinition, event: string): ReadonlyArray<string> | null | "never" => {
  const triggers = hook.triggers.filter((trigger) => trigger.event === event)
  if (triggers.length === 0) return "never"
  const named = triggers.some(({ values }) => values === null) ? null : triggers.flatMap(({ values }) => values ?? [])
  const toolFilter = isOfTools(event) ? hook.toolFilter : null
  if (named === null || toolFilter === null) return named ?? toolFilter
  const both = common(event, named, toolFilter)
  return both.length === 0 ? "never" : both
}

const slackSeconds = 30

/** Other plugins have the same command, which is run once for all of them: a limit below Claude Code's own would end theirs, too, and is not written. */
const timeoutOf = (event: string, hooks: ReadonlyArray<HookDefinition>): number | null => {
  const seconds = hooks.flatMap(({ timeout }) => (timeout === null ? [] : [Duration.toSeconds(timeout)]))
  if (seconds.length < hooks.length) return null
  const longest = Math.ceil(Math.max(...seconds)) + slackSeconds
  return longest > waitAt(event) / 1000 ? longest : null
}

const groupOf = ({ command, matcher, timeoutSeconds, ...entry }: GeneratedEntry): JsonObject => ({
  ...(matcher === null ? {} : { matcher }),
  hooks: [
    {
      type: "command",
      command,
      ...(timeoutSeconds === null ? {} : { timeout: timeoutSeconds }),
      ...(entry.async ? { async: true } : {})
    }
  ]
})

/** Tells whether han generated it, in this form or an earlier one. */
const isGenerated = ({ handler }: HandlerPlace): boolean => (handler.type === "command" || handler.type === undefined) && hanHookCall(handler.command) !== null

/** Leaves an entry that is right already where it is. The commands that are gone. */
const rewrite = (plan: JsonPlan, entries: ReadonlyArray<GeneratedEntry>): ReadonlyArray<string> => {
  const wanted = new Map(entries.map((entry) => [entry.event, groupOf(entry)]))
  const groupAt = (event: string, group: number): unknown => array(object(plan.value.hooks)?.[event])[group]
  const right = new Map<string, number>()
  for (const { event, group } of handlersIn(plan.value).filter(isGenerated)) {
    if (!right.has(event) && wanted.has(event) && canonicalJson(groupAt(event, group)) === canonicalJson(wanted.get(event))) right.set(event, group)
  }
  const taken = takeOut(
    plan,
    (place) => isGenerated(place) && right.get(place.event) !== place.group,
    // An empty `hooks` is what Claude Code expects of such a file.
    (names) => names.length === 1 || wanted.has(names[1] ?? "")
  )
  for (const [event, group] of wanted) {
    if (!right.has(event)) plan.apply({ path: ["hooks", event, array(object(plan.value.hooks)?.[event]).length], value: group })
  }
  return taken.flatMap(({ handler }) => text(handler.command) ?? [])
}
