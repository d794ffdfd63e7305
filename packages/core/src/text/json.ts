export interface JsonObject {
  readonly [key: string]: unknown
}

export const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value)
export const object = (value: unknown): JsonObject | null => (isObject(value) ? value : null)
export const array = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])
export const text = (value: unknown): string | null => (typeof value === "string" ? value : null)
/** A string that says something; null for an empty one. */
export const filled = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null)
export const number = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null)
/** A number as a whole one; null for one that has no exact whole part. */
export const whole = (value: unknown): number | null => {
  const part = typeof value === "number" ? Math.trunc(value) : Number.NaN
  return Number.isSafeInteger(part) ? part + 0 : null
}
/** A whole number of things: negative, broken and missing ones are 0. */
export const count = (value: unknown): number => (typeof value === "number" && value > 0 ? Math.min(Math.trunc(value), Number.MAX_SAFE_INTEGER) : 0)

/** More tokens of one kind than any response has: a thousand times the largest context window. */
const maxTokens = 10_000_000_000

/** A number of tokens, also one that is written in digits; missing ones are 0. Null for what is no such number: a negative one, or one that has run over. */
export const tokenCount = (value: unknown): number | null => {
  if (value === undefined || value === null) return 0
  const given = typeof value === "string" && /^\d{1,20}$/.test(value) ? Number(value) : value
  return typeof given === "number" && given >= 0 && given <= maxTokens ? Math.trunc(given) : null
}

/** At most `length` UTF-16 units, never half a surrogate pair. */
export const cut = (value: string, length: number): string => {
  if (value.length <= length) return value
  const last = value.charCodeAt(length - 1)
  return value.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length)
}

/** Deeper than any real record, and far from the end of the stack. */
const maxDepth = 100

/** All string values inside `value` in their order, each at most `each` long, `total` together. */
export const strings = (value: unknown, each: number, total: number): Array<string> => {
  const found: Array<string> = []
  let left = total
  const visit = (part: unknown, depth: number): void => {
    if (left <= 0 || depth > maxDepth) return
    if (typeof part === "string") {
      if (part === "") return
      const kept = cut(part, Math.min(each, left))
      left -= kept.length + 1
      found.push(kept)
    } else if (Array.isArray(part)) {
      for (const item of part) visit(item, depth + 1)
    } else if (isObject(part)) {
      for (const key in part) visit(part[key], depth + 1)
    }
  }
  visit(value, 0)
  return found
}

/**
 * Compact JSON with the keys of every object in the order of their UTF-8 bytes: equal values give equal text.
 * A value nested deeper than 100 levels is `null`.
 */
export const canonicalJson = (value: unknown): string => write(value, 0)

const write = (value: unknown, depth: number): string => {
  if (depth > maxDepth || value === undefined) return "null"
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(",")}]`
  if (isObject(value))
    return `{${Object.keys(value)
      .sort(byBytes)
      .map((key) => `${JSON.stringify(key)}:${write(value[key], depth + 1)}`)
      .join(",")}}`
  return JSON.stringify(value) ?? "null"
}

const byBytes = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i),
      y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}
/** Surrogates stand for code points above the ones from U+E000 on, though their units are smaller. */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)
