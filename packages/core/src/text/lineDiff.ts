/** Lines that a change added and took out. */
export interface LineCounts {
  readonly added: number
  readonly removed: number
}

/** Lines of both sides that are compared with each other at most, pair by pair; of longer changes all lines between the first and the last difference count. */
const maxPairs = 1_000_000

/** The lines that turn one text into the other: a line that stays in its order is none. */
export const lineDiff = (before: string, after: string): LineCounts => {
  if (before === after) return { added: 0, removed: 0 }
  const old = linesOf(before)
  const fresh = linesOf(after)
  const shorter = Math.min(old.length, fresh.length)
  let head = 0
  while (head < shorter && old[head] === fresh[head]) head++
  let tail = 0
  while (tail < shorter - head && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail++
  const kept = head + tail + commonLines(old.slice(head, old.length - tail), fresh.slice(head, fresh.length - tail))
  return { added: fresh.length - kept, removed: old.length - kept }
}

/** Lines as an editor counts them: a newline at the end begins no further one. */
const linesOf = (text: string): ReadonlyArray<string> => (text === "" ? [] : (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n"))

/** The length of the longest list of lines that both have in the same order. */
const commonLines = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): number => {
  if (a.length === 0 || b.length === 0 || a.length * b.length > maxPairs) return 0
  let above = new Uint32Array(b.length + 1)
  let row = new Uint32Array(b.length + 1)
  for (const line of a) {
    for (let at = 0; at < b.length; at++) row[at + 1] = line === b[at] ? (above[at] ?? 0) + 1 : Math.max(above[at + 1] ?? 0, row[at] ?? 0)
    const done = above
    above = row
    row = done
  }
  return above[b.length] ?? 0
}
