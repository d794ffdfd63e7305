/** Days, weeks and months of a time zone, as texts like `2026-11-22` that sort in their order. */
const dayMs = 86_400_000

/** The wall clock of one time zone. */
export interface Clock {
  /** The wall clock's time as if it were UTC, to the second, in milliseconds. */
  readonly wall: (at: number) => number
  readonly day: (at: number) => string
  /** 0 to 23. */
  readonly hour: (at: number) => number
}

const clocks = new Map<string, Clock>()
/** Quarters of an hour whose answers are kept: all that an archive asks for. */
const maxKnown = 200_000
const quarterMs = 15 * 60_000

/** The clock of an IANA time zone. Asking the system is slow; offsets of time zones are whole quarters of an hour, and so an answer for each is kept. */
export const clockOf = (timeZone: string): Clock => {
  const have = clocks.get(timeZone)
  if (have !== undefined) return have
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit"
  })
  const wall = (at: number): number => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
    const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0
    return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"))
  }
  const known = new Map<number, { readonly day: string; readonly hour: number }>()
  const look = (at: number) => {
    const quarter = Math.floor(at / quarterMs)
    let found = known.get(quarter)
    if (found === undefined) {
      if (known.size >= maxKnown) known.clear()
      const shown = new Date(wall(at))
      known.set(quarter, (found = { day: shown.toISOString().slice(0, 10), hour: shown.getUTCHours() }))
    }
    return found
  }
  const clock: Clock = { wall, day: (at) => look(at).day, hour: (at) => look(at).hour }
  clocks.set(timeZone, clock)
  return clock
}

/** The day of an instant. */
export const dayIn = (timeZone: string, at: number): string => clockOf(timeZone).day(at)

/** The day so many days later; days are counted without regard to clocks. */
export const addDays = (day: string, days: number): string => new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10)

/** The Monday on or before a day. */
export const weekOf = (day: string): string => addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7))
/** The first of its month. */
export const monthOf = (day: string): string => `${day.slice(0, 8)}01`

/** When a day begins in a time zone. */
export const startOf = (timeZone: string, day: string): number => {
  const { wall } = clockOf(timeZone)
  const offsetAt = (at: number): number => wall(at) - Math.floor(at / 1000) * 1000
  const utc = Date.parse(`${day}T00:00:00Z`)
  // The offset at a guess, and again at what it leads to: a day may begin while clocks change.
  const once = utc - offsetAt(utc)
  const twice = utc - offsetAt(once)
  // Where clocks go forward at midnight there is no midnight, and the day begins when they do.
  return dayIn(timeZone, twice) < day ? once : twice
}

/** `Mar 2`: what a chart writes below a day. */
export const labelOf = (day: string): string => new Date(`${day}T00:00:00Z`).toLocaleDateString("en-US", { month: "short", day: "numeric", timeZone: "UTC" })
