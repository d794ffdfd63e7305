/** A piece of a program's output in one style. */
export interface AnsiSpan {
  readonly text: string
  /** Names of styles: `bold`, `dim`, `italic`, `underline`, `fg1` to `fg15`, `bg1` to `bg15`. */
  readonly styles: ReadonlyArray<string>
  /** A colour that has no name, as `#rrggbb`. */
  readonly color: string | undefined
}

/** The most pieces of one output; what follows is one piece without a style, so that a bomb of escapes is text. */
const maxSpans = 2000

interface Style {
  bold: boolean
  dim: boolean
  italic: boolean
  underline: boolean
  fg: number | undefined
  bg: number | undefined
  color: string | undefined
}
const plain = (): Style => ({ bold: false, dim: false, italic: false, underline: false, fg: undefined, bg: undefined, color: undefined })

// Colours and styles (m) are kept; moves of the cursor, titles, links and every other sequence are left out.
const sequence =
  /\x1b\[([0-9;:]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b]{0,4096}(?:\x1b\\)?|\x1b[ -/]*[0-~]?|[\x00-\x08\x0b\x0c\x0e-\x1a\x7f]/g

/** The last state of each line that a program wrote over, as a terminal shows it. */
const overwritten = (text: string): string =>
  text.includes("\r")
    ? text
        .replaceAll("\r\n", "\n")
        .replace(/[^\n]*\r(?=[^\n])/g, "")
        .replaceAll("\r", "")
    : text

/** The output in pieces of one style each. */
export const ansiSpans = (output: string): ReadonlyArray<AnsiSpan> => {
  const text = overwritten(output)
  if (!/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text)) return [{ text, styles: [], color: undefined }]
  const spans: Array<AnsiSpan> = []
  const style = plain()
  const push = (piece: string) => {
    if (piece !== "") spans.push({ text: piece, styles: stylesOf(style), color: style.color })
  }
  let from = 0
  for (const match of text.matchAll(sequence)) {
    push(text.slice(from, match.index))
    from = match.index + match[0].length
    if (match[1] !== undefined) apply(style, match[1])
    if (spans.length >= maxSpans) return [...spans, { text: text.slice(from).replace(sequence, ""), styles: [], color: undefined }]
  }
  push(text.slice(from))
  return spans
}

const stylesOf = (style: Style): ReadonlyArray<string> => [
  ...(["bold", "dim", "italic", "underline"] as const).filter((name) => style[name]),
  ...(style.fg === undefined ? [] : [`fg${style.fg}`]),
  ...(style.bg === undefined ? [] : [`bg${style.bg}`])
]

const apply = (style: Style, given: string): void => {
  const codes = given === "" ? [0] : given.split(/[;:]/).map(Number)
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0
    if (code === 0) Object.assign(style, plain())
    else if (code === 38 || code === 48) i += extended(style, code, codes.slice(i + 1))
    else if (!colour(style, code)) decoration(style, code)
  }
}

const decoration = (style: Style, code: number): void => {
  if (code === 1) style.bold = true
  else if (code === 2) style.dim = true
  else if (code === 3) style.italic = true
  else if (code === 4) style.underline = true
  else if (code === 22) style.bold = style.dim = false
  else if (code === 23) style.italic = false
  else if (code === 24) style.underline = false
  else if (code === 39) style.fg = style.color = undefined
  else if (code === 49) style.bg = undefined
}

const colour = (style: Style, code: number): boolean => {
  const at = (base: number) => code >= base && code < base + 8
  if (at(30)) [style.fg, style.color] = [code - 30, undefined]
  else if (at(90)) [style.fg, style.color] = [code - 82, undefined]
  else if (at(40)) style.bg = code - 40
  else if (at(100)) style.bg = code - 92
  else return false
  return true
}

/** A colour of the 256, or of all. Answers how many codes it took. */
const extended = (style: Style, code: number, [kind, a = 0, b = 0, c = 0]: ReadonlyArray<number>): number => {
  if (kind === 5) {
    if (a < 16) {
      if (code === 38) [style.fg, style.color] = [a, undefined]
      else style.bg = a
    } else if (code === 38) [style.fg, style.color] = [undefined, of256(a)]
    return 2
  }
  if (kind !== 2) return 0
  if (code === 38) [style.fg, style.color] = [undefined, hex(a, b, c)]
  return 4
}

const hex = (...parts: ReadonlyArray<number>): string =>
  `#${parts
    .map((part) =>
      Math.min(255, Math.max(0, Math.trunc(part) || 0))
        .toString(16)
        .padStart(2, "0")
    )
    .join("")}`

const of256 = (index: number): string => {
  if (index >= 232) return hex(8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10)
  const step = (value: number) => (value === 0 ? 0 : 55 + value * 40)
  const cube = index - 16
  return hex(step(Math.floor(cube / 36)), step(Math.floor(cube / 6) % 6), step(cube % 6))
}
