import type { MessageLine } from "han-core/Messages"
import type { SessionEvent, SessionEventOf } from "han-core/SessionEvent"

export interface JsonObject {
  readonly [key: string]: unknown
}
export const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value)
/** A string that says something; null for everything else. */
export const filled = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null)
/** A whole number that JSON carries exactly; fractions are rounded. */
export const whole = (value: unknown): number | null => {
  const rounded = typeof value === "number" ? Math.round(value) : Number.NaN
  return Number.isSafeInteger(rounded) ? rounded + 0 : null
}
/** Adding 0 makes of the negative zero the one that JSON knows. */
export const finite = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value + 0 : null)
export const flag = (value: unknown): boolean | null => (typeof value === "boolean" ? value : null)
export const texts = (value: unknown): ReadonlyArray<string> | null => (Array.isArray(value) ? value.filter((item) => typeof item === "string") : null)

const nothing: JsonObject = {}
const records = new WeakMap<MessageLine, JsonObject>()

/** The original line as JSON, read at the first question. Empty for a line that is not one whole JSON object: what was saved of it stands in its events. */
export const recordOf = (line: MessageLine): JsonObject => {
  let record = records.get(line)
  if (record === undefined) {
    record = parsed(line.raw)
    records.set(line, record)
  }
  return record
}

const parsed = (raw: string): JsonObject => {
  try {
    const value: unknown = JSON.parse(raw.charCodeAt(0) === 0xfeff ? raw.slice(1) : raw)
    return isObject(value) ? value : nothing
  } catch {
    return nothing
  }
}

/** The first event of this kind on the line. */
export const eventOf = <Tag extends SessionEvent["_tag"]>({ message }: MessageLine, tag: Tag): SessionEventOf<Tag> | null => {
  for (const event of message.events) if (isEvent(event, tag)) return event
  return null
}
export const isEvent = <Tag extends SessionEvent["_tag"]>(event: SessionEvent, tag: Tag): event is SessionEventOf<Tag> => event._tag === tag

/** The data of a line of han's own log; empty for other lines and for data that is no object. */
export const hanDataOf = (line: MessageLine): JsonObject => {
  const data = eventOf(line, "HanNoted")?.data
  return isObject(data) ? data : nothing
}
