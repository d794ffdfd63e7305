import type { Style } from "./Style.ts"

/** The words of a search, without operators and excluded words. */
export const searchedWords = (text: string): ReadonlyArray<string> =>
  text
    .split(/\s+/)
    .filter((word) => !word.startsWith("-"))
    .flatMap((word) => word.split(/[^\p{L}\p{N}\p{M}]+/u))
    .filter((word) => word !== "")

/** Text with the beginnings of words that were searched for in bold. */
export const highlighted = (text: string, search: string, style: Style): string => {
  const words = [...new Set(searchedWords(search))].sort((a, b) => b.length - a.length)
  if (words.length === 0) return text
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join("|")})`, "giu"), (found) => style.bold(style.yellow(found)))
}
