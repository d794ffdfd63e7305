import { existsSync } from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Work } from "../../files/keptReads.ts"
import { isWithin } from "../../plugins/pluginContent.ts"
import type { ProjectTree } from "../../worktree/projectTree.ts"
import { isTaken } from "../definition/HookCallers.ts"
import { environmentOf } from "../definition/hookEnvironment.ts"
import { matcher } from "../definition/hookGlobs.ts"
import { type HookGraph, hookGraph, isOf, phaseOrder } from "../definition/hookGraph.ts"
import { clientCall } from "../definition/settingsHookEntries.ts"
import { type Hook, type HookProblem, takesFiles, triggerText } from "../Hook.ts"
import { type HookCall, HookCallInvalid } from "../HookCall.ts"
import { isMeant, matchedField, matches, standsFor } from "../HookMatcher.ts"
import type { HookReason } from "../HookOutcome.ts"
import type { HookList, Hooks } from "../Hooks.ts"
import type { directorySettings } from "./directorySettings.ts"
import { hookQuery, treeOf } from "./HookProject.ts"
import { type HookDeciding, type HookTarget, inTree, withoutLinks } from "./hookDecision.ts"
import { filesIn, hookDirectories } from "./hookDirectories.ts"
import { type HookPayload, payloadOf } from "./hookPayload.ts"
import { goesOnWithout } from "./hookWait.ts"

/** The plan of a call: its hooks, their order and the directories where they run. */
export interface Planned {
  readonly call: HookCall
  readonly payload: HookPayload
  readonly list: HookList
  /** The client goes on without the answer, and hands it on later. */
  readonly isAsync: boolean
  /** Null when no hook is for this call: nobody has looked at the files then. */
  readonly tree: ProjectTree | null
  readonly treePath: string
  /** Hooks for this event that are not run, with the reason: wherever, or in one directory. */
  readonly skipped: ReadonlyArray<{ readonly hook: Hook; readonly directory: string | null; readonly reason: HookReason }>
  readonly graph: HookGraph
  /** By the id of a hook: those of earlier phases that it waits for. */
  readonly order: ReadonlyMap<string, ReadonlyArray<string>>
  readonly targets: ReadonlyMap<string, ReadonlyArray<HookTarget>>
}

export interface Planning {
  readonly hooks: typeof Hooks.Service
  readonly deciding: HookDeciding
  readonly settingsOf: ReturnType<typeof directorySettings>
}

export const planOf = Effect.fnUntraced(function* ({ deciding, hooks, settingsOf }: Planning, call: HookCall, work: Work) {
  const told = yield* Either.match(payloadOf(call), { onLeft: (error) => Effect.fail(error), onRight: Effect.succeed })
  const payload: HookPayload = call.trial === true ? { ...told, sessionId: null } : told
  const query = hookQuery({ cwd: payload.cwd, environment: call.environment })
  const list = yield* hooks.list(query)
  const { chosen, skipped } = yield* selected(list, payload, call)
  const treePath = treePathOf(list.projectPath, payload)
  const graph = hookGraph(chosen, list.hooks)
  const none = { call, payload, list, isAsync: goesOnWithout(call, payload, list), treePath, skipped, graph }
  if (chosen.length === 0) return { ...none, tree: null, order: new Map(), targets: new Map() } satisfies Planned
  const tree = yield* deciding.treeAt(treePath, work)
  const targets = new Map<string, ReadonlyArray<HookTarget>>()
  const problems: Array<HookProblem> = []
  for (const hook of graph.hooks) {
    const settled = yield* settingsOf(targetsOf(hook, tree, payload, list.projectPath, call), work, problems)
    targets.set(
      hook.id,
      settled.flatMap((one) => ("target" in one ? [one.target] : []))
    )
    for (const one of settled) if (!("target" in one)) skipped.push({ hook, directory: one.directory, reason: one.reason })
  }
  const order = phaseOrder(graph, (a, b) => (targets.get(a.id) ?? []).some((one) => (targets.get(b.id) ?? []).some((other) => isAboutTheSame(one, other))))
  return { ...none, list: { ...list, problems: [...list.problems, ...problems] }, tree, order, targets } satisfies Planned
})

