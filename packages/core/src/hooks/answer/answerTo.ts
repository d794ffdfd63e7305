import type { HookAnswer } from "../HookAnswer.ts"
import { type EventRule, isHookEvent, ruleOf, unknownEvent } from "../HookEvents.ts"
import type { HookOutcome } from "../HookOutcome.ts"
import { isLeftOpen, isShut, isSpared, openLine, shutSection, subjectOf } from "./blockMessages.ts"
import { type MergedOutputs, mergeOutputs } from "./mergeOutputs.ts"
import { joined, type Section, section } from "./textBudget.ts"

export interface HookAnswerOptions {
  /** The event of Claude Code; null when a person calls. */
  readonly event: string | null
  /** Their order is the one in which they are told. */
  readonly outcomes: ReadonlyArray<HookOutcome>
  /** `command`: the output of a called program · `http`: the body of an answer over HTTP · `async`: the output of a program for which the client does not wait, which blocks nothing. */
  readonly as: "command" | "http" | "async"
  /** False: nothing may block, because the agent was sent on often enough. */
  readonly blocksLeft: boolean
  /** For the user, each a text of its own. */
  readonly notes: ReadonlyArray<string>
  /** Finds the name that the agent's shell calls han by, when it is told. `han` without. */
  readonly program?: () => string
  /** The tool that the event is about, if any. */
  readonly tool?: string | null
}

export interface GivenAnswer {
  readonly answer: HookAnswer
  /** It stops what is about to happen, or sends the agent on. */
  readonly blocks: boolean
}

/**
 * Makes the answer that Claude Code reads at this event. A gate that is shut (failed, blocked, or broken with `on_error: closed`) blocks wherever the event can
 * be blocked, and its reason is for the model; elsewhere, and when no block is left, the user is told. Answers that commands gave in the client's JSON become one:
 * the most restrictive decision counts. Exit code 2 comes with stderr alone; each text is at most 9,500 UTF-16 units long, because the client cuts at 10,000.
 * A gate that merely failed does not erase what the user has written: the user is told. Of a program that it does not wait for the client reads JSON only, with
 * exit code 0, and hands it on with the next request: what would block is told there to the model, as far as the event has a place for it, and to the user.
 */
export const answerTo = (options: HookAnswerOptions): GivenAnswer => {
  const { as, blocksLeft, event, outcomes } = options
  const rule = ruleOf(event)
  const said = mergeOutputs(outcomes, event, rule)
  const erases = rule.erases && as !== "async"
  const held = outcomes.filter((outcome) => isShut(outcome, erases))
  const freed = outcomes.filter((outcome) => isSpared(outcome, erases))
  const program = held.length + freed.length === 0 ? "" : (options.program?.() ?? "han")
  const shut = held.map((outcome) => shutSection(outcome, program))
  const spared = freed.map((outcome) => shutSection(outcome, program))
  const denied = [...said.denials.map(({ from, reason }) => ({ ...section(reason ?? ""), head: `${subjectOf(from)} blocks:` })), ...severalPaths(said)]
  const open = outcomes.filter(isLeftOpen)
  const aside = [
    ...(spared.length === 0 ? [] : [section(sparedLead), ...spared]),
    ...open.map((outcome) => section(openLine(outcome))),
    ...options.notes.map((note) => section(note.trim()))
  ]
  if (as === "async") return { answer: { exitCode: 0, stdout: written(laterOf(options, said, [...shut, ...denied], aside)), stderr: "" }, blocks: false }
  const closing = blocksLeft && rule.blockable ? [...shut, ...denied] : []
  const refuses = closing.length > 0 || (blocksLeft && rule.says === "behavior" && denied.length > 0)
  const context = said.contexts.sections.length > 0 && (rule.context !== "goes-on" || blocksLeft) ? said.contexts.sections : []
  const untold = rule.blockable ? (blocksLeft ? [] : [...shut, ...denied]) : [...shut, ...(refuses ? [] : denied)]
  const unsaid = context.length === 0 ? said.contexts.sections : []
  const messages = [...said.messages, ...(untold.length + unsaid.length === 0 ? [] : [section(whyNot(options, rule)), ...untold, ...unsaid]), ...aside].filter(
    ({ body, head }) => body !== "" || head !== ""
  )
  const blocks = refuses || (rule.context === "goes-on" && context.length > 0)
  const parts: Parts = { ...options, rule, said, closing, byCode: shut.length > 0, refuses, context, messages }
  if (as === "http") return { answer: { exitCode: 0, stdout: written(jsonOf(parts)), stderr: "" }, blocks }
  if (closing.length > 0 && (shut.length > 0 || rule.says === null || !rule.json))
    return { answer: { exitCode: 2, stdout: "", stderr: reasonOf(parts) }, blocks }
  return { answer: { exitCode: 0, ...(rule.json ? spoken(parts) : printed(parts)) }, blocks }
}

