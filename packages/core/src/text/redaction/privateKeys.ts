const begin = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g
const end = "-----END"
/** Longer than any key that people have. */
const maxKey = 20_000
const endLine = /-----END [A-Z0-9 ]{0,40}-----/y
/** Lines of a key that breaks off. */
const keyLines = /(?:[A-Za-z0-9+/]{16,}={0,2}|\\[nr]|\s|(?:Proc-Type|DEK-Info|Version|Comment): [^\n]{0,200}\n)+/y

/** Finds private keys in PEM, whole ones and ones that break off. */
export const privateKeys = (text: string): ReadonlyArray<readonly [from: number, to: number]> => {
  const found: Array<readonly [number, number]> = []
  let next = -1
  begin.lastIndex = 0
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const body = match.index + match[0].length
    if (next < body) next = text.indexOf(end, body)
    if (next < 0) next = text.length
    const to = next < text.length && next - body <= maxKey ? endOf(endLine, text, next) : endOf(keyLines, text, body)
    found.push([match.index, to])
    begin.lastIndex = to
  }
  return found
}

const endOf = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}
