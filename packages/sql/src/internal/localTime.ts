interface Clock {
  readonly day: (at: number) => string
  readonly hour: (at: number) => number
}
const clocks = new Map<string, Clock>()
/** A century of quarters of an hour would not fit; what is asked for does. */
const mostKnown = 200_000

/** Day and hour of instants in one time zone. Answers are kept, for asking is slow. */
export const clockOf = (timeZone: string): Clock => {
  const have = clocks.get(timeZone)
  if (have !== undefined) return have
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", hourCycle: "h23" })
  const known = new Map<number, { readonly day: string; readonly hour: number }>()
  const look = (at: number) => {
    // Offsets of time zones are whole quarters of an hour.
    const quarter = Math.floor(at / 900_000)
    let found = known.get(quarter)
    if (found === undefined) {
      if (known.size >= mostKnown) known.clear()
      const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
      known.set(quarter, (found = { day: `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`, hour: Number(parts.get("hour")) }))
    }
    return found
  }
  const clock: Clock = { day: (at) => look(at).day, hour: (at) => look(at).hour }
  clocks.set(timeZone, clock)
  return clock
}

/** The Monday on or before a day, and the first of its month, as `2026-11-22`. */
export const mondayOf = (day: string): string => {
  const at = Date.parse(`${day}T00:00:00Z`)
  return new Date(at - ((new Date(at).getUTCDay() + 6) % 7) * 86_400_000).toISOString().slice(0, 10)
}
export const firstOfMonth = (day: string): string => `${day.slice(0, 8)}01`
