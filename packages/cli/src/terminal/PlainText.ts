/** Makes text of a transcript safe to print: anybody may have written it, and it must not steer the terminal. */

// Escape sequences as ECMA-48 builds them, in their 7-bit and 8-bit forms; a string without its end runs to the end of its line.
const sequences = new RegExp(
  [
    "(?:\\u001b[PX^_\\]]|[\\u0090\\u0098\\u009d-\\u009f])[^\\u0007\\u001b\\u009c\\n]*(?:\\u0007|\\u001b\\\\|\\u009c|(?=\\n)|$|(?=\\u001b))",
    "(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]?",
    "\\u001b[ -/]*[0-~]?"
  ].join("|"),
  "g"
)
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
// Marks that turn the direction of what follows, and characters that nobody sees: both let a text show something else than it is.
const directions = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]|\u{e0001}|[\u{e0020}-\u{e007f}]/gu

/** Text of many lines for a terminal: without escape sequences and control characters; tabs are four spaces. */
export const plain = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n?|[\u2028\u2029\u0085]/g, "\n")
    .replace(sequences, "")
    .replace(controls, "")
    .replace(directions, "")
    .replaceAll("\t", "    ")

/** The same on one line. */
export const plainLine = (text: string): string => plain(text).replace(/\s+/g, " ").trim()

/** JSON in which no control character stands as itself. */
export const toJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(/[\u007f-\u009f\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
