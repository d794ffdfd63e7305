/** What stands where a figure is not known: never a zero. */
export const unknown = "–"

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 })
export const count = (value: number | null | undefined): string => (value == null ? unknown : grouped.format(value))

/** `1 prompt`, `3 prompts`. */
export const counted = (value: number | null | undefined, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`

/** `1.2M`, `34k`: for columns; the exact figure belongs into the title. */
export const short = (value: number | null | undefined): string => {
  if (value == null) return unknown
  const size = Math.abs(value)
  if (size < 1000) return String(Math.round(value))
  const [by, unit] = size < 999_500 ? [1e3, "k"] : size < 999_500_000 ? [1e6, "M"] : [1e9, "B"]
  const scaled = value / by
  return `${scaled.toFixed(Math.abs(scaled) < 10 ? 1 : 0)}${unit}`
}

/** Dollars. Less than a cent is said to be that, and not nothing. */
export const dollars = (value: number | null | undefined): string => {
  if (value == null) return unknown
  if (value === 0) return "$0"
  if (value < 0.01) return "<$0.01"
  return value < 1000 ? `$${value.toFixed(2)}` : `$${grouped.format(value)}`
}

export const bytes = (length: number): string =>
  length < 1000 ? `${length} chars` : length < 1e6 ? `${(length / 1e3).toFixed(length < 10_000 ? 1 : 0)}k chars` : `${(length / 1e6).toFixed(1)}M chars`

export const percent = (share: number | null | undefined): string => (share == null ? unknown : `${Math.round(share * 100)}%`)

/** `420 ms`, `3.2 s`, `4 min`, `2 h 5 min`, `3 d`. */
export const duration = (ms: number | null | undefined): string => {
  if (ms == null) return unknown
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
  const minutes = Math.round(ms / 60_000)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  return `${Math.round(hours / 24)} d`
}
