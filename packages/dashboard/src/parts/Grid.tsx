import type { ReactNode } from "react"
import css from "./Facts.module.css"

export interface Column {
  readonly label: string
  /** `figure`: to the right, `tight`: never broken, `long`: broken anywhere. */
  readonly kind?: "figure" | "tight" | "long" | undefined
}

/** A table of a few columns, which scrolls by itself where there is no room for it. */
export const Grid = ({ children, columns, label }: { readonly label: string; readonly columns: ReadonlyArray<Column>; readonly children: ReactNode }) => (
  <div className={css.scroll} tabIndex={0} role="region" aria-label={label}>
    <table className={css.table}>
      <thead>
        <tr>
          {columns.map(({ kind, label }) => (
            <th key={label} scope="col" className={kind === "figure" ? css.figure : undefined}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
)

export const Section = ({ children, note, title }: { readonly title: string; readonly note?: ReactNode; readonly children: ReactNode }) => (
  <section className={css.section} aria-label={title}>
    <h2>{title}</h2>
    {note !== undefined && <p className={css.note}>{note}</p>}
    {children}
  </section>
)

/** A few figures side by side. */
export const Figures = ({ of }: { readonly of: ReadonlyArray<readonly [label: string, value: ReactNode, title?: string]> }) => (
  <dl className={css.figures}>
    {of.map(([label, value, title]) => (
      <div key={label} title={title}>
        <dt>{label}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
)
