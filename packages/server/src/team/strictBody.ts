/** A JSON text that means what it says, or the reason that it does not. */
export type Parsed = { readonly value: unknown } | { readonly problem: string }

/** How deep values may lie in each other, and how many there may be. */
export interface StrictLimits {
  readonly maxDepth: number
  readonly maxValues: number
}

/**
 * Parses JSON as everybody would: an object with one key twice, of which parsers keep either, is refused, and so is what is deeper or has more values than the limits say, before
 * anything is built of it: a value of two bytes takes many when it is parsed.
 */
export const strictBody = (bytes: Uint8Array, limits: StrictLimits): Parsed => {
  const problem = problemOf(bytes, limits)
  if (problem !== undefined) return { problem }
  let text: string
  try {
    text = textOf(bytes)
  } catch {
    return { problem: "the body is not UTF-8" }
  }
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return { problem: `the body is no JSON (${error instanceof Error ? error.message.slice(0, 200) : "it cannot be parsed"})` }
  }
}

const textOf = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)

const quote = 34
const backslash = 92
const openBrace = 123
const openBracket = 91
const closeBrace = 125
const closeBracket = 93
const colon = 58
const comma = 44

/** Reads brackets, commas and keys alone, which are ASCII in UTF-8; whatever else is wrong is for the parser to say. */
const problemOf = (bytes: Uint8Array, { maxDepth, maxValues }: StrictLimits): string | undefined => {
  /** The keys of each object that is open; null for an array. */
  const open: Array<Set<string> | null> = []
  let values = 1
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes[at]!
    if ((code === comma || code === openBrace || code === openBracket) && ++values > maxValues) return `the body has more than ${maxValues} values`
    if (code === openBrace || code === openBracket) {
      if (open.length >= maxDepth) return `the body is deeper than ${maxDepth} levels`
      open.push(code === openBrace ? new Set() : null)
    } else if (code === closeBrace || code === closeBracket) open.pop()
    else if (code === quote) {
      const end = stringEnd(bytes, at + 1)
      if (end < 0) return undefined
      const keys = open.at(-1)
      if (keys != null && isBeforeColon(bytes, end + 1)) {
        if (end - at > maxKeyBytes) return `an object has a key of more than ${maxKeyBytes} bytes`
        const raw = Buffer.from(bytes.buffer, bytes.byteOffset + at, end + 1 - at).toString()
        const key = raw.includes("\\") ? decoded(raw) : raw
        if (keys.has(key)) return `an object has the key ${raw.slice(0, 60)} twice`
        keys.add(key)
      }
      at = end
    }
  }
  return undefined
}
const maxKeyBytes = 1000

const stringEnd = (bytes: Uint8Array, from: number): number => {
  for (let end = bytes.indexOf(quote, from); end >= 0; end = bytes.indexOf(quote, end + 1)) {
    let slashes = 0
    while (bytes[end - 1 - slashes] === backslash) slashes++
    if (slashes % 2 === 0) return end
  }
  return -1
}

const isBeforeColon = (bytes: Uint8Array, from: number): boolean => {
  let at = from
  while (at < bytes.length && bytes[at]! <= 32) at++
  return bytes[at] === colon
}

/** The key without its escapes, so that two spellings of one are the same. */
const decoded = (raw: string): string => {
  try {
    return JSON.stringify(JSON.parse(raw))
  } catch {
    return raw
  }
}
