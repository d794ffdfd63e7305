const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" })
/** How far behind the border a character may reach that begins before it; of a longer one the beginning is found all the same. */
const reach = 64

/** The characters of `text` that fit into `length` UTF-16 units, none of them cut: no half surrogate pair, no letter without its marks. */
export const clipped = (text: string, length: number): string => {
  if (text.length <= length) return text
  // Below the first combining mark every unit is a character of its own, but for the two of a line's end.
  const before = text.charCodeAt(length - 1),
    after = text.charCodeAt(length)
  if (before < 0x300 && after < 0x300 && !(before === 13 && after === 10)) return text.slice(0, length)
  const crossing = graphemes.segment(text.slice(0, length + reach)).containing(length)
  return text.slice(0, crossing?.index ?? 0)
}

/** The beginning of `text` with three dots, or all of it when it is short. */
export const previewOf = (text: string, length: number): string => (text.length <= length ? text : `${clipped(text, length)}...`)
