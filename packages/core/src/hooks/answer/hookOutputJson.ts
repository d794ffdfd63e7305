import { clipped } from "../../text/Clip.ts"
import { canonicalJson, isObject, type JsonObject, object } from "../../text/json.ts"
import type { HookPayload } from "../decision/hookPayload.ts"
import { type EventRule, type FieldKind, type Permission, permissions, ruleOf } from "../HookEvents.ts"
import type { HookOutcome, HookSaid } from "../HookOutcome.ts"

/** An answer of a command in the client's JSON, with each field where it belongs and of its type. Null for what it does not say. */
export interface HookReply {
  readonly from: HookOutcome
  readonly systemMessage: string | null
  readonly terminalSequence: string | null
  readonly suppressOutput: boolean
  /** `continue: false` */
  readonly stops: boolean
  readonly stopReason: string | null
  /** It blocks or denies, in whichever words. */
  readonly denies: boolean
  readonly reason: string | null
  readonly permission: Permission | null
  /** The decision on a request for permission. */
  readonly behavior: JsonObject | null
  readonly context: string | null
  readonly fields: JsonObject
  /** The parts of it that cannot be understood, in words. */
  readonly problems: ReadonlyArray<string>
}

/** The output of a command that passed. */
export type Printed =
  | { readonly kind: "nothing" }
  | { readonly kind: "text"; readonly from: HookOutcome; readonly text: string }
  | { readonly kind: "damaged"; readonly from: HookOutcome; readonly why: string }
  | { readonly kind: "reply"; readonly reply: HookReply }

export const printedBy = (from: HookOutcome, event: string | null, rule: EventRule): Printed => {
  const text = from.stdout.text.trim()
  if (text === "") return { kind: "nothing" }
  if (!text.startsWith("{")) return { kind: "text", from, text }
  const parsed = parse(text)
  if (isObject(parsed)) return { kind: "reply", reply: replyOf(parsed, from, event, rule) }
  // A text may begin with a brace; what goes on as JSON does, or ends with one, was meant as an answer.
  if (!text.endsWith("}") && !/^\{\s*["}]/.test(text)) return { kind: "text", from, text }
  return { kind: "damaged", from, why: from.stdout.cut ? `it is longer (${from.stdout.bytes} bytes) than an answer may be` : "it is not one valid JSON object" }
}

/** Reads what a command that passed has said against going on as it was. By hand it is what it would say of a tool. */
export const saidBy = (from: HookOutcome, { event, given }: HookPayload): HookSaid | null => {
  if (from.status !== "passed" || from.cached) return null
  const printed = printedBy(from, event, ruleOf(event ?? "PreToolUse"))
  if (printed.kind !== "reply") return null
  const { behavior, denies, fields, permission, reason, stopReason, stops } = printed.reply
  const input = fields["updatedInput"] ?? behavior?.["updatedInput"]
  if (denies || fields["action"] === "decline" || fields["action"] === "cancel") return { verdict: "denied", reason }
  if (stops) return { verdict: "stopped", reason: stopReason ?? reason }
  if (permission === "defer" || permission === "ask") return { verdict: permission === "ask" ? "asked" : "deferred", reason }
  return isObject(input) && canonicalJson(input) !== canonicalJson(given["tool_input"]) ? { verdict: "changed", reason } : null
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const replyOf = (top: JsonObject, from: HookOutcome, event: string | null, rule: EventRule): HookReply => {
  const problems: Array<string> = []
  const inner = innerOf(top, event, problems)
  /** Reads a field where it belongs, or at the other level, where it is often put by mistake. */
  const raw = (key: string, home: JsonObject): unknown => home[key] ?? (home === top ? inner : top)[key] ?? null
  const read = <A>(key: string, home: JsonObject, is: (value: unknown) => value is A, what: string): A | null => {
    const value = raw(key, home)
    if (value === null || is(value)) return value
    problems.push(`"${key}" has to be ${what}`)
    return null
  }
  const text = (key: string, home: JsonObject): string | null => {
    const value = read(key, home, isText, "a text")
    return value === null || value === "" ? null : value.toWellFormed()
  }
  const decision = raw("decision", rule.says === "behavior" ? inner : top)
  const behavior = rule.says === "behavior" && isObject(decision) ? decision : null
  if (behavior !== null && behavior["behavior"] !== "allow" && behavior["behavior"] !== "deny") problems.push('"decision.behavior" has to be "allow" or "deny"')
  if (behavior === null && decision !== null && decision !== "block" && decision !== "approve") problems.push('"decision" has to be "block"')
  const changed = behavior?.["updatedInput"] ?? null
  if (changed !== null && !isObject(changed)) problems.push('"updatedInput" has to be an object')
  const said = rule.permissions.length === 0 ? null : raw("permissionDecision", inner)
  const permission = permissions.find((one) => one === said && rule.permissions.includes(one)) ?? null
  if (said !== null && permission === null) problems.push(`"permissionDecision" has to be one of ${rule.permissions.join(", ")}`)
  const message = behavior === null ? null : textOf(behavior["message"])
  const fields: Record<string, unknown> = {}
  for (const [key, kind] of Object.entries(rule.fields)) {
    const value = read(key, inner, (one): one is unknown => fits[kind].is(one), fits[kind].what)
    if (value !== null) fields[key] = value
  }
  return {
    from,
    systemMessage: text("systemMessage", top),
    terminalSequence: text("terminalSequence", top),
    suppressOutput: read("suppressOutput", top, isFlag, "true or false") === true,
    stops: read("continue", top, isFlag, "true or false") === false,
    stopReason: text("stopReason", top),
    denies: decision === "block" || permission === "deny" || behavior?.["behavior"] === "deny",
    reason: (permission === null ? null : text("permissionDecisionReason", inner)) ?? message ?? text("reason", top),
    permission: permission ?? (decision === "approve" && rule.says === "permission" ? "allow" : null),
    behavior: behavior?.["behavior"] === "allow" || behavior?.["behavior"] === "deny" ? behavior : null,
    context: text("additionalContext", inner),
    fields,
    problems
  }
}

/** Finds `hookSpecificOutput`; one that is for another event is ignored. */
const innerOf = (top: JsonObject, event: string | null, problems: Array<string>): JsonObject => {
  const inner = top["hookSpecificOutput"] ?? null
  if (inner === null) return {}
  if (!isObject(inner)) problems.push('"hookSpecificOutput" has to be an object')
  const name = object(inner)?.["hookEventName"] ?? event
  // A hook of Stop is one of SubagentStop, too, and says what it always says.
  if (event === null || name === event || (name === "Stop" && event === "SubagentStop") || (name === "SubagentStop" && event === "Stop"))
    return object(inner) ?? {}
  problems.push(`"hookSpecificOutput" is for ${typeof name === "string" ? clipped(name, 80) : "no event"}, not for ${event}`)
  return {}
}

const isText = (value: unknown): value is string => typeof value === "string"
const isFlag = (value: unknown): value is boolean => typeof value === "boolean"
const textOf = (value: unknown): string | null => (isText(value) && value !== "" ? value.toWellFormed() : null)

const fits: Readonly<Record<FieldKind, { readonly is: (value: unknown) => boolean; readonly what: string }>> = {
  text: { is: isText, what: "a text" },
  flag: { is: isFlag, what: "true or false" },
  object: { is: isObject, what: "an object" },
  texts: { is: (value) => Array.isArray(value) && value.every(isText), what: "a list of texts" },
  any: { is: () => true, what: "something" },
  action: { is: (value) => value === "accept" || value === "decline" || value === "cancel", what: "accept, decline or cancel" }
}
