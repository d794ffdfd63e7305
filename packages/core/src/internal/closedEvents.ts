import { readFileSync, renameSync, writeFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import type { HookList } from "../Hooks.ts"
import { array, object, text } from "./json.ts"

/**
 * The events, by project, that have hooks of which the agent is blocked while nobody runs them: a file for programs that find nobody. `{ "/project": ["Stop"] }`.
 * It is written when it changes; that it cannot be is logged, and the hooks are run all the same.
 */
export const closedEvents = (file: string): ((list: HookList) => Effect.Effect<void>) => {
  const events = new Map<string, ReadonlyArray<string>>()
  for (const [project, names] of Object.entries(object(readOrNothing(file)) ?? {}))
    events.set(
      project,
      array(names).flatMap((name) => text(name) ?? [])
    )
  let written = textOf(events)
  return ({ hooks, projectPath }) =>
    Effect.suspend(() => {
      const closed = hooks.filter((hook) => hook.enabled && hook.trust.state === "trusted" && hook.onError === "closed")
      if (closed.length === 0) events.delete(projectPath)
      else events.set(projectPath, [...new Set(closed.flatMap((hook) => hook.triggers.map(({ event }) => event)))].sort())
      const now = textOf(events)
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

const textOf = (events: ReadonlyMap<string, ReadonlyArray<string>>): string =>
  `${JSON.stringify(Object.fromEntries([...events].sort(([a], [b]) => (a < b ? -1 : 1))), null, 2)}\n`

/** What is broken is written anew. */
const readOrNothing = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, "utf8"))
  } catch {
    return null
  }
}
