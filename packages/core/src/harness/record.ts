import { type Entry, entryText } from "../journal/Entry.ts"
import { filled, isObject, type JsonObject } from "../text/json.ts"

/** The JSON objects of a line. */
export interface Records {
  /** The reason why the line is not one whole object; null when it is. */
  readonly fault: string | null
  /** One for a sound line. For a faulty one what was found on it all the same; the last one stands for the line. */
  readonly records: ReadonlyArray<JsonObject>
}

export const readRecords = (entry: Entry): Records => {
  let line: string
  try {
    line = entryText(entry)
  } catch {
    return { fault: `the line is too long to be read as text (${entry.bytes.length} bytes)`, records: [] }
  }
  if (line.charCodeAt(0) === 0xfeff) line = line.slice(1)
  const value = parse(line)
  return isObject(value) ? { fault: null, records: [value] } : recover(line, value)
}

/** Undefined for what is no JSON. */
const parse = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const recover = (line: string, value: unknown): Records => {
  if (value !== undefined) return { fault: `a JSON ${value === null ? "null" : Array.isArray(value) ? "array" : typeof value}, not an object`, records: [] }
  const [start, end] = within(line)
  if (start === end) return { fault: line.includes("\0") ? "only NUL bytes, written when the machine went down" : "an empty line", records: [] }
  const nuls = line.charCodeAt(start - 1) === 0 || line.charCodeAt(end) === 0
  const body = line.slice(start, end)
  if (nuls) {
    const whole = parse(body)
    if (isObject(whole)) return { fault: "NUL bytes around a record", records: [whole] }
  }
  if (body.endsWith("}")) {
    for (const at of candidates(body)) {
      const rest = parse(body.slice(at))
      if (!isObject(rest) || filled(rest.uuid) === null) continue
      const before = parse(body.slice(0, at))
      return isObject(before)
        ? { fault: "two records on one line, the newline between them is missing", records: [before, rest] }
        : { fault: "the beginning of the line is a damaged record", records: [rest] }
    }
  }
  return { fault: body.startsWith("{") ? "a record that breaks off or is damaged: no valid JSON" : "no JSON", records: [] }
}

/** The beginning and the end of the line without white space and NULs. */
const within = (line: string): readonly [number, number] => {
  let start = 0,
    end = line.length
  while (start < end && isBlank(line.charCodeAt(start))) start++
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--
  return [start, end]
}
const isBlank = (unit: number): boolean => unit === 0 || unit === 0x20 || (unit >= 9 && unit <= 13)

const starts = ['{"parentUuid":', '{"type":', '{"uuid":', '{"']
const maxCandidates = 16
/** Content blocks also begin with their type, but are never a line. */
const blocks = ["text", "tool_use", "tool_result", "thinking", "image", "redacted_thinking", "document"].map((type) => `{"type":"${type}"`)

/** The places where a whole record could begin behind a broken one, the likely places first. Quotes in strings are escaped, so none of these lies in a sound string. */
const candidates = (body: string): ReadonlyArray<number> => {
  const found = new Set<number>()
  for (const start of starts) {
    for (let at = body.lastIndexOf(start); at > 0 && found.size < maxCandidates; at = body.lastIndexOf(start, at - 1)) {
      if (!blocks.some((block) => body.startsWith(block, at))) found.add(at)
    }
  }
  return [...found]
}
