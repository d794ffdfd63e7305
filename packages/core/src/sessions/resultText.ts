import { cut, isObject } from "../text/json.ts"

/** Length of what can be found of what the client noted of a result beside its text, of one line. In UTF-16 units. */
export const maxResultText = 1 << 20

/** Values that say what kind of thing something is, are ids or places of bytes, or bytes themselves: nobody looks for one by its words. */
const noWords: ReadonlySet<string> = new Set([
  "type",
  "status",
  "mode",
  "base64",
  "data",
  "mimeType",
  "media_type",
  "usage",
  "id",
  "agentId",
  "agent_id",
  "tool_use_id",
  "toolUseId",
  "taskId",
  "backgroundTaskId",
  "harnessSectionHash",
  "persistedOutputPath",
  "resolvedModel"
])
const maxDepth = 100

/**
 * Finds what the client noted of a result that its text does not hold: the strings in their order, those lines of them that are not in the text, nor in a string
 * before. `cut`: there is more than can be found.
 */
export const resultText = (text: string, structured: unknown): { readonly parts: ReadonlyArray<string>; readonly cut: boolean } => {
  const parts: Array<string> = []
  let left = maxResultText
  let isCut = false
  let held: Set<string> | null = null
  const keep = (value: string): void => {
    const kept = cut(value, Math.max(0, left))
    if (kept.length < value.length) isCut = true
    left -= kept.length + 1
    if (kept !== "") parts.push(kept)
  }
  const add = (value: string): void => {
    const body = (value.startsWith(errorMark) ? value.slice(errorMark.length) : value).trim()
    const at = text.indexOf(body)
    if (at !== -1) {
      // All of its words are there but those that the text goes on with; at the end of something long that is where the client cut it, and no word.
      const edges = body.length > maxWords ? "" : edgesOf(text, body, at)
      if (edges !== "" && holds(text, body, at, text.length) === -1) keep(edges)
      return
    }
    if (holdsLines(text, body)) return
    held ??= new Set(linesOf(text))
    const fresh: Array<string> = []
    for (const line of linesOf(value)) {
      if (held.has(line)) continue
      held.add(line)
      fresh.push(line)
    }
    if (fresh.length > 0) keep(fresh.join("\n"))
  }
  const visit = (part: unknown, depth: number): void => {
    if (depth > maxDepth) return
    if (typeof part === "string") add(part)
    else if (Array.isArray(part)) for (const item of part) visit(item, depth + 1)
    else if (isObject(part)) for (const key in part) if (!noWords.has(key)) visit(part[key], depth + 1)
  }
  visit(structured, 0)
  return { parts, cut: isCut }
}

/** The words of `body` that stand at `at` in `text` as parts of longer ones: its first, its last. */
const edgesOf = (text: string, body: string, at: number): string => {
  let first = 0
  let last = body.length
  if (isWordAt(text, at - 1)) while (first < body.length && isWordAt(body, first)) first++
  if (isWordAt(text, at + body.length)) while (last > 0 && isWordAt(body, last - 1)) last--
  return first >= last && (first > 0 || last < body.length) ? body : [body.slice(0, first), body.slice(last)].filter((part) => part !== "").join("\n")
}

/** Tells whether the text has the lines of `body` one after the other, each behind a number, as it has those of a file that was read. */
const holdsLines = (text: string, body: string): boolean => {
  if (text.length < body.length) return false
  let at = 0
  for (let from = 0; from < body.length; ) {
    const end = body.indexOf("\n", from)
    const line = body.slice(from, end === -1 ? body.length : end)
    from = end === -1 ? body.length : end + 1
    const found = holds(text, line, at, at + maxNumber)
    if (found === -1) return false
    at = found + line.length
  }
  return true
}

/** Finds `part` in `text` as words of its own, from `from` on and not behind `last`; -1 when it does not. */
const holds = (text: string, part: string, from: number, last: number): number => {
  for (let at = text.indexOf(part, from); at !== -1 && at <= last; at = text.indexOf(part, at + 1)) {
    if (!(isWordAt(text, at - 1) && isWordAt(text, at)) && !(isWordAt(text, at + part.length - 1) && isWordAt(text, at + part.length))) return at
  }
  return -1
}
const word = /[\p{L}\p{N}\p{M}]/u
const isWordAt = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at)
  if (unit < 0x80) return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122)
  return !Number.isNaN(unit) && word.test(text[at] ?? "")
}
const maxWords = 100
const errorMark = "Error: "
/** The end of a line, a number with blanks before it and a sign behind it. */
const maxNumber = 16

/** Lines as they are compared: without what the client puts before them, numbers and the marks of a patch. */
const linesOf = (text: string): ReadonlyArray<string> =>
  text.split("\n").flatMap((line) => {
    const words = line.replace(decoration, "").trim()
    return words === "" ? [] : [words]
  })
const decoration = /^(?:\s*\d+[\t→]|[+-](?=\S))/
