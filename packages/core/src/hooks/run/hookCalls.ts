import { randomUUID } from "node:crypto"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { Work } from "../../files/keptReads.ts"
import type { StoreError } from "../../store/StoreError.ts"
import { answerTo } from "../answer/answerTo.ts"
import { guards } from "../ClosedGates.ts"
import { directorySettings } from "../decision/directorySettings.ts"
import { dueTo, few, type HookDecision, type HookLook, type HookUnit, newLook } from "../decision/hookDecision.ts"
import { type Planned, planOf, proviso } from "../decision/hookPlan.ts"
import { isWaitedFor, waitOf } from "../decision/hookWait.ts"
import type { Hook } from "../Hook.ts"
import type { HookAnswer } from "../HookAnswer.ts"
import type { HookCall, HookCallInvalid, HookPlan, HookPlanItem, HookProgress } from "../HookCall.ts"
import { isOfTools } from "../HookMatcher.ts"
import { againstIt, type HookOutcome, type HookReason, nothing, verdictOf } from "../HookOutcome.ts"
import type { HookList, HookProjectInvalid, Hooks } from "../Hooks.ts"
import { keptSessions } from "../process/keptSessions.ts"
import { calledProgram } from "./calledProgram.ts"
import { type HiddenGate, hiddenOutcome, hiddenText } from "./closedGates.ts"
import { type CommandSetting, outcomeWithout, runUnit } from "./hookCommand.ts"
import type { HookSlots } from "./hookSlots.ts"
import { type EventPart, hookTwins } from "./hookTwins.ts"
import { type HookUnitsOptions, hookUnits, type UnitCall } from "./hookUnits.ts"

export interface HookCallsOptions extends HookUnitsOptions {
  readonly hooks: typeof Hooks.Service
  readonly slots: HookSlots
  readonly outputFolder: string
  /** Gives the gates that are shut because nobody can read what they are. */
  readonly noteClosed: (list: HookList, folder: string | undefined) => Effect.Effect<ReadonlyArray<HiddenGate>>
}

type Failure = HookCallInvalid | HookProjectInvalid | StoreError

