import { Link } from "@tanstack/react-router"
import { memo, useEffect, useRef } from "react"
import { VList, type VListHandle } from "virtua"
import { Cost } from "../parts/Cost.tsx"
import { Lamp } from "../parts/Lamp.tsx"
import { Time } from "../parts/Time.tsx"
import { modelName } from "../text/columns.ts"
import { count, short, unknown } from "../text/figures.ts"
import css from "./SessionTable.module.css"
import type { SessionRow } from "./sessionRow.ts"
import type { Order, SessionsSearch } from "./sessionsSearch.ts"

interface Table {
  readonly rows: ReadonlyArray<SessionRow>
  readonly total: number
  readonly more: () => void
  /** The chosen row; -1 for none. */
  readonly at: number
  readonly choose: (index: number) => void
  readonly search: SessionsSearch
  readonly change: (next: Partial<SessionsSearch>) => void
}

const rowHeight = 30

/** Sessions, a line each. */
export const SessionTable = ({ at, change, choose, more, rows, search, total }: Table) => {
  const list = useRef<VListHandle>(null)
  const root = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: when another row is chosen, or the first rows come.
  useEffect(() => {
    if (at < 0) return
    list.current?.scrollToIndex(at, { align: "nearest" })
    requestAnimationFrame(() => root.current?.querySelector<HTMLElement>(`[data-index="${at}"] a`)?.focus({ preventScroll: true }))
  }, [at, rows.length > 0])
  return (
    <div ref={root} className={css.table} role="table" aria-label="Sessions" aria-rowcount={total + 1}>
      <div role="rowgroup">
        <Head search={search} change={change} />
      </div>
      <VList
        ref={list}
        role="rowgroup"
        className={css.body}
        tabIndex={-1}
        data={rows}
        itemSize={rowHeight}
        bufferSize={600}
        onScroll={(offset) => {
          const { scrollSize = 0, viewportSize = 0 } = list.current ?? {}
          if (offset + viewportSize > scrollSize - 40 * rowHeight) more()
        }}
      >
        {(row, index) => <Row key={row.id} row={row} index={index} chosen={index === at} choose={choose} />}
      </VList>
    </div>
  )
}

const heads: ReadonlyArray<{ readonly label: string; readonly order?: Order | "active"; readonly className?: string | undefined }> = [
  { label: "Session" },
  { label: "Project", className: css.place },
  { label: "Model", className: css.model },
  { label: "Gates", className: css.gates },
  { label: "Errors", order: "errors", className: css.errors },
  { label: "Messages", order: "messages", className: css.messages },
  { label: "Cost", order: "cost", className: css.cost },
  { label: "Active", order: "active", className: css.time }
]

const Head = ({ change, search }: Pick<Table, "search" | "change">) => (
  <div className={css.head} role="row" aria-rowindex={1}>
    {heads.map(({ className, label, order }) => {
      const now = order !== undefined && (order === "active" ? search.sort === undefined : search.sort === order)
      const sorted = now ? (search.up === true ? "ascending" : "descending") : "none"
      return (
        <span key={label} role="columnheader" className={className} aria-sort={order === undefined ? undefined : sorted}>
          {order === undefined ? (
            label
          ) : (
            <button
              type="button"
              className={css.sort}
              data-sorted={sorted}
              onClick={() => change({ sort: order === "active" ? undefined : order, up: now && search.up !== true ? true : undefined })}
            >
              {label}
            </button>
          )}
        </span>
      )
    })}
  </div>
)

interface RowOf {
  readonly row: SessionRow
  readonly index: number
  readonly chosen: boolean
  readonly choose: (index: number) => void
}

const Row = memo(({ choose, chosen, index, row }: RowOf) => (
  <div className={css.row} role="row" aria-rowindex={index + 2} data-index={index} data-chosen={chosen} onPointerDown={() => choose(index)}>
    <span role="cell" className={css.title}>
      <Lamp doing={row} />
      <Link to="/s/$id" params={{ id: row.sessionId }} className={css.name} dir="auto" title={row.name}>
        {row.name}
      </Link>
    </span>
    <span role="cell" className={css.place} title={row.projectPath}>
      {row.projectName === "" ? unknown : row.projectName}
      {row.gitBranch != null && row.gitBranch !== "" && <span className={css.branch}> · {row.gitBranch}</span>}
    </span>
    <span role="cell" className={css.model} title={row.model ?? "no model has answered"}>
      {modelName(row.model) || unknown}
    </span>
    <span role="cell" className={css.gates}>
      <Gates stats={row.hookStats} />
    </span>
    <span role="cell" className={css.errors} data-some={(row.toolErrorCount ?? 0) > 0} title="Calls of tools that failed">
      {row.toolErrorCount === 0 ? "" : count(row.toolErrorCount)}
    </span>
    <span role="cell" className={css.messages} title={`${count(row.messageCount)} lines of conversation`}>
      {short(row.messageCount)}
    </span>
    <span role="cell" className={css.cost}>
      <Cost costUsd={row.estimatedCostUsd} unpriced={row.usage.unpricedResponses} />
    </span>
    <span role="cell" className={css.time}>
      <Time at={row.updatedAt} />
    </span>
  </div>
))

const Gates = ({ stats }: { readonly stats: SessionRow["hookStats"] }) => {
  const { failedHooks: failed, totalHooks: total } = stats ?? {}
  if (total == null || total === 0) return null
  return failed != null && failed > 0 ? (
    <span className={css.failed} title={`${failed} of ${total} runs of hooks failed`}>
      ✕ {failed}
    </span>
  ) : (
    <span className={css.passed} title={`All ${total} runs of hooks passed`}>
      ✓ {total}
    </span>
  )
}
