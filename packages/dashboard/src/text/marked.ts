/** A part of an excerpt; `found`: it is one of the words that were searched for. */
export interface Part {
  readonly text: string
  readonly found: boolean
}

/** The words of a search that an excerpt may show: without excluded ones, quotes and stars. */
const wordsOf = (query: string): ReadonlyArray<string> =>
  (query.match(/-?"[^"]*"|\S+/g) ?? []).flatMap((word) => (word.startsWith("-") ? [] : (word.match(/[\p{L}\p{N}_]+/gu) ?? [])))

/** The excerpt in parts, with the words of the search marked, whatever their case and accents. */
export const marked = (excerpt: string, query: string): ReadonlyArray<Part> => {
  const words = wordsOf(query).map(bare)
  if (words.length === 0) return [{ text: excerpt, found: false }]
  return excerpt
    .split(/([\p{L}\p{N}_]+)/u)
    .filter((text) => text !== "")
    .map((text) => ({ text, found: words.some((word) => bare(text).startsWith(word)) }))
}

const bare = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
