import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import type { HookAnswer } from "../HookAnswer.ts"
import type { HookCall } from "../HookCall.ts"
import type { HookStatus } from "../HookOutcome.ts"
import type { HookList } from "../Hooks.ts"
import type { Planned } from "./hookPlan.ts"
import type { Passes } from "./passes.ts"

/** What lasts from one call to the next: how often an agent was sent on, what people were told, what failed with which content. */
export interface HookStanding {
  /**
   * Answers a call that comes twice, by both entries of the client for the same event (HTTP and command), once: the second one waits for the first, and says nothing when
   * that was answered. One that was not answered leaves it to the other.
   */
  readonly once: <E>(call: HookCall, planned: Planned, until: number, answer: Effect.Effect<HookAnswer, E>) => Effect.Effect<HookAnswer, E>
  /** Keeps the answer within the number of blocks in a row, and has people told once a session what keeps hooks from running. */
  readonly settle: (
    planned: Planned,
    answerTo: (blocksLeft: boolean, notes: ReadonlyArray<string>) => { readonly answer: HookAnswer; readonly blocks: boolean }
  ) => HookAnswer
  /** Whether the same content ended the other way before. */
  readonly isFlaky: (key: string, status: HookStatus, passes: Passes) => Effect.Effect<boolean>
}

export interface HookStandingOptions {
  /** How often in a row an agent that wants to stop is sent on. */
  readonly mostBlocks: number
}

const twinMs = 10_000
const mostKept = 2000
const nothingToSay: HookAnswer = { exitCode: 0, stdout: "", stderr: "" }

interface Twin {
  readonly as: HookCall["answerAs"]
  readonly answered: Deferred.Deferred<boolean>
  /** When the first one had its answer; null before. */
  at: number | null
}

export const hookStanding = ({ mostBlocks }: HookStandingOptions): HookStanding => {
  const blocks = new Map<string, number>()
  const told = new Set<string>()
  const failed = new Set<string>()
  const twins = new Map<string, Twin>()

  const first = <E>(key: string, as: HookCall["answerAs"], answer: Effect.Effect<HookAnswer, E>): Effect.Effect<HookAnswer, E> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const twin: Twin = { as, answered: Deferred.unsafeMake<boolean>(FiberId.none), at: null }
        twins.set(key, twin)
        return Effect.onExit(restore(answer), (exit) =>
          Effect.sync(() => {
            twin.at = Date.now()
            if (!Exit.isSuccess(exit) && twins.get(key) === twin) twins.delete(key)
            Deferred.unsafeDone(twin.answered, Effect.succeed(Exit.isSuccess(exit)))
          })
        )
      })
    )

  return {
    once: (call, planned, until, answer) =>
      Effect.suspend(() => {
        const now = Date.now()
        for (const [key, { at }] of twins) if (at !== null && now - at > twinMs) twins.delete(key)
        if (planned.payload.sessionId === null || call.only !== null) return answer
        const key = JSON.stringify([planned.list.projectPath, planned.treePath, call.event, call.input])
        const other = twins.get(key)
        if (other === undefined || other.as === call.answerAs) return first(key, call.answerAs, answer)
        return Effect.flatMap(Effect.timeoutOption(Deferred.await(other.answered), Math.max(0, until - now)), (done) => {
          if (Option.isSome(done) && !done.value) return first(key, call.answerAs, answer)
          if (twins.get(key) === other) twins.delete(key)
          return Effect.succeed(nothingToSay)
        })
      }),

    settle: (planned, answerTo) => {
      const { call, list, passedOver, payload } = planned
      const { agentId, event, isGoingOn, sessionId } = payload
      const stops = event === "Stop" || event === "SubagentStop"
      const agent = JSON.stringify([sessionId, agentId, event, call.only])
      const before = stops && isGoingOn ? (blocks.get(agent) ?? 0) : 0
      const notes = notesOf(list, passedOver).filter((note) => {
        const key = JSON.stringify([sessionId, note])
        if (sessionId === null || told.has(key)) return false
        if (told.size >= mostKept) told.clear()
        told.add(key)
        return true
      })
      const { answer, blocks: hasBlocked } = answerTo(!stops || before < mostBlocks, notes)
      if (stops) {
        if (blocks.size >= mostKept) blocks.clear()
        if (hasBlocked) blocks.set(agent, before + 1)
        else if (before < mostBlocks) blocks.delete(agent)
      }
      return answer
    },

    isFlaky: (key, status, passes) =>
      Effect.suspend(() => {
        if (status === "passed") return Effect.succeed(failed.has(key))
        if (status !== "failed" && status !== "blocked") return Effect.succeed(false)
        if (failed.size >= mostKept) failed.clear()
        failed.add(key)
        return Effect.map(passes.find(key), (pass) => pass !== null)
      })
  }
}

/** What keeps hooks of this event from running, for people. */
const notesOf = (list: HookList, passedOver: Planned["passedOver"]): ReadonlyArray<string> => {
  const untrusted = passedOver.filter(({ reason }) => reason.code === "untrusted").map(({ hook }) => hook.id)
  const broken = list.problems.filter(({ severity }) => severity === "error").map(({ message }) => message)
  return [
    ...(untrusted.length === 0
      ? []
      : [
          `han did not run ${untrusted.join(", ")}: only this repository brings ${untrusted.length === 1 ? "it" : "them"}. \`han trust\` shows what would run, and lets it`
        ]),
    ...broken.map((message) => `han: ${message}`)
  ]
}
