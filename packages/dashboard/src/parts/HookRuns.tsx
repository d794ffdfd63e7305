import { Link } from "@tanstack/react-router"
import { Fragment, useState } from "react"
import { graphql } from "relay-runtime"
import type { HookRuns_run$data } from "../generated/HookRuns_run.graphql.ts"
import { duration } from "../text/figures.ts"
import { Ansi } from "./Ansi.tsx"
import css from "./Facts.module.css"
import { Grid } from "./Grid.tsx"
import { Time } from "./Time.tsx"

export const hookRunFragment = graphql`
  fragment HookRuns_run on HookExecution {
    id
    hookName
    hookSource
    hookType
    status
    verdict
    cached
    durationMs
    exitCode
    directory
    command
    output
    error
    executedAt
    sessionId
  }
`

type Run = Omit<HookRuns_run$data, " $fragmentType">

const looks: Readonly<Record<string, string | undefined>> = { passed: css.ok, failed: css.bad, running: css.warn, abandoned: css.dim }

/** Runs of hooks; what they printed opens below them. */
export const HookRuns = ({ runs, withSession }: { readonly runs: ReadonlyArray<Run>; readonly withSession: boolean }) => {
  const [open, setOpen] = useState<string | undefined>()
  const columns = [
    { label: "Verdict" },
    { label: "Gate" },
    { label: "At" },
    { label: "Directory" },
    { label: "Took", kind: "figure" as const },
    { label: "When", kind: "figure" as const }
  ]
  return (
    <Grid label="Runs of gates" columns={withSession ? [...columns, { label: "Session" }] : columns}>
      {runs.map((run) => (
        <Fragment key={run.id}>
          <tr>
            <td className={`${css.tight} ${looks[run.status ?? ""] ?? ""}`}>
              {run.status === "passed" && run.cached === true
                ? "passed (cached)"
                : run.status === "failed" && run.verdict != null && run.verdict !== "failed"
                  ? run.verdict
                  : run.status}
            </td>
            <td className={css.long}>
              <button type="button" className={css.open} aria-expanded={open === run.id} onClick={() => setOpen(open === run.id ? undefined : run.id)}>
                {run.hookName}
                {run.hookSource != null && <span className={css.dim}> · {run.hookSource}</span>}
              </button>
            </td>
            <td className={css.tight}>{run.hookType}</td>
            <td className={css.long}>
              <span className={css.mono}>{run.directory}</span>
            </td>
            <td className={css.figure}>{run.status === "running" ? "" : duration(run.durationMs)}</td>
            <td className={css.figure}>
              <Time at={run.executedAt} />
            </td>
            {withSession && (
              <td className={css.tight}>
                {run.sessionId != null && (
                  <Link to="/s/$id" params={{ id: run.sessionId }} search={{ tab: "gates" }}>
                    {run.sessionId.slice(0, 8)}
                  </Link>
                )}
              </td>
            )}
          </tr>
          {open === run.id && (
            <tr>
              <td colSpan={columns.length + Number(withSession)}>
                <Printed run={run} />
              </td>
            </tr>
          )}
        </Fragment>
      ))}
    </Grid>
  )
}

const maxShown = 60_000

const Printed = ({ run }: { readonly run: Run }) => (
  <div className={css.output}>
    {run.command != null && <pre className={css.mono}>$ {run.command}</pre>}
    {[run.output, run.error].map((text, index) =>
      text == null || text === "" ? null : (
        <pre
          key={index === 0 ? "output" : "error"}
          className={`${css.scroll} ${css.mono}`}
          tabIndex={0}
          role="region"
          aria-label={index === 0 ? "Output" : "Errors"}
        >
          <Ansi text={text.slice(0, maxShown)} />
        </pre>
      )
    )}
    {(run.output ?? "") === "" && (run.error ?? "") === "" && <p className={css.note}>It printed nothing.</p>}
    <p className={css.note}>
      {run.exitCode === -1 ? "How it ended is not told." : `It ended with ${run.exitCode}.`} <code>han hook explain</code> says what would run now, and why.
    </p>
  </div>
)