/** The client moves what is longer than 10,000 to a file, and shows its beginning. */
const longest = 9500
const besideReasons = 1500
const contextBeside = 3000

interface Parts extends HookAnswerOptions {
  readonly rule: EventRule
  readonly said: MergedOutputs
  /** The gates that block, each with its reason. */
  readonly closing: ReadonlyArray<Section>
  readonly byCode: boolean
  readonly refuses: boolean
  readonly context: ReadonlyArray<Section>
  readonly messages: ReadonlyArray<Section>
}

const sparedLead = "This did not pass, and blocks nothing: only exit code 2, or a block in JSON, erases what you have written."

/** Only one of them can be meant. */
const severalPaths = ({ paths }: MergedOutputs): ReadonlyArray<Section> =>
  paths.length > 1 ? [{ ...section(paths.join("\n")), head: "Several hooks print a path for the worktree, each another one:" }] : []

const whyNot = ({ blocksLeft, event }: HookAnswerOptions, { blockable, says }: EventRule): string =>
  event !== null && !isHookEvent(event)
    ? `${unknownEvent(event)}, and nothing is blocked there. This did not pass:`
    : blocksLeft || (!blockable && says !== "behavior")
      ? `${event} cannot be blocked. This did not pass:`
      : "Nothing is blocked any more, and the agent is not sent on again. Otherwise it would be, because of this:"

/** All that is to be said goes to stderr, the reasons with most of the room. */
const reasonOf = ({ closing, context, messages, rule, said }: Parts): string => {
  const stop = said.stops === null ? [] : [section(["A hook asks to end the turn.", ...said.stops].join("\n"))]
  // A prompt that is blocked is erased, and its context with it.
  const beside = rule.plain === "context" ? "" : joined(context, contextBeside)
  const lost = Object.keys(said.fields).filter((key) => !moot.has(key))
  const without = lost.length === 0 ? "" : `Answers of hooks that do not count, because something else blocks: ${lost.join(", ")}.`
  return joined([...closing, ...stop, section(beside), section(joined(messages, besideReasons)), section(without)], longest)
}

/** Fields that nobody expects beside a block. */
const moot = new Set(["updatedInput", "action", "content"])

/** Makes the output at events where stdout is no place for JSON. */
const printed = ({ context, messages, rule, said }: Parts): Pick<HookAnswer, "stdout" | "stderr"> => {
  const stop = said.stops === null ? [] : [section(["A hook asks to end the turn.", ...said.stops].join("\n"))]
  if (rule.shown) return { stdout: joined([...stop, ...messages], longest), stderr: "" }
  const instructions = rule.plain === "instructions" ? joined(context, longest - instructionsLead.length) : ""
  return {
    stdout: rule.plain === "path" ? (pathOf(said) ?? "") : instructions.startsWith("{") ? `${instructionsLead}${instructions}` : instructions,
    stderr: joined([...stop, ...messages], longest)
  }
}
/** So that nobody takes the text for JSON. */
const instructionsLead = "From a hook:\n"

const pathOf = ({ denials, paths }: MergedOutputs): string | null => {
  const [path] = paths
  return paths.length === 1 && denials.length === 0 && path !== undefined && !path.trimStart().startsWith("{") ? path : null
}

const spoken = (parts: Parts): Pick<HookAnswer, "stdout" | "stderr"> => {
  const { context, rule, said } = parts
  const text = joined(context, longest)
  const json = jsonOf({ ...parts, context: [] })
  const asText = rule.plain === "context" && !said.contexts.said && Object.keys(json).length === 0 && !text.startsWith("{")
  return { stdout: asText ? text : written(jsonOf(parts)), stderr: "" }
}

interface JsonAnswer {
  continue?: false
  stopReason?: string
  systemMessage?: string
  suppressOutput?: true
  terminalSequence?: string
  decision?: "block"
  reason?: string
  hookSpecificOutput?: Record<string, unknown>
}

const written = (json: JsonAnswer): string => (Object.keys(json).length === 0 ? "" : JSON.stringify(json))

