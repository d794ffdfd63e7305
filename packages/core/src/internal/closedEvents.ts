import { readFileSync, renameSync, writeFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import type { HookList } from "../Hooks.ts"
import { array, isObject, object, text } from "./json.ts"

/**
 * The events that have hooks of which the agent is blocked while nobody runs them: a file for programs that find nobody. By project, then by the configuration
 * folder that the call named, "" for none and for several: `{ "/project": { "": ["Stop"] } }`. A folder without such events has an empty list where others have
 * some; a project without any is left out. The file is written when it changes; that it cannot be is logged, and the hooks are run all the same.
 */
export const closedEvents = (file: string): ((list: HookList, folder: string | undefined) => Effect.Effect<void>) => {
  const projects = new Map<string, Map<string, ReadonlyArray<string>>>()
  for (const [project, noted] of Object.entries(object(readOrNothing(file)) ?? {})) projects.set(project, foldersOf(noted))
  let written = textOf(projects)
  return ({ hooks, projectPath }, folder) =>
    Effect.suspend(() => {
      const closed = hooks.filter((hook) => hook.enabled && hook.trust.state === "trusted" && hook.onError === "closed")
      const events = [...new Set(closed.flatMap((hook) => hook.triggers.map(({ event }) => event)))].sort()
      const folders = projects.get(projectPath) ?? new Map<string, ReadonlyArray<string>>()
      folders.set(folder?.includes(",") === true ? "" : (folder ?? ""), events)
      if ([...folders.values()].some((each) => each.length > 0)) projects.set(projectPath, folders)
      else projects.delete(projectPath)
      const now = textOf(projects)
      if (now === written) return Effect.void
      return Effect.try({
        try: () => {
          const temporary = `${file}.${process.pid}.tmp`
          writeFileSync(temporary, now, { mode: 0o600 })
          renameSync(temporary, file)
          written = now
        },
        catch: (cause) => `${file} cannot be written, so hooks with on_error: closed do not block while no coordinator runs (${String(cause)})`
      }).pipe(Effect.catchAll((message) => Effect.logWarning(message)))
    })
}

/** A list is of before there were folders. */
const foldersOf = (noted: unknown): Map<string, ReadonlyArray<string>> =>
  new Map(
    (isObject(noted) ? Object.entries(noted) : [["", noted] as const]).map(([folder, names]) => [folder, array(names).flatMap((name) => text(name) ?? [])])
  )

const textOf = (projects: ReadonlyMap<string, ReadonlyMap<string, ReadonlyArray<string>>>): string =>
  `${JSON.stringify(sorted(new Map([...projects].map(([project, folders]) => [project, sorted(folders)]))), null, 2)}\n`

const sorted = <A>(all: ReadonlyMap<string, A>): Readonly<Record<string, A>> => Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)))

/** What is broken is written anew. */
const readOrNothing = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, "utf8"))
  } catch {
    return null
  }
}
