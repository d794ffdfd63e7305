import * as Effect from "effect/Effect"
import type { CachedPasses } from "../decision/cachedPasses.ts"
import type { Planned } from "../decision/hookPlan.ts"
import { waitingInVain } from "../definition/HookCallers.ts"
import type { HookAnswer } from "../HookAnswer.ts"
import { isHookEvent, unknownEvent } from "../HookEvents.ts"
import { againstIt, type verdictOf } from "../HookOutcome.ts"
import type { HookList } from "../Hooks.ts"
import type { BlockRound } from "./duplicateCalls.ts"

/** State per session across hook calls: consecutive blocks, notices shown, keys of content that failed. */
export interface HookSessionState {
  /** Keeps the answer within the number of blocks in a row, and has people told once a session what keeps hooks from running. */
  readonly answer: (
    planned: Planned,
    round: BlockRound | null,
    answerTo: (blocksLeft: boolean, notes: ReadonlyArray<string>) => { readonly answer: HookAnswer; readonly blocks: boolean }
  ) => HookAnswer
  /** True when the same content ended the other way before. */
  readonly isFlaky: (key: string, verdict: ReturnType<typeof verdictOf>, passes: CachedPasses) => Effect.Effect<boolean>
}

export interface HookSessionStateOptions {
  /** The consecutive blocks of an agent that wants to stop, at most. */
  readonly maxBlocks: number
}

const maxKept = 2000

export const hookSessionState = ({ maxBlocks }: HookSessionStateOptions): HookSessionState => {
  const blocks = new Map<string, number>()
  const told = new Set<string>()
  const failed = new Set<string>()

  return {
    answer: (planned, round, answerTo) => {
      const { call, isAsync, list, skipped, payload } = planned
      const { agentId, event, isGoingOn, sessionId } = payload
      // Who is not waited for blocks nothing, and without a session there is no agent.
      const stops = (event === "Stop" || event === "SubagentStop") && !isAsync && sessionId !== null
      const agent = JSON.stringify([sessionId, agentId, event, round === null ? call.only : null])
      const before = round?.before ?? (stops && isGoingOn ? (blocks.get(agent) ?? 0) : 0)
      const notes = notesOf(list, event, skipped).filter((note) => {
        const key = JSON.stringify([sessionId, note])
        if (sessionId === null || told.has(key)) return false
        if (told.size >= maxKept) told.clear()
        told.add(key)
        return true
      })
      const { answer, blocks: hasBlocked } = answerTo(!stops || before < maxBlocks, notes)
      if (stops) {
        if (blocks.size >= maxKept) blocks.clear()
        const blocked = hasBlocked || round?.blocked === true
        if (round !== null) Object.assign(round, { before, blocked } satisfies BlockRound)
        if (blocked) blocks.set(agent, before + 1)
        else if (before < maxBlocks) blocks.delete(agent)
      }
      return answer
    },

    isFlaky: (key, verdict, passes) =>
      Effect.suspend(() => {
        if (verdict === "passed") return Effect.succeed(failed.has(key))
        if (!againstIt.has(verdict)) return Effect.succeed(false)
        if (failed.size >= maxKept) failed.clear()
        failed.add(key)
        return Effect.map(passes.find(key), (pass) => pass !== null)
      })
  }
}

/** Explains to people what keeps hooks of this event from running. */
const notesOf = (list: HookList, event: string | null, skipped: Planned["skipped"]): ReadonlyArray<string> => {
  const untrusted = skipped.filter(({ reason }) => reason.code === "untrusted").map(({ hook }) => hook.id)
  const broken = list.problems.filter(({ severity }) => severity === "error").map(({ message }) => message)
  return [
    ...(event === null || isHookEvent(event) ? [] : [`han: ${unknownEvent(event)}: hooks for it are run, and block nothing`]),
    ...(untrusted.length === 0
      ? []
      : [
          `han did not run ${untrusted.join(", ")}: only this repository brings ${untrusted.length === 1 ? "it" : "them"}. \`han trust\` shows what would run, and lets it`
        ]),
    ...broken.map((message) => `han: ${message}`),
    // The gates that are never asked have no event of their own at which that could be said. Of this one somebody is calling, whoever it is.
    ...(event === "SessionStart" ? waitingInVain(list, { except: event }).map((sentence) => `han: ${sentence}`) : [])
  ]
}
