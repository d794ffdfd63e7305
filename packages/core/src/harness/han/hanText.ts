import { endsRun, hookFactsOf } from "../../hooks/HookRun.ts"
import type { SessionEventOf } from "../../journal/SessionEvent.ts"
import { clipped } from "../../text/Clip.ts"
import { canonicalJson, filled, type JsonObject, object } from "../../text/json.ts"

const longest = 300
const maxName = 100

/** Writes a line of han's own log as one line for a reader: what happened, not how it is written down. */
export const hanText = ({ data, missingPayload, name }: Pick<SessionEventOf<"HanNoted">, "name" | "data" | "missingPayload">): string => {
  const facts = object(data)
  if (facts === null) return missingPayload ? `${shownName(name)} (what it says is in a file that is not there)` : shownName(name)
  return oneLine(told(name, facts) ?? `${shownName(name)} ${clipped(canonicalJson(facts), longest)}`)
}

const told = (name: string, facts: JsonObject): string | null => {
  if (name === "hook_run") return `gate ${gateOf(facts)} began${placeOf(facts)}`
  if (endsRun(name)) return `gate ${gateOf(facts)} ${endOf(facts)}`
  switch (name) {
    case "hook_validation_cache":
      return `gate ${gateOf(facts)} keeps its pass for ${counted(Object.keys(object(facts.files) ?? {}).length, "file")}`
    case "hook_reference":
      return `${part(facts.plugin) ?? "a plugin"} referred the agent to ${part(facts.file_path) ?? "a file"}`
    case "hook_file_change":
      return `${part(facts.tool_name) ?? "a tool"} changed ${part(facts.file_path) ?? "a file"}`
    case "hook_script":
      return `${part(facts.plugin) ?? "a plugin"} ran ${part(facts.command) ?? "a command"}: ${endOf(facts)}`
    case "mcp_tool_call":
    case "exposed_tool_call":
      return `called ${toolOf(facts)}`
    case "mcp_tool_result":
    case "exposed_tool_result":
      return `${toolOf(facts)} ${facts.success === false ? "failed" : "answered"}${tookOf(facts)}`
    case "memory_query":
      return `asked the memory: ${part(facts.question) ?? ""}`
    default:
      return null
  }
}

/** Says the end in the words of the line where it has some, else by what its exit code says. */
const endOf = (facts: JsonObject): string => {
  const { exitCode, passed } = hookFactsOf(facts)
  const end = filled(facts.verdict) ?? (passed ? "passed" : exitCode === null ? "failed" : `failed with exit code ${exitCode}`)
  return facts.cached === true && end === "passed" ? "passed before" : `${clipped(end, maxName)}${tookOf(facts)}`
}

const tookOf = (facts: JsonObject): string => {
  const { durationMs } = hookFactsOf(facts)
  return durationMs === null ? "" : `, ${durationMs < 1000 ? `${Math.round(durationMs)} ms` : `${Math.round(durationMs / 100) / 10} s`}`
}

const gateOf = (facts: JsonObject): string => {
  const { hook, plugin } = hookFactsOf(facts)
  return [plugin, hook].flatMap((name) => (name === null || name === "" ? [] : [clipped(name, maxName)])).join("/") || "without a name"
}

const placeOf = (facts: JsonObject): string => {
  const event = part(facts.hook_type)
  return event === null || event === "manual" ? "" : ` at ${event}`
}

const toolOf = (facts: JsonObject): string => part(facts.prefixed_name) ?? part(facts.tool) ?? "a tool"
const part = (value: unknown): string | null => {
  const text = filled(value)
  return text === null ? null : clipped(text, longest)
}
const counted = (value: number, one: string): string => `${value} ${one}${value === 1 ? "" : "s"}`
const shownName = (name: string): string => clipped(name, maxName).replaceAll("_", " ")
const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()
