const sequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g

/** Text as a terminal would leave it: without colours, links and cursor movements. */
export const withoutAnsi = (text: string): string => (text.includes("\u001b") ? text.replace(sequences, "") : text)

/** The text between `<name>` and `</name>`, or the end; null without the tag. */
export const tagged = (text: string, name: string): string | null => {
  const open = `<${name}>`
  const at = text.indexOf(open)
  if (at < 0) return null
  const from = at + open.length
  const to = text.indexOf(`</${name}>`, from)
  return to < 0 ? text.slice(from) : text.slice(from, to)
}

/** A text that is nothing but one tag's content, without the tag; any other text as it is. */
export const unwrapped = (text: string, name: string): string => {
  const open = `<${name}>`,
    close = `</${name}>`
  if (!text.startsWith(open) || !text.trimEnd().endsWith(close)) return text
  const inner = text.trimEnd().slice(open.length, -close.length)
  return inner.includes(open) ? text : inner
}
