import { randomUUID } from "node:crypto"
import * as path from "node:path"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Work } from "../../files/keptReads.ts"
import { printedBy, saidBy } from "../answer/hookOutputJson.ts"
import type { CachedPasses } from "../decision/cachedPasses.ts"
import { firstNames, type HookDeciding, type HookDecision, type HookLook, type HookTarget, newLook, presentIn } from "../decision/hookDecision.ts"
import { ruleOf } from "../HookEvents.ts"
import { type HookOutcome, verdictOf } from "../HookOutcome.ts"
import { asArgument } from "../shell/hookFiles.ts"
import { type CommandSetting, outcomeOf, runTarget, testOf } from "./hookCommand.ts"
import type { HookLog } from "./hookLog.ts"
import { cancelledLine, endLine, type LoggedCall, startLine, validationLine, wholeLines } from "./hookRecords.ts"
import type { HookSessionState } from "./hookSessionState.ts"

/** One call, for all hooks of it. */
export interface TargetCall {
  readonly logged: LoggedCall
  readonly setting: CommandSetting
  /** Nothing counts as passed before. */
  readonly bypassCache: boolean
  readonly work: Work
}

/** Gives the outcome of a `before_all` that did not pass, else null. */
export type BeforeAll = Effect.Effect<HookOutcome | null>

export interface HookTargetsOptions {
  readonly passes: CachedPasses
  readonly log: HookLog
  readonly deciding: HookDeciding
  readonly sessionState: HookSessionState
  /** Goes on with something after the answer. */
  readonly inBackground: (work: Effect.Effect<void>) => Effect.Effect<void>
}

/** A decision after the hook's own tests. `broken`: why one of them could not be run. */
export type TestedDecision = HookDecision & { readonly broken?: string }

/** A run that others may wait for. `kept`: what it read has passed, and still is what it was. */
interface InFlight {
  readonly outcome: HookOutcome
  readonly kept: boolean
}

/** Decides about hooks in directories, and runs what is due: once for the same content, however many ask at the same time. */
export const hookTargets = (options: HookTargetsOptions) => {
  const targets: Targets = { ...options, runsIn: runsInFlight() }
  return {
    tested: (target: HookTarget, decision: HookDecision, setting: Omit<CommandSetting, "emit">) => tested(options.deciding, target, decision, setting),
    /** Decides about a hook in a directory, with the files as `look` has seen them, and runs it when it is due. */
    resolve: (call: TargetCall, target: HookTarget, look: HookLook, before: BeforeAll) => resolve(targets, call, target, look, before, true),
    /** The same, with the files as they are now. */
    recheck: (call: TargetCall, target: HookTarget, before: BeforeAll) => recheck(targets, call, target, before, true)
  }
}

interface Targets extends HookTargetsOptions {
  readonly runsIn: (slots: Effect.Semaphore) => RunsInFlight
}

/** By the key of the pass that they would leave. */
type RunsInFlight = Map<string, Deferred.Deferred<InFlight>>

/** Tells the runs by the slots that they run in: what waits behind others' slots is nothing to wait for. */
const runsInFlight = (): Targets["runsIn"] => {
  const bySlots = new WeakMap<Effect.Semaphore, RunsInFlight>()
  return (slots) => {
    const known = bySlots.get(slots) ?? new Map()
    bySlots.set(slots, known)
    return known
  }
}

