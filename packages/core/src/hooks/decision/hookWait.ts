import * as Duration from "effect/Duration"
import { isWithin } from "../../plugins/pluginContent.ts"
import { type CallingEntry, isAsyncCall, isAwaited, usableOf, waitAt } from "../ClientWaits.ts"
import { isTaken } from "../definition/HookCallers.ts"
import { isOf } from "../definition/hookGraph.ts"
import { callWords, clientCall } from "../definition/settingsHookEntries.ts"
import type { ClientHook } from "../Hook.ts"
import type { HookCall } from "../HookCall.ts"
import { matches } from "../HookMatcher.ts"
import type { HookList } from "../Hooks.ts"
import type { HookPayload } from "./hookPayload.ts"

/** A call that somebody may wait for. */
interface Waiting {
  readonly call: HookCall
  readonly payload: HookPayload
  readonly list: HookList
  /** The client goes on without the answer. */
  readonly isAsync: boolean
}

/** A person waits as long as the hooks' own limits last. */
const personWait = 24 * 3600 * 1000

/** Milliseconds that the caller waits for its answer, less the time to send it: as its entry in the settings says, else the client's own limit. */
export const waitOf = ({ call, list, payload }: Waiting): number => {
  const { event, sessionId } = payload
  if (event === null || sessionId === null) return personWait
  return usableOf(waitAt(event, call.environment, entriesOf(call, payload, list)))
}

/** Tells whether the client goes on without this call's answer. */
export const goesOnWithout = (call: HookCall, payload: HookPayload, list: HookList): boolean =>
  call.answerAs !== "http" && isAsyncCall(call.async === true, entriesOf(call, payload, list))

/** Tells whether the client waits for the answer at all: not at some events, nor when all entries that make such a call are `async`. */
export const isWaitedFor = ({ isAsync, payload }: Waiting): boolean => payload.sessionId === null || (isAwaited(payload.event) && !isAsync)

/** The entries that may have made the call: those of the plugin whose variables it has, or of settings when it has none, where there are such. */
const entriesOf = (call: HookCall, { event, matched }: HookPayload, list: HookList): ReadonlyArray<CallingEntry> => {
  if (event === null) return []
  const all = list.clientHooks.filter(
    (entry) =>
      entry.event === event &&
      isTaken(list.client, entry) &&
      (matched === null || matches(event, entry.matcher, matched)) &&
      isCall(entry, call.only, list.hooks)
  )
  const root = call.environment["CLAUDE_PLUGIN_ROOT"] ?? ""
  const mine = all.filter(({ file, plugin }) => (root === "" ? plugin === null : plugin !== null && isWithin(root, file)))
  return (mine.length === 0 ? all : mine).map((entry) => ({
    timeout: entry.timeout === null ? null : Duration.toMillis(entry.timeout),
    async: entry.async,
    flagged: callWords(entry).includes("--async")
  }))
}

/** Tells whether an entry of Claude Code is one that makes such a call. */
const isCall = (entry: ClientHook, only: HookCall["only"], hooks: HookList["hooks"]): boolean => {
  const called = clientCall(entry)
  if (called === null || only === null || called.only === null) return called !== null && called.only === only
  const { hook: name, plugin } = called.only
  return name === only.hook && hooks.some((hook) => hook.name === name && isOf(hook, plugin) && isOf(hook, only.plugin))
}
