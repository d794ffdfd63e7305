/** A line of a comparison: of both texts, only of the old, or only of the new one. Numbers count from 1. */
export interface DiffLine {
  readonly kind: "same" | "removed" | "added"
  readonly text: string
  readonly old: number | undefined
  readonly new: number | undefined
}

/** The most cells of the table that is filled to find what two texts share; of larger ones only what they begin and end with. */
const maxCells = 1_000_000

const linesOf = (text: string): ReadonlyArray<string> => (text === "" ? [] : text.replace(/\n$/, "").split("\n"))

/** Compares two texts line by line. */
export const lineDiff = (before: string, after: string): ReadonlyArray<DiffLine> => {
  const a = linesOf(before)
  const b = linesOf(after)
  let begin = 0
  while (begin < a.length && begin < b.length && a[begin] === b[begin]) begin++
  let end = 0
  while (end < a.length - begin && end < b.length - begin && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const out: Array<DiffLine> = []
  let [i, j] = [0, 0]
  const same = () => out.push({ kind: "same", text: a[i] ?? "", old: ++i, new: ++j })
  const removed = () => out.push({ kind: "removed", text: a[i] ?? "", old: ++i, new: undefined })
  const added = () => out.push({ kind: "added", text: b[j] ?? "", old: undefined, new: ++j })
  while (i < begin) same()
  const [toA, toB] = [a.length - end, b.length - end]
  const longest = (toA - begin) * (toB - begin) > maxCells ? undefined : common(a.slice(begin, toA), b.slice(begin, toB))
  while (i < toA || j < toB) {
    const at = longest?.(i - begin, j - begin)
    if (i < toA && j < toB && a[i] === b[j] && longest !== undefined) same()
    else if (i < toA && (j >= toB || at === undefined || at === "old")) removed()
    else added()
  }
  while (i < a.length) same()
  return out
}

/** Says at two places which text has to go on to keep the longest run of lines that both have. */
const common = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): ((i: number, j: number) => "old" | "new") => {
  const width = b.length + 1
  const table = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      table[i * width + j] =
        a[i] === b[j] ? (table[(i + 1) * width + j + 1] ?? 0) + 1 : Math.max(table[(i + 1) * width + j] ?? 0, table[i * width + j + 1] ?? 0)
  return (i, j) => ((table[(i + 1) * width + j] ?? 0) >= (table[i * width + j + 1] ?? 0) ? "old" : "new")
}

export const changes = (lines: ReadonlyArray<DiffLine>): { readonly added: number; readonly removed: number } => ({
  added: lines.filter(({ kind }) => kind === "added").length,
  removed: lines.filter(({ kind }) => kind === "removed").length
})
