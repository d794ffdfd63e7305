import { hookEvents } from "han-core/Hook"
import type { HookCall } from "han-core/HookCall"
import { BadUsage } from "./CommandFailed.ts"
import type { Host } from "./Host.ts"
import { inFull, standing, workingDirectory } from "./WorkingDirectory.ts"

export interface HandCall {
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
  const { event, file, only, session, tool } = asked
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
