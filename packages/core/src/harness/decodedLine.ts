import { createHash } from "node:crypto"
import type { Entry, Transcript } from "../journal/Entry.ts"
import type { DecodedLine, Envelope, SessionEvent } from "../journal/SessionEvent.ts"
import { type JsonObject, strings } from "../text/json.ts"
import { noEnvelope } from "./envelope.ts"
import { readRecords } from "./record.ts"

/** A record on its way to its events. */
export interface Line {
  readonly transcript: Transcript
  readonly entry: Entry
  readonly record: JsonObject
  readonly envelope: Envelope
  readonly events: Array<SessionEvent>
}

/** Reads the line, and says of each record on it what `envelopeOf` and `addEvents` know. A line always has an event. */
export const decodeLine = (
  transcript: Transcript,
  entry: Entry,
  envelopeOf: (record: JsonObject) => Envelope,
  addEvents: (line: Line) => void
): DecodedLine => {
  const { fault, records } = readRecords(entry)
  const events: Array<SessionEvent> = []
  let envelope = noEnvelope
  if (fault !== null) events.push({ _tag: "Unreadable", reason: fault, recovered: records.length > 0 })
  for (const record of records) {
    envelope = envelopeOf(record)
    const before = events.length
    const line = { transcript, entry, record, envelope, events }
    addEvents(line)
    if (events.length === before) addUnrecognized(line)
  }
  return { line: entry.line, offset: entry.offset, envelope, events }
}

export const addUnrecognized = (line: Line): void => {
  const said = Object.entries(line.record)
    .filter(([key]) => !envelopeKeys.has(key))
    .map(([, value]) => value)
  line.events.push({ _tag: "Unrecognized", type: line.envelope.type, text: strings(said, 4000, 4000).join("\n") })
}
const envelopeKeys = new Set([
  "type",
  "subtype",
  "uuid",
  "parentUuid",
  "logicalParentUuid",
  "timestamp",
  "sessionId",
  "session_id",
  "agentId",
  "cwd",
  "version",
  "gitBranch",
  "slug",
  "userType",
  "entrypoint",
  "requestId",
  "promptId",
  "requestSessionId",
  "forkedFrom"
])

/** The id of a line that has none: the same for the same bytes in one session. */
export const lineHash = (transcript: Transcript, entry: Entry): string =>
  `h${createHash("sha256").update(transcript.sessionId).update("\0").update(entry.bytes).digest("hex").slice(0, 31)}`

export const lineId = ({ entry, envelope, transcript }: Line): string => envelope.uuid ?? lineHash(transcript, entry)