const jsonOf = (parts: Parts): JsonAnswer => {
  const { context, event, messages, rule, said } = parts
  const json: JsonAnswer = {}
  if (said.stops !== null) {
    json.continue = false
    const why = joinedTexts(said.stops)
    if (why !== "") json.stopReason = why
  }
  const message = joined(messages, longest)
  if (message !== "") json.systemMessage = message
  if (said.terminalSequence !== "") json.terminalSequence = said.terminalSequence
  if (parts.closing.length > 0 && rule.says !== "permission") {
    json.decision = "block"
    json.reason = denialReason(parts)
  }
  const specific = { ...decisionOf(parts), ...fieldsOf(parts), ...(context.length === 0 ? {} : { additionalContext: joined(context, longest) }) }
  if (event !== null && Object.keys(specific).length > 0) json.hookSpecificOutput = { hookEventName: event, ...specific }
  // Alone it says nothing: there is nothing to suppress.
  if (said.suppressOutput && Object.keys(json).length > 0) json.suppressOutput = true
  return json
}

/** Makes the JSON that is told when the event is over: `against` are the reasons of what would have blocked. */
const laterOf = ({ event }: HookAnswerOptions, said: MergedOutputs, against: ReadonlyArray<Section>, aside: ReadonlyArray<Section>): JsonAnswer => {
  const rule = ruleOf(event)
  const reaches = rule.json && rule.context !== null
  const stop = said.stops === null ? [] : [section(["A hook asks to end the turn, which went on meanwhile.", ...said.stops].join("\n"))]
  const forModel = [...against, ...stop, ...said.contexts.sections]
  const forUser = reaches ? against.map(({ head }) => section(`${head.replace(/:$/, "")}; the agent is told with its next request.`)) : forModel
  const message = joined([...forUser, ...said.messages, ...aside], longest)
  return {
    ...(message === "" ? {} : { systemMessage: message }),
    ...(said.terminalSequence === "" ? {} : { terminalSequence: said.terminalSequence }),
    ...(event === null || !reaches || forModel.length === 0
      ? {}
      : { hookSpecificOutput: { hookEventName: event, additionalContext: joined(forModel, longest) } })
  }
}

/** `permissionDecision` or a request's `decision`, as far as somebody decides. What was denied, but may not be, is decided by nobody. */
const decisionOf = (parts: Parts): Record<string, unknown> => {
  const { refuses, rule, said } = parts
  if (rule.says === "permission") {
    if (refuses) return { permissionDecision: "deny", permissionDecisionReason: denialReason(parts) }
    if (said.permission === null || (said.permission.decision === "allow" && (hindered(parts) || hidesAllow(parts)))) return {}
    const why = joinedTexts(said.permission.reasons)
    return { permissionDecision: said.permission.decision, ...(why === "" ? {} : { permissionDecisionReason: why }) }
  }
  if (rule.says !== "behavior") return {}
  if (refuses) return { decision: { behavior: "deny", message: denialReason(parts), ...(said.interrupts ? { interrupt: true } : {}) } }
  return said.allows === null || hindered(parts) ? {} : { decision: said.allows }
}

/** Somebody is against it, blocks left or not. */
const hindered = ({ byCode, said }: Parts): boolean => byCode || said.denials.length > 0

/** The fields that may be said beside the decision. What replaces an input or answers for somebody does not go with a gate that is shut. */
const fieldsOf = (parts: Parts): Record<string, unknown> => {
  const { refuses, rule, said, tool } = parts
  const { updatedInput, action, content, ...fields } = said.fields
  if (refuses && rule.fields["action"] !== undefined) return { ...fields, action: "decline" }
  const path = rule.plain === "path" && !refuses ? pathOf(said) : null
  const rest = { ...fields, ...(path === null ? {} : { worktreePath: path }) }
  if (hindered(parts)) return rest
  const decided = said.permission !== null && !hidesAllow(parts)
  return {
    ...rest,
    ...(action === undefined ? {} : { action }),
    ...(content === undefined ? {} : { content }),
    ...(updatedInput === undefined || (startsAgents(tool) && decided) ? {} : { updatedInput })
  }
}

/** Another input and a decision do not go together for the tools that start agents, which need no permission. */
const hidesAllow = ({ said, tool }: Parts): boolean => startsAgents(tool) && said.permission?.decision === "allow" && said.fields["updatedInput"] !== undefined
const startsAgents = (tool: string | null | undefined): boolean => tool === "Agent" || tool === "Task"

/** The commands' own words when only they deny; else what all gates say. */
const denialReason = ({ byCode, closing, said }: Parts): string => {
  if (byCode && closing.length > 0) return joined(closing, longest)
  const reasons = said.denials.map(({ from, reason }) => section(reason ?? `${subjectOf(from)} blocks.`))
  return reasons.length === 0 ? joined(closing, longest) : joined(reasons, longest)
}

const joinedTexts = (texts: ReadonlyArray<string>): string =>
  joined(
    texts.map((text) => section(text)),
    longest
  )