export const hookCalls = (options: HookCallsOptions) => {
  const { deciding, hooks, noteClosed, outputFolder, slots, standing } = options
  const planning = { hooks, deciding, settingsOf: directorySettings() }
  const { settle, settleAnew, tested } = hookUnits(options)
  const twins = hookTwins()
  const isKept = keptSessions()

  const runHook = Effect.fnUntraced(function* (planned: Planned, hook: Hook, call: UnitCall, look: HookLook | null) {
    const units = planned.units.get(hook.id) ?? []
    if (units.length === 0) return isPassedOver(hook, planned) ? [] : [{ ...outcomeWithout(hook, planned.treePath), reason: noDirectory(hook, planned) }]
    // Once, by whoever is the first to be run; the others only say that it did not pass.
    const before = yield* Effect.cached(beforeAll(units[0], hook, call.setting))
    let told = false
    const once = Effect.map(before, (failed) => {
      const shown = failed === null || !told ? failed : { ...failed, stdout: nothing, stderr: nothing, outputFile: null }
      told = true
      return shown
    })
    return yield* Effect.forEach(units, (unit) => (look === null ? settleAnew(call, unit, once) : settle(call, unit, look, once)), { concurrency: "unbounded" })
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

  /**
   * `emit` is for somebody who looks on: such a call is its own, whatever others ask meanwhile. `stays`: told whether it is to go on when its caller has gone, as soon
   * as that is known.
   */
  const execute = (
    call: HookCall,
    emit: ((progress: HookProgress) => void) | null,
    stays: (stays: boolean) => void = () => undefined
  ): Effect.Effect<HookAnswer, Failure> =>
    Effect.gen(function* () {
      const work: Work = { reads: 0 }
      const planned = yield* planOf(planning, call, work)
      stays(!isWaitedFor(planned))
      const hidden = (yield* noteClosed(planned.list, call.environment["CLAUDE_CONFIG_DIR"])).filter(isGuarding(planned))
      // Nobody knows there what a hook's own variables are; the command form runs it.
      if (call.answerAs === "http" && planned.graph.hooks.some(({ environment }) => environment.length > 0)) return nothingToSay
      const until = startOf(call) + waitOf(planned)
      if (emit !== null || planned.payload.sessionId === null) return yield* run(planned, { work, until, emit: emit ?? (() => undefined), part: null, hidden })
      return yield* twins.join(planned, until, (part) => run(planned, { work, until, emit: () => undefined, part, hidden }))
    })

  const run = (
    planned: Planned,
    {
      emit,
      hidden,
      part,
      until,
      work
    }: {
      readonly work: Work
      readonly until: number
      readonly emit: (progress: HookProgress) => void
      readonly part: EventPart | null
      readonly hidden: ReadonlyArray<HiddenGate>
    }
  ): Effect.Effect<HookAnswer> =>
    Effect.gen(function* () {
      const { call, graph, order, payload } = planned
      // What waits for others looks again, for they may have changed files.
      const look = newLook(work)
      const unitCall: UnitCall = {
        logged: { payload, orchestrationId: randomUUID(), environment: call.environment, isKept: yield* isKept(call.environment, payload.sessionId) },
        setting: { input: call.input, outputFolder, slots: slots.of(payload.event), until, emit },
        isNew: !call.cache,
        work
      }
      const outcomes: Array<HookOutcome> = []
      const tell = (outcome: HookOutcome) => {
        outcomes.push(outcome)
        emit({ _tag: "Ended", outcome })
      }
      for (const gate of hidden) tell(hiddenOutcome(gate, planned.treePath))
      for (const { directory, hook, reason } of planned.passedOver)
        if (reason.code !== "event") tell({ ...outcomeWithout(hook, planned.treePath), directory, reason })
      const ends = new Map<string, Deferred.Deferred<ReadonlyArray<HookOutcome>>>()
      for (const hook of graph.hooks) ends.set(hook.id, yield* Deferred.make<ReadonlyArray<HookOutcome>>())
      const endOf = (id: string) => {
        const end = ends.get(id)
        return end === undefined ? Effect.succeed([]) : Deferred.await(end)
      }
      yield* Effect.forEach(
        graph.hooks,
        (hook) => {
          const settled = Effect.gen(function* () {
            const needed = graph.dependencies.get(hook.id) ?? []
            const earlier = order.get(hook.id) ?? []
            const broken = graph.broken.get(hook.id)
            const before = broken === undefined ? (yield* Effect.forEach(needed, endOf)).flat() : []
            if (broken === undefined) yield* Effect.forEach(earlier, endOf, { discard: true })
            const unmet = before.find((one) => verdictOf(one) === "broken" || againstIt.has(verdictOf(one)))
            const reason: HookReason | undefined =
              broken ??
              (unmet === undefined
                ? undefined
                : { code: "dependency", text: `it depends on ${unmet.hook}, which did not pass${unmet.directory === null ? "" : ` in ${unmet.directory}`}` })
            const mine: ReadonlyArray<HookOutcome> =
              reason === undefined
                ? yield* runHook(planned, hook, unitCall, needed.length + earlier.length > 0 ? null : look)
                : [{ ...outcomeWithout(hook, planned.treePath), status: "broken", reason }]
            return mine
          })
          const shared = part === null ? settled : part.outcomesOf(hook, settled, () => [inVain(hook, planned.treePath)])
          return Effect.flatMap(shared, (mine) => {
            for (const outcome of mine) tell(outcome)
            const end = ends.get(hook.id)
            return end === undefined ? Effect.void : Deferred.succeed(end, mine)
          })
        },
        { concurrency: "unbounded", discard: true }
      )
      if (part !== null) yield* part.lastToTell
      // Calls of a tool that have no id and say the same may be two: each is told what was found once.
      const alike = isOfTools(payload.event ?? "") && payload.toolUseId === null
      const untold = alike ? undefined : part?.untold(graph.hooks)
      const mine = untold === undefined ? outcomes : outcomes.filter(({ hook }) => untold.has(hook) || hidden.some((gate) => gate.hook === hook))
      const as = planned.isAsync ? "async" : call.answerAs
      return standing.settle(planned, part?.round ?? null, (blocksLeft, notes) =>
        answerTo({
          event: payload.event,
          outcomes: inOrder(mine, graph.hooks),
          as,
          blocksLeft,
          notes,
          tool: payload.toolName,
          program: () => calledProgram(call)
        })
      )
    })

  const explain = (call: HookCall): Effect.Effect<HookPlan, Failure> =>
    Effect.gen(function* () {
      const work: Work = { reads: 0 }
      const planned = yield* planOf(planning, call, work)
      const { graph, order, payload } = planned
      const setting = { input: call.input, outputFolder, slots: slots.of(payload.event), until: Date.now() + testsAtMost }
      const look = newLook(work)
      const hidden = (yield* noteClosed(planned.list, call.environment["CLAUDE_CONFIG_DIR"])).filter(isGuarding(planned))
      const items: Array<HookPlanItem> = hidden.map(({ hook, why }) => ({ ...itemWithout(hook), reason: { code: "refused", text: hiddenText(why) } }))
      for (const { directory, hook, reason } of planned.passedOver) items.push({ ...itemOf(hook, graph, order), directory, reason })
      for (const hook of graph.hooks) {
        const item = itemOf(hook, graph, order)
        const units = planned.units.get(hook.id) ?? []
        const broken = graph.broken.get(hook.id)
        if (broken !== undefined) items.push({ ...item, reason: broken })
        else if (units.length === 0) items.push(...(isPassedOver(hook, planned) ? [] : [{ ...item, reason: noDirectory(hook, planned) }]))
        else {
          const only = proviso(hook, payload)
          for (const unit of units) {
            const first = yield* deciding.decide(unit, { isNew: !call.cache }, look)
            const { broken, cached, due, files, reason }: HookDecision & { readonly broken?: string } = first.due ? yield* tested(unit, first, setting) : first
            items.push({
              ...item,
              directory: unit.directory === "" ? "." : unit.directory,
              due,
              cached,
              reason: { ...reason, text: `${broken ?? reason.text}${only === null ? "" : `; only at ${only}`}` },
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

const inVain = (hook: Hook, tree: string): HookOutcome => ({
  ...outcomeWithout(hook, tree),
  status: "broken",
  end: { _tag: "NotStarted", message: "another call for the same event runs it, and had not ended in time" }
})

/** Tells when the client began to wait. A clock that was set since would make it wait for ever, or not at all. */
const startOf = ({ startedAt }: HookCall): number => {
  const now = Date.now()
  return startedAt === undefined || startedAt > now || now - startedAt > longestWay ? now : startedAt
}
const longestWay = 3_600_000

/** Of what an explanation may take. */
const testsAtMost = 60_000

const nothingToSay: HookAnswer = { exitCode: 0, stdout: "", stderr: "" }

/** It has directories, and their own settings switch it off in all of them. */
const isPassedOver = (hook: Hook, { passedOver }: Planned): boolean => passedOver.some((one) => one.hook.id === hook.id)

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
