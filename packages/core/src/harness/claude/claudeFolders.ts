import { isAnyId, isOutputName, outputFolder } from "../fileNames.ts"
import type { HarnessFolder, HarnessFolders, NoTranscript, TranscriptName } from "../Harness.ts"

const end = ".jsonl"
const factsEnd = ".meta.json"
const session = /^[0-9a-fA-F-]{32,256}$/
/** An export writes so what a file held before it was written anew. */
const olderGeneration = /\.generation-\d+\.jsonl$/
/** Names in a session's folders that are files', so that nobody looks into them. */
const fileName = /\.(?:jsonl?|lock|tmp)$/

/** Files of the client that end as transcripts do. */
const ownFiles: ReadonlyMap<string, string> = new Map([
  ["history.jsonl", "the client's list of prompts that were typed"],
  ["journal.jsonl", "the client's journal of a workflow"],
  ["timeline.jsonl", "the client's record of a background session"]
])

/** Folders that hold what people configure, plugins and the client's own records. */
const skipped: ReadonlySet<string> = new Set(
  (
    "plugins commands agents skills output-styles rules file-history shell-snapshots session-env tasks todos local cache paste-cache image-cache debug " +
    "statsig telemetry"
  ).split(" ")
)

/**
 * `projects` › a project › transcripts of sessions, and beside each the session's folder, anywhere below which lie those of its subagents (`subagents`,
 * `subagents/workflows/wf_1`, whatever its name); in it `tool-results` with the outputs of tools.
 */
export const claudeFolders: HarnessFolders = {
  tops: ["projects"],
  skipped,
  child: ({ depth, level, sessionId }, name) => {
    switch (level) {
      case "root":
        return name === "projects" ? { level: "way", sessionId } : null
      case "way":
        return depth === 1 ? { level: "transcripts", sessionId } : null
      case "transcripts":
        return session.test(name) ? { level: "session", sessionId: name } : null
      case "session":
        if (name === outputFolder) return { level: "outputs", sessionId }
        return fileName.test(name) ? null : { level: "inside", sessionId }
      case "inside":
        return fileName.test(name) ? null : { level: "inside", sessionId }
      case "outputs":
        return null
    }
  },
  isOutput: isOutputName,
  factsOf: (transcript) => `${transcript.slice(0, -end.length)}${factsEnd}`,
  transcriptOfFacts: (name) => (name.endsWith(factsEnd) ? `${name.slice(0, -factsEnd.length)}${end}` : null)
}

export const identifyFile = (folder: HarnessFolder | null, name: string, firstLine?: unknown): TranscriptName | NoTranscript | null => {
  if (!name.endsWith(end)) return null
  const found = olderGeneration.test(name) ? null : nameIn(folder, name.slice(0, -end.length))
  if (found === null) return noTranscript(folder, name)
  return found.sessionId === null && firstLine !== undefined ? { ...found, sessionId: sessionIn(firstLine) } : found
}

const nameIn = (folder: HarnessFolder | null, stem: string): TranscriptName | null => {
  const agentId = stem.startsWith("agent-") ? stem.slice("agent-".length) : null
  switch (folder?.level) {
    case "session":
    case "inside":
      return agentId !== null && isAnyId(agentId) ? { kind: "agent", sessionId: folder.sessionId, agentId } : null
    case "transcripts": {
      if (agentId !== null) return isAnyId(agentId) ? { kind: "agent", sessionId: null, agentId } : null
      const sessionId = stem.endsWith("_messages") ? stem.slice(0, -"_messages".length) : stem
      return session.test(sessionId) ? { kind: "main", sessionId, agentId: null } : null
    }
    default:
      return null
  }
}

/** The session that the first line of a subagent's transcript names; old clients put these into the project's folder. */
const sessionIn = (line: unknown): string | null =>
  typeof line === "object" && line !== null && "sessionId" in line && typeof line.sessionId === "string" && isAnyId(line.sessionId) ? line.sessionId : null

const noTranscript = (folder: HarnessFolder | null, name: string): NoTranscript => {
  const own = ownFiles.get(name) ?? (olderGeneration.test(name) ? "an older generation of a transcript, from an export" : undefined)
  if (own !== undefined) return { kind: "none", reason: own, known: true }
  const reason =
    folder === null
      ? "it lies in a folder that is no session's"
      : folder.level === "way"
        ? "it lies in no project's folder"
        : folder.level === "transcripts"
          ? "its name is that of no session, no agent, no log of han's"
          : `below the folder of session ${folder.sessionId ?? ""} there are only transcripts of agents, named agent-ID.jsonl`
  return { kind: "none", reason, known: false }
}
