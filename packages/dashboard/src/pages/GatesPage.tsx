import { Link, useSearch } from "@tanstack/react-router"
import { useEffect, useMemo } from "react"
import { graphql } from "relay-runtime"
import { Nothing, Problem } from "../frame/Problem.tsx"
import type { GatesPageQuery } from "../generated/GatesPageQuery.graphql.ts"
import css from "../parts/Facts.module.css"
import { Figures, Grid, Section } from "../parts/Grid.tsx"
import { HookRuns } from "../parts/HookRuns.tsx"
import { useAnswer, useThrottled } from "../relay/asking.ts"
import { count, duration, percent } from "../text/figures.ts"
import { useSessionChanges } from "./useSessions.ts"

const query = graphql`
  query GatesPageQuery($failed: Boolean, $hook: String) {
    hookExecutions(first: 200, failed: $failed, hook: $hook) {
      ...HookRuns_run @relay(mask: false)
    }
    dashboardAnalytics(days: 30) {
      hookHealth {
        hookName
        totalRuns
        passCount
        failCount
        passRate
        avgDurationMs
      }
    }
  }
`

/** What the gates found. */
export const GatesPage = () => {
  const { failed, hook } = useSearch({ from: "/gates" })
  useEffect(() => {
    document.title = "Gates · han"
  }, [])
  const { again, data, error } = useAnswer<GatesPageQuery>(
    query,
    useMemo(() => ({ failed: failed ?? null, hook: hook ?? null }), [failed, hook])
  )
  useSessionChanges(useThrottled(again, 2000))
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>Gates</h1>
        <nav className={css.choices} aria-label="Runs">
          <Link to="/gates" search={{ hook, failed: undefined }} className={css.choice} role="button" aria-pressed={failed !== true}>
            all
          </Link>
          <Link to="/gates" search={{ hook, failed: true }} className={css.choice} role="button" aria-pressed={failed === true}>
            failed
          </Link>
        </nav>
      </header>
      {error !== undefined ? (
        <Problem error={error} again={again} />
      ) : (
        data !== undefined && <Runs data={data} filtered={failed === true || hook !== undefined} hook={hook} />
      )}
    </div>
  )
}

const Runs = ({ data, filtered, hook }: { readonly data: GatesPageQuery["response"]; readonly filtered: boolean; readonly hook: string | undefined }) => {
  const runs = data.hookExecutions
  const health = data.dashboardAnalytics?.hookHealth ?? []
  if (runs.length === 0 && health.length === 0 && !filtered)
    return (
      <Nothing title="No gate has run yet">
        Hooks of plugins run when an agent ends a turn. <code>han hook list</code> says which there are; <code>han setup</code> lets Claude Code call them.
      </Nothing>
    )
  const cached = runs.filter((run) => run.cached === true && run.status === "passed")
  const tookByHook = new Map(health.map((one) => [one.hookName, one.avgDurationMs]))
  const saved = cached.reduce((sum, run) => sum + (tookByHook.get(run.hookName) ?? 0), 0)
  return (
    <>
      {!filtered && (
        <Figures
          of={[
            ["Runs shown", count(runs.length), "The newest 200 at most"],
            ["Failed", count(runs.filter(({ status }) => status === "failed").length)],
            ["Not run again", count(cached.length), "A pass of the same content stood for them"],
            ["Time saved", cached.length === 0 ? "–" : `≈ ${duration(saved)}`, "Passes that stood, times what the gate takes on average"]
          ]}
        />
      )}
      {health.length > 0 && (
        <Section title="By gate" note="The last 30 days.">
          <Grid
            label="Gates"
            columns={[
              { label: "Gate" },
              { label: "Runs", kind: "figure" },
              { label: "Failed", kind: "figure" },
              { label: "Passed", kind: "figure" },
              { label: "Takes", kind: "figure" }
            ]}
          >
            {health.map((one) => (
              <tr key={one.hookName}>
                <td className={css.long}>
                  <Link to="/gates" search={{ hook: one.hookName === hook ? undefined : (one.hookName ?? undefined) }}>
                    {one.hookName}
                  </Link>
                </td>
                <td className={css.figure}>{count(one.totalRuns)}</td>
                <td className={`${css.figure} ${(one.failCount ?? 0) > 0 ? css.bad : ""}`}>{count(one.failCount)}</td>
                <td className={css.figure}>{percent((one.totalRuns ?? 0) === 0 ? null : (one.passCount ?? 0) / (one.totalRuns ?? 1))}</td>
                <td className={css.figure}>{duration(one.avgDurationMs)}</td>
              </tr>
            ))}
          </Grid>
        </Section>
      )}
      <Section title={hook === undefined ? "Runs" : `Runs of ${hook}`}>
        {runs.length === 0 ? <p className={css.note}>None.</p> : <HookRuns runs={runs} withSession />}
      </Section>
    </>
  )
}
