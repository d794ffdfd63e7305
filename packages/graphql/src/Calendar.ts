/** Days, weeks and months of one time zone, as texts that sort in their order. */
const dayMs = 86_400_000

// Making one costs far more than using it.
const formats = new Map<string, Intl.DateTimeFormat>()
const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  let format = formats.get(timeZone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-CA", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit"
    })
    formats.set(timeZone, format)
  }
  return format
}
const wallClock = (timeZone: string, at: number): number => {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)])
  )
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"))
}

/** `2026-11-22` of an instant. */
export const dayIn = (timeZone: string, at: number): string => new Date(wallClock(timeZone, at)).toISOString().slice(0, 10)

/** The day so many days later; days are counted without regard to clocks. */
export const addDays = (day: string, days: number): string => new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10)

/** The Monday on or before a day. */
export const weekOf = (day: string): string => addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7))
export const monthOf = (day: string): string => `${day.slice(0, 7)}-01`

/** When a day begins in a time zone. */
export const startOf = (timeZone: string, day: string): number => {
  const utc = Date.parse(`${day}T00:00:00Z`)
  // The offset at a guess, and again at what it leads to: a day may begin while clocks change.
  const once = utc - offsetAt(timeZone, utc)
  const twice = utc - offsetAt(timeZone, once)
  // Where clocks go forward at midnight there is no midnight, and the day begins when they do.
  return dayIn(timeZone, twice) < day ? once : twice
}
const offsetAt = (timeZone: string, at: number): number => wallClock(timeZone, at) - Math.floor(at / 1000) * 1000

/** `Mar 2`: what a chart writes below a week. */
export const labelOf = (day: string): string => new Date(`${day}T00:00:00Z`).toLocaleDateString("en-US", { month: "short", day: "numeric", timeZone: "UTC" })
