import { plainLine } from "./PlainText.ts"
import type { Style } from "./Style.ts"
import { fit, padEnd, padStart, widthOf } from "./Width.ts"

export interface Column<A> {
  readonly header: string
  readonly cell: (row: A) => string
  readonly align?: "right"
  /** It may be cut down to this many columns to make the table fit, the last such column first. Without it the column keeps its width. */
  readonly atLeast?: number
  readonly paint?: (style: Style, row: A) => (text: string) => string
}

/** A header and a line a row, as wide as `width` at most where the columns that may shrink allow it. */
export const table = <A>(rows: ReadonlyArray<A>, columns: ReadonlyArray<Column<A>>, options: { readonly width: number; readonly style: Style }): string => {
  const cells = rows.map((row) => columns.map(({ cell }) => plainLine(cell(row))))
  const widths = columns.map(({ header }, index) => Math.max(widthOf(header), ...cells.map((row) => widthOf(row[index] ?? ""))))
  const gap = 2
  let over = widths.reduce((sum, width) => sum + width + gap, -gap) - options.width
  for (let index = columns.length - 1; index >= 0 && over > 0; index--) {
    const { atLeast } = columns[index] ?? {}
    const width = widths[index] ?? 0
    if (atLeast === undefined) continue
    const cut = Math.min(over, Math.max(0, width - atLeast))
    widths[index] = width - cut
    over -= cut
  }
  const line = (texts: ReadonlyArray<string>, paint: (column: Column<A>) => (text: string) => string) =>
    texts
      .map((text, index) => {
        const column = columns[index]
        if (column === undefined) return ""
        const width = widths[index] ?? 0
        const cut = fit(text, width)
        const last = index === columns.length - 1
        return paint(column)(column.align === "right" ? padStart(cut, width) : last ? cut : padEnd(cut, width))
      })
      .join(" ".repeat(gap))
      .trimEnd()
  return [
    line(
      columns.map(({ header }) => header),
      () => options.style.dim
    ),
    ...rows.map((row, index) => line(cells[index] ?? [], (column) => column.paint?.(options.style, row) ?? ((text) => text)))
  ]
    .map((text) => `${text}\n`)
    .join("")
}
