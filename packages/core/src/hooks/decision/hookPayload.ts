import * as path from "node:path"
import * as Either from "effect/Either"
import { filled, isObject, type JsonObject, object } from "../../text/json.ts"
import { type HookCall, HookCallInvalid } from "../HookCall.ts"
import { matchedValue } from "../HookMatcher.ts"

/** The payload of a call, read. */
export interface HookPayload {
  /** All of it, as it came. */
  readonly given: JsonObject
  readonly event: string | null
  readonly sessionId: string | null
  readonly agentId: string | null
  /** Absolute. */
  readonly cwd: string
  readonly toolName: string | null
  /** The value that a matcher is compared with: the tool, the source, the agent's type; null where the payload does not say it. */
  readonly matched: string | null
  readonly toolUseId: string | null
  /** The files that the tool was about, absolute; empty where it does not say. */
  readonly toolFiles: ReadonlyArray<string>
  /** The agent goes on because a hook sent it on before. */
  readonly isGoingOn: boolean
}

/** An id is used in names of things; nobody's is longer or has other characters. */
const idPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
const eventPattern = /^[A-Z][A-Za-z]{2,63}$/

/** Reads the JSON that an agent wrote to standard input, and trusts none of it. */
export const payloadOf = (call: HookCall): Either.Either<HookPayload, HookCallInvalid> => {
  const invalid = (message: string) => Either.left(new HookCallInvalid({ message }))
  const given = call.input.trim() === "" ? {} : parsed(call.input)
  if (given === null) return invalid("what came on standard input is not one JSON object; Claude Code writes one, by hand leave it empty")
  const named = filled(given.hook_event_name)
  const event = call.event ?? named
  if (event !== null && !eventPattern.test(event)) return invalid(`${quoted(event)} is no name of an event`)
  if (call.event !== null && named !== null && named !== call.event)
    return invalid(`it was called for ${call.event}, but standard input tells of ${quoted(named)}`)
  const sessionId = filled(given.session_id)
  if (sessionId !== null && !idPattern.test(sessionId)) return invalid(`session_id ${quoted(sessionId)} is no id of a session`)
  const agentId = filled(given.agent_id)
  if (agentId !== null && !idPattern.test(agentId)) return invalid(`agent_id ${quoted(agentId)} is no id of an agent`)
  const cwd = filled(given.cwd) ?? call.cwd
  if (!path.isAbsolute(cwd) || cwd.includes("\0")) return invalid(`cwd ${quoted(cwd)} is no absolute path`)
  if (event === null && call.only === null) return invalid("no event is named: `han hook run Stop`, or `hook_event_name` on standard input")
  return Either.right({
    given,
    event,
    sessionId,
    agentId,
    cwd,
    toolName: filled(given.tool_name),
    matched: matchedValue(event, given),
    toolUseId: filled(given.tool_use_id),
    toolFiles: toolFilesOf(object(given.tool_input), cwd),
    isGoingOn: given.stop_hook_active === true
  })
}

const toolFilesOf = (input: JsonObject | null, cwd: string): ReadonlyArray<string> => {
  const named = filled(input?.file_path) ?? filled(input?.notebook_path)
  return named === null || named.includes("\0") ? [] : [path.resolve(cwd, named)]
}

const parsed = (text: string): JsonObject | null => {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
