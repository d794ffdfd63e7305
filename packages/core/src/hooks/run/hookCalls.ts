import { randomUUID } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { Work } from "../../files/keptReads.ts"
import type { StoreError } from "../../store/StoreError.ts"
import { answerTo } from "../answer/answerTo.ts"
import { guards } from "../ClosedGates.ts"
import { directorySettings } from "../decision/directorySettings.ts"
import { dueBecause, firstNames, type HookLook, type HookTarget, newLook } from "../decision/hookDecision.ts"
import { type Planned, type Planning, planOf, proviso } from "../decision/hookPlan.ts"
import { isWaitedFor, waitOf } from "../decision/hookWait.ts"
import type { Hook } from "../Hook.ts"
import type { HookAnswer } from "../HookAnswer.ts"
import type { HookCall, HookCallInvalid, HookPlan, HookPlanItem, HookProgress } from "../HookCall.ts"
import { isOfTools } from "../HookMatcher.ts"
import { againstIt, type HookOutcome, type HookReason, nothing, verdictOf } from "../HookOutcome.ts"
import type { HookList, HookProjectInvalid, Hooks } from "../Hooks.ts"
import { keptSessions } from "../process/keptSessions.ts"
import { calledProgram } from "./calledProgram.ts"
import { type DuplicateCalls, duplicateCalls, type EventPart } from "./duplicateCalls.ts"
import { type HiddenGate, hiddenOutcome, hiddenText } from "./failClosedIndex.ts"
import { type CommandSetting, outcomeWithout, runTarget } from "./hookCommand.ts"
import type { HookSlots } from "./hookSlots.ts"
import { type HookTargetsOptions, hookTargets, type TargetCall, type TestedDecision } from "./hookTargets.ts"

export interface HookCallsOptions extends HookTargetsOptions {
  readonly hooks: typeof Hooks.Service
  readonly slots: HookSlots
  readonly outputFolder: string
  /** Told when the client ends a session, before its hooks run. */
  readonly sessionEnded: Effect.Effect<void>
  /** Gives the gates that are shut because nobody can read what they are. */
  readonly noteClosed: (list: HookList, folder: string | undefined) => Effect.Effect<ReadonlyArray<HiddenGate>>
}

type Failure = HookCallInvalid | HookProjectInvalid | StoreError

export const hookCalls = Effect.fnUntraced(function* (options: HookCallsOptions) {
  const calls: Calls = {
    ...options,
    planning: { hooks: options.hooks, deciding: options.deciding, settingsOf: directorySettings() },
    targets: hookTargets(options),
    duplicates: duplicateCalls(),
    isKept: yield* keptSessions
  }
  return {
    /**
     * `emit` is for somebody who looks on: such a call is its own, whatever others ask meanwhile. `stays`: told whether it is to go on when its caller has gone, as
     * soon as that is known.
     */
    execute: (call: HookCall, emit: Emit | null, stays: (stays: boolean) => Effect.Effect<unknown> = () => Effect.void) => execute(calls, call, emit, stays),
    explain: (call: HookCall) => explain(calls, call)
  }
})

interface Calls extends HookCallsOptions {
  readonly planning: Planning
  readonly targets: ReturnType<typeof hookTargets>
  readonly duplicates: DuplicateCalls
  readonly isKept: Effect.Effect.Success<typeof keptSessions>
}

type Emit = (progress: HookProgress) => void

/** One run of the hooks of a call. */
interface Round {
  readonly work: Work
  readonly until: number
  readonly emit: Emit
  /** Null for a call that shares nothing with others. */
  readonly part: EventPart | null
  readonly hidden: ReadonlyArray<HiddenGate>
}

const silent = () => undefined

const execute = Effect.fnUntraced(function* (
  calls: Calls,
  call: HookCall,
  emit: Emit | null,
  stays: (stays: boolean) => Effect.Effect<unknown>
): Effect.fn.Return<HookAnswer, Failure> {
  const work: Work = { reads: 0 }
  const planned = yield* planOf(calls.planning, call, work)
  yield* stays(!isWaitedFor(planned))
  if (planned.payload.event === "SessionEnd") yield* calls.sessionEnded
  const hidden = yield* hiddenFrom(calls, planned)
  // Nobody knows there what a hook's own variables are; the command form runs it.
  if (call.answerAs === "http" && planned.graph.hooks.some(({ environment }) => environment.length > 0)) return nothingToSay
  const until = startOf(call, yield* Clock.currentTimeMillis) + waitOf(planned)
  if (emit !== null || planned.payload.sessionId === null) return yield* run(calls, planned, { work, until, emit: emit ?? silent, part: null, hidden })
  return yield* calls.duplicates.join(planned, until, (part) => run(calls, planned, { work, until, emit: silent, part, hidden }))
})

