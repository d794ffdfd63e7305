/** Day and hour of instants in one time zone. An answer is kept: asking for one is slow. */
export const clockOf = (timeZone: string) => {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", hourCycle: "h23" })
  const known = new Map<number, { readonly day: string; readonly hour: number }>()
  const look = (at: number) => {
    // Offsets of time zones are whole quarters of an hour.
    const quarter = Math.floor(at / 900_000)
    let found = known.get(quarter)
    if (found === undefined) {
      const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
      known.set(quarter, (found = { day: `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`, hour: Number(parts.get("hour")) }))
    }
    return found
  }
  return { day: (at: number): string => look(at).day, hour: (at: number): number => look(at).hour }
}

/** The Monday on or before a day, and the first of its month, as `2026-11-22`. */
export const mondayOf = (day: string): string => {
  const at = Date.parse(`${day}T00:00:00Z`)
  return new Date(at - ((new Date(at).getUTCDay() + 6) % 7) * 86_400_000).toISOString().slice(0, 10)
}
export const firstOfMonth = (day: string): string => `${day.slice(0, 8)}01`
