import * as Effect from "effect/Effect"
import type { ClientHook, Hook } from "han-core/Hook"
import { Hooks } from "han-core/Hooks"
import { calledOf, type HookCalled, type HookSituation } from "han-core/unstable/HookCallers"
import { answered } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { plainLine } from "../terminal/PlainText.ts"
import { hookQuery } from "./ProjectFolder.ts"

/** The hooks of a project, and what calls han there. */
export const situationOf = (projectPath: string, host: CliEnvironment) => {
  const { folder } = hookQuery(undefined, host)
  return answered(
    host,
    "hooks",
    Effect.flatMap(Hooks, (hooks) => hooks.list({ projectPath, ...(folder === undefined ? {} : { folder }) }))
  )
}

/** Names the owner of an entry. */
const ownerOf = ({ plugin, scope }: ClientHook): string => plugin ?? `${scope} settings`

const callersOf = ({ by, lack }: HookCalled): string => {
  const names = [...new Set(by.map(ownerOf))].join(", ")
  return names === "" ? "nobody" : lack === null ? names : `${names} (not for all)`
}

/** Names the owners of the entries that call a hook: `user settings`, or for each event where they differ. */
export const calledBy = (hook: Hook, situation: HookSituation): string => {
  const calls = calledOf(hook, situation)
  const all = new Set(calls.map(callersOf))
  return all.size === 1 ? [...all].join("") : calls.map((call) => `${call.event}: ${callersOf(call)}`).join("; ")
}

/** The same for one event in a line of its own, with what to do when nobody calls. */
export const calledLine = ({ by, lack }: HookCalled): string => {
  const entries = by.map((entry) => `${plainLine(ownerOf(entry))} (${plainLine(entry.file)})`)
  const missing = lack === null ? [] : [`${entries.length === 0 ? "by nobody" : "not for all"}: ${plainLine(lack.why)}; ${plainLine(lack.mend)}`]
  return [...(entries.length === 0 ? [] : [`by ${entries.join(", ")}`]), ...missing].join(", ")
}

/** `calls` of a hook in JSON. */
export const callsShape = (hook: Hook, situation: HookSituation) =>
  calledOf(hook, situation).map(({ by, event, lack }) => ({
    event,
    by: by.map(({ file, matcher, plugin, scope, type, what }) => ({ plugin, scope, file, type, what, matcher })),
    why: lack?.why ?? null,
    mend: lack?.mend ?? null
  }))
