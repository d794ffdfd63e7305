import { randomUUID } from "node:crypto"
import * as path from "node:path"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type { Hook } from "../Hook.ts"
import { answerTo, type HookAnswer } from "../HookAnswer.ts"
import type { HookCache } from "../HookCache.ts"
import type { HookCall, HookCallInvalid, HookPlan, HookPlanItem, HookProgress } from "../HookCall.ts"
import type { HookOutcome, HookReason } from "../HookOutcome.ts"
import type { HookList, HookProjectInvalid, Hooks } from "../Hooks.ts"
import type { StoreError } from "../StoreError.ts"
import { type CommandSetting, outcomeOf, outcomeWithout, runUnit, testOf } from "./hookCommand.ts"
import { dueTo, few, type HookDeciding, type HookDecision, type HookLook, type HookUnit, newLook, presentIn } from "./hookDecision.ts"
import type { HookLog } from "./hookLog.ts"
import { type Planned, planOf } from "./hookPlan.ts"
import { cancelledLine, endLine, type LoggedCall, startLine, validationLine, wholeLines } from "./hookRecords.ts"
import type { HookStanding } from "./hookStanding.ts"
import type { Work } from "./keptReads.ts"

export interface HookCallsOptions {
  readonly hooks: typeof Hooks.Service
  readonly cache: typeof HookCache.Service
  readonly log: HookLog
  readonly deciding: HookDeciding
  readonly standing: HookStanding
  readonly slots: Effect.Semaphore
  readonly outputFolder: string
  readonly noteClosed: (list: HookList) => Effect.Effect<void>
  /** Goes on with something after the answer; what fails of it is logged. */
  readonly inBackground: (work: Effect.Effect<unknown, StoreError>) => Effect.Effect<void>
}

type Failure = HookCallInvalid | HookProjectInvalid | StoreError

/** How long the client waits at these events, less what it takes to tell it; elsewhere it waits ten minutes. */
const waits: Readonly<Record<string, number>> = { UserPromptSubmit: 28_000, PreModelSwitch: 28_000, MessageDisplay: 9000, SessionEnd: 1200 }
const standardWait = 590_000

