import { array, canonicalJson, isObject, type JsonObject } from "../../text/json.ts"
import { type EventRule, type FieldKind, type Permission, permissions } from "../HookEvents.ts"
import type { HookOutcome } from "../HookOutcome.ts"
import { readable, subjectOf } from "./blockMessages.ts"
import { type HookReply, type Printed, printedBy } from "./hookOutputJson.ts"
import { type Section, section } from "./textBudget.ts"

/** A block that a command answered itself. */
export interface Denial {
  readonly from: HookOutcome
  readonly reason: string | null
}

/** The outputs of the commands that passed, as one. */
export interface MergedOutputs {
  /** Null: nobody says `continue: false`. Else the reasons for it. */
  readonly stops: ReadonlyArray<string> | null
  readonly denials: ReadonlyArray<Denial>
  /** The most restrictive one, beside denials. */
  readonly permission: { readonly decision: Exclude<Permission, "deny">; readonly reasons: ReadonlyArray<string> } | null
  /** The answer to a request for permission when nobody denies it. */
  readonly allows: JsonObject | null
  /** A denial of a request for permission also ends the turn. */
  readonly interrupts: boolean
  /** For the model. `said`: at least one of them is from an answer in JSON. */
  readonly contexts: { readonly sections: ReadonlyArray<Section>; readonly said: boolean }
  /** Paths for a worktree; each once. */
  readonly paths: ReadonlyArray<string>
  /** For the user. */
  readonly messages: ReadonlyArray<Section>
  readonly terminalSequence: string
  /** All say so. */
  readonly suppressOutput: boolean
  readonly fields: JsonObject
}

const maxPath = 4096

/** Merges the outputs of hooks that ran and passed: those of skipped and cached ones are not told again, and the output of a failed one is its reason. */
export const mergeOutputs = (outcomes: ReadonlyArray<HookOutcome>, event: string | null, rule: EventRule): MergedOutputs => {
  const replies: Array<HookReply> = []
  const contexts: Array<Section> = []
  const messages: Array<Section> = []
  const paths = new Set<string>()
  let plain = 0
  for (const outcome of outcomes) {
    if (outcome.status !== "passed" || outcome.cached) continue
    const printed = printedBy(outcome, event, rule)
    if (printed.kind === "damaged") messages.push(section(`${subjectOf(outcome)}: its output was ignored: ${printed.why}.`))
    const place = rule.plain === "path" ? pathIn(printed) : null
    if (place !== null && (outcome.stdout.cut || place.length > maxPath)) messages.push(section(`${subjectOf(outcome)}: what it gave is too long for a path.`))
    else if (place !== null) paths.add(place.toWellFormed())
    else if (printed.kind === "text" && rule.plain !== null) {
      plain++
      contexts.push(section(readable(printed.text), outcome.outputFile))
    }
    if (printed.kind !== "reply") continue
    const { reply } = printed
    replies.push(reply)
    if (reply.context !== null && rule.context !== null) contexts.push(section(reply.context))
    if (reply.systemMessage !== null) messages.push(section(reply.systemMessage))
    for (const problem of reply.problems) messages.push(section(`${subjectOf(outcome)}: a part of its output was ignored: ${problem}.`))
  }
  const stopping = replies.filter((reply) => reply.stops)
  const denials = replies.filter((reply) => reply.denies)
  const decision = permissions.find((one) => one !== "deny" && replies.some((reply) => reply.permission === one))
  return {
    stops: stopping.length === 0 ? null : stopping.flatMap(({ stopReason }) => stopReason ?? []),
    denials: denials.map(({ from, reason }) => ({ from, reason })),
    permission:
      decision === undefined || decision === "deny"
        ? null
        : { decision, reasons: replies.filter((reply) => reply.permission === decision && !reply.denies).flatMap(({ reason }) => reason ?? []) },
    allows: allowed(replies, messages),
    interrupts: denials.some(({ behavior }) => behavior?.["interrupt"] === true),
    contexts: { sections: contexts.filter(({ body }) => body !== ""), said: contexts.length > plain },
    paths: [...paths],
    messages,
    terminalSequence: replies.map(({ terminalSequence }) => terminalSequence ?? "").join(""),
    suppressOutput: replies.length > 0 && plain === 0 && replies.every((reply) => reply.suppressOutput),
    fields: fieldsOf(replies, rule, messages)
  }
}

/** The path of a worktree, as text or as a field of an answer. */
const pathIn = (printed: Printed): string | null => {
  if (printed.kind === "text") return printed.text
  const field = printed.kind === "reply" ? printed.reply.fields["worktreePath"] : null
  return typeof field === "string" ? field : null
}

/** Merges a field: of values that replace something one hook's counts, of lists all. */
const fieldsOf = (replies: ReadonlyArray<HookReply>, rule: EventRule, messages: Array<Section>): JsonObject => {
  const fields: Record<string, unknown> = {}
  for (const [key, kind] of Object.entries(rule.fields)) {
    const having = replies.filter((reply) => reply.fields[key] !== undefined)
    const [first] = having
    if (first === undefined || key === "content" || key === "worktreePath") continue
    fields[key] = kind === "texts" ? [...new Set(having.flatMap((reply) => array(reply.fields[key])))] : first.fields[key]
    // An answer for somebody goes with what it answers.
    if (kind === "action" && first.fields["content"] !== undefined) fields["content"] = first.fields["content"]
    if (replaces(kind)) noteDifference(having, (reply) => reply.fields[key], key, messages)
  }
  return fields
}

const replaces = (kind: FieldKind): boolean => kind === "object" || kind === "any"

/** The first that allows says with which input; permissions to be kept are those of all. */
const allowed = (replies: ReadonlyArray<HookReply>, messages: Array<Section>): JsonObject | null => {
  const allowing = replies.filter(({ behavior, denies }) => behavior !== null && !denies)
  if (allowing.length === 0) return null
  const changing = allowing.filter(({ behavior }) => isObject(behavior?.["updatedInput"]))
  noteDifference(changing, ({ behavior }) => behavior?.["updatedInput"], "updatedInput", messages)
  const kept = allowing.flatMap(({ behavior }) => array(behavior?.["updatedPermissions"]))
  const [first] = changing
  return {
    behavior: "allow",
    ...(first === undefined ? {} : { updatedInput: first.behavior?.["updatedInput"] }),
    ...(kept.length === 0 ? {} : { updatedPermissions: [...new Map(kept.map((one) => [canonicalJson(one), one])).values()] })
  }
}

const noteDifference = (replies: ReadonlyArray<HookReply>, answerOf: (reply: HookReply) => unknown, key: string, messages: Array<Section>): void => {
  const [first] = replies
  if (first === undefined) return
  const kept = canonicalJson(answerOf(first))
  for (const reply of replies) {
    if (canonicalJson(answerOf(reply)) === kept) continue
    messages.push(section(`${subjectOf(first.from)} and ${subjectOf(reply.from)} both answer "${key}", each another one; that of the first counts.`))
  }
}
