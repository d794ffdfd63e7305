import type { JsonPlan } from "../../files/jsonPlan.ts"
import { array, isObject, type JsonObject, object, text } from "../../text/json.ts"
import type { ClientHook } from "../Hook.ts"
import { isHookEvent } from "../HookEvents.ts"

/** One of the things that Claude Code runs, and where under `hooks` it stands. */
export interface HandlerPlace {
  readonly event: string
  readonly group: number
  readonly index: number
  readonly handler: JsonObject
}

export const handlersIn = (value: JsonObject): ReadonlyArray<HandlerPlace> =>
  Object.entries(object(value.hooks) ?? {}).flatMap(([event, groups]) =>
    array(groups).flatMap((one, group) => array(object(one)?.hooks).flatMap((handler, index) => (isObject(handler) ? [{ event, group, index, handler }] : [])))
  )

export const pathOf = ({ event, group, index }: HandlerPlace): ReadonlyArray<string | number> => ["hooks", event, group, "hooks", index]

/**
 * Takes handlers out, with the group, the event and `hooks` itself where nothing else is left in them. What holds a comment stays, and so does an event, or
 * `hooks`, that `keeps`.
 */
export const takeOut = (
  plan: JsonPlan,
  goes: (place: HandlerPlace) => boolean,
  keeps: (path: ReadonlyArray<string>) => boolean
): ReadonlyArray<HandlerPlace> => {
  const taken: Array<HandlerPlace> = []
  for (;;) {
    // From the end, so that places stay right.
    const place = handlersIn(plan.value).findLast(goes)
    if (place === undefined) return taken.reverse()
    const { event, group } = place
    if (!plan.apply({ path: pathOf(place), remove: true })) return taken.reverse()
    taken.push(place)
    if (!plan.isBare(["hooks", event, group, "hooks"]) || plan.hasComments(["hooks", event, group])) continue
    plan.apply({ path: ["hooks", event, group], remove: true })
    if (!plan.isBare(["hooks", event]) || keeps(["hooks", event])) continue
    plan.apply({ path: ["hooks", event], remove: true })
    if (plan.isBare(["hooks"]) && !keeps(["hooks"])) plan.apply({ path: ["hooks"], remove: true })
  }
}

const word = String.raw`(?:'(?<single>(?:[^']|'\\'')*)'|"(?<double>[^"$\`\\]*)"|(?<bare>[^\s'"$\`;|&<>()\\]+))`
const call = new RegExp(String.raw`^\s*${word}\s+hook\s+(?<verb>run|dispatch)\s+(?<words>[A-Za-z0-9_.\-\s/]+?)\s*$`)

/** The words after `han hook run` or `han hook dispatch`, when that is all that a command does. */
export const hanHookCall = (command: unknown): { readonly verb: "run" | "dispatch"; readonly words: ReadonlyArray<string> } | null => {
  const found = call.exec(text(command) ?? "")?.groups
  if (found === undefined) return null
  const program = (found.single?.replaceAll("'\\''", "'") ?? found.double ?? found.bare ?? "").split(/[/\\]/).at(-1) ?? ""
  if (!/^han(?:[-._][\w.-]*)?$/i.test(program)) return null
  return { verb: found.verb === "run" ? "run" : "dispatch", words: (found.words ?? "").split(/\s+/) }
}

const runner = /^\s*(?:npx|bunx|pnpx)(?:\s+-[\w-]+)*\s+(?<rest>han(?:-cli)?)(?:@[\w.-]+)?(?=\s)/

/** Tells what an entry of Claude Code calls han for: all hooks of its event, or one hook of a plugin; null when it calls something else. */
export const clientCall = ({
  args,
  event,
  type,
  what
}: Pick<ClientHook, "args" | "event" | "type" | "what">): { readonly only: { readonly plugin: string; readonly hook: string } | null } | null => {
  if (type === "http") return eventOfUrl(what) === event ? { only: null } : null
  if (type !== "command" || what === null) return null
  const [first, second, third] = callWords({ args, what }).filter((word) => !word.startsWith("-"))
  if (first === undefined || third !== undefined) return null
  if (second !== undefined) return { only: { plugin: first, hook: second } }
  // For another event than its own it is refused.
  return first === event ? { only: null } : null
}

/** Takes the words that an entry gives to `han hook run`, options included, also through a runner of packages and as arguments; empty for another command. */
export const callWords = ({ args, what }: Pick<ClientHook, "args" | "what">): ReadonlyArray<string> =>
  what === null ? [] : (hanHookCall(args === null ? what.replace(runner, "$<rest>") : [what, ...args].join(" "))?.words ?? [])

/** Tells whether this is what `han setup` writes, or wrote once: `… hook run EVENT`, or a request to the coordinator. */
export const isSetupHandler = (handler: JsonObject): boolean => {
  if (handler.type === "http") return eventOfUrl(handler.url) !== null
  if ((handler.type !== "command" && handler.type !== undefined) || Array.isArray(handler.args)) return false
  const found = hanHookCall(handler.command)
  return found?.verb === "run" && isHookEvent(found.words[0] ?? "") && found.words.slice(1).every((option) => option.startsWith("--"))
}

/** The event whose hooks a request asks the coordinator for; null for another address. */
export const eventOfUrl = (url: unknown): string | null => {
  const [, event] = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}\/hooks\/([A-Za-z]+)$/.exec(text(url) ?? "") ?? []
  return event !== undefined && isHookEvent(event) ? event : null
}