/** Runs `dir_test` and `file_test` of what would be run otherwise. A test that could not be run decides nothing. */
const tested = Effect.fnUntraced(function* (
  deciding: HookDeciding,
  target: HookTarget,
  decision: HookDecision,
  setting: Omit<CommandSetting, "emit">
): Effect.fn.Return<TestedDecision> {
  const { dirTest, fileTest } = target.hook
  if (dirTest !== null) {
    const { says, why } = yield* testOf(dirTest, target, [], setting)
    if (says === "no") return notDue(decision, "dir-test", `its dir_test says no here (${why}): ${dirTest}`)
    if (says === null) return { ...decision, broken: `its dir_test could not be run (${why}): ${dirTest}` }
  }
  if (fileTest === null || decision.given === null) return decision
  // A name that no test can be given is none that a command can be given, which says so.
  const said = yield* Effect.forEach(
    decision.given,
    (file) => (decision.nonUtf8.has(file) ? Effect.succeed({ says: "yes" as const, why: "" }) : testOf(fileTest, target, [asArgument(file)], setting)),
    { concurrency: 4 }
  )
  const unsaid = said.find(({ says }) => says === null)
  if (unsaid !== undefined) return { ...decision, broken: `its file_test could not be run (${unsaid.why}): ${fileTest}` }
  const given = decision.given.filter((_, index) => said[index]?.says === "yes")
  if (given.length === 0) return notDue(decision, "no-file", `its file_test says no to ${firstNames(decision.given)}: ${fileTest}`)
  if (given.length === decision.given.length || decision.passes === null) return { ...decision, given, files: given }
  // What the test decides by is not content: only the files that were given have passed.
  const each = decision.passes.each.filter((file) => given.includes(file.path))
  const key = deciding.keyOfFiles(decision.passes.content, each)
  return { ...decision, given, files: given, key, passes: { ...decision.passes, key, each } }
})

/** Keeps a pass, but not when the content changed meanwhile, nor when what it printed is to be said each time. True: it is kept. */
const record = Effect.fnUntraced(function* (
  { deciding, log, passes }: Targets,
  call: TargetCall,
  target: HookTarget,
  { passes: kept }: HookDecision,
  outcome: HookOutcome
) {
  if (kept === null || outcome.status !== "passed" || saysSomething(outcome, call.logged.payload.event)) return false
  const tree = yield* deciding.treeAt(target.tree.root, call.work)
  const after = yield* deciding.contentOf({ ...target, tree }, newLook(call.work, true))
  if (after.key !== kept.content.key) return false
  deciding.remember(target, after)
  yield* log.note(validationLine(call.logged, target, after))
  return yield* passes.record({
    key: kept.key,
    gate: after.gate,
    hook: target.hook.id,
    directory: path.join(target.tree.root, target.directory),
    command: target.hook.command,
    durationMs: outcome.durationMs,
    passedAt: yield* Clock.currentTimeMillis,
    reads: presentIn(after),
    tree: target.tree.root,
    each: kept.each,
    whole: kept.whole
  })
})

const runOnce = Effect.fnUntraced(function* (targets: Targets, call: TargetCall, target: HookTarget, decision: HookDecision, before: BeforeAll) {
  const { log, passes, sessionState } = targets
  const { logged, setting } = call
  const runId = randomUUID()
  const startedAt = yield* Clock.currentTimeMillis
  yield* log.note(startLine(logged, target, decision, { runId, cached: false }))
  let ended = outcomeOf(target, decision, runId)
  let hasEnded = false
  const whole = Effect.gen(function* () {
    const failed = yield* before
    const plain = failed === null ? yield* runTarget(target, decision, runId, setting) : brokenBefore(ended, failed)
    ended = { ...plain, said: saidBy(plain, logged.payload) }
    hasEnded = true
    const flaky = decision.passes !== null && (yield* sessionState.isFlaky(decision.passes.key, verdictOf(ended), passes))
    ended = { ...ended, flaky }
    return yield* record(targets, call, target, decision, ended)
  })
  // However it ends, the history says so.
  const kept = yield* Effect.onExit(whole, () =>
    hasEnded
      ? log.note(endLine(logged, target, decision, ended))
      : Effect.flatMap(Clock.currentTimeMillis, (now) => log.note(cancelledLine(logged, target, decision, runId, now - startedAt)))
  )
  return { outcome: ended, kept }
})

