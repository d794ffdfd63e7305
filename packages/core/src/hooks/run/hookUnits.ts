import { randomUUID } from "node:crypto"
import * as path from "node:path"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import type { Work } from "../../files/keptReads.ts"
import { printedBy, saidBy } from "../answer/hookReplies.ts"
import { few, type HookDeciding, type HookDecision, type HookLook, type HookUnit, newLook, presentIn } from "../decision/hookDecision.ts"
import type { Passes } from "../decision/passes.ts"
import { ruleOf } from "../HookEvents.ts"
import { type HookOutcome, verdictOf } from "../HookOutcome.ts"
import { asArgument } from "../shell/hookFiles.ts"
import { type CommandSetting, outcomeOf, runUnit, testOf } from "./hookCommand.ts"
import type { HookLog } from "./hookLog.ts"
import { cancelledLine, endLine, type LoggedCall, startLine, validationLine, wholeLines } from "./hookRecords.ts"
import type { HookStanding } from "./hookStanding.ts"

/** One call, for all hooks of it. */
export interface UnitCall {
  readonly logged: LoggedCall
  readonly setting: CommandSetting
  /** Nothing counts as passed before. */
  readonly isNew: boolean
  readonly work: Work
}

/** What a `before_all` came to, when it did not pass. */
export type BeforeAll = Effect.Effect<HookOutcome | null>

export interface HookUnitsOptions {
  readonly passes: Passes
  readonly log: HookLog
  readonly deciding: HookDeciding
  readonly standing: HookStanding
  /** Goes on with something after the answer. */
  readonly inBackground: (work: Effect.Effect<void>) => Effect.Effect<void>
}

/** A run that others may wait for. `kept`: what it read has passed, and still is what it was. */
interface UnderWay {
  readonly outcome: HookOutcome
  readonly kept: boolean
}

