import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { AgentId, type Transcript } from "han-core/Entry"
import type { Append } from "han-core/JournalWriter"
import { linesOf, transcript } from "./transcriptLines.ts"

// The same from the source and from the build.
const generator = fileURLToPath(new URL("../../testing/corpus.mjs", import.meta.url))

/** The counts and texts that must be found in a generated corpus. */
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

/** The transcripts in a folder as a client keeps them. */
export const transcriptsUnder = (folder: string): ReadonlyArray<Append> =>
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
    const { status, stderr } = spawnSync(process.execPath, [generator, ...args], { encoding: "utf8" })
    if (status !== 0) throw new Error(stderr)
    return { appends: transcriptsUnder(join(folder, "projects")), expected: JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