export const hookCalls = (options: HookCallsOptions) => {
  const { cache, deciding, hooks, inBackground, log, noteClosed, outputFolder, slots, standing } = options
  /** Runs under way, by what they are about: who asks for the same at the same time waits for it. */
  const underWay = new Map<string, Deferred.Deferred<HookOutcome, StoreError>>()

  /** `dir_test` and `file_test`, of what would be run otherwise. */
  const tested = Effect.fnUntraced(function* (unit: HookUnit, decision: HookDecision, setting: Omit<CommandSetting, "emit">) {
    const { dirTest, fileTest } = unit.hook
    if (dirTest !== null) {
      const { holds, why } = yield* testOf(dirTest, unit, [], setting)
      if (!holds) return notDue(decision, { code: "dir-test", text: `its dir_test says no here (${why}): ${dirTest}` })
    }
    if (fileTest === null || decision.given === null) return decision
    const kept = yield* Effect.filter(decision.given, (file) => Effect.map(testOf(fileTest, unit, [file], setting), ({ holds }) => holds), { concurrency: 4 })
    if (kept.length === 0) return notDue(decision, { code: "no-file", text: `its file_test says no to ${few(decision.given)}: ${fileTest}` })
    return { ...decision, given: kept, files: kept }
  })

  /** Looks again after a run: what changed meanwhile has not passed. */
  const record = Effect.fnUntraced(function* (call: LoggedCall, unit: HookUnit, decision: HookDecision, outcome: HookOutcome, work: Work) {
    const { passes } = decision
    if (passes === null || outcome.status !== "passed") return
    const tree = yield* deciding.treeAt(unit.tree.root, work)
    const after = yield* deciding.contentOf({ ...unit, tree }, newLook(work))
    if (after.key !== passes.content.key) return
    deciding.remember(unit, after)
    const directory = path.join(unit.tree.root, unit.directory)
    yield* cache.record({
      key: passes.key,
      gate: after.gate,
      hook: unit.hook.id,
      directory,
      command: unit.hook.command,
      durationMs: outcome.durationMs,
      passedAt: Date.now(),
      reads: presentIn(after),
      tree: unit.tree.root,
      each: passes.each,
      whole: passes.whole
    })
    yield* log.note(validationLine(call, unit, after))
  })

  const runOnce = (call: LoggedCall, unit: HookUnit, decision: HookDecision, setting: CommandSetting, before: Effect.Effect<HookOutcome | null>, work: Work) =>
    Effect.gen(function* () {
      const runId = randomUUID()
      const startedAt = Date.now()
      yield* log.note(startLine(call, unit, decision, { runId, cached: false }))
      const run = Effect.flatMap(before, (failed) => (failed === null ? runUnit(unit, decision, runId, setting) : Effect.succeed({ ...failed, runId })))
      const outcome = yield* Effect.onInterrupt(run, () => log.note(cancelledLine(call, unit, decision, runId, Date.now() - startedAt)))
      const flaky = decision.passes !== null && (yield* standing.isFlaky(decision.passes.key, outcome.status === "passed", cache))
      const final = { ...outcome, flaky }
      yield* record(call, unit, decision, final, work)
      yield* log.note(endLine(call, unit, decision, final))
      return final
    })

  /** Another call ran exactly this at the same time. */
  const joined = (call: LoggedCall, unit: HookUnit, decision: HookDecision, other: HookOutcome) => {
    const outcome: HookOutcome = {
      ...other,
      runId: randomUUID(),
      tree: unit.tree.root,
      cached: other.status === "passed",
      reason: { code: "unchanged", text: "another call ran it for the same content at this moment" }
    }
    return Effect.as(log.note(wholeLines(call, unit, decision, outcome)), outcome)
  }

  const runOrJoin = (
    call: LoggedCall,
    unit: HookUnit,
    decision: HookDecision,
    run: Effect.Effect<HookOutcome, StoreError>
  ): Effect.Effect<HookOutcome, StoreError> =>
    Effect.suspend(() => {
      const key = decision.passes?.key
      if (key === undefined) return run
      const other = underWay.get(key)
      if (other !== undefined) {
        return Effect.flatMap(Effect.exit(Deferred.await(other)), (exit) =>
          // Who ran it went away before it ended.
          Exit.isSuccess(exit) ? joined(call, unit, decision, exit.value) : runOrJoin(call, unit, decision, run)
        )
      }
      const mine = Deferred.unsafeMake<HookOutcome, StoreError>(FiberId.none)
      underWay.set(key, mine)
      return Effect.onExit(run, (exit) =>
        Effect.sync(() => {
          underWay.delete(key)
          Deferred.unsafeDone(mine, Exit.isSuccess(exit) ? exit : Exit.interrupt(FiberId.none))
        })
      )
    })

  const runHook = Effect.fnUntraced(function* (planned: Planned, hook: Hook, setting: CommandSetting, call: LoggedCall, look: HookLook | null, work: Work) {
    const { call: asked, treePath } = planned
    const units = planned.units.get(hook.id) ?? []
    if (units.length === 0) return [{ ...outcomeWithout(hook, treePath), reason: noDirectory(hook, planned) }]
    // Once, by whoever is the first to be run.
    const before = yield* Effect.cached(beforeAll(units[0], hook, setting))
    return yield* Effect.forEach(
      units,
      (planned) =>
        Effect.gen(function* () {
          const unit = look === null ? { ...planned, tree: yield* deciding.treeAt(planned.tree.root, work) } : planned
          const first = yield* deciding.decide(unit, { isNew: !asked.cache }, look ?? newLook(work))
          const decision = first.due ? yield* tested(unit, first, setting) : first
          if (decision.due) return yield* runOrJoin(call, unit, decision, runOnce(call, unit, decision, setting, before, work))
          if (!decision.cached) return outcomeOf(unit, decision, null)
          // Nobody waits for the count of uses.
          if (decision.pass !== null) yield* inBackground(cache.use(decision.pass.key, Date.now()))
          const outcome = outcomeOf(unit, decision, randomUUID())
          yield* log.note(wholeLines(call, unit, decision, outcome))
          return outcome
        }),
      { concurrency: "unbounded" }
    )
  })

  /** The outcome of a `before_all` that did not pass, for every directory. */
  const beforeAll = (unit: HookUnit | undefined, hook: Hook, setting: CommandSetting): Effect.Effect<HookOutcome | null> => {
    const command = hook.beforeAll
    if (command === null || unit === undefined) return Effect.succeed(null)
    const top: HookUnit = { ...unit, directory: "", hook: { ...hook, command } }
    const decision = dueTo({ code: "always", text: "before_all" })
    return Effect.map(runUnit(top, decision, randomUUID(), setting), (outcome) =>
      outcome.status === "passed" ? null : { ...outcome, reason: { code: "dependency", text: `its before_all did not pass: ${command}` } }
    )
  }

  const execute = (call: HookCall, emit: (progress: HookProgress) => void): Effect.Effect<HookAnswer, Failure> =>
    Effect.gen(function* () {
      const work: Work = { reads: 0 }
      const planned = yield* planOf(hooks, deciding, call, work)
      const { graph, list, order, payload } = planned
      // What waits for others looks again, for they may have changed files.
      const look = newLook(work)
      yield* noteClosed(list)
      if (standing.isTwin(call)) return nothingToSay
      const setting: CommandSetting = {
        input: call.input,
        outputFolder,
        slots,
        until: Date.now() + (waits[payload.event ?? ""] ?? standardWait),
        emit
      }
      const logged: LoggedCall = { payload, orchestrationId: randomUUID(), environment: call.environment }
      const outcomes: Array<HookOutcome> = []
      const tell = (outcome: HookOutcome) => {
        outcomes.push(outcome)
        emit({ _tag: "Ended", outcome })
      }
      for (const { hook, reason } of planned.passedOver) if (reason.code !== "event") tell({ ...outcomeWithout(hook, planned.treePath), reason })
      const ends = new Map<string, Deferred.Deferred<ReadonlyArray<HookOutcome>>>()
      for (const hook of graph.hooks) ends.set(hook.id, yield* Deferred.make<ReadonlyArray<HookOutcome>>())
      const endOf = (id: string) => {
        const end = ends.get(id)
        return end === undefined ? Effect.succeed([]) : Deferred.await(end)
      }
      yield* Effect.forEach(
        graph.hooks,
        (hook) =>
          Effect.gen(function* () {
            const needed = graph.dependencies.get(hook.id) ?? []
            const earlier = order.get(hook.id) ?? []
            const broken = graph.broken.get(hook.id)
            const before = broken === undefined ? (yield* Effect.forEach(needed, endOf)).flat() : []
            if (broken === undefined) yield* Effect.forEach(earlier, endOf, { discard: true })
            const unmet = before.find(({ status }) => status !== "passed" && status !== "skipped")
            const reason: HookReason | undefined =
              broken ??
              (unmet === undefined
                ? undefined
                : { code: "dependency", text: `it depends on ${unmet.hook}, which did not pass${unmet.directory === null ? "" : ` in ${unmet.directory}`}` })
            const mine: ReadonlyArray<HookOutcome> =
              reason === undefined
                ? yield* runHook(planned, hook, setting, logged, needed.length + earlier.length > 0 ? null : look, work)
                : [{ ...outcomeWithout(hook, planned.treePath), status: "broken", reason }]
            for (const outcome of mine) tell(outcome)
            const end = ends.get(hook.id)
            if (end !== undefined) yield* Deferred.succeed(end, mine)
          }),
        { concurrency: "unbounded", discard: true }
      )
      return standing.settle(planned, (blocksLeft, notes) =>
        answerTo({ event: payload.event, outcomes: inOrder(outcomes, graph.hooks), as: call.answerAs, blocksLeft, notes, tool: payload.toolName })
      )
    })

  const explain = (call: HookCall): Effect.Effect<HookPlan, Failure> =>
    Effect.gen(function* () {
      const work: Work = { reads: 0 }
      const planned = yield* planOf(hooks, deciding, call, work)
      const { graph, order, payload } = planned
      const setting = { input: call.input, outputFolder, slots, until: Date.now() + standardWait }
      const look = newLook(work)
      const items: Array<HookPlanItem> = planned.passedOver.map(({ hook, reason }) => ({ ...itemOf(hook, graph, order), reason }))
      for (const hook of graph.hooks) {
        const item = itemOf(hook, graph, order)
        const units = planned.units.get(hook.id) ?? []
        const broken = graph.broken.get(hook.id)
        if (broken !== undefined) items.push({ ...item, reason: broken })
        else if (units.length === 0) items.push({ ...item, reason: noDirectory(hook, planned) })
        else {
          for (const unit of units) {
            const first = yield* deciding.decide(unit, { isNew: !call.cache }, look)
            const { cached, due, files, reason } = first.due ? yield* tested(unit, first, setting) : first
            items.push({
              ...item,
              directory: unit.directory === "" ? "." : unit.directory,
              due,
              cached,
              reason,
              files: files.slice(0, 100),
              fileCount: files.length
            })
          }
        }
      }
      return { event: payload.event, projectPath: planned.list.projectPath, tree: planned.treePath, items }
    })

  return { execute, explain }
}

const nothingToSay: HookAnswer = { exitCode: 0, stdout: "", stderr: "" }

const notDue = (decision: HookDecision, reason: HookReason): HookDecision => ({ ...decision, due: false, given: null, files: [], passes: null, reason })

const noDirectory = (hook: Hook, { call, payload, treePath }: Planned): HookReason => ({
  code: payload.toolFiles.length > 0 ? "no-file" : "no-directory",
  text:
    payload.toolFiles.length > 0
      ? `${few(payload.toolFiles)} is in no directory that it is for${hook.dirsWith.length === 0 ? "" : ` (those with ${hook.dirsWith.join(", ")})`}`
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

const itemOf = (hook: Hook, graph: Planned["graph"], order: Planned["order"]): HookPlanItem => ({
  hook: hook.id,
  directory: null,
  due: false,
  cached: false,
  reason: { code: "event", text: "" },
  files: [],
  fileCount: 0,
  after: [...(graph.dependencies.get(hook.id) ?? []), ...(order.get(hook.id) ?? [])]
})
