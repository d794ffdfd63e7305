/** The names that may have been meant by one that is none of them, the nearest first; none when nothing looks like it. */
export const nearNames = (asked: string, names: Iterable<string>, most = 3): ReadonlyArray<string> => {
  const low = asked.toLowerCase()
  return [...new Set(names)]
    .map((name) => {
      const other = name.toLowerCase()
      const part = low !== "" && other !== "" && (other.includes(low) || low.includes(other))
      return { name, far: low === other ? 0 : part ? 0.5 : distance(low, other.slice(0, longest)) }
    })
    .filter(({ far, name }) => far <= Math.max(2, Math.floor(Math.min(name.length, longest) / 3)))
    .sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name)
}

/** `; did you mean A, B?`, or what else helps. */
export const meant = (near: ReadonlyArray<string>, otherwise: string): string => (near.length === 0 ? `; ${otherwise}` : `; did you mean ${near.join(", ")}?`)

const longest = 60

/** Edits between two words. */
export const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= Math.min(a.length, 60); i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length] ?? 0
}
