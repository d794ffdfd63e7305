import { Buffer } from "node:buffer"
import { endsRun } from "../../hooks/HookRun.ts"
import type { Entry, Transcript } from "../../journal/Entry.ts"
import type { DecodedLine, Envelope } from "../../journal/SessionEvent.ts"
import { maxCostNanoUsd } from "../../journal/SessionEvent.ts"
import { filled, isObject, type JsonObject, number, object, tokenCount } from "../../text/json.ts"
import { decodeLine, type Line, lineId } from "../decodedLine.ts"
import { envelopeOf as ownEnvelope } from "../envelope.ts"
import { isAnyId } from "../fileNames.ts"
import { type Harness, ledgerTokens, noFolders, type TokenCounters } from "../Harness.ts"
import { readRecords } from "../record.ts"

/**
 * Says what a line of a `<session>-han.jsonl` file means. A line that points to a file beside the transcript means what that file says, given as the entry's
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

/** Bridges state figures that are apart from each other; what they know of reasoning is in the output. */
const counters: TokenCounters = { input: [], output: ["reasoning"] }
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
    const usd = number(facts.cost_usd)
    const cost = usd === null ? null : Math.round(usd * 1e9)
    const credible = cost === null || (cost >= 0 && cost <= maxCostNanoUsd)
    const given = tokenFields.map(([field, key]) => ({ field, key, value: tokenCount(facts[field]) }))
    const of = (key: (typeof tokenFields)[number][1]) => given.find((one) => one.key === key)?.value ?? 0
    const stated = { input: of("input"), output: of("output"), cacheRead: of("cacheRead"), cacheWrite: of("cacheWrite"), reasoning: 0 }
    events.push({
      _tag: "ResponseMetered",
      messageId: lineId(line),
      requestId: null,
      requestRef: null,
      originUuid: null,
      part: 0,
      model: filled(facts.model) ?? "unknown",
      ...ledgerTokens(counters, stated),
      cacheRead: stated.cacheRead,
      cacheWrite5m: stated.cacheWrite,
      cacheWrite1h: 0,
      webSearches: 0,
      surcharges: [],
      impossible: [...given.flatMap(({ field, value }) => (value === null ? [field] : [])), ...(credible ? [] : ["cost_usd"])],
      statedCostNanoUsd: credible ? cost : null
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

/** A line that points to a record is short: the writer keeps what is short in the line itself. */
const maxPointerBytes = 64 << 10
const reference = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*\/[A-Za-z0-9_-][A-Za-z0-9_.-]*\.json$/

/** The `<type>/<uuid>.json` that a line points to; null for a line that carries its own data, and for a pointer that could lead elsewhere. */
const referenceIn = (line: Uint8Array): string | null => {
  const buffer = Buffer.from(line.buffer, line.byteOffset, line.byteLength)
  if (buffer.length > maxPointerBytes || !buffer.includes('"ref"')) return null
  let value: unknown
  try {
    value = JSON.parse(buffer.toString("utf8"))
  } catch {
    // A broken line is the decoder's to report: it has no payload.
    return null
  }
  return isObject(value) && typeof value.ref === "string" && reference.test(value.ref) ? value.ref : null
}

const logEnd = "-han.jsonl"

/** The log of han and of its bridges, which lies beside the transcripts of every agent: its folders are theirs. */
export const hanLog: Harness = {
  source: "han",
  folders: noFolders,
  identify: (folder, name) => {
    const sessionId = folder?.level === "transcripts" && name.endsWith(logEnd) ? name.slice(0, -logEnd.length) : ""
    return isAnyId(sessionId) ? { kind: "han", sessionId, agentId: null } : null
  },
  decode,
  payloadOf: referenceIn,
  toolKind: () => "other",
  counters
}
