import { borderAt } from "han-core/unstable/Clip"
import { normalise, type SearchTerms } from "../readmodels/words.ts"

const around = 70
/** As far as the words of a line with its outputs reach. */
const reach = 4 << 20
const segment = /[\p{L}\p{N}]+/gu

/** A part of `text` around the first place where one of the words stands; its beginning when none does. One line, cut between characters. */
export const excerpt = (text: string, terms: SearchTerms): string => {
  const at = Math.max(firstMatch(text.length > reach ? text.slice(0, reach) : text, terms), 0)
  const from = borderAt(text, at - around)
  const to = borderAt(text, at + around + 20)
  const cut = text.slice(from, to).replace(/\s+/g, " ").trim()
  return `${from > 0 ? "…" : ""}${cut}${to < text.length ? "…" : ""}`
}

/** True when one of the words stands in `text`. */
export const hasMatch = (text: string, terms: SearchTerms): boolean => firstMatch(text, terms) >= 0

const firstMatch = (text: string, { groups }: SearchTerms): number => {
  const lower = text.toLowerCase()
  let best = -1
  for (const { prefix, words } of groups) {
    const [first] = words
    if (first === undefined) continue
    const whole = prefix && words.length === 1 ? (found: string) => found.startsWith(first) : (found: string) => found === first
    // Most words stand in the text as they are; only then is every word of it folded.
    const plain = lower.length === text.length ? indexOfWord(lower, first, prefix && words.length === 1) : -1
    const at = plain >= 0 ? plain : indexOfSegment(text, whole, first)
    if (at >= 0 && (best < 0 || at < best)) best = at
  }
  return best
}

const wordCharacter = /[\p{L}\p{N}]/u
const indexOfWord = (text: string, word: string, prefix: boolean): number => {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if ((at === 0 || !wordCharacter.test(text[at - 1]!)) && (prefix || at + word.length === text.length || !wordCharacter.test(text[at + word.length]!)))
      return at
  }
  return -1
}

const indexOfSegment = (text: string, matches: (folded: string) => boolean, word: string): number => {
  for (const { 0: found, index } of text.matchAll(segment)) {
    const folded = normalise(found).toLowerCase()
    if (matches(folded.trim()) || (folded.includes(" ") && folded.includes(` ${word} `))) return index
  }
  return -1
}
