/** A string of a JSON text, where it stands and what it says. */
export interface JsonString {
  readonly value: string
  /** The key whose value it is; null in an array. The last key before it counts, so that it is that of the array in an array. */
  readonly key: string | null
  /** The place of its first character, behind the quote. */
  readonly from: number
  /** True when the text writes it in other characters than it has. */
  readonly escaped: boolean
}

/**
 * Gives a JSON text back with other strings in the place of some of its values; everything else stays as it is written, and a text in which nothing changes is the same.
 * The text has to be valid JSON.
 */
export const withStrings = (json: string, change: (string: JsonString) => string): string => {
  const parts: Array<string> = []
  let kept = 0
  let key: string | null = null
  let backslash = json.indexOf("\\")
  for (let open = json.indexOf('"'); open >= 0; ) {
    const from = open + 1
    let close = json.indexOf('"', from)
    let escaped = false
    while (backslash >= 0 && backslash < from) backslash = json.indexOf("\\", from)
    while (backslash >= 0 && backslash < close) {
      escaped = true
      // What is behind a backslash does not end the string.
      if (backslash + 1 === close) close = json.indexOf('"', close + 1)
      backslash = json.indexOf("\\", backslash + 2)
    }
    if (close < 0) break
    const value = escaped ? (JSON.parse(json.slice(open, close + 1)) as string) : json.slice(from, close)
    if (isKey(json, close + 1)) key = value
    else {
      const changed = change({ value, key, from, escaped })
      if (changed !== value) {
        parts.push(json.slice(kept, open), JSON.stringify(changed))
        kept = close + 1
      }
    }
    open = json.indexOf('"', close + 1)
  }
  return kept === 0 ? json : parts.join("") + json.slice(kept)
}

const isKey = (json: string, at: number): boolean => {
  let place = at
  while (isBlank(json.charCodeAt(place))) place++
  return json.charCodeAt(place) === 0x3a
}
/** White space between what JSON has. */
export const isBlank = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

/** The JSON pointer (RFC 6901) of the value that holds the character at a place of a valid JSON text. */
export const pointerAt = (json: string, place: number): string => {
  const path: Array<string | number> = []
  let at = 0
  while (at < place) {
    const character = json[at]
    if (character === '"') {
      const end = endOfString(json, at)
      if (end > place) break
      if (isKey(json, end)) path[path.length - 1] = JSON.parse(json.slice(at, end)) as string
      at = end
      continue
    }
    if (character === "{") path.push("")
    else if (character === "[") path.push(0)
    else if (character === "}" || character === "]") path.pop()
    else if (character === ",") {
      const last = path.at(-1)
      if (typeof last === "number") path[path.length - 1] = last + 1
    }
    at++
  }
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")
}

const endOfString = (json: string, open: number): number => {
  let at = open + 1
  while (at < json.length && json[at] !== '"') at += json[at] === "\\" ? 2 : 1
  return at + 1
}
