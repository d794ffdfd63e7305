import { readFileSync } from "node:fs"
import type { HookCall } from "han-core/HookCall"
import { hookEventNames, isHookEvent, unknownEvent } from "han-core/HookEvents"
import { matchedField, triggerIn } from "han-core/unstable/HookMatcher"
import { faultsOf } from "han-core/unstable/TriggerFault"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { BadUsage } from "../environment/CommandFailed.ts"
import { inFull, standing, workingDirectory } from "../environment/WorkingDirectory.ts"

export interface HandCall {
  /** `Stop`, or with what it is about: `SessionStart:compact`, `SubagentStop:Explore`, `PreToolUse:Bash`. */
  readonly event: string | undefined
  readonly only?: HookCall["only"] | undefined
  readonly cache: boolean
  readonly directory?: string | undefined
  readonly session?: string | undefined
  /** The tool, and its file, to assume. */
  readonly tool?: string | undefined
  readonly file?: string | undefined
  /** The payload itself, as JSON or as a file of it. */
  readonly input?: string | undefined
}

/** A call by hand: commands get the payload that Claude Code would have sent, as far as it is known. Throws `BadUsage`. */
export const handCall = (asked: HandCall, host: CliEnvironment, command: string): HookCall => {
  const { file, input: given, only, session } = asked
  const { about, event } = eventIn(asked.event, command)
  const tool = about["tool_name"] ?? asked.tool
  if (tool !== asked.tool && asked.tool !== undefined) throw new BadUsage(`${command}: give the tool behind the event or with --tool, not both`)
  if (event !== undefined && !isHookEvent(event)) {
    throw new BadUsage(`${command}: ${unknownEvent(event)}; those are ${hookEventNames.join(", ")}. For one hook give its plugin and its name`)
  }
  // Commands run in a folder that is there, and for the project around it.
  const cwd = standing(workingDirectory())
  if (given !== undefined && (tool !== undefined || file !== undefined)) {
    throw new BadUsage(`${command}: give --input, or --tool and --file, not both: the payload says which tool it is`)
  }
  const input = given === undefined ? undefined : payloadIn(given, { event, cwd, about }, command)
  const made = {
    ...(session === undefined ? {} : { session_id: session }),
    cwd,
    ...(event === undefined ? {} : { hook_event_name: event }),
    ...about,
    ...(event === "FileChanged" && file !== undefined ? { file_path: inFull(file) } : {}),
    ...(tool === undefined && file === undefined ? {} : { tool_name: tool ?? "Edit", tool_input: file === undefined ? {} : { file_path: inFull(file) } }),
    ...(event === "Stop" || event === "SubagentStop" ? { stop_hook_active: false } : {})
  }
  return {
    event: event ?? null,
    input: input ?? `${JSON.stringify(made)}\n`,
    cwd,
    environment: Object.fromEntries(Object.entries(host.environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    only: only ?? null,
    ...(asked.directory === undefined ? {} : { directory: inFull(asked.directory) }),
    cache: asked.cache,
    ...(input === undefined ? {} : { trial: true }),
    answerAs: "command"
  }
}

/** An event, and the field of its payload that says what it is about. */
const eventIn = (text: string | undefined, command: string): { readonly event: string | undefined; readonly about: Readonly<Record<string, string>> } => {
  if (text === undefined) return { event: text, about: {} }
  const trigger = triggerIn(text)
  const { event, values } = trigger
  const field = matchedField(event)
  const [value, another] = values ?? []
  if (value === undefined || !isHookEvent(event)) return { event, about: {} }
  if (another !== undefined) throw new BadUsage(`${command}: an event is about one thing; "${text.slice(0, 60)}" names several`)
  if (field?.name === "file_path") return { event, about: { file_path: inFull(value) } }
  const fault = faultsOf(trigger).find(({ severity }) => severity === "error")
  if (field === null || fault !== undefined) throw new BadUsage(`${command}: "${text.slice(0, 60)}" ${fault?.what}`)
  return { event, about: { [field.name]: value } }
}

/** A payload as somebody gives it: only the event, what it is about and the folder are added, where it lacks them. */
const payloadIn = (
  given: string,
  { about, cwd, event }: { readonly event: string | undefined; readonly cwd: string; readonly about: Readonly<Record<string, string>> },
  command: string
): string => {
  const isText = given.trimStart().startsWith("{")
  const from = isText ? "--input" : `"${given}"`
  const payload = parsed(isText ? given : textOf(given, command))
  if (payload === null) throw new BadUsage(`${command}: ${from} is not one JSON object, as Claude Code writes it to a hook`)
  const named = payload["hook_event_name"]
  if (named !== undefined && event !== undefined && named !== event)
    throw new BadUsage(`${command}: ${from} tells of ${JSON.stringify(named)}, not of ${event}`)
  return `${JSON.stringify({ cwd, ...(event === undefined ? {} : { hook_event_name: event }), ...about, ...payload })}\n`
}

const textOf = (file: string, command: string): string => {
  try {
    return readFileSync(inFull(file), "utf8")
  } catch (cause) {
    throw new BadUsage(`${command}: "${file}" cannot be read (${cause instanceof Error ? cause.message : String(cause)}); --input takes JSON, or a file of it`)
  }
}

const parsed = (text: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

/** The tool that a call is about; null for none. */
export const toolOf = ({ input }: HookCall): string | null => {
  const name = parsed(input)?.["tool_name"]
  return typeof name === "string" ? name : null
}
