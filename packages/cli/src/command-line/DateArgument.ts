import { BadUsage } from "../environment/CommandFailed.ts"

export interface DateContext {
  /** Milliseconds since 1970. */
  readonly now: number
  /** Days begin at midnight UTC instead of local midnight. */
  readonly utc: boolean
  /** The end of the day that a date without a time means. */
  readonly edge: "start" | "end"
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const day = /^(\d{4})-(\d{2})-(\d{2})$/
const instant = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?$/i
const ago = /^(\d{1,6})([mhdw])$/

/** Milliseconds since 1970 of `2026-11-22`, an ISO instant (local time without an offset), or an age such as `7d`. */
export const parseDate = (text: string, option: string, context: DateContext): number => {
  const age = ago.exec(text)
  if (age !== null) return context.now - Number(age[1]) * (unitMs[age[2] ?? ""] ?? 0)
  const date = day.exec(text)
  if (date !== null) {
    const start = atTime(date, [0, 0, 0, 0], context.utc)
    if (start === undefined) throw wrong(text, option, "is not a day of the calendar")
    return context.edge === "start" ? start : nextDay(date, context.utc) - 1
  }
  const moment = instant.exec(text)
  if (moment === null) throw wrong(text, option, "is not a date")
  const [hours, minutes, seconds] = [Number(moment[4]), Number(moment[5]), Number(moment[6] ?? 0)]
  const zone = moment[8]
  const local = atTime(moment, [hours, minutes, seconds, Math.floor(Number(`0.${moment[7] ?? 0}`) * 1000)], context.utc || zone !== undefined)
  if (local === undefined || hours > 23 || minutes > 59 || seconds > 59) throw wrong(text, option, "is not a moment of the calendar")
  return local - offsetMs(zone)
}

const wrong = (text: string, option: string, what: string) =>
  new BadUsage(`${option} "${text.slice(0, 60)}" ${what}; use 2026-11-22, 2026-11-22T14:30, 2026-11-22T14:30:00Z, or an age: 90m, 24h, 7d, 2w`)

const atTime = (date: RegExpExecArray, [h, m, s, ms]: readonly [number, number, number, number], utc: boolean): number | undefined => {
  const [year, month, dayOfMonth] = [Number(date[1]), Number(date[2]) - 1, Number(date[3])]
  const check = new Date(Date.UTC(year, month, dayOfMonth))
  if (check.getUTCFullYear() !== year || check.getUTCMonth() !== month || check.getUTCDate() !== dayOfMonth) return undefined
  return utc ? Date.UTC(year, month, dayOfMonth, h, m, s, ms) : new Date(year, month, dayOfMonth, h, m, s, ms).getTime()
}

/** Not 24 hours later: days with a change of the clock are shorter or longer. */
const nextDay = (date: RegExpExecArray, utc: boolean): number => {
  const [year, month, dayOfMonth] = [Number(date[1]), Number(date[2]) - 1, Number(date[3]) + 1]
  return utc ? Date.UTC(year, month, dayOfMonth) : new Date(year, month, dayOfMonth).getTime()
}

const offsetMs = (zone: string | undefined): number => {
  if (zone === undefined || zone.toUpperCase() === "Z") return 0
  const digits = zone.slice(1).replace(":", "")
  return (zone.startsWith("-") ? -1 : 1) * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))) * 60_000
}
