/**
 * The words of a text, the same for both databases: case and accents are folded, letters and digits are word characters, everything else parts words.
 * Scripts that do not part words with spaces, and emoji, give one word a character, so that any part of such a text is found.
 */
export const normalise = (text: string): string => {
  if (/^[\x00-\x7f]*$/.test(text)) return text
  return text.normalize("NFKD").replace(marks, "").toLowerCase().replace(single, " $& ").replace(between, " ")
}
const marks = /\p{M}+/gu
const single = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\p{Extended_Pictographic}]/gu
// ASCII is left to the splitter.
const between = /[^\p{L}\p{N}\p{Extended_Pictographic}\x00-\x7f]+/gu

// What FTS5's ascii tokenizer takes for a word: ASCII letters and digits, and everything beyond ASCII.
const word = /[a-z0-9\u0080-\u{10ffff}]+/gu

export const words = (text: string): ReadonlyArray<string> => normalise(text).toLowerCase().match(word) ?? []

/** What the words of a line may be: each part of its text has a column of FTS5, and on PostgreSQL a weight. */
export type Part = "prompt" | "answer" | "tool" | "other"
/** The weight D is not written. */
const weights: { readonly [Each in Part]: string } = { prompt: "A", answer: "B", tool: "C", other: "" }

/** A text as a PostgreSQL text search vector, with the positions that phrases need; none goes beyond its part. */
export const vector = (text: { readonly [Each in Part]: string }): string => {
  const positions = new Map<string, Array<string>>()
  let position = 0
  let size = 0
  for (const part of ["prompt", "answer", "tool", "other"] as const) {
    if (text[part] === "") continue
    if (position > 0) position++
    for (const found of words(text[part])) {
      position = Math.min(position + 1, maxPosition)
      const place = `${position}${weights[part]}`
      const lexeme = lexemeOf(found)
      const list = positions.get(lexeme)
      if (list === undefined) {
        size += lexeme.length * 3 + 16
        if (size > maxVectorBytes) break
        positions.set(lexeme, [place])
      } else if (list.length < maxPositions && list[list.length - 1] !== place) list.push(place)
    }
  }
  const parts: Array<string> = []
  for (const [lexeme, list] of positions) parts.push(`'${lexeme}':${list.join(",")}`)
  return parts.join(" ")
}
/** PostgreSQL refuses a lexeme of more than 2,046 bytes, three for most units; SQLite finds such a word, nobody searches for one. */
const lexemeOf = (found: string): string => (found.length <= maxLexeme ? found : found.slice(0, maxLexeme).toWellFormed())
const maxLexeme = 680

// Limits of the tsvector type: 16,383 positions, 256 for a lexeme, 1 MB in all (a position takes two bytes beside the lexeme).
const maxPosition = 16_383
const maxPositions = 255
const maxVectorBytes = 700_000

/** What a person looks for: every group must occur, none of "without". A group is a phrase; "prefix": its last word is the beginning of one. */
export interface SearchTerms {
  readonly groups: ReadonlyArray<SearchGroup>
  readonly without: ReadonlyArray<SearchGroup>
}
export interface SearchGroup {
  readonly words: ReadonlyArray<string>
  readonly prefix: boolean
}

const term = /(?<not>-)?(?:"(?<phrase>[^"]*)"(?<phraseStar>\*)?|(?<plain>[^\s"]+))/gu

/** Reads any text as a query. A part without a word character is nothing. */
export const parseQuery = (text: string): SearchTerms => {
  const groups: Array<SearchGroup> = []
  const without: Array<SearchGroup> = []
  for (const { groups: part } of text.matchAll(term)) {
    const plain = part?.["plain"]
    const prefix = plain === undefined ? part?.["phraseStar"] !== undefined : /[^*]\*$/.test(plain)
    const list = words(part?.["phrase"] ?? plain ?? "").map((found) => found.slice(0, 1000))
    if (list.length > 0) (part?.["not"] === undefined ? groups : without).push({ words: list.slice(0, 64), prefix })
    if (groups.length + without.length === 64) break
  }
  return { groups, without }
}

/** The query of SQLite's FTS5, in all of a line or in some parts of it. Words hold no character that its syntax knows. */
export const toFts5 = ({ groups, without }: SearchTerms, parts?: ReadonlyArray<Part>): string => {
  const phrase = (group: SearchGroup) => `"${group.words.join(" ")}"${group.prefix ? " *" : ""}`
  const found = `(${groups.map(phrase).join(" AND ")})`
  const all = without.length === 0 ? found : `${found} NOT (${without.map(phrase).join(" OR ")})`
  return parts === undefined ? all : `{${parts.join(" ")}} : (${all})`
}

/** The query of PostgreSQL. */
export const toTsquery = ({ groups, without }: SearchTerms, parts?: ReadonlyArray<Part>): string => {
  const weight = parts?.map((part) => weights[part] || "D").join("") ?? ""
  const phrase = (group: SearchGroup) =>
    `(${group.words
      .map((found, index) => {
        const marks = `${group.prefix && index === group.words.length - 1 ? "*" : ""}${weight}`
        return `'${lexemeOf(found)}'${marks === "" ? "" : `:${marks}`}`
      })
      .join(" <-> ")})`
  return [...groups.map(phrase), ...without.map((group) => `!${phrase(group)}`)].join(" & ")
}

/** Whether all that is looked for stands in this text. */
export const holdsTerms = ({ groups }: SearchTerms, text: string): boolean => {
  const list = words(text)
  return groups.every(({ prefix, words: wanted }) =>
    list.some((_, at) =>
      wanted.every((word, index) => {
        const found = list[at + index]
        return found !== undefined && (prefix && index === wanted.length - 1 ? found.startsWith(word) : found === word)
      })
    )
  )
}