/** Runs it for all who ask for the same meanwhile. */
const runForAll = (runs: RunsInFlight, key: string, run: Effect.Effect<InFlight>): Effect.Effect<InFlight> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Deferred.make<InFlight>(), (mine) => {
      runs.set(key, mine)
      return Effect.onExit(restore(run), (exit) => {
        runs.delete(key)
        return Exit.isSuccess(exit) ? Deferred.succeed(mine, exit.value) : Deferred.interrupt(mine)
      })
    })
  )

/** Gives what another call's run means for this one: its pass when that is kept, its failure; null when it says nothing, or nobody waits so long. */
const joined = Effect.fnUntraced(function* (log: HookLog, call: TargetCall, target: HookTarget, decision: HookDecision, other: Deferred.Deferred<InFlight>) {
  const wait = Math.max(0, call.setting.until - (yield* Clock.currentTimeMillis))
  const exit = yield* Effect.timeoutOption(Effect.exit(Deferred.await(other)), wait)
  if (Option.isNone(exit)) return notStarted(outcomeOf(target, decision, null), "another call runs it for the same content, and had not ended in time")
  if (!Exit.isSuccess(exit.value)) return null
  const { kept, outcome } = exit.value.value
  if (!kept && outcome.status !== "failed" && outcome.status !== "blocked") return null
  const mine: HookOutcome = {
    ...outcome,
    runId: randomUUID(),
    tree: target.tree.root,
    cached: kept,
    reason: { code: "unchanged", text: "another call ran it for the same content at this moment" }
  }
  yield* log.note(wholeLines(call.logged, target, decision, mine))
  return mine
})

/** `joins`: it may wait for another call that runs the same. */
const resolve = Effect.fnUntraced(function* (
  targets: Targets,
  call: TargetCall,
  target: HookTarget,
  look: HookLook,
  before: BeforeAll,
  joins: boolean
): Effect.fn.Return<HookOutcome> {
  const { deciding, inBackground, log, passes, runsIn } = targets
  const first = yield* deciding.decide(target, { bypassCache: call.bypassCache }, look)
  const decision: TestedDecision = first.due ? yield* tested(deciding, target, first, call.setting) : first
  if (decision.broken !== undefined) return notStarted(outcomeOf(target, decision, null), decision.broken)
  if (decision.due) {
    const key = decision.passes?.key
    const run = runOnce(targets, call, target, decision, before)
    // Who wants it new wants all of it; and who waited for another one in vain does not wait again.
    if (key === undefined || call.bypassCache || !joins) return (yield* run).outcome
    const runs = runsIn(call.setting.slots)
    const other = runs.get(key)
    if (other === undefined) return (yield* runForAll(runs, key, run)).outcome
    return (yield* joined(log, call, target, decision, other)) ?? (yield* recheck(targets, call, target, before, false))
  }
  if (!decision.cached) return outcomeOf(target, decision, null)
  // Nobody waits for the count of uses.
  if (decision.pass !== null) yield* inBackground(passes.use(decision.pass.key))
  const outcome = outcomeOf(target, decision, randomUUID())
  yield* log.note(wholeLines(call.logged, target, decision, outcome))
  return outcome
})

const recheck = (targets: Targets, call: TargetCall, target: HookTarget, before: BeforeAll, joins: boolean): Effect.Effect<HookOutcome> =>
  Effect.flatMap(targets.deciding.treeAt(target.tree.root, call.work), (tree) => resolve(targets, call, { ...target, tree }, newLook(call.work), before, joins))

const notStarted = (outcome: HookOutcome, message: string): HookOutcome => ({ ...outcome, status: "broken", end: { _tag: "NotStarted", message } })

const notDue = (decision: HookDecision, code: "dir-test" | "no-file", text: string): HookDecision => ({
  ...decision,
  due: false,
  given: null,
  files: [],
  passes: null,
  reason: { code, text }
})

/** True when a passed hook printed something to tell each time: an answer in JSON, or context. A pass from the cache tells nothing. */
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
