import * as Duration from "effect/Duration"
import { isAwaited, usableOf, waitAt } from "../ClientWaits.ts"
import type { ClientHook } from "../Hook.ts"
import type { HookCall } from "../HookCall.ts"
import { matches } from "../HookMatcher.ts"
import type { HookList } from "../Hooks.ts"
import { isOf } from "./hookGraph.ts"
import { eventOfUrl, hanHookCall } from "./hookHandlers.ts"
import type { HookPayload } from "./hookPayload.ts"
import type { Planned } from "./hookPlan.ts"

/** A person waits as long as the hooks' own limits last. */
const personWait = 24 * 3600 * 1000

/** How long the caller waits for its answer, less what it takes to tell it: as its entry in the settings says, else as long as the client does by itself. */
export const waitOf = ({ call, list, payload }: Planned): number => {
  const { event, sessionId } = payload
  if (event === null || sessionId === null) return personWait
  const standard = waitAt(event)
  const waits = entriesOf(call, payload, list).map(({ timeout }) => (timeout === null ? standard : Duration.toMillis(timeout)))
  return usableOf(waits.length === 0 ? standard : Math.min(...waits))
}

/**
 * Whether the client goes on without this call's answer. The call says so by its flag, which files of older releases lack, or have where the client does wait: so the
 * entries that make such a call have the last word.
 */
export const isAsyncCall = (call: HookCall, payload: HookPayload, list: HookList): boolean => {
  const flagged = call.async === true
  if (call.answerAs === "http") return false
  const entries = entriesOf(call, payload, list).filter(({ what }) => (hanHookCall(what)?.words.includes("--async") ?? false) === flagged)
  return entries.length === 0 ? flagged : entries.every((entry) => entry.async)
}

/** Whether the client waits for the answer at all: not at some events, nor when all entries that make such a call are `async`. */
export const isWaitedFor = ({ isAsync, payload }: Planned): boolean => payload.sessionId === null || (isAwaited(payload.event) && !isAsync)

const entriesOf = (call: HookCall, { event, matched }: HookPayload, list: HookList): ReadonlyArray<ClientHook> =>
  event === null
    ? []
    : list.clientHooks.filter(
        (entry) => entry.event === event && (matched === null || matches(event, entry.matcher, matched)) && isCall(entry, call.only, list.hooks)
      )

/** Whether an entry of Claude Code is one that makes such a call. */
const isCall = ({ what }: ClientHook, only: HookCall["only"], hooks: HookList["hooks"]): boolean => {
  const [first, name] = calledWords(what)
  if (only === null) return (first !== undefined && name === undefined) || eventOfUrl(what) !== null
  return name === only.hook && first !== undefined && hooks.some((hook) => hook.name === name && isOf(hook, first) && isOf(hook, only.plugin))
}

/** What an entry gives to `han hook run` (or `dispatch`): an event, or a plugin and a hook of it; empty for another command. */
export const calledWords = (command: string | null): ReadonlyArray<string> => (hanHookCall(command)?.words ?? []).filter((word) => !word.startsWith("-"))
