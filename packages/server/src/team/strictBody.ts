/** A JSON text that means what it says, or the reason that it does not. */
export type Parsed = { readonly value: unknown } | { readonly problem: string }

/**
 * Parses JSON as everybody would: an object with one key twice, of which parsers keep either, is refused, and so is what is deeper than `maxDepth`, before anything is built of it.
 */
export const strictBody = (bytes: Uint8Array, maxDepth: number): Parsed => {
  let text: string
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return { problem: "the body is not UTF-8" }
  }
  const problem = problemOf(text, maxDepth)
  if (problem !== undefined) return { problem }
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return { problem: `the body is no JSON (${error instanceof Error ? error.message.slice(0, 200) : "it cannot be parsed"})` }
  }
}

const quote = 34
const backslash = 92
const openBrace = 123
const openBracket = 91
const closeBrace = 125
const closeBracket = 93
const colon = 58

/** Reads brackets and keys alone; whatever else is wrong is for the parser to say. */
const problemOf = (text: string, maxDepth: number): string | undefined => {
  /** The keys of each object that is open; null for an array. */
  const open: Array<Set<string> | null> = []
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === openBrace || code === openBracket) {
      if (open.length >= maxDepth) return `the body is deeper than ${maxDepth} levels`
      open.push(code === openBrace ? new Set() : null)
    } else if (code === closeBrace || code === closeBracket) open.pop()
    else if (code === quote) {
      const end = stringEnd(text, at + 1)
      if (end < 0) return undefined
      const keys = open.at(-1)
      if (keys != null && isBeforeColon(text, end + 1)) {
        const raw = text.slice(at, end + 1)
        const key = raw.includes("\\") ? decoded(raw) : raw
        if (keys.has(key)) return `an object has the key ${raw.slice(0, 60)} twice`
        keys.add(key)
      }
      at = end
    }
  }
  return undefined
}

const stringEnd = (text: string, from: number): number => {
  for (let end = text.indexOf('"', from); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++
    if (slashes % 2 === 0) return end
  }
  return -1
}

const isBeforeColon = (text: string, from: number): boolean => {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 32) at++
  return text.charCodeAt(at) === colon
}

/** The key without its escapes, so that two spellings of one are the same. */
const decoded = (raw: string): string => {
  try {
    return JSON.stringify(JSON.parse(raw))
  } catch {
    return raw
  }
}
