const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" })
/** The most UTF-16 units that a character is followed to either side of a place; a longer one is cut at the nearest border that is found. */
const reach = 64
const lookBack = 4096

/** True when a character begins before this unit whatever stands around it: below the first combining mark every unit is one of its own, but for the two of a line's end. */
const isPlain = (text: string, at: number): boolean => text.charCodeAt(at) < 0x300 && !(text.charCodeAt(at) === 10 && text.charCodeAt(at - 1) === 13)

/** The last border between two characters at or before `at`, in UTF-16 units: no half surrogate pair, no letter without its marks. */
export const borderAt = (text: string, at: number): number => {
  if (at <= 0) return 0
  if (at >= text.length) return text.length
  if (isPlain(text, at) && text.charCodeAt(at - 1) < 0x300) return at
  let from = at - 1
  const last = Math.max(0, at - lookBack)
  while (from > last && !isPlain(text, from)) from--
  const crossing = graphemes.segment(text.slice(from, at + reach)).containing(at - from)
  return from + (crossing?.index ?? 0)
}

/** The characters of `text` that fit into `length` UTF-16 units, none of them cut. */
export const clipped = (text: string, length: number): string => (text.length <= length ? text : text.slice(0, borderAt(text, length)))