/** The gates that are shut for this call because nobody can read what they are. */
const hiddenFrom = ({ noteClosed }: Calls, planned: Planned): Effect.Effect<ReadonlyArray<HiddenGate>> =>
  Effect.map(noteClosed(planned.list, planned.call.environment["CLAUDE_CONFIG_DIR"]), (gates) => gates.filter(isGuarding(planned)))

const run = Effect.fnUntraced(function* (calls: Calls, planned: Planned, { emit, hidden, part, until, work }: Round) {
  const { call, graph, payload, treePath } = planned
  // What waits for others looks again, for they may have changed files.
  const look = newLook(work)
  const isKept = yield* calls.isKept(call.environment, payload.sessionId)
  const targetCall: TargetCall = {
    logged: { payload, orchestrationId: randomUUID(), environment: call.environment, isKept },
    setting: { input: call.input, outputFolder: calls.outputFolder, slots: calls.slots.of(payload.event), until, emit },
    bypassCache: !call.cache,
    work
  }
  const outcomes: Array<HookOutcome> = []
  const tell = (outcome: HookOutcome) => {
    outcomes.push(outcome)
    emit({ _tag: "Ended", outcome })
  }
  for (const gate of hidden) tell(hiddenOutcome(gate, treePath))
  for (const { directory, hook, reason } of planned.skipped) if (reason.code !== "event") tell({ ...outcomeWithout(hook, treePath), directory, reason })
  yield* runGraph(planned, (hook, unmet) => {
    const settled = Effect.flatMap(unmet, (reason) =>
      reason === null
        ? runHook(calls, planned, hook, targetCall, waitsForOthers(hook, planned) ? null : look)
        : Effect.succeed([{ ...outcomeWithout(hook, treePath), status: "broken" as const, reason }])
    )
    const shared = part === null ? settled : part.outcomesOf(hook, settled, () => [inVain(hook, treePath)])
    return Effect.tap(shared, (mine) => Effect.sync(() => mine.forEach(tell)))
  })
  if (part !== null) yield* part.lastToTell
  const told = outcomesToTell(outcomes, planned, part, hidden)
  return calls.sessionState.answer(planned, part?.round ?? null, (blocksLeft, notes) =>
    answerTo({
      event: payload.event,
      outcomes: inOrder(told, graph.hooks),
      as: planned.isAsync ? "async" : call.answerAs,
      blocksLeft,
      notes,
      tool: payload.toolName,
      program: () => calledProgram(call)
    })
  )
})

/** Chooses the outcomes that no other call of the event tells of. Calls of a tool that have no id and say the same may be two: each is told all. */
const outcomesToTell = (
  outcomes: ReadonlyArray<HookOutcome>,
  { graph, payload }: Planned,
  part: EventPart | null,
  hidden: ReadonlyArray<HiddenGate>
): ReadonlyArray<HookOutcome> => {
  if (part === null || (isOfTools(payload.event ?? "") && payload.toolUseId === null)) return outcomes
  const untold = part.untold(graph.hooks)
  return outcomes.filter(({ hook }) => untold.has(hook) || hidden.some((gate) => gate.hook === hook))
}

/**
 * Runs the hooks of a graph at the same time, each after those that it waits for. `run` gets what waits for them, and says why the hook cannot be run after them,
 * or null.
 */
