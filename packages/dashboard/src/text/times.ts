import { unknown } from "./figures.ts"

const day = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" })
const dayOfYear = new Intl.DateTimeFormat("en", { year: "numeric", month: "short", day: "numeric" })
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
const whole = new Intl.DateTimeFormat("en", {
  weekday: "short",
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  timeZoneName: "short"
})

const instant = (iso: string | null | undefined): Date | null => {
  if (iso == null || iso === "") return null
  const date = new Date(iso)
  // A line without a time is told as 1970.
  return Number.isNaN(date.getTime()) || date.getTime() < 86_400_000 ? null : date
}

/** `now`, `4m`, `3h`, `2d`, then the day: how long ago, in as few characters as a column has. */
export const ago = (iso: string | null | undefined, now: number): string => {
  const at = instant(iso)
  if (at === null) return unknown
  const seconds = (now - at.getTime()) / 1000
  if (seconds < 45) return "now"
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))}m`
  if (seconds < 86_400) return `${Math.round(seconds / 3600)}h`
  if (seconds < 7 * 86_400) return `${Math.round(seconds / 86_400)}d`
  return at.getFullYear() === new Date(now).getFullYear() ? day.format(at) : dayOfYear.format(at)
}

export const clockTime = (iso: string | null | undefined): string => {
  const at = instant(iso)
  return at === null ? "" : clock.format(at)
}

/** The whole of it, for a title. */
export const absolute = (iso: string | null | undefined): string => {
  const at = instant(iso)
  return at === null ? "no line tells the time" : whole.format(at)
}

export const dayName = (date: string): string => {
  const at = new Date(`${date}T12:00:00`)
  return Number.isNaN(at.getTime()) ? date : day.format(at)
}