/** Decides about hooks in directories, and runs what is due: once for the same content, however many ask at the same time. */
export const hookUnits = ({ deciding, inBackground, log, passes, standing }: HookUnitsOptions) => {
  /** By the slots that they run in: what waits behind others' slots is nothing to wait for. */
  const underWay = new WeakMap<Effect.Semaphore, Map<string, Deferred.Deferred<UnderWay>>>()
  const runsIn = (slots: Effect.Semaphore): Map<string, Deferred.Deferred<UnderWay>> => {
    const known = underWay.get(slots) ?? new Map<string, Deferred.Deferred<UnderWay>>()
    underWay.set(slots, known)
    return known
  }

  /** `dir_test` and `file_test`, of what would be run otherwise. A test that could not be run decides nothing. */
  const tested = Effect.fnUntraced(function* (unit: HookUnit, decision: HookDecision, setting: Omit<CommandSetting, "emit">) {
    const { dirTest, fileTest } = unit.hook
    if (dirTest !== null) {
      const { says, why } = yield* testOf(dirTest, unit, [], setting)
      if (says === "no") return notDue(decision, "dir-test", `its dir_test says no here (${why}): ${dirTest}`)
      if (says === null) return { ...decision, broken: `its dir_test could not be run (${why}): ${dirTest}` }
    }
    if (fileTest === null || decision.given === null) return decision
    // A name that no test can be given is none that a command can be given, which says so.
    const said = yield* Effect.forEach(
      decision.given,
      (file) => (decision.unnameable.has(file) ? Effect.succeed({ says: "yes" as const, why: "" }) : testOf(fileTest, unit, [asArgument(file)], setting)),
      { concurrency: 4 }
    )
    const unsaid = said.find(({ says }) => says === null)
    if (unsaid !== undefined) return { ...decision, broken: `its file_test could not be run (${unsaid.why}): ${fileTest}` }
    const given = decision.given.filter((_, index) => said[index]?.says === "yes")
    if (given.length === 0) return notDue(decision, "no-file", `its file_test says no to ${few(decision.given)}: ${fileTest}`)
    if (given.length === decision.given.length || decision.passes === null) return { ...decision, given, files: given }
    // What the test decides by is not content: only the files that were given have passed.
    const each = decision.passes.each.filter((file) => given.includes(file.path))
    const key = deciding.keyOfFiles(decision.passes.content, each)
    return { ...decision, given, files: given, key, passes: { ...decision.passes, key, each } }
  })

  /** Whether the pass is kept: not when the content changed meanwhile, nor when what it printed is to be said each time. */
  const record = Effect.fnUntraced(function* (call: UnitCall, unit: HookUnit, { passes: kept }: HookDecision, outcome: HookOutcome) {
    if (kept === null || outcome.status !== "passed" || saysSomething(outcome, call.logged.payload.event)) return false
    const tree = yield* deciding.treeAt(unit.tree.root, call.work)
    const after = yield* deciding.contentOf({ ...unit, tree }, newLook(call.work, true))
    if (after.key !== kept.content.key) return false
    deciding.remember(unit, after)
    yield* log.note(validationLine(call.logged, unit, after))
    return yield* passes.record({
      key: kept.key,
      gate: after.gate,
      hook: unit.hook.id,
      directory: path.join(unit.tree.root, unit.directory),
      command: unit.hook.command,
      durationMs: outcome.durationMs,
      passedAt: Date.now(),
      reads: presentIn(after),
      tree: unit.tree.root,
      each: kept.each,
      whole: kept.whole
    })
  })

  const runOnce = Effect.fnUntraced(function* (call: UnitCall, unit: HookUnit, decision: HookDecision, before: BeforeAll) {
    const { logged, setting } = call
    const runId = randomUUID()
    const startedAt = Date.now()
    yield* log.note(startLine(logged, unit, decision, { runId, cached: false }))
    const run = Effect.flatMap(before, (failed) =>
      failed === null ? runUnit(unit, decision, runId, setting) : Effect.succeed(brokenBefore(outcomeOf(unit, decision, runId), failed))
    )
    let ended: HookOutcome | undefined
    const whole = Effect.gen(function* () {
      const plain = yield* run
      const outcome: HookOutcome = { ...plain, said: saidBy(plain, logged.payload) }
      ended = outcome
      const flaky = decision.passes !== null && (yield* standing.isFlaky(decision.passes.key, verdictOf(outcome), passes))
      ended = { ...outcome, flaky }
      return yield* record(call, unit, decision, ended)
    })
    // However it ends, the history says so.
    const kept = yield* Effect.onExit(whole, () =>
      log.note(ended === undefined ? cancelledLine(logged, unit, decision, runId, Date.now() - startedAt) : endLine(logged, unit, decision, ended))
    )
    const final = ended ?? outcomeOf(unit, decision, runId)
    return { outcome: final, kept }
  })

  /** Runs it for all who ask for the same meanwhile. */
  const runForAll = (runs: Map<string, Deferred.Deferred<UnderWay>>, key: string, run: Effect.Effect<UnderWay>): Effect.Effect<UnderWay> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const mine = Deferred.unsafeMake<UnderWay>(FiberId.none)
        runs.set(key, mine)
        return Effect.onExit(restore(run), (exit) =>
          Effect.sync(() => {
            runs.delete(key)
            Deferred.unsafeDone(mine, Exit.isSuccess(exit) ? exit : Exit.interrupt(FiberId.none))
          })
        )
      })
    )

  /** What another call's run means for this one: its pass when that is kept, its failure; null when it says nothing, or nobody waits so long. */
  const joined = Effect.fnUntraced(function* (call: UnitCall, unit: HookUnit, decision: HookDecision, other: Deferred.Deferred<UnderWay>) {
    const wait = Math.max(0, call.setting.until - Date.now())
    const exit = yield* Effect.timeoutOption(Effect.exit(Deferred.await(other)), wait)
    if (Option.isNone(exit)) {
      const message = "another call runs it for the same content, and had not ended in time"
      return { ...outcomeOf(unit, decision, null), status: "broken", end: { _tag: "NotStarted", message } } satisfies HookOutcome
    }
    if (!Exit.isSuccess(exit.value)) return null
    const { kept, outcome } = exit.value.value
    if (!kept && outcome.status !== "failed" && outcome.status !== "blocked") return null
    const mine: HookOutcome = {
      ...outcome,
      runId: randomUUID(),
      tree: unit.tree.root,
      cached: kept,
      reason: { code: "unchanged", text: "another call ran it for the same content at this moment" }
    }
    yield* log.note(wholeLines(call.logged, unit, decision, mine))
    return mine
  })

  const settle = (call: UnitCall, unit: HookUnit, look: HookLook, before: BeforeAll, joins = true): Effect.Effect<HookOutcome> =>
    Effect.gen(function* () {
      const first = yield* deciding.decide(unit, { isNew: call.isNew }, look)
      const decision: HookDecision & { readonly broken?: string } = first.due ? yield* tested(unit, first, call.setting) : first
      if (decision.broken !== undefined) {
        const outcome = outcomeOf(unit, decision, null)
        return { ...outcome, status: "broken", end: { _tag: "NotStarted", message: decision.broken } } satisfies HookOutcome
      }
      if (decision.due) {
        const key = decision.passes?.key
        const run = runOnce(call, unit, decision, before)
        // Who wants it new wants all of it; and who waited for another one in vain does not wait again.
        if (key === undefined || call.isNew || !joins) return (yield* run).outcome
        const runs = runsIn(call.setting.slots)
        const other = runs.get(key)
        if (other === undefined) return (yield* runForAll(runs, key, run)).outcome
        return (yield* joined(call, unit, decision, other)) ?? (yield* again(call, unit, before, false))
      }
      if (!decision.cached) return outcomeOf(unit, decision, null)
      // Nobody waits for the count of uses.
      if (decision.pass !== null) yield* inBackground(passes.use(decision.pass.key))
      const outcome = outcomeOf(unit, decision, randomUUID())
      yield* log.note(wholeLines(call.logged, unit, decision, outcome))
      return outcome
    })

  const again = (call: UnitCall, unit: HookUnit, before: BeforeAll, joins = true): Effect.Effect<HookOutcome> =>
    Effect.flatMap(deciding.treeAt(unit.tree.root, call.work), (tree) => settle(call, { ...unit, tree }, newLook(call.work), before, joins))

  return {
    tested,
    /** What becomes of a hook in a directory, with the files as `look` has seen them. */
    settle,
    /** The same, with the files as they are now. */
    settleAnew: again
  }
}

const notDue = (decision: HookDecision, code: "dir-test" | "no-file", text: string): HookDecision => ({
  ...decision,
  due: false,
  given: null,
  files: [],
  passes: null,
  reason: { code, text }
})

/** Whether what a passed hook printed is something to tell each time: an answer in JSON, or context. A pass from the cache tells nothing. */
const saysSomething = (outcome: HookOutcome, event: string | null): boolean => {
  const rule = ruleOf(event)
  const { kind } = printedBy(outcome, event, rule)
  return kind === "reply" || (kind === "text" && rule.plain !== null)
}

const brokenBefore = (outcome: HookOutcome, failed: HookOutcome): HookOutcome => ({
  ...outcome,
  status: failed.status,
  end: failed.end,
  reason: failed.reason,
  durationMs: failed.durationMs,
  stdout: failed.stdout,
  stderr: failed.stderr,
  outputFile: failed.outputFile
})
