import { plainLine } from "./PlainText.ts"
import type { Style } from "./Style.ts"
import { fit, padEnd, padStart, widthOf, wrap } from "./Width.ts"

export interface Column<A> {
  readonly header: string
  readonly cell: (row: A) => string
  readonly align?: "right"
  /** It may be cut down to this many columns to make the table fit, the last such column first, and to half of them when that is too wide still. Without it the column keeps its width. */
  readonly atLeast?: number
  readonly paint?: (style: Style, row: A) => (text: string) => string
}

/** A header and a line a row; where that does not fit into `width` a block for each row, a line for each of its cells. Figures are never cut. */
export const table = <A>(rows: ReadonlyArray<A>, columns: ReadonlyArray<Column<A>>, options: { readonly width: number; readonly style: Style }): string => {
  const cells = rows.map((row) => columns.map(({ cell }) => plainLine(cell(row))))
  const widest = columns.map(({ header }, index) => Math.max(widthOf(header), ...cells.map((row) => widthOf(row[index] ?? ""))))
  const layout = layoutOf(widest, columns, options.width)
  return layout === undefined ? blocks(rows, cells, columns, options) : lines(rows, cells, columns, layout, options.style)
}

interface Layout {
  readonly widths: ReadonlyArray<number>
  readonly gap: number
}

/** Undefined: the columns do not fit side by side. */
const layoutOf = (widest: ReadonlyArray<number>, columns: ReadonlyArray<Column<never>>, most: number): Layout | undefined => {
  for (const [gap, share] of [
    [2, 1],
    [1, 1],
    [1, 0.5]
  ] as const) {
    const widths = [...widest]
    let over = widths.reduce((sum, width) => sum + width + gap, -gap) - most
    for (let index = columns.length - 1; index >= 0 && over > 0; index--) {
      const { atLeast } = columns[index] ?? {}
      const width = widths[index] ?? 0
      if (atLeast === undefined) continue
      const cut = Math.min(over, Math.max(0, width - Math.ceil(atLeast * share)))
      widths[index] = width - cut
      over -= cut
    }
    if (over <= 0) return { widths, gap }
  }
  return undefined
}

const lines = <A>(
  rows: ReadonlyArray<A>,
  cells: ReadonlyArray<ReadonlyArray<string>>,
  columns: ReadonlyArray<Column<A>>,
  { gap, widths }: Layout,
  style: Style
): string => {
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
      () => style.dim
    ),
    ...rows.map((row, index) => line(cells[index] ?? [], (column) => column.paint?.(style, row) ?? ((text) => text)))
  ]
    .map((text) => `${text}\n`)
    .join("")
}

const blocks = <A>(
  rows: ReadonlyArray<A>,
  cells: ReadonlyArray<ReadonlyArray<string>>,
  columns: ReadonlyArray<Column<A>>,
  { style, width }: { readonly width: number; readonly style: Style }
): string => {
  const names = Math.max(...columns.map(({ header }) => widthOf(header)))
  const room = Math.max(2, width - names - 2)
  return rows
    .map((row, index) =>
      columns
        .flatMap(
          ({ header, paint }, place): ReadonlyArray<string> =>
            wrap(cells[index]?.[place] ?? "", room).map((text, at) =>
              `${style.dim(padEnd(at === 0 ? header : "", names))}  ${paint?.(style, row)(text) ?? text}`.trimEnd()
            )
        )
        .map((line) => `${line}\n`)
        .join("")
    )
    .join("\n")
}
