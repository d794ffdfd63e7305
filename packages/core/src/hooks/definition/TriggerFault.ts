import type { HookProblem, HookTrigger } from "../Hook.ts"
import { hookEventNames, hookEvents, isHookEvent, type MatchedField, rowOf, unknownEvent, watchesFiles } from "../HookEvents.ts"
import { anyFile, isForAll, isName, isOfTools, matchedField, triggerIn } from "../HookMatcher.ts"

/** A fault of a trigger. `what` goes on after the name of its key. `error`: it would never be due, or at other times than it says. */
export interface TriggerFault {
  readonly severity: HookProblem["severity"]
  readonly what: string
}

/** Finds the faults of a trigger in `han-plugin.yml`. */
export const faultsOf = ({ event, values }: HookTrigger): ReadonlyArray<TriggerFault> => {
  if (!isHookEvent(event)) return [warning(`names ${event}: ${unknownEvent(event)}; the hook waits for it in vain, and never blocks there`)]
  const field = matchedField(event)
  if (values === null) return faultsWithout(event)
  if (field === null) {
    const everywhere = [...fieldNames()].map(([name, events]) => `${name} at ${events.join(", ")}`).join("; ")
    return [
      error(
        `has "${values.join("|")}" behind ${event}, where Claude Code tells nothing that could be compared: write ${event} alone. What can stand behind a colon: ${everywhere}`
      )
    ]
  }
  return values.flatMap((value) => faultOf(event, field, value) ?? [])
}

/** Finds the faults of names of tools, and of patterns for them, elsewhere. */
export const toolFaults = (tools: ReadonlyArray<string>): ReadonlyArray<TriggerFault> => {
  const { matched } = hookEvents.PreToolUse
  return matched === null ? [] : tools.flatMap((tool) => faultOf("PreToolUse", matched, tool) ?? [])
}

/** Says why a matcher that Claude Code itself reads counts for nothing, or lets nothing in. */
export const clientFaults = (event: string, matcher: string | null): ReadonlyArray<string> => {
  const { values } = triggerIn(`${event}:${matcher ?? ""}`)
  if (matcher === null || isForAll(matcher) || values === null || !isHookEvent(event)) return []
  const field = matchedField(event)
  if (field === null) return [`"${matcher}" counts for nothing: Claude Code compares nothing at ${event}, and runs what is there each time`]
  if (watchesFiles(event)) {
    const isWatched = values.some((value) => fileFault(event, value) === null)
    return values.filter((value) => value !== anyFile && (!isWatched || value.includes("/"))).flatMap((value) => fileFault(event, value) ?? [])
  }
  // Patterns for what there is are nothing that a program could look through.
  return values
    .filter((value) => !field.closed || isName(event, value) || patternFault(value) !== null)
    .flatMap((value) => {
      const fault = faultOf(event, isName(event, value) ? field : { ...field, closed: false }, value)
      return fault === null ? [] : [fault.what]
    })
}

const error = (what: string): TriggerFault => ({ severity: "error", what })
const warning = (what: string): TriggerFault => ({ severity: "warning", what })

/** Finds the faults of an event without anything behind it. */
const faultsWithout = (event: string): ReadonlyArray<TriggerFault> =>
  watchesFiles(event)
    ? [
        warning(
          `names ${event} without files, so that none is watched for it: Claude Code runs it for files that other matchers or watchPaths name. "${event}:package.json|tsconfig.json" has them watched`
        )
      ]
    : rowOf(event)?.installedBySetup === "never"
      ? [warning(`names ${event}, for which no entry is written: it would make Claude Code leave the making of worktrees to it`)]
      : []

const faultOf = (event: string, field: MatchedField, value: string): TriggerFault | null => {
  const isKnown = field.values?.includes(value) ?? true
  if (field.closed && !isKnown) return error(`has "${value}" behind ${event}, whose ${field.name} is one of ${field.values?.join(", ")}`)
  if (watchesFiles(event)) {
    const fault = fileFault(event, value)
    return fault === null ? null : error(fault)
  }
  if (!isName(event, value)) {
    const why = patternFault(value)
    return why === null ? null : error(`has "${value}" for ${field.name}, which is neither a name nor a pattern (${why})`)
  }
  if (!isKnown) return warning(`has "${value}" behind ${event}, whose ${field.name} is not known to be that; known are ${field.values?.join(", ")}`)
  if (isOfTools(event) && /^mcp__(?:(?!__).)+$/.test(value)) return warning(`has "${value}", which is a server and no tool: write "${value}__.*"`)
  return null
}

const fileFault = (event: string, value: string): string | null =>
  value.includes("/")
    ? `has "${value}" behind ${event}, a path: Claude Code compares the base names of files; write "${value.split("/").at(-1)}"`
    : /[*?+()[\]{}^$\\]/.test(value)
      ? `has "${value}" behind ${event}: Claude Code watches files by their names, and no pattern is one; name each file`
      : null

const patternFault = (pattern: string): string | null => {
  try {
    new RegExp(pattern)
    return null
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

/** Events by the name of what is compared at them. */
const fieldNames = (): ReadonlyMap<string, ReadonlyArray<string>> => {
  const byName = new Map<string, Array<string>>()
  for (const event of hookEventNames) {
    const name = matchedField(event)?.name
    if (name !== undefined) byName.set(name, [...(byName.get(name) ?? []), event])
  }
  return byName
}
