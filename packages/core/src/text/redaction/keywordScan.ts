/** Finds all of its keywords in one pass over a text, whatever the case of their letters. Calls `found` with the number of a keyword and the place behind it. */
export type KeywordScan = (text: string, found: (keyword: number, end: number) => void) => void

/** Characters behind this one are in no keyword. */
const characters = 128

/** Makes the automaton of Aho and Corasick for keywords in lower case and ASCII: each character of a text costs one step, however many keywords there are. */
export const keywordScan = (keywords: ReadonlyArray<string>): KeywordScan => {
  const classes = new Uint8Array(characters)
  let width = 1
  for (const keyword of keywords)
    for (const character of keyword) {
      const code = character.charCodeAt(0)
      if (classes[code] !== 0) continue
      classes[code] = width
      const upper = character.toUpperCase().charCodeAt(0)
      if (upper < characters) classes[upper] = width
      width++
    }
  const { ends, states } = trie(keywords, classes, width)
  // A step holds twice the row of the next state, and 1 more where a keyword ends there.
  const steps = new Int32Array(states.length * width)
  for (const [state, row] of states.entries())
    for (const [of, next] of row.entries()) steps[state * width + of] = next * width * 2 + ((ends[next] ?? []).length > 0 ? 1 : 0)
  return (text, found) => {
    let row = 0
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code >= characters) {
        row = 0
        continue
      }
      const step = steps[row + (classes[code] as number)] as number
      row = step >> 1
      if ((step & 1) === 1) for (const keyword of ends[row / width] as ReadonlyArray<number>) found(keyword, at + 1)
    }
  }
}

/** The state after each character in each state, and the keywords that end in each. State 0 is the beginning. */
const trie = (keywords: ReadonlyArray<string>, classes: Uint8Array, width: number) => {
  const states: Array<Int32Array> = [new Int32Array(width)]
  const ends: Array<Array<number>> = [[]]
  for (const [number, keyword] of keywords.entries()) {
    let state = 0
    for (const character of keyword) {
      const row = states[state] as Int32Array
      const of = classes[character.charCodeAt(0)] as number
      if (row[of] === 0) {
        row[of] = states.length
        states.push(new Int32Array(width))
        ends.push([])
      }
      state = row[of] as number
    }
    ends[state]?.push(number)
  }
  // By levels: the state that is left when the first characters are dropped is known before those below it are asked for.
  const shorter = new Int32Array(states.length)
  const queue = [...new Set(states[0])].filter((state) => state !== 0)
  for (const state of queue) {
    const row = states[state] as Int32Array
    const other = states[shorter[state] as number] as Int32Array
    ends[state]?.push(...(ends[shorter[state] as number] ?? []))
    for (let of = 0; of < width; of++) {
      const next = row[of] as number
      if (next === 0) row[of] = other[of] as number
      else {
        shorter[next] = other[of] as number
        queue.push(next)
      }
    }
  }
  return { states, ends }
}
