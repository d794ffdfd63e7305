import type { Envelope } from "../journal/SessionEvent.ts"
import { filled, type JsonObject, object } from "../text/json.ts"

export const noEnvelope: Envelope = {
  type: "",
  uuid: null,
  parentUuid: null,
  at: null,
  sessionId: null,
  agentId: null,
  cwd: null,
  branch: null,
  version: null,
  slug: null,
  requestSessionId: null,
  forkedFrom: null,
  processSessionId: null,
  isMeta: false,
  isSidechain: false
}

export const envelopeOf = (record: JsonObject): Envelope => ({
  type: typeOf(record),
  uuid: filled(record.uuid),
  parentUuid: filled(record.parentUuid),
  at: instant(record.timestamp) ?? (record.snapshot === undefined ? null : instant(object(record.snapshot)?.timestamp)),
  sessionId: filled(record.sessionId),
  agentId: filled(record.agentId),
  cwd: filled(record.cwd),
  branch: filled(record.gitBranch),
  version: filled(record.version),
  slug: filled(record.slug),
  requestSessionId: filled(record.requestSessionId),
  forkedFrom: record.forkedFrom === undefined ? null : filled(object(record.forkedFrom)?.sessionId),
  processSessionId: filled(record.session_id),
  isMeta: record.isMeta === true,
  isSidechain: record.isSidechain === true
})

const typeOf = (record: JsonObject): string => {
  const type = record.type
  if (typeof type !== "string") return ""
  const part = type === "attachment" ? filled(object(record.attachment)?.type) : filled(record.subtype)
  return part === null ? type : `${type}/${part}`
}

/** Milliseconds since 1970 of an ISO 8601 text. Without a zone it is UTC, so that every machine reads the same. */
export const instant = (value: unknown): number | null => {
  if (typeof value !== "string" || value.length < 10 || value.length > 40 || value.charCodeAt(4) !== 45) return null
  const at = Date.parse(value.length > 10 && !zoned(value) ? `${value}Z` : value)
  return Number.isNaN(at) ? null : at
}
const zoned = (value: string): boolean => {
  const last = value.charCodeAt(value.length - 1)
  return last === 0x5a || last === 0x7a || /[+-]\d\d:?\d\d$/.test(value.slice(10))
}
