import { readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { AgentId, transcriptId } from "han-core/Entry"
import type { Append } from "han-core/JournalWriter"
import { corpus, type Expected, transcriptsUnder } from "../packages/sql/src/testing/corpus.ts"
import { lines, linesOf, transcript } from "../packages/sql/src/testing/transcriptLines.ts"

export { corpus, type Expected, lines, transcript }

const repository = fileURLToPath(new URL("../", import.meta.url))

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
