import type { AgentId } from "han-core/Entry"

/** Reads the client's notes about a subagent. A fact that cannot be read is null. */
export const agentMeta = (meta: string | null) => {
  const facts = parse(meta)
  const text = (key: string): string | null => {
    const value = facts[key]
    return typeof value === "string" && value !== "" ? value : null
  }
  const depth = facts["spawnDepth"]
  return {
    type: text("agentType"),
    description: text("description"),
    name: text("name"),
    model: text("model"),
    parentAgentId: text("parentAgentId") as AgentId | null,
    toolUseId: text("toolUseId"),
    spawnDepth: typeof depth === "number" ? depth : null
  }
}

const parse = (meta: string | null): Readonly<Record<string, unknown>> => {
  if (meta === null) return {}
  try {
    const value: unknown = JSON.parse(meta)
    return typeof value === "object" && value !== null ? { ...value } : {}
  } catch {
    // A half-written file is read again when it changes.
    return {}
  }
}
