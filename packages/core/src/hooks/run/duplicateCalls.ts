import { createHash } from "node:crypto"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { canonicalJson } from "../../text/json.ts"
import type { Planned } from "../decision/hookPlan.ts"
import { isWaitedFor } from "../decision/hookWait.ts"
import type { Hook } from "../Hook.ts"
import type { HookCall } from "../HookCall.ts"
import { type HookOutcome, nothing } from "../HookOutcome.ts"

/** The blocks of one event, however many calls it has: an agent is sent on once for all of them. */
export interface BlockRound {
  /** The blocks in a row before it; null until somebody has asked. */
  before: number | null
  blocked: boolean
}

/** The part that a call has in its event. */
export interface EventPart {
  readonly round: BlockRound
  /** Runs a hook for all calls of the event, or gives what another one's run came to. `inVain`: what is said when that does not end in time. */
  readonly outcomesOf: (
    hook: Hook,
    run: Effect.Effect<ReadonlyArray<HookOutcome>>,
    inVain: () => ReadonlyArray<HookOutcome>
  ) => Effect.Effect<ReadonlyArray<HookOutcome>>
  /** Waits for the calls that the client waits for, when it does not wait for this one. */
  readonly lastToTell: Effect.Effect<void>
  /** Gives the ids of those hooks that no call of the event has told of, and notes that this one does. */
  readonly untold: (hooks: ReadonlyArray<Hook>) => ReadonlySet<string>
}

export interface DuplicateCalls {
  /** Lets a call take part in its event. Whoever goes away before the answer leaves its hooks to the others. */
  readonly join: <A, E>(planned: Planned, until: number, answer: (part: EventPart) => Effect.Effect<A, E>) => Effect.Effect<A, E>
}

/** A hook, in one event. */
interface Gate {
  readonly ended: Deferred.Deferred<boolean>
  /** True when a pass from the cache may stand for it. */
  readonly cache: boolean
  outcomes: ReadonlyArray<HookOutcome> | null
  /** `later`: by a call that the client does not wait for, which cannot block: a call that it waits for tells the verdict again. */
  told: "no" | "later" | "yes"
}

interface HookEvent {
  readonly entries: Set<string>
  readonly gates: Map<string, Gate>
  readonly round: BlockRound
  /** Under way, and of these those that the client waits for. */
  calls: number
  waitedFor: number
  /** Done when the client waits for no call any more. */
  quiet: Deferred.Deferred<void>
  /** The time of the first answer, in milliseconds since 1970. */
  answeredAt: number | null
}

/** The time behind an answer after which a call is of another event, whatever it says. */
const lateMs = 10_000

/**
 * Knows which calls are about the same event. The client starts all its entries for an event before it has the answer of any of them, and has waited for all of them
 * when it sends the next. So a call is of the same event when it says the same and its entry has not called for that event yet, or, where entries cannot be told
 * apart, when it was started before the event had an answer. An entry that the client does not wait for and that calls again is always about another event; so is one at
 * FileChanged, which comes while the last one still runs.
 */
export const duplicateCalls = (): DuplicateCalls => {
  const events = new Map<string, HookEvent>()
  return {
    join: (planned, until, answer) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.zipWith(Clock.currentTimeMillis, Deferred.make<void>(), (now, quiet) => {
          const { event, key } = eventOf(events, planned, now, quiet)
          const waits = planned.isAsync ? 0 : 1
          event.calls++
          if (waits > 0 && event.waitedFor === 0) event.quiet = quiet
          event.waitedFor += waits
          const { part, takeBack } = partOf(event, planned, until)
          const leave = (isAnswered: boolean, at: number): Effect.Effect<unknown> => {
            if (!isAnswered) takeBack()
            event.calls--
            event.waitedFor -= waits
            if (isAnswered) event.answeredAt ??= at
            // Nobody was told of it: what is asked next is asked anew.
            else if (event.calls === 0 && event.answeredAt === null && events.get(key) === event) events.delete(key)
            return waits > 0 && event.waitedFor === 0 ? Deferred.succeed(event.quiet, undefined) : Effect.void
          }
          return Effect.onExit(restore(answer(part)), (exit) => Effect.flatMap(Clock.currentTimeMillis, (at) => leave(Exit.isSuccess(exit), at)))
        }).pipe(Effect.flatten)
      )
  }
}

