import { endsRun } from "../../hooks/HookRun.ts"
import type { Entry, Transcript } from "../../journal/Entry.ts"
import type { DecodedLine, Envelope } from "../../journal/SessionEvent.ts"
import { mostCostNanoUsd } from "../../journal/SessionEvent.ts"
import { filled, type JsonObject, number, object, tokenCount } from "../../text/json.ts"
import { decodeLine, type Line, lineId } from "../decodedLine.ts"
import { envelopeOf as ownEnvelope } from "../envelope.ts"
import { readRecords } from "../record.ts"

/**
 * What a line of a `<session>-han.jsonl` file means. A line that points to a file beside the transcript means what that file says, given as the entry's
 * `payload`; without it the event has `missingPayload`. Never throws, and never without an event.
 */
export const decode = (transcript: Transcript, entry: Entry): DecodedLine => {
  const payload = payloadOf(entry)
  return decodeLine(
    transcript,
    entry,
    (record) => envelopeOf(record, payload),
    (line) => addEvents(line, payload)
  )
}

const tokenFields = [
  ["input_tokens", "input"],
  ["output_tokens", "output"],
  ["cache_read_tokens", "cacheRead"],
  ["cache_creation_tokens", "cacheWrite"]
] as const

/** Null when there is none, or it cannot be read. */
const payloadOf = (entry: Entry): JsonObject | null => {
  if (entry.payload === undefined) return null
  const { fault, records } = readRecords({ line: entry.line, offset: entry.offset, bytes: entry.payload })
  return fault === null ? (records[0] ?? null) : null
}

const envelopeOf = (record: JsonObject, payload: JsonObject | null): Envelope => {
  const own = ownEnvelope(payload === null ? record : { ...payload, ...record })
  return own.uuid === null ? { ...own, uuid: filled(record.id) ?? filled(payload?.id) } : own
}

const addEvents = (line: Line, payload: JsonObject | null): void => {
  const { events, record } = line
  const name = filled(record.type)
  if (name === null) return
  const whole = payload ?? record
  const data = whole.data ?? null
  const facts = object(data)
  events.push({
    _tag: "HanNoted",
    name,
    data,
    replyTo:
      filled(whole.hookRunId) ??
      filled(record.hookRunId) ??
      (name === "hook_run" || endsRun(name) ? filled(facts?.hook_run_id) : null) ??
      filled(facts?.call_id),
    missingPayload: typeof record.ref === "string" && payload === null
  })
  if (facts === null) return
  if (name === "token_usage") {
    const cost = number(facts.cost_usd)
    const stated = cost === null ? null : Math.round(cost * 1e9)
    const credible = stated === null || (stated >= 0 && stated <= mostCostNanoUsd)
    const given = tokenFields.map(([field, key]) => ({ field, key, value: tokenCount(facts[field]) }))
    const of = (key: (typeof tokenFields)[number][1]) => given.find((one) => one.key === key)?.value ?? 0
    events.push({
      _tag: "ResponseMetered",
      messageId: lineId(line),
      requestId: null,
      requestRef: null,
      originUuid: null,
      part: 0,
      model: filled(facts.model) ?? "unknown",
      input: of("input"),
      output: of("output"),
      cacheRead: of("cacheRead"),
      cacheWrite5m: of("cacheWrite"),
      cacheWrite1h: 0,
      webSearches: 0,
      surcharges: [],
      impossible: [...given.flatMap(({ field, value }) => (value === null ? [field] : [])), ...(credible ? [] : ["cost_usd"])],
      statedCostNanoUsd: credible ? stated : null
    })
  } else if (name === "hook_file_change") {
    const path = filled(facts.file_path),
      toolName = filled(facts.tool_name) ?? "unknown"
    if (path !== null)
      events.push({
        _tag: "FileChanged",
        path,
        action: toolName === "Write" ? "created" : "modified",
        toolName,
        toolUseId: null,
        linesAdded: 0,
        linesRemoved: 0
      })
  }
}
