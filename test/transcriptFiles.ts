import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { AgentId, type Entry, SessionId, type Transcript, transcriptId } from "han-core/Entry"
import type { Append } from "han-core/JournalWriter"

const repository = fileURLToPath(new URL("../", import.meta.url))

/** What a generated corpus says must be found in it. */
export interface Expected {
  readonly lines: number
  readonly transcripts: number
  readonly unreadableLines: number
  readonly unknownTypeLines: number
  readonly sessions: number
  readonly subagents: number
  readonly forks: number
  readonly apiResponses: number
  readonly toolCalls: number
  readonly toolErrors: number
  readonly compactions: number
  readonly tasks: { readonly created: number; readonly completed: number }
  readonly filesTouched: number
  readonly tokens: { readonly input: number; readonly output: number; readonly cacheRead: number; readonly cacheWrite5m: number; readonly cacheWrite1h: number }
  readonly costNanoUsd: number
  readonly markers: Readonly<Record<string, ReadonlyArray<string>>>
}

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

/** The transcript that lies at `path`, as the indexer would name it. */
const transcriptAt = (path: string): Transcript => {
  const stem = basename(path, ".jsonl")
  if (basename(dirname(path)) === "subagents")
    return transcript(basename(dirname(dirname(path))), { kind: "agent", agentId: AgentId.make(stem.slice("agent-".length)) })
  if (stem.startsWith("agent-")) {
    const first: { readonly sessionId: string } = JSON.parse(readFileSync(path, "utf8").split("\n", 1)[0] ?? "")
    return transcript(first.sessionId, { kind: "agent", agentId: AgentId.make(stem.slice("agent-".length)) })
  }
  return stem.endsWith("-han") ? transcript(stem.slice(0, -4), { kind: "han" }) : transcript(stem)
}

const transcriptsUnder = (folder: string): ReadonlyArray<Append> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".jsonl"))
    .sort()
    .map((path) => {
      const file = join(folder, path)
      return { transcript: transcriptAt(file), entries: linesOf(readFileSync(file)) }
    })

/** A generated corpus and what must be found in it. */
export const corpus = (options: {
  readonly seed: number
  readonly sessions: number
  readonly lines: number
  readonly chaos: boolean
}): { readonly appends: ReadonlyArray<Append>; readonly expected: Expected } => {
  const folder = mkdtempSync(join(tmpdir(), "han-corpus-"))
  try {
    const args = [
      "--out",
      folder,
      "--seed",
      String(options.seed),
      "--sessions",
      String(options.sessions),
      "--lines",
      String(options.lines),
      ...(options.chaos ? ["--chaos"] : [])
    ]
    const { status, stderr } = spawnSync("node", [join(repository, "bench/corpus.mjs"), ...args], { encoding: "utf8" })
    if (status !== 0) throw new Error(stderr)
    return { appends: transcriptsUnder(join(folder, "projects")), expected: JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The recorded transcripts of one scenario of the real client. */
export const scenario = (name: string): ReadonlyArray<Append> => transcriptsUnder(join(repository, "fixtures/claude-code", name, "config/projects"))

/** A hand-written case with all its steps done. */
export const indexingCase = (name: string): ReadonlyArray<Append> => {
  const files = new Map<string, string>()
  const replaced: Array<Append> = []
  const { steps }: { readonly steps: ReadonlyArray<{ readonly op: string; readonly path: string; readonly text?: string }> } = JSON.parse(
    readFileSync(join(repository, "fixtures/indexing", `${name}.json`), "utf8")
  )
  for (const { op, path, text } of steps) {
    if (op === "write" && text !== undefined) {
      const before = files.get(path)
      if (before !== undefined && path.endsWith(".jsonl")) replaced.push(appendOf(path, before, files))
      files.set(path, text)
    }
    if (op === "append" && text !== undefined) files.set(path, (files.get(path) ?? "") + text)
  }
  const latest = [...files].flatMap(([path, text]) => (path.endsWith(".jsonl") ? [appendOf(path, text, files)] : []))
  const again = (append: Append) => replaced.some((before) => transcriptId(before.transcript) === transcriptId(append.transcript))
  return [...replaced, ...latest.map((append) => (again(append) ? { ...append, transcript: { ...append.transcript, generation: 2 } } : append))]
}

const appendOf = (path: string, text: string, files: ReadonlyMap<string, string>): Append => {
  const stem = basename(path, ".jsonl")
  const han = stem.endsWith("-han")
  const nested = basename(dirname(path)) === "subagents"
  const agent = stem.startsWith("agent-")
  const sessionId = nested ? basename(dirname(dirname(path))) : agent ? sessionIdOf(text) : han ? stem.slice(0, -4) : stem
  const entries = linesOf(Buffer.from(text)).map((entry) => {
    const ref = han ? /"ref":"([^"]+)"/.exec(Buffer.from(entry.bytes).toString())?.[1] : undefined
    const payload = ref === undefined ? undefined : files.get(join(dirname(path), sessionId, ref))
    return payload === undefined ? entry : { ...entry, payload: Buffer.from(payload) }
  })
  const source = path.includes("/.han/") ? (path.split("/.han/")[1]?.split("/", 1)[0] ?? "") : "claude-code"
  return {
    transcript: transcript(sessionId, han ? { kind: "han", source } : agent ? { kind: "agent", agentId: AgentId.make(stem.slice("agent-".length)) } : {}),
    entries
  }
}
const sessionIdOf = (text: string): string => {
  const first: { readonly sessionId: string } = JSON.parse(text.split("\n", 1)[0] ?? "")
  return first.sessionId
}
