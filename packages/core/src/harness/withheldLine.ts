import { Buffer } from "node:buffer"
import type { Entry } from "../journal/Entry.ts"
import type { DecodedLine } from "../journal/SessionEvent.ts"
import { count, filled, isObject } from "../text/json.ts"
import { noEnvelope } from "./envelope.ts"

const begin = Buffer.from('{"type":"han-withheld"')
/** Such a line has no content of anybody's. */
const maxBytes = 1024

/** Says what a line means that stands for one that stayed on its machine: `{"type":"han-withheld","reason":"…","bytes":12}`. Null for any other line. */
export const withheldLine = ({ bytes, line, offset }: Entry): DecodedLine | null => {
  if (bytes.length > maxBytes || bytes.length < begin.length || begin.compare(bytes, 0, begin.length) !== 0) return null
  try {
    const record: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"))
    if (!isObject(record) || record["type"] !== "han-withheld") return null
    const event = { _tag: "Withheld", reason: filled(record["reason"]) ?? "unknown", bytes: count(record["bytes"]) } as const
    return { line, offset, envelope: { ...noEnvelope, type: "han-withheld" }, events: [event] }
  } catch {
    // No JSON: the agent's decoder reports it.
    return null
  }
}
