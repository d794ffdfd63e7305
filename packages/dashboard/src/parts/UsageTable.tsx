import { Link } from "@tanstack/react-router"
import { graphql } from "relay-runtime"
import type { UsageTable_row$data } from "../generated/UsageTable_row.graphql.ts"
import { modelName } from "../text/columns.ts"
import { count, short } from "../text/figures.ts"
import { Cost } from "./Cost.tsx"
import css from "./Facts.module.css"
import { Grid } from "./Grid.tsx"

export const usageRowFragment = graphql`
  fragment UsageTable_row on UsageRow {
    key
    label
    path
    costUsd
    input
    output
    cacheRead
    cacheWrite5m
    cacheWrite1h
    responses
    unpricedResponses
  }
`

type Row = Omit<UsageTable_row$data, " $fragmentType">

interface Table {
  readonly rows: ReadonlyArray<Row>
  readonly label: "Model" | "Day" | "Project" | "Session"
}

/** Tokens and money of models, days, projects or sessions. */
export const UsageTable = ({ label, rows }: Table) => {
  const dearest = Math.max(0, ...rows.map(({ costUsd }) => costUsd))
  return (
    <Grid
      label={`Usage by ${label.toLowerCase()}`}
      columns={[
        { label },
        { label: "Cost", kind: "figure" },
        { label: "Share", kind: "figure" },
        { label: "Input", kind: "figure" },
        { label: "Cache read", kind: "figure" },
        { label: "Cache written", kind: "figure" },
        { label: "Output", kind: "figure" },
        { label: "Responses", kind: "figure" }
      ]}
    >
      {rows.map((row) => (
        <tr key={row.key}>
          <td className={css.long} title={row.path ?? row.key} dir="auto">
            <Name row={row} label={label} />
          </td>
          <td className={css.figure}>
            <Cost costUsd={row.responses > 0 && row.unpricedResponses >= row.responses ? null : row.costUsd} unpriced={row.unpricedResponses} />
          </td>
          <td className={css.figure}>
            <meter min={0} max={dearest || 1} value={row.costUsd} aria-label="Cost beside the dearest" />
          </td>
          <Tokens value={row.input} />
          <Tokens value={row.cacheRead} />
          <Tokens value={row.cacheWrite5m + row.cacheWrite1h} />
          <Tokens value={row.output} />
          <Tokens value={row.responses} />
        </tr>
      ))}
    </Grid>
  )
}

const Tokens = ({ value }: { readonly value: number }) => (
  <td className={css.figure} title={count(value)}>
    {short(value)}
  </td>
)

const Name = ({ label, row }: { readonly label: Table["label"]; readonly row: Row }) => {
  if (row.key === "unknown") return <span className={css.dim}>unknown</span>
  if (label === "Session")
    return (
      <Link to="/s/$id" params={{ id: row.key }} search={{ tab: "usage" }}>
        {row.label}
      </Link>
    )
  if (label === "Project")
    return (
      <Link to="/p/$id" params={{ id: row.key }}>
        {row.label}
      </Link>
    )
  return label === "Model" ? modelName(row.label) : row.label
}

/** What the figures lack, in the server's words. */
export const NotIncluded = ({ models, words }: { readonly words: ReadonlyArray<string>; readonly models: ReadonlyArray<string> }) =>
  words.length === 0 && models.length === 0 ? null : (
    <section className={css.section} aria-label="Not included">
      <h2>Not included</h2>
      <ul className={css.note}>
        {models.length > 0 && <li>No price is known of {models.join(", ")}: their tokens count, their cost does not.</li>}
        {words.map((word) => (
          <li key={word}>{word}</li>
        ))}
      </ul>
    </section>
  )