/** The event that a call is about, which is noted as the last of its kind. Events that nobody can be about any more are forgotten. */
const eventOf = (
  events: Map<string, HookEvent>,
  planned: Planned,
  now: number,
  quiet: HookEvent["quiet"]
): { readonly key: string; readonly event: HookEvent } => {
  for (const [key, { answeredAt, calls }] of events) if (calls === 0 && answeredAt !== null && now - answeredAt > lateMs) events.delete(key)
  const key = keyOf(planned)
  const entry = entryOf(planned)
  const known = events.get(key)
  if (known !== undefined && (!known.entries.has(entry) || (waits(planned) && isBefore(planned.call, known.answeredAt)))) {
    known.entries.add(entry)
    return { key, event: known }
  }
  const event: HookEvent = {
    entries: new Set([entry]),
    gates: new Map(),
    round: { before: null, blocked: false },
    calls: 0,
    waitedFor: 0,
    quiet,
    answeredAt: null
  }
  events.set(key, event)
  return { key, event }
}

/** Null when it does not end until then, by the clock of effects. */
const inTime = <A>(awaited: Effect.Effect<A>, until: number): Effect.Effect<Option.Option<A>> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.timeoutOption(awaited, Math.max(0, until - now)))

/** `takeBack`: what this call had to tell nobody heard. */
const partOf = (event: HookEvent, { call, isAsync }: Planned, until: number): { readonly part: EventPart; readonly takeBack: () => void } => {
  const taken = new Map<Gate, Pick<Gate, "told" | "outcomes">>()
  const idOf = (hook: Hook) => JSON.stringify([hook.id, call.directory ?? null])

  const outcomesOf: EventPart["outcomesOf"] = (hook, run, inVain) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Deferred.make<boolean>(), (ended) => {
        const id = idOf(hook)
        const other = event.gates.get(id)
        if (other !== undefined && (call.cache || !other.cache)) {
          return restore(
            Effect.flatMap(inTime(Deferred.await(other.ended), until), (done) => {
              if (Option.isNone(done)) return Effect.sync(inVain)
              return done.value && other.outcomes !== null ? Effect.succeed(other.outcomes) : outcomesOf(hook, run, inVain)
            })
          )
        }
        const mine: Gate = { ended, cache: call.cache, outcomes: null, told: "no" }
        event.gates.set(id, mine)
        return Effect.onExit(restore(run), (exit) => {
          if (Exit.isSuccess(exit)) mine.outcomes = exit.value
          else if (event.gates.get(id) === mine) event.gates.delete(id)
          return Deferred.succeed(ended, Exit.isSuccess(exit))
        })
      })
    )

  const untold: EventPart["untold"] = (hooks) => {
    const found = new Set<string>()
    for (const hook of hooks) {
      const gate = event.gates.get(idOf(hook))
      // Whose end was not waited for has nothing that anybody else could tell of.
      if (gate === undefined || gate.outcomes === null) found.add(hook.id)
      else if (gate.told === "no" || (gate.told === "later" && !isAsync)) {
        taken.set(gate, { told: gate.told, outcomes: gate.outcomes })
        gate.told = isAsync ? "later" : "yes"
        // Of what was told only the verdict is still asked for.
        if (!isAsync) gate.outcomes = gate.outcomes.map((outcome) => ({ ...outcome, stdout: nothing, stderr: nothing }))
        found.add(hook.id)
      }
    }
    return found
  }

  const othersEnd = Effect.suspend(() => (event.waitedFor === 0 ? Effect.void : Effect.asVoid(inTime(Deferred.await(event.quiet), until))))
  return {
    part: { round: event.round, outcomesOf, lastToTell: isAsync ? othersEnd : Effect.void, untold },
    takeBack: () => {
      for (const [gate, { outcomes, told }] of taken) Object.assign(gate, { outcomes, told })
    }
  }
}

/** Tells whether the client asks nothing more of the kind before it has the answer. */
const waits = (planned: Planned): boolean => isWaitedFor(planned) && planned.payload.event !== "FileChanged"

/** Identifies the event by its parsed payload, whatever the order of its keys and the space around it. */
const keyOf = ({ list, payload, treePath }: Planned): string =>
  createHash("sha256")
    .update(JSON.stringify([list.projectPath, treePath, payload.event, canonicalJson(payload.given)]))
    .digest("base64")

/** Stands for the entry of the client that calls, as far as a call shows it. Equal commands are called once by the client, in whichever files they stand. */
const entryOf = ({ call, isAsync }: Planned): string =>
  JSON.stringify([call.answerAs, call.only, call.directory ?? null, call.cache, isAsync, call.environment["CLAUDE_PLUGIN_ROOT"] ?? null])

/** Without a word about its start it was started now. */
const isBefore = ({ startedAt }: HookCall, answeredAt: number | null): boolean => answeredAt === null || (startedAt !== undefined && startedAt < answeredAt)
