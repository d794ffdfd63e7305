import { readFileSync, realpathSync } from "node:fs"
import { join, resolve, sep } from "node:path"
import { type ClosedGate, gatesIn, guards } from "han-core/unstable/ClosedGates"
import { matchedValue } from "han-core/unstable/HookMatcher"
import type { HookArgs } from "./HookArgs.ts"

/**
 * Tells whether a hook of this project must not be left out, by what the coordinator wrote down when it ran last: for each project, and each configuration folder
 * of Claude Code that was named, its gates that are `on_error: closed`, with what they are for. What `input`, the payload, does not tell, and an event that is null, is
 * any. `only`: the one gate that is called. The innermost project around the folder counts; without a readable file, or a project in it, nothing is closed. A configuration folder that the coordinator has not seen has the gates of all others.
 */
export const isClosed = (home: string, folder: string, event: string | null, input: string, only: HookArgs["only"]): boolean => {
  const inside = new Set([resolve(folder), withoutLinks(folder)])
  const projects = written(join(home, "fail-closed.json"))
    .filter(([project]) => [...inside].some((path) => path === project || path.startsWith(project.endsWith(sep) ? project : project + sep)))
    .sort(([a], [b]) => b.length - a.length)
  const told = recordIn(input)
  const tool = told["tool_name"]
  const guarded = { event, value: matchedValue(event, told), tool: typeof tool === "string" ? tool : null }
  return gatesOf(projects[0]?.[1]).some((gate) => isCalled(gate, only) && guards(gate, guarded))
}

/** A list is of before there were configuration folders. */
const gatesOf = (noted: unknown): ReadonlyArray<ClosedGate> => {
  if (typeof noted !== "object" || noted === null || Array.isArray(noted)) return gatesIn(noted)
  const folders = new Map<string, unknown>(Object.entries(noted))
  const named = process.env["CLAUDE_CONFIG_DIR"] ?? ""
  // Several are as none: all count.
  const mine = named.includes(",") ? "" : named
  return folders.has(mine) ? gatesIn(folders.get(mine)) : [...folders.values()].flatMap(gatesIn)
}

/** Tells whether a call is for this gate. A gate that an earlier release noted has no name, and may be any. */
const isCalled = ({ hook }: ClosedGate, only: HookArgs["only"]): boolean => {
  if (only === null || hook === "") return true
  const [plugin = "", name] = hook.split("/")
  return name === only.hook && (plugin === only.plugin || plugin.split("@")[0] === only.plugin)
}

const recordIn = (input: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(input)
    return typeof value === "object" && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

const withoutLinks = (folder: string): string => {
  try {
    return realpathSync(folder)
  } catch {
    return resolve(folder)
  }
}

const written = (file: string): ReadonlyArray<readonly [string, unknown]> => {
  try {
    return Object.entries(JSON.parse(readFileSync(file, "utf8")) ?? {})
  } catch {
    return []
  }
}
