import { readFileSync, realpathSync } from "node:fs"
import { join, resolve, sep } from "node:path"

/**
 * Whether a hook of this project must not be left out, by what the coordinator wrote down when it ran last: for each project, and each configuration folder
 * of Claude Code that was named, the events of its hooks that are `on_error: closed`. A null event is any. The innermost project around the folder counts;
 * without a readable file, or a project in it, nothing is closed. A configuration folder that the coordinator has not seen has the events of all others.
 */
export const isClosed = (home: string, folder: string, event: string | null): boolean => {
  const inside = new Set([resolve(folder), withoutLinks(folder)])
  const projects = written(join(home, "fail-closed.json"))
    .filter(([project]) => [...inside].some((path) => path === project || path.startsWith(project.endsWith(sep) ? project : project + sep)))
    .sort(([a], [b]) => b.length - a.length)
  const events = eventsOf(projects[0]?.[1])
  return event === null ? events.length > 0 : events.includes(event)
}

/** A list is of before there were configuration folders. */
const eventsOf = (noted: unknown): ReadonlyArray<unknown> => {
  if (typeof noted !== "object" || noted === null || Array.isArray(noted)) return listOf(noted)
  const folders = new Map<string, unknown>(Object.entries(noted))
  const named = process.env["CLAUDE_CONFIG_DIR"] ?? ""
  // Several are as none: all count.
  const mine = named.includes(",") ? "" : named
  return folders.has(mine) ? listOf(folders.get(mine)) : [...folders.values()].flatMap(listOf)
}

const listOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

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
