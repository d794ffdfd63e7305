import { createScanner } from "jsonc-parser"

/** Something in a JSON file that a strict parser refuses. `line` and `column` begin with 1. */
export interface Laxity {
  readonly line: number
  readonly column: number
  readonly what: string
}

/** The first comment or comma too many of a text that is sound but for these; null when it is strict JSON, or says nothing at all. */
export const laxityOf = (text: string): Laxity | null => {
  if (text.trim() === "" || isStrict(text)) return null
  const scanner = createScanner(text, false)
  let comma: number | null = null
  for (let token: number = scanner.scan(); token !== endToken; token = scanner.scan()) {
    if (token === lineCommentToken || token === blockCommentToken) return at(text, scanner.getTokenOffset(), "a comment")
    if (token === lineBreakToken || token === spaceToken) continue
    if ((token === closeBraceToken || token === closeBracketToken) && comma !== null) return at(text, comma, "a comma before the end of a list or object")
    comma = token === commaToken ? scanner.getTokenOffset() : null
  }
  return at(text, 0, "what is no strict JSON")
}

const closeBraceToken = 2
const closeBracketToken = 4
const commaToken = 5
const lineCommentToken = 12
const blockCommentToken = 13
const lineBreakToken = 14
const spaceToken = 15
const endToken = 17

const isStrict = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const at = (text: string, offset: number, what: string): Laxity => {
  const before = text.slice(0, offset).split("\n")
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, what }
}

/** For people: `file` counts for nothing with the client, although its text can be read. */
export const laxText = (file: string, { column, line, what }: Laxity): string =>
  `${file}, line ${line}, column ${column}: ${what}. Claude Code reads strict JSON and leaves this whole file out: nothing in it holds until that is taken out`
