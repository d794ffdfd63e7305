import * as Fs from "node:fs"
import * as Path from "node:path"
import type { JsonObject } from "./normalized.ts"

/** What the files of one session say, read without han. */
export interface Recorded {
  readonly id: string
  /** Lines of the session's own transcript, of its subagents', of han's log; those that are JSON, in the order of the files. */
  readonly main: ReadonlyArray<JsonObject>
  readonly agents: ReadonlyMap<string, ReadonlyArray<JsonObject>>
  readonly log: ReadonlyArray<JsonObject>
  /** The same lines as they stand in the files, by the uuid that they tell. */
  readonly raw: ReadonlyMap<string, string>
}

export const all = ({ agents, log, main }: Recorded): ReadonlyArray<JsonObject> => [...main, ...[...agents.values()].flat(), ...log]

/** All sessions under a `projects` folder, by id. */
export const recorded = (projects: string): ReadonlyMap<string, Recorded> => {
  const sessions = new Map<string, { main: Array<JsonObject>; agents: Map<string, Array<JsonObject>>; log: Array<JsonObject>; raw: Map<string, string> }>()
  const paths = Fs.readdirSync(projects, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".jsonl"))
  for (const path of paths.sort()) {
    const name = Path.basename(path, ".jsonl")
    const agent = name.startsWith("agent-") ? name.slice("agent-".length) : undefined
    const id = agent === undefined ? name.replace(/-han$/, "") : Path.basename(Path.dirname(Path.dirname(path)))
    const session = sessions.get(id) ?? { main: [], agents: new Map(), log: [], raw: new Map() }
    sessions.set(id, session)
    const into = agent === undefined ? (name.endsWith("-han") ? session.log : session.main) : []
    if (agent !== undefined) session.agents.set(agent, into)
    for (const text of Fs.readFileSync(Path.join(projects, path), "utf8").split("\n")) {
      const line = parsed(text)
      if (line === undefined) continue
      into.push(line)
      // The first of several, as the client knows them.
      if (typeof line["uuid"] === "string" && !session.raw.has(line["uuid"])) session.raw.set(line["uuid"], text)
    }
  }
  return new Map([...sessions].map(([id, session]) => [id, { id, ...session }]))
}

const parsed = (text: string): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? (value as JsonObject) : undefined
  } catch {
    return undefined
  }
}

/** What a page of messages has of a file: everything that somebody said or that was noted, with an id. */
export const shown = (line: JsonObject): boolean => typeof line["uuid"] === "string" && ["user", "assistant", "system"].includes(String(line["type"]))

/** Calls of tools in lines of the model. */
export const toolCalls = (lines: ReadonlyArray<JsonObject>): ReadonlyArray<{ readonly id: string; readonly name: string; readonly input: JsonObject }> =>
  lines.flatMap((line) => {
    const content = line["type"] === "assistant" ? (line["message"] as JsonObject)["content"] : undefined
    return Array.isArray(content) ? content.filter((block: JsonObject) => block["type"] === "tool_use") : []
  })

/** The instants of these lines, in order. */
export const instants = (lines: ReadonlyArray<JsonObject>): ReadonlyArray<string> =>
  lines.flatMap(({ timestamp }) => (typeof timestamp === "string" ? [timestamp] : [])).sort()
