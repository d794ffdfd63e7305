import { stringWidth } from "bun"

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" })
const ascii = /^[\u0020-\u007e]*$/

/** Columns that a text takes on a terminal. */
export const widthOf = (text: string): number => {
  if (ascii.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += stringWidth(segment)
  return width
}

/** At most `width` columns, with an ellipsis where something was left out. */
export const fit = (text: string, width: number): string => {
  if (widthOf(text) <= width) return text
  if (width <= 0) return ""
  let kept = ""
  let used = 0
  for (const { segment } of segmenter.segment(text)) {
    const next = stringWidth(segment)
    if (used + next > width - 1) break
    kept += segment
    used += next
  }
  return `${kept}…`
}

export const padEnd = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)))
export const padStart = (text: string, width: number): string => " ".repeat(Math.max(0, width - widthOf(text))) + text

/** Lines of at most `width` columns, broken at spaces where there are some. */
export const wrap = (text: string, width: number): ReadonlyArray<string> => {
  if (!Number.isFinite(width) || widthOf(text) <= width) return [text]
  const lines: Array<string> = []
  let line = ""
  let used = 0
  for (const word of text.split(/(?<= )/)) {
    const size = widthOf(word.trimEnd())
    if (used > 0 && used + size > width) {
      lines.push(line.trimEnd())
      line = ""
      used = 0
    }
    if (size <= width) {
      line += word
      used += widthOf(word)
      continue
    }
    for (const { segment } of segmenter.segment(word)) {
      const next = stringWidth(segment)
      if (used > 0 && used + next > width) {
        lines.push(line)
        line = ""
        used = 0
      }
      line += segment
      used += next
    }
  }
  return line.trimEnd() === "" && lines.length > 0 ? lines : [...lines, line.trimEnd()]
}
