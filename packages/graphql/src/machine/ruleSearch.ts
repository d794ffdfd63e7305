import type { MemoryRule } from "han-core/MemoryRules"
import { borderAt, clipped } from "han-core/unstable/Clip"

const word = /[\p{L}\p{N}]+/gu
const before = 60
const excerptLength = 160

/** Rules in which all words occur, with the text around the first of them, in one line. */
export const searchesIn = (rules: ReadonlyArray<MemoryRule>, query: string, most: number) => {
  const words = query.toLowerCase().match(word) ?? []
  if (words.length === 0) return []
  return rules
    .flatMap((rule) => {
      const text = rule.content.toLowerCase()
      const places = words.map((one) => text.indexOf(one))
      if (places.some((place) => place < 0)) return []
      const from = borderAt(rule.content, Math.min(...places) - before)
      return [{ rule, excerpt: clipped(rule.content.slice(from).replace(/\s+/g, " ").trim(), excerptLength) }]
    })
    .slice(0, most)
}