/** The worktree of the file that a tool is about, else the one that the agent works in. */
const treePathOf = (projectPath: string, { cwd, toolFiles }: HookPayload): string => {
  const [file] = toolFiles.map(withoutLinks)
  const ofFile = file === undefined ? null : folderOf(file)
  const found = ofFile === null ? projectPath : treeOf(projectPath, ofFile)
  return found !== projectPath || (file !== undefined && isWithin(projectPath, file)) ? found : treeOf(projectPath, cwd)
}

/** The nearest folder of a file that is there. */
const folderOf = (file: string): string => {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) if (existsSync(folder) || folder === path.dirname(folder)) return folder
}

const selected = (list: HookList, payload: HookPayload, call: HookCall) =>
  Effect.gen(function* () {
    const { only } = call
    const named = only === null ? list.hooks : list.hooks.filter((hook) => hook.name === only.hook && isOf(hook, only.plugin))
    if (only !== null && named.length === 0) {
      const others = list.hooks.map((hook) => `${hook.plugin} ${hook.name}`)
      const known = others.length === 0 ? "no enabled plugin has any" : `there are ${others.slice(0, 20).join(", ")}${others.length > 20 ? ", …" : ""}`
      return yield* new HookCallInvalid({
        message: `no plugin that is enabled in ${list.projectPath} has a hook ${only.plugin}/${only.hook}; ${known}. \`han hook list\` shows them${brokenIn(list)}`
      })
    }
    const chosen: Array<Hook> = []
    const skipped: Array<Planned["skipped"][number]> = []
    for (const hook of named) {
      const reason = whyNot(hook, list, payload, call)
      if (reason === null) chosen.push(hook)
      else skipped.push({ hook, directory: null, reason })
    }
    return { chosen, skipped }
  })

/** Names the faults that may be why a hook is not there. */
const brokenIn = ({ problems }: HookList): string => {
  const errors = problems.filter(({ severity }) => severity === "error").map(({ message }) => message)
  return errors.length === 0 ? "" : `. Not everything can be read: ${errors.slice(0, 5).join("; ")}`
}

const whyNot = (hook: Hook, list: HookList, payload: HookPayload, { only }: HookCall): HookReason | null => {
  const { event, matched, toolName } = payload
  const triggers = hook.triggers.filter((trigger) => trigger.event === event)
  if (only === null && triggers.length === 0)
    return { code: "event", text: `it is for ${[...new Set(hook.triggers.map((trigger) => trigger.event))].join(", ")}` }
  if (!hook.enabled) return { code: "off", text: hook.disabledBy === null ? `${hook.file} has it switched off` : `${hook.disabledBy} switches it off` }
  if (hook.trust.state !== "trusted") return { code: "untrusted", text: `${hook.trust.why}: \`han trust\` shows it and lets it run` }
  if (only === null && !triggers.some((trigger) => isMeant(trigger, matched))) {
    const one = matched === "" ? `this one has no ${matchedField(event ?? "")?.name}` : `this one is ${matched}`
    return { code: "matcher", text: `it is for ${triggers.map(triggerText).join(", ")}, ${one}` }
  }
  if (only === null && toolName !== null && hook.toolFilter !== null && !hook.toolFilter.some((tool) => standsFor(event ?? "", tool, toolName))) {
    return { code: "matcher", text: `its tool_filter is ${hook.toolFilter.join(", ")}, without ${toolName}` }
  }
  if (only === null && hasOwnEntry(hook, list, payload)) {
    return {
      code: "own-entry",
      text: "its plugin's hooks.json has an entry of its own for it, which Claude Code runs; `han plugin generate-hooks` makes one of them all"
    }
  }
  return null
}

