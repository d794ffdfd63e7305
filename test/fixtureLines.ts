import { readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { AgentId, type Entry, SessionId, type Transcript } from "../packages/core/src/journal/Entry.ts"
import type { SessionEvent, SessionEventOf } from "../packages/core/src/journal/SessionEvent.ts"
import { isObject } from "../packages/core/src/text/json.ts"

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url))

export interface FixtureTranscript {
  readonly path: string
  readonly transcript: Transcript
  readonly entries: ReadonlyArray<Entry>
}

export const transcriptOf = (kind: Transcript["kind"], sessionId = "11111111-1111-4111-8111-111111111111"): Transcript => ({
  machine: "test",
  source: "claude-code",
  sessionId: SessionId.make(sessionId),
  kind,
  agentId: kind === "agent" ? AgentId.make("a1b2c3d4") : null,
  generation: 1
})

export const entryOf = (line: string | Uint8Array | object, payload?: string): Entry => ({
  line: 0,
  offset: 0,
  bytes: line instanceof Uint8Array ? line : new TextEncoder().encode(typeof line === "string" ? line : JSON.stringify(line)),
  ...(payload === undefined ? {} : { payload: new TextEncoder().encode(payload) })
})

/** The names of the recorded scenarios. */
export const scenarios: ReadonlyArray<string> = readdirSync(join(fixtures, "claude-code")).sort()

export const scenario = (name: string): ReadonlyArray<FixtureTranscript> => {
  const root = join(fixtures, "claude-code", name, "config/projects")
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".jsonl"))
    .sort()
    .map((path) => transcriptAt(path, readFileSync(join(root, path))))
}

/** The transcripts of a hand-written case when all its steps are done, by the order in which they begin. */
export const indexingCase = (name: string): ReadonlyArray<FixtureTranscript> => {
  const files = new Map<string, string>()
  const parsed: unknown = JSON.parse(readFileSync(join(fixtures, "indexing", `${name}.json`), "utf8"))
  const steps = isObject(parsed) && Array.isArray(parsed.steps) ? parsed.steps : []
  for (const step of steps) {
    if (!isObject(step) || typeof step.path !== "string" || typeof step.text !== "string") continue
    if (step.op === "write") files.set(step.path, step.text)
    if (step.op === "append") files.set(step.path, (files.get(step.path) ?? "") + step.text)
  }
  return [...files]
    .filter(([path]) => path.endsWith(".jsonl"))
    .map(([path, text]) => {
      const found = transcriptAt(path, Buffer.from(text))
      return found.transcript.kind !== "han"
        ? found
        : { ...found, entries: found.entries.map((entry) => withPayload(entry, join(dirname(path), found.transcript.sessionId), files)) }
    })
}

const withPayload = (entry: Entry, folder: string, files: ReadonlyMap<string, string>): Entry => {
  const ref = /"ref":"([^"]+)"/.exec(Buffer.from(entry.bytes).toString())?.[1]
  const payload = ref === undefined ? undefined : files.get(join(folder, ref))
  return payload === undefined ? entry : { ...entry, payload: Buffer.from(payload) }
}

const transcriptAt = (path: string, bytes: Uint8Array): FixtureTranscript => {
  const stem = basename(path, ".jsonl")
  const nested = path.includes("/subagents/")
  const transcript = stem.startsWith("agent-")
    ? transcriptOf("agent", nested ? basename(dirname(dirname(path))) : undefined)
    : stem.endsWith("-han")
      ? transcriptOf("han", stem.slice(0, -4))
      : transcriptOf("main", stem)
  return { path, transcript, entries: linesOf(bytes) }
}

const linesOf = (bytes: Uint8Array): ReadonlyArray<Entry> => {
  const entries: Array<Entry> = []
  for (let offset = 0, end = bytes.indexOf(10); end >= 0; offset = end + 1, end = bytes.indexOf(10, offset)) {
    entries.push({ line: entries.length, offset, bytes: bytes.subarray(offset, end) })
  }
  return entries
}

/** The events of one kind. */
export const only = <Tag extends SessionEvent["_tag"]>(events: ReadonlyArray<SessionEvent>, tag: Tag) =>
  events.filter((event): event is SessionEventOf<Tag> => event._tag === tag)

/** A user line with the id `u`. */
export const user = (content: unknown, more: object = {}) => ({ type: "user", uuid: "u", message: { role: "user", content }, ...more })

/** An assistant line with the id `a` of the response `msg`. */
export const assistant = (content: unknown, message: object = {}, more: object = {}) => ({
  type: "assistant",
  uuid: "a",
  requestId: "r",
  message: { id: "msg", role: "assistant", model: "m", content, ...message },
  ...more
})
