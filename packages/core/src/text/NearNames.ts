/** The names that may have been meant by one that is none of them, the nearest first: at most `most`, and none when nothing looks like it. */
export const similarNames = (asked: string, names: Iterable<string>, most = 3): ReadonlyArray<string> =>
  nearest(
    ranked(asked, names).filter(({ far, name }) => far <= Math.max(2, Math.floor(Math.min(name.length, longest) / 3))),
    most
  )

/** The same, but some names all the same when nothing looks like it. */
export const nearNames = (asked: string, names: Iterable<string>, most: number): ReadonlyArray<string> => {
  const similar = similarNames(asked, names, most)
  return similar.length > 0 ? similar : nearest(ranked(asked, names), most)
}

interface Ranked {
  readonly name: string
  readonly far: number
}

const ranked = (asked: string, names: Iterable<string>): ReadonlyArray<Ranked> => {
  const low = asked.toLowerCase()
  return [...new Set(names)].map((name) => {
    const other = name.toLowerCase()
    const part = low !== "" && other !== "" && (other.includes(low) || low.includes(other))
    return { name, far: low === other ? 0 : part ? 0.5 : distance(low, other) }
  })
}

const nearest = (names: ReadonlyArray<Ranked>, most: number): ReadonlyArray<string> =>
  names
    .toSorted((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name)

const longest = 64

/** The number of letters to put in, take out or change between two texts, of each the first 64. */
export const distance = (text: string, other: string): number => {
  const [a, b] = [text.slice(0, longest), other.slice(0, longest)]
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length] ?? 0
}
