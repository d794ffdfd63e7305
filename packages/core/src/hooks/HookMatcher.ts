import type { HookTrigger } from "./Hook.ts"
import { type MatchedField, rowOf, watchesFiles } from "./HookEvents.ts"

/** Finds the field of an event; null: nothing is compared there, and a matcher counts for nothing. */
export const matchedField = (event: string): MatchedField | null => rowOf(event)?.matched ?? null

/** Takes from what was told of an event what it is about: the tool's name, the source, the base name of the file; null where it was not told, and where nothing is compared. */
export const matchedValue = (event: string | null, told: Readonly<Record<string, unknown>>): string | null => {
  const field = event === null ? null : matchedField(event)
  const value = field === null ? null : told[field.name]
  if (typeof value !== "string") return null
  return watchesFiles(event ?? "") ? (value.split("/").at(-1) ?? value) : value
}

/** `SessionStart:compact`, `PostToolUse:Edit|Write`: names and patterns with bars between them, or, as Claude Code takes it, names with commas. Nothing, or `*`: all. */
export const triggerIn = (text: string): HookTrigger => {
  const [event = "", ...rest] = text.trim().split(":")
  const values = valuesIn(event, rest.join(":"))
    .map((value) => value.trim())
    .filter((value) => value !== "")
  return { event, values: values.length === 0 || values.includes("*") ? null : values }
}

/** Tells whether a name or a pattern stands for this value. As for Claude Code a pattern may be anywhere in it: `Edit.*` is NotebookEdit, too, `^Edit` is not. */
export const standsFor = (event: string, named: string, value: string): boolean => {
  if (named === value || named === "*") return true
  return isName(event, named) ? false : (patternOf(named)?.test(value) ?? false)
}

/** Tells whether a hook with this trigger is due when its event is about `value`; null: nobody said what it is about. */
export const isMeant = ({ event, values }: HookTrigger, value: string | null): boolean =>
  values === null || value === null || values.some((named) => standsFor(event, named, value))

/** Tells whether Claude Code runs an entry with this matcher whatever the event is about. */
export const isForAll = (matcher: string | null): boolean => matcher === null || matcher === "" || matcher === "*"

/** Tells whether Claude Code is known to run an entry with this matcher when the event is about `value`; null: nobody said what it is about. */
export const matches = (event: string, matcher: string | null, value: string | null): boolean => {
  // Where nothing is compared it does not look at the matcher.
  if (matcher === null || isForAll(matcher) || matchedField(event) === null) return true
  if (value === null) return false
  if (!(matchedField(event)?.onlyBars ? /^[\w|]+$/ : listPattern).test(matcher)) return patternOf(matcher)?.test(value) ?? false
  return matcher.split(/[|,]/).some((one) => one.trim() === value)
}

/**
 * The matcher of one entry for several hooks; null: without one. `wanted` has for each hook what it is for, null for all. Claude Code watches the files that an
 * entry at FileChanged names, so that names stay there beside what stands for the others, too.
 */
export const matcherOf = (event: string, wanted: ReadonlyArray<ReadonlyArray<string> | null>): string | null => {
  const named = [...new Set(wanted.flatMap((values) => values ?? []))]
  const all = wanted.some((values) => values === null)
  if (named.length === 0 || (all && !watchesFiles(event))) return null
  return [...named, ...(all ? [anyFile] : [])].join("|")
}

/** Keeps what is for both, as tools that a trigger names and those that a filter does. Where only a run can tell, it keeps more than that. */
export const common = (event: string, one: ReadonlyArray<string>, other: ReadonlyArray<string>): ReadonlyArray<string> => {
  const names = (from: ReadonlyArray<string>, to: ReadonlyArray<string>) =>
    from.filter((value) => isName(event, value) && to.some((named) => standsFor(event, named, value)))
  const patterns = other.every((value) => isName(event, value)) ? [] : one.filter((value) => !isName(event, value))
  return [...new Set([...names(one, other), ...names(other, one), ...patterns])]
}

/** Tells whether what stands behind the colon is compared as it is, and is no pattern. */
export const isName = (event: string, named: string): boolean => watchesFiles(event) || /^[\w\s-]+$/.test(named)

/** Tells whether an event is about one call of a tool. */
export const isOfTools = (event: string): boolean => matchedField(event)?.name === "tool_name"

const listPattern = /^[\w\s|,-]+$/
/** Stands for all files that others have watched, and is none that could be watched itself. */
export const anyFile = ".*"

const patternOf = (pattern: string): RegExp | null => {
  try {
    return new RegExp(pattern)
  } catch {
    return null
  }
}

/** Divides a text at its bars. One with brackets is one pattern, for a bar in them divides nothing. */
const valuesIn = (event: string, matcher: string): ReadonlyArray<string> => {
  if (watchesFiles(event)) return matcher.split("|")
  return listPattern.test(matcher) ? matcher.split(/[|,]/) : /[()[\]\\]/.test(matcher) ? [matcher] : matcher.split("|")
}
