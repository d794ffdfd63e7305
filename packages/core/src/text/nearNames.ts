/** The names that look most like one that is none of them, the nearest first: at most `most`, and some all the same when none looks like it. */
export const nearNames = (asked: string, names: ReadonlyArray<string>, most: number): ReadonlyArray<string> => {
  const low = asked.toLowerCase()
  const ranked = [...new Set(names)].map((name) => {
    const other = name.toLowerCase()
    const part = low !== "" && (other.includes(low) || low.includes(other))
    return { name, far: part ? 0 : distance(low.slice(0, longest), other.slice(0, longest)) }
  })
  const near = ranked.filter(({ far, name }) => far <= Math.max(2, Math.floor(name.length / 3)))
  return (near.length > 0 ? near : ranked)
    .sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name)
}

const longest = 64

/** How many letters to put in, take out or change. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)))
    row = next
  }
  return row.at(-1) ?? 0
}
