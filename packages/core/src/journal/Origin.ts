import type { Transcript } from "./Entry.ts"
import type { Envelope } from "./SessionEvent.ts"

/**
 * The session in which a line was made when the transcript that it stands in carries a copy of it. `request`: the line names the session of the request · `branch`: it
 * names the session that it was copied from · `line`: it still bears the id of the session in whose transcript it stood, as in a file that was copied by hand.
 */
export interface Origin {
  readonly sessionId: string
  readonly by: "request" | "branch" | "line"
}

/** Null for a line that was made where it stands. */
export const originOf = (transcript: Pick<Transcript, "kind" | "sessionId">, envelope: Envelope): Origin | null => {
  const named = envelope.requestSessionId ?? envelope.forkedFrom ?? (transcript.kind === "han" ? null : envelope.sessionId)
  if (named === null || named === transcript.sessionId) return null
  const by = envelope.requestSessionId !== null ? "request" : envelope.forkedFrom !== null ? "branch" : "line"
  return { sessionId: named, by }
}

/**
 * Rates how well a line fits the transcript that it stands in, by what it says of itself; the smaller the better. A subagent that is asked aside gets the conversation so far
 * as lines of its own, and old clients wrote subagents' lines into the session's transcript: of the same line in several transcripts, the one that fits best counts.
 * 0: a line of the conversation in the session's transcript · 1: a line of this subagent in its transcript · 2: a line of somebody else's.
 */
export const fitOf = (transcript: Pick<Transcript, "kind" | "agentId">, envelope: Envelope): 0 | 1 | 2 => {
  if (transcript.kind === "agent") return envelope.agentId === transcript.agentId ? 1 : 2
  return envelope.isSidechain ? 2 : 0
}
