/** Instants of `--json`: ISO 8601 in UTC. */
export const isoInstant = (at: number | null): string | null => {
  if (at === null) return null
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

const two = (value: number) => String(value).padStart(2, "0")

/** `2026-11-22 14:03:09`, in local time or in UTC. */
export const dateTime = (at: number | null, utc: boolean): string => {
  if (at === null) return "-"
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return "-"
  return utc
    ? date.toISOString().slice(0, 19).replace("T", " ")
    : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** Without seconds. */
export const dateMinute = (at: number | null, utc: boolean): string => dateTime(at, utc).slice(0, 16)

const spans: ReadonlyArray<readonly [number, string]> = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"]
]

/** `3 d`, `5 min`, `840 ms`: one figure, rounded down. */
export const duration = (ms: number): string => {
  const span = spans.find(([size]) => ms >= size)
  return span === undefined ? `${Math.max(0, Math.round(ms))} ms` : `${Math.floor(ms / span[0])} ${span[1]}`
}

/** `12,345`. */
export const count = (value: number): string => value.toLocaleString("en-US")

/** `1 session`, `2 sessions`. */
export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`

/** Powers of 1,000: `3.4 MB`. */
export const byteSize = (bytes: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  let value = bytes
  let unit = 0
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ""}`
}
