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

/** The kinds of words of a line: each part of its text has a column of FTS5, and on PostgreSQL a weight. */
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
        size += lexemeSize(lexeme)
        if (size > maxVectorBytes) break
        positions.set(lexeme, [place])
      } else if (list.length < maxPositions && list[list.length - 1] !== place) list.push(place)
    }
  }
  const parts: Array<string> = []
  for (const [lexeme, list] of positions) parts.push(`'${lexeme}':${list.join(",")}`)
  return parts.join(" ")
}

/**
 * Texts of one message as far as both databases can find their words: a PostgreSQL vector holds about a hundred thousand different ones, and what one database does not find the
 * other must not find either.
 */
export const searchable = (texts: readonly [string, string, string, string]): readonly [string, string, string, string] => {
  if (texts[0].length + texts[1].length + texts[2].length + texts[3].length <= alwaysFits) return texts
  const seen = new Set<string>()
  let size = 0
  const fitting = (text: string): string => {
    if (size > maxVectorBytes) return ""
    // In pieces, so that not all words of a long text stand beside each other in memory.
    for (let from = 0; from < text.length; ) {
      const to = wordBorder(text, from + pieceLength)
      const before = size
      const fresh: Array<string> = []
      for (const found of words(text.slice(from, to))) {
        const lexeme = lexemeOf(found)
        if (seen.has(lexeme)) continue
        seen.add(lexeme)
        fresh.push(lexeme)
        size += lexemeSize(lexeme)
      }
      // Where in the piece matters less than that both databases take the same: none of it.
      if (size > maxVectorBytes) {
        for (const lexeme of fresh) seen.delete(lexeme)
        const kept = text.slice(0, from)
        size = before > maxVectorBytes ? before : maxVectorBytes + 1
        return kept
      }
      from = to
    }
    return text
  }
  const [a, b, c, d] = texts
  return [fitting(a), fitting(b), fitting(c), fitting(d)]
}
const pieceLength = 4096
/** No text of this length has more words than fit, however short they are. */
const alwaysFits = 100_000
const blank = /\s/
/** The first place from `at` on where no word is cut in two. */
const wordBorder = (text: string, at: number): number => {
  const last = Math.min(at + maxWord, text.length)
  let to = at
  while (to < last && !blank.test(text[to] ?? " ")) to++
  return Math.min(to, text.length)
}
const maxWord = 4096

/** Bytes of a vector that a lexeme takes, with its first position: itself, even, a length, and the position. */
const lexemeSize = (lexeme: string): number => Buffer.byteLength(lexeme) + 5

/** PostgreSQL refuses a lexeme of more than 2,046 bytes, three for most units; SQLite finds such a word, nobody searches for one. */
const lexemeOf = (found: string): string => (found.length <= maxLexeme ? found : found.slice(0, maxLexeme).toWellFormed())
const maxLexeme = 680

// Limits of the tsvector type: 16,383 positions, 256 for a lexeme, 1 MB in all. Positions beyond the first of a lexeme take two bytes each: at most 32,766 for those before the
// last one, and as much for the lexemes of these that stand at the last one, too.
const maxPosition = 16_383
const maxPositions = 255
const maxVectorBytes = 950_000

/** A search: every group must occur, and none of "without". A group is a phrase; "prefix": its last word is the beginning of one. */
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

/** True when every group of the search stands in this text. */
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
