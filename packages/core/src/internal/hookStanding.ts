import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import type { HookAnswer } from "../HookAnswer.ts"
import type { HookCache } from "../HookCache.ts"
import type { HookCall } from "../HookCall.ts"
import type { HookList } from "../Hooks.ts"
import type { StoreError } from "../StoreError.ts"
import type { Planned } from "./hookPlan.ts"

/** What lasts from one call to the next: how often an agent was sent on, what people were told, what failed with which content. */
export interface HookStanding {
  /** The other of two entries of the client for the same event, of which one is for when the other cannot be reached. */
  readonly isTwin: (call: HookCall) => boolean
  /** Keeps the answer within the number of blocks in a row, and has people told once a session what keeps hooks from running. */
  readonly settle: (
    planned: Planned,
    answerTo: (blocksLeft: boolean, notes: ReadonlyArray<string>) => { readonly answer: HookAnswer; readonly blocks: boolean }
  ) => HookAnswer
  /** Whether the same content ended the other way before. */
  readonly isFlaky: (key: string, passed: boolean, cache: typeof HookCache.Service) => Effect.Effect<boolean, StoreError>
}

export interface HookStandingOptions {
  /** How often in a row an agent that wants to stop is sent on. */
  readonly mostBlocks: number
}

const twinMs = 10_000
const mostKept = 2000

export const hookStanding = ({ mostBlocks }: HookStandingOptions): HookStanding => {
  const blocks = new Map<string, number>()
  const told = new Set<string>()
  const failed = new Set<string>()
  const twins = new Map<string, { readonly at: number; readonly as: HookCall["answerAs"] }>()

  return {
    isTwin: (call) => {
      const now = Date.now()
      for (const [key, { at }] of twins) {
        if (now - at <= twinMs) break
        twins.delete(key)
      }
      if (call.input === "" || call.only !== null) return false
      const key = createHash("sha256")
        .update(JSON.stringify([call.event, call.input]))
        .digest("hex")
      const other = twins.get(key)
      if (other !== undefined && other.as !== call.answerAs) {
        twins.delete(key)
        return true
      }
      twins.delete(key)
      twins.set(key, { at: now, as: call.answerAs })
      return false
    },

    settle: (planned, answerTo) => {
      const { list, passedOver, payload } = planned
      const { agentId, event, isGoingOn, sessionId } = payload
      const stops = event === "Stop" || event === "SubagentStop"
      const agent = JSON.stringify([sessionId, agentId, event])
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
        else blocks.delete(agent)
      }
      return answer
    },

    isFlaky: (key, passed, cache) =>
      Effect.suspend(() => {
        if (passed) return Effect.succeed(failed.has(key))
        if (failed.size >= mostKept) failed.clear()
        failed.add(key)
        return Effect.map(cache.find(key), (pass) => pass !== null)
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
