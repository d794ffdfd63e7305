import { GraphQLError } from "graphql"
import { dayIn, startOf } from "han-core/unstable/Calendar"

const isDay = /^\d{4}-\d{2}-\d{2}$/
/** Farther than anything that was written down, and near enough to be counted in days. */
const maxDays = 36_600

const given = (value: string | null | undefined): value is string => value != null && value !== ""
const refused = (name: string, value: string, wanted: string, code: string) =>
  new GraphQLError(`${name} is "${value.slice(0, 80)}"; it should be ${wanted}`, { extensions: { code } })

const parsed = (name: string, value: string, wanted: string): number => {
  const at = Date.parse(value)
  // Some readers of dates take February 30 for March 2.
  if (Number.isNaN(at) || (isDay.test(value) && !new Date(at).toISOString().startsWith(value))) throw refused(name, value, wanted, "DateInvalid")
  return at
}

/** The instant that an argument names; of a day its beginning in the time zone. Undefined for none. */
export const instantOf = (name: string, value: string | null | undefined, timeZone: string): number | undefined => {
  if (!given(value)) return undefined
  const at = parsed(name, value, "an instant like 2026-11-22T10:00:00Z, or a day like 2026-11-22")
  return isDay.test(value) ? startOf(timeZone, value) : at
}

/** The day that an argument names: `2026-11-22`, or the one in which an instant lies. Undefined for none. */
export const dayOf = (name: string, value: string | null | undefined, timeZone: string): string | undefined => {
  if (!given(value)) return undefined
  const at = parsed(name, value, "a day like 2026-11-22")
  return isDay.test(value) ? value : dayIn(timeZone, at)
}

/** A time zone that there is. Undefined for none. */
export const timeZoneOf = (name: string, value: string | null | undefined): string | undefined => {
  if (!given(value)) return undefined
  try {
    return new Intl.DateTimeFormat("en", { timeZone: value }).resolvedOptions().timeZone
  } catch {
    throw refused(name, value, "the name of a time zone like Europe/Berlin", "TimeZoneInvalid")
  }
}

/** A number of days that dates can be counted back by. */
export const daysOf = (days: number | null | undefined, without: number, least: number): number => Math.min(Math.max(least, days ?? without), maxDays)