export const runGraph = Effect.fnUntraced(function* (
  planned: Pick<Planned, "graph" | "order">,
  run: (hook: Hook, unmet: Effect.Effect<HookReason | null>) => Effect.Effect<ReadonlyArray<HookOutcome>>
) {
  const ends = new Map<string, Deferred.Deferred<ReadonlyArray<HookOutcome>>>()
  for (const hook of planned.graph.hooks) ends.set(hook.id, yield* Deferred.make<ReadonlyArray<HookOutcome>>())
  const endOf = (id: string): Effect.Effect<ReadonlyArray<HookOutcome>> => {
    const end = ends.get(id)
    return end === undefined ? Effect.succeed([]) : Deferred.await(end)
  }
  yield* Effect.forEach(
    planned.graph.hooks,
    (hook) => {
      const end = ends.get(hook.id)
      return end === undefined ? Effect.void : Effect.flatMap(run(hook, unmetOf(hook.id, planned, endOf)), (outcomes) => Deferred.succeed(end, outcomes))
    },
    { concurrency: "unbounded", discard: true }
  )
})

/** Waits for the hooks that one depends on or comes after. Says which of its dependencies did not pass, or what is wrong with them; null: it can be run. */
const unmetOf = Effect.fnUntraced(function* (
  id: string,
  { graph, order }: Pick<Planned, "graph" | "order">,
  endOf: (id: string) => Effect.Effect<ReadonlyArray<HookOutcome>>
): Effect.fn.Return<HookReason | null> {
  const broken = graph.broken.get(id)
  if (broken !== undefined) return broken
  const before = (yield* Effect.forEach(graph.dependencies.get(id) ?? [], endOf)).flat()
  yield* Effect.forEach(order.get(id) ?? [], endOf, { discard: true })
  const unmet = before.find((one) => verdictOf(one) === "broken" || againstIt.has(verdictOf(one)))
  if (unmet === undefined) return null
  return { code: "dependency", text: `it depends on ${unmet.hook}, which did not pass${unmet.directory === null ? "" : ` in ${unmet.directory}`}` }
})

const waitsForOthers = ({ id }: Hook, { graph, order }: Planned): boolean => (graph.dependencies.get(id) ?? []).length + (order.get(id) ?? []).length > 0

/** `look`: the files as they were seen before; null: they are looked at again. */
const runHook = Effect.fnUntraced(function* ({ targets }: Calls, planned: Planned, hook: Hook, call: TargetCall, look: HookLook | null) {
  const mine = planned.targets.get(hook.id) ?? []
  const [first] = mine
  if (first === undefined) return isSkipped(hook, planned) ? [] : [{ ...outcomeWithout(hook, planned.treePath), reason: noDirectory(hook, planned) }]
  // Once, by whoever is the first to be run; the others only say that it did not pass.
  const before = yield* Effect.cached(beforeAll(first, call.setting))
  let told = false
  const once = Effect.map(before, (failed) => {
    const shown = failed === null || !told ? failed : { ...failed, stdout: nothing, stderr: nothing, outputFile: null }
    told = true
    return shown
  })
  return yield* Effect.forEach(mine, (target) => (look === null ? targets.recheck(call, target, once) : targets.resolve(call, target, look, once)), {
    concurrency: "unbounded"
  })
})

/** Runs `before_all` at the top of the tree; its outcome when it did not pass, for every directory. */
const beforeAll = (target: HookTarget, setting: CommandSetting): Effect.Effect<HookOutcome | null> => {
  const command = target.hook.beforeAll
  if (command === null) return Effect.succeed(null)
  const top: HookTarget = { ...target, directory: "", hook: { ...target.hook, command } }
  const decision = dueBecause({ code: "always", text: "before_all" })
  return Effect.map(runTarget(top, decision, randomUUID(), setting), (outcome) =>
    outcome.status === "passed" ? null : { ...outcome, reason: { code: "dependency", text: `its before_all did not pass: ${command}` } }
  )
}

