/** The last millisecond that a date can name, in both directions. */
const furthest = 8.64e15

/** ISO 8601 in UTC with milliseconds; null for what is no moment. */
export const isoOf = (milliseconds: number | null): string | null =>
  milliseconds !== null && Math.abs(milliseconds) <= furthest ? new Date(milliseconds).toISOString() : null

/** Milliseconds since 1970 of what a line calls a time: ISO 8601 (UTC where it names no zone), or a number of milliseconds or seconds. */
export const instantOf = (value: unknown): number | null => {
  if (typeof value === "number") return value >= 1e11 && value <= furthest ? value : value >= 1e9 && value < 1e11 ? value * 1000 : null
  if (typeof value !== "string" || !/^\d{4}-\d\d/.test(value) || value.length > 40) return null
  const at = Date.parse(value.includes("T") && !/(?:[zZ]|[+-]\d\d:?\d\d)$/.test(value) ? `${value}Z` : value)
  return Number.isNaN(at) ? null : at
}
