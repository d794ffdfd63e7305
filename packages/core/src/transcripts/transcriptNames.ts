/** What the name of a transcript file says. `sessionId` is null when only the first line of the file says it. */
export interface TranscriptName {
  readonly kind: "main" | "agent" | "han"
  readonly sessionId: string | null
  readonly agentId: string | null
}

const clientSession = /^[0-9a-fA-F-]{32,256}$/
// A leading dot would let a session be named "..", which is a folder that payloads must not come from.
const anySession = /^[^\p{Cc}./\\][^\p{Cc}/\\]{0,255}$/u

export const transcriptEnd = ".jsonl"
/** An export writes so what a file held before it was written anew. */
export const olderGeneration = /\.generation-\d+\.jsonl$/

/** The folder in a session's own that the client writes to what is too long for a line, and what is no text. */
export const outputFolder = "tool-results"
/** Whether a file in that folder can have this name. */
export const isOutputName = (name: string): boolean => /^[^\p{Cc}/\\]{1,255}$/u.test(name) && name !== "." && name !== ".."

/** Whether a folder or file stem is named as Claude Code names its sessions. */
export const isSessionName = (name: string): boolean => clientSession.test(name)
/** Whether it can be the id of a session of any harness, and of an agent. */
export const isAnyId = (name: string): boolean => anySession.test(name)

/** Tells what a file of this name is; null for one that is no transcript. `below`: the session below whose folder it lies, where only agents' transcripts are. */
export const identify = (name: string, below: string | null): TranscriptName | null => {
  if (!name.endsWith(transcriptEnd) || olderGeneration.test(name)) return null
  const stem = name.slice(0, -transcriptEnd.length)
  const agentId = stem.startsWith("agent-") ? stem.slice("agent-".length) : null
  if (below !== null) return agentId !== null && isAnyId(agentId) ? { kind: "agent", sessionId: below, agentId } : null
  if (stem.endsWith("-han")) {
    const sessionId = stem.slice(0, -"-han".length)
    return isAnyId(sessionId) ? { kind: "han", sessionId, agentId: null } : null
  }
  if (agentId !== null) return isAnyId(agentId) ? { kind: "agent", sessionId: null, agentId } : null
  const sessionId = stem.endsWith("_messages") ? stem.slice(0, -"_messages".length) : stem
  return isSessionName(sessionId) ? { kind: "main", sessionId, agentId: null } : null
}

/** The file of facts that belongs to a subagent's transcript. */
export const metaNameOf = (name: string): string => name.replace(/\.jsonl$/, ".meta.json")
/** The transcript that a file of facts belongs to; null for any other name. */
export const transcriptNameOfMeta = (name: string): string | null => (name.endsWith(".meta.json") ? name.replace(/\.meta\.json$/, ".jsonl") : null)