/** Names what the event must be about for a hook to be due, where nobody said what it is about; null: it is due anyway. */
export const proviso = ({ triggers }: Hook, { event, matched }: HookPayload): string | null => {
  const ofEvent = triggers.filter((trigger) => trigger.event === event)
  return matched !== null || ofEvent.length === 0 || ofEvent.some(({ values }) => values === null) ? null : ofEvent.map(triggerText).join(" or ")
}

/** Tells whether Claude Code itself calls han for this hook alone, at just this event: without a condition, and waiting for it. */
const hasOwnEntry = (hook: Hook, list: HookList, { event, matched }: HookPayload): boolean =>
  list.clientHooks.some((entry) => {
    if (entry.event !== event || entry.plugin !== `${hook.plugin}@${hook.marketplace}` || entry.condition !== null || entry.async) return false
    if (!isTaken(list.client, entry) || !matches(event, entry.matcher, matched)) return false
    const only = clientCall(entry)?.only ?? null
    return only !== null && only.hook === hook.name && isOf(hook, only.plugin)
  })

/** The directories that a hook is for. At a tool's event those that hold the tool's files: the nearest for what is given files, all for what is not. */
const targetsOf = (hook: Hook, tree: ProjectTree, payload: HookPayload, projectPath: string, call: HookCall): ReadonlyArray<HookTarget> => {
  const { sessionId, toolFiles } = payload
  const environment = environmentOf(hook, { environment: call.environment, event: payload.event, projectPath, sessionId })
  const found = hookDirectories(tree, hook.dirsWith)
  const only = call.directory === undefined ? null : inTree(tree.root, `${path.resolve(tree.root, call.directory)}${path.sep}.`)
  const directories = call.directory === undefined ? found : found.filter((directory) => directory === only)
  const whole = { hook, tree, environment, toolFiles: null }
  if (toolFiles.length === 0) return directories.map((directory) => ({ ...whole, directory }))
  const files = toolFiles.flatMap((file) => inTree(tree.root, file) ?? [])
  // One that says nothing of places and files is for files anywhere.
  if (files.length === 0 && hook.dirsWith.length === 0 && hook.ifChanged.length === 0) {
    return directories.map((directory) => ({ ...whole, directory, toolFiles: toolFiles.map((file) => path.relative(tree.root, withoutLinks(file))) }))
  }
  const holds = (directory: string) => files.filter((file) => directory === "" || file.startsWith(`${directory}/`))
  if (!takesFiles(hook))
    return directories.filter((directory) => holds(directory).length > 0).map((directory) => ({ ...whole, directory, toolFiles: holds(directory) }))
  const nearest = (file: string) =>
    directories
      .filter((directory) => directory === "" || file.startsWith(`${directory}/`))
      .reduce<string | null>((a, b) => (a === null || b.length > a.length ? b : a), null)
  return directories.flatMap((directory) => {
    const mine = files.filter((file) => nearest(file) === directory)
    return mine.length === 0 ? [] : [{ ...whole, directory, toolFiles: mine }]
  })
}

/** Tells whether two hooks may check the same files: one's directory contains the other's, and a file there matters to both. */
const isAboutTheSame = (a: HookTarget, b: HookTarget): boolean => {
  const inner = a.directory.length >= b.directory.length ? a : b
  const outer = inner === a ? b : a
  if (!(outer.directory === "" || inner.directory === outer.directory || inner.directory.startsWith(`${outer.directory}/`))) return false
  if (a.hook.ifChanged.length === 0 || b.hook.ifChanged.length === 0) return true
  const ofInner = matcher(inner.hook.ifChanged)
  const ofOuter = matcher(outer.hook.ifChanged)
  const prefix = outer.directory === inner.directory ? "" : `${path.posix.relative(outer.directory, inner.directory)}/`
  return filesIn(inner.tree, inner.directory).some((file) => ofInner(file.path) && ofOuter(prefix + file.path))
}
