import { hookEvents } from "han-core/Hook"
import type { HookCall } from "han-core/HookCall"
import { matchedField, triggerIn } from "han-core/HookMatcher"
import { faultsOf } from "han-core/TriggerFault"
import { BadUsage } from "./CommandFailed.ts"
import type { Host } from "./Host.ts"
import { inFull, standing, workingDirectory } from "./WorkingDirectory.ts"

export interface HandCall {
  /** `Stop`, or with what it is about: `SessionStart:compact`, `SubagentStop:Explore`, `PreToolUse:Bash`. */
  readonly event: string | undefined
  readonly only?: HookCall["only"] | undefined
  readonly cache: boolean
  readonly directory?: string | undefined
  readonly session?: string | undefined
  /** What the agent's tool would have been, and its file. */
  readonly tool?: string | undefined
  readonly file?: string | undefined
}

/** A call by hand: commands get the payload that Claude Code would have sent, as far as it is known. Throws `BadUsage`. */
export const handCall = (asked: HandCall, host: Host, command: string): HookCall => {
  const { file, only, session } = asked
  const { about, event } = eventIn(asked.event, command)
  const tool = about["tool_name"] ?? asked.tool
  if (tool !== asked.tool && asked.tool !== undefined) throw new BadUsage(`${command}: give the tool behind the event or with --tool, not both`)
  if (event !== undefined && !hookEvents.includes(event)) {
    throw new BadUsage(
      `${command}: "${event.slice(0, 60)}" is no event of Claude Code; those are ${hookEvents.join(", ")}. For one hook give its plugin and its name`
    )
  }
  // Commands run in a folder that is there, and for the project around it.
  const cwd = standing(workingDirectory())
  const input = {
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
    input: `${JSON.stringify(input)}\n`,
    cwd,
    environment: Object.fromEntries(Object.entries(host.environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    only: only ?? null,
    ...(asked.directory === undefined ? {} : { directory: inFull(asked.directory) }),
    cache: asked.cache,
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
  if (value === undefined || !hookEvents.includes(event)) return { event, about: {} }
  if (another !== undefined) throw new BadUsage(`${command}: an event is about one thing; "${text.slice(0, 60)}" names several`)
  if (field?.name === "file_path") return { event, about: { file_path: inFull(value) } }
  const fault = faultsOf(trigger).find(({ severity }) => severity === "error")
  if (field === null || fault !== undefined) throw new BadUsage(`${command}: "${text.slice(0, 60)}" ${fault?.what}`)
  return { event, about: { [field.name]: value } }
}
