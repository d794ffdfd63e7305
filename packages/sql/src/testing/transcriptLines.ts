import { Buffer } from "node:buffer"
import { type Entry, SessionId, type Transcript } from "han-core/Entry"

/** The lines of a transcript's bytes. */
export const linesOf = (bytes: Uint8Array): ReadonlyArray<Entry> => {
  const entries: Array<Entry> = []
  for (let offset = 0, end = bytes.indexOf(10); end >= 0; offset = end + 1, end = bytes.indexOf(10, offset)) {
    entries.push({ line: entries.length, offset, bytes: bytes.subarray(offset, end) })
  }
  return entries
}

/** A transcript from lines of one's own. */
export const transcript = (sessionId: string, more: Partial<Transcript> = {}): Transcript => ({
  machine: "test",
  source: "claude-code",
  sessionId: SessionId.make(sessionId),
  kind: "main",
  agentId: null,
  generation: 1,
  ...more
})
export const lines = (records: ReadonlyArray<unknown>): ReadonlyArray<Entry> =>
  linesOf(Buffer.from(records.map((record) => `${typeof record === "string" ? record : JSON.stringify(record)}\n`).join("")))

/** A line of a person, in the directory of most cases. */
export const userLine = (uuid: string, second: number, content: unknown, more: object = {}) => ({
  type: "user",
  uuid,
  timestamp: new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString(),
  cwd: "/home/dev/app",
  message: { role: "user", content },
  ...more
})