const explain = Effect.fnUntraced(function* (calls: Calls, call: HookCall): Effect.fn.Return<HookPlan, Failure> {
  const work: Work = { reads: 0 }
  const planned = yield* planOf(calls.planning, call, work)
  const { graph, order, payload } = planned
  const until = (yield* Clock.currentTimeMillis) + testsAtMost
  const setting = { input: call.input, outputFolder: calls.outputFolder, slots: calls.slots.of(payload.event), until }
  const look = newLook(work)
  const hidden = yield* hiddenFrom(calls, planned)
  const items: Array<HookPlanItem> = hidden.map(({ hook, why }) => ({ ...itemWithout(hook), reason: { code: "refused", text: hiddenText(why) } }))
  for (const { directory, hook, reason } of planned.skipped) items.push({ ...itemOf(hook, graph, order), directory, reason })
  for (const hook of graph.hooks) {
    const item = itemOf(hook, graph, order)
    const targets = planned.targets.get(hook.id) ?? []
    const broken = graph.broken.get(hook.id)
    if (broken !== undefined) items.push({ ...item, reason: broken })
    else if (targets.length === 0 && !isSkipped(hook, planned)) items.push({ ...item, reason: noDirectory(hook, planned) })
    else for (const target of targets) items.push({ ...item, ...(yield* explainTarget(calls, planned, target, look, setting)) })
  }
  return { event: payload.event, projectPath: planned.list.projectPath, tree: planned.treePath, items }
})

const explainTarget = Effect.fnUntraced(function* (
  { deciding, targets }: Calls,
  { call, payload }: Planned,
  target: HookTarget,
  look: HookLook,
  setting: Omit<CommandSetting, "emit">
) {
  const only = proviso(target.hook, payload)
  const first = yield* deciding.decide(target, { bypassCache: !call.cache }, look)
  const { broken, cached, due, files, reason }: TestedDecision = first.due ? yield* targets.tested(target, first, setting) : first
  return {
    directory: target.directory === "" ? "." : target.directory,
    due,
    cached,
    reason: { ...reason, text: `${broken ?? reason.text}${only === null ? "" : `; only at ${only}`}` },
    files: files.slice(0, 100),
    fileCount: files.length
  }
})

const inVain = (hook: Hook, tree: string): HookOutcome => ({
  ...outcomeWithout(hook, tree),
  status: "broken",
  end: { _tag: "NotStarted", message: "another call for the same event runs it, and had not ended in time" }
})

/** Tells when the client began to wait. A clock that was set since would make it wait for ever, or not at all. */
const startOf = ({ startedAt }: HookCall, now: number): number => (startedAt === undefined || startedAt > now || now - startedAt > maxWay ? now : startedAt)
const maxWay = 3_600_000

/** Milliseconds that an explanation may take. */
const testsAtMost = 60_000

const nothingToSay: HookAnswer = { exitCode: 0, stdout: "", stderr: "" }

/** It has directories, and their own settings switch it off in all of them. */
const isSkipped = (hook: Hook, { skipped }: Planned): boolean => skipped.some((one) => one.hook.id === hook.id)

const noDirectory = (hook: Hook, { call, payload, treePath }: Planned): HookReason => ({
  code: payload.toolFiles.length > 0 ? "no-file" : "no-directory",
  text:
    payload.toolFiles.length > 0
      ? `${firstNames(payload.toolFiles)} is in no directory that it is for${hook.dirsWith.length === 0 ? "" : ` (those with ${hook.dirsWith.join(", ")})`}`
      : call.directory !== undefined
        ? `${call.directory} is none of its directories`
        : `no directory in ${treePath} holds ${hook.dirsWith.join(" or ")}`
})

/** As they are listed, whichever ended first. */
const inOrder = (outcomes: ReadonlyArray<HookOutcome>, hooks: ReadonlyArray<Hook>): ReadonlyArray<HookOutcome> => {
  const places = new Map(hooks.map((hook, index) => [hook.id, index]))
  const placeOf = ({ hook }: HookOutcome) => places.get(hook) ?? -1
  return [...outcomes].sort((a, b) => placeOf(a) - placeOf(b) || ((a.directory ?? "") < (b.directory ?? "") ? -1 : 1))
}

const isGuarding =
  ({ call, payload }: Planned) =>
  (gate: HiddenGate): boolean =>
    call.only === null && guards(gate, { event: payload.event, value: payload.matched, tool: payload.toolName })

const itemWithout = (hook: string): HookPlanItem => ({
  hook,
  directory: null,
  due: false,
  cached: false,
  reason: { code: "event", text: "" },
  files: [],
  fileCount: 0,
  after: []
})

const itemOf = (hook: Hook, graph: Planned["graph"], order: Planned["order"]): HookPlanItem => ({
  ...itemWithout(hook.id),
  after: [...(graph.dependencies.get(hook.id) ?? []), ...(order.get(hook.id) ?? [])]
})
