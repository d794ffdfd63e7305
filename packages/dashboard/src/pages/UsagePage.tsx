import { Link, useSearch } from "@tanstack/react-router"
import { useEffect, useMemo } from "react"
import { graphql } from "relay-runtime"
import { Nothing, Problem } from "../frame/Problem.tsx"
import type { UsagePageQuery } from "../generated/UsagePageQuery.graphql.ts"
import { type Day, DayBars } from "../parts/DayBars.tsx"
import css from "../parts/Facts.module.css"
import { Figures, Section } from "../parts/Grid.tsx"
import { NotIncluded, UsageTable } from "../parts/UsageTable.tsx"
import { useAnswer, useThrottled } from "../relay/asking.ts"
import { count, dollars, percent, short } from "../text/figures.ts"
import { useSessionChanges } from "./useSessions.ts"

const query = graphql`
  query UsagePageQuery($days: Int!, $since: String!) {
    activity(days: $days) {
      dailyActivity {
        date
      }
      dailyModelTokens {
        date
        models {
          model
          costUsd
        }
      }
      totalSessions
    }
    models: usage(by: MODEL, since: $since) {
      rows {
        ...UsageTable_row @relay(mask: false)
      }
      totals {
        costUsd
        input
        output
        cacheRead
        cacheWrite5m
        cacheWrite1h
        responses
        unpricedResponses
      }
      notIncluded
      unpricedModels
    }
    projects: usage(by: PROJECT, since: $since) {
      rows {
        ...UsageTable_row @relay(mask: false)
      }
    }
    sessions: usage(by: SESSION, since: $since) {
      rows {
        ...UsageTable_row @relay(mask: false)
      }
    }
    days: usage(by: DAY, since: $since) {
      rows {
        ...UsageTable_row @relay(mask: false)
      }
    }
  }
`

const spans = [7, 30, 90, 365] as const
const standard = 30
const maxSessions = 25

const localDay = (daysBack: number): string => {
  const at = new Date(Date.now() - daysBack * 86_400_000)
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`
}

/** What it cost, by day, model, project and session. */
export const UsagePage = () => {
  const { days = standard } = useSearch({ from: "/usage" })
  useEffect(() => {
    document.title = "Usage · han"
  }, [])
  const variables = useMemo(() => ({ days, since: localDay(days) }), [days])
  const { again, data, error } = useAnswer<UsagePageQuery>(query, variables)
  useSessionChanges(useThrottled(again, 5000))
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>Usage</h1>
        <nav className={css.choices} aria-label="Time">
          {spans.map((span) => (
            <Link
              key={span}
              to="/usage"
              search={{ days: span === standard ? undefined : span }}
              className={css.choice}
              aria-pressed={span === days}
              role="button"
            >
              {span === 365 ? "year" : `${span} days`}
            </Link>
          ))}
        </nav>
      </header>
      {error !== undefined ? <Problem error={error} again={again} /> : data !== undefined && <Report data={data} days={days} />}
    </div>
  )
}

const Report = ({ data, days }: { readonly data: UsagePageQuery["response"]; readonly days: number }) => {
  const { totals } = data.models
  const chart = useMemo(() => chartOf(data), [data])
  if (totals.responses === 0) return <Nothing title={`No model answered in the last ${days} days`}>A longer time may have something.</Nothing>
  const input = totals.input + totals.cacheRead + totals.cacheWrite5m + totals.cacheWrite1h
  const unknownCost = totals.unpricedResponses >= totals.responses
  return (
    <>
      <Figures
        of={[
          ["Cost by list price", unknownCost ? "–" : `${totals.unpricedResponses > 0 ? "≥ " : ""}${dollars(totals.costUsd)}`],
          ["A day", unknownCost ? "–" : dollars(totals.costUsd / (days + 1))],
          ["Sessions", count(data.activity?.totalSessions)],
          ["Tokens in", short(input), count(input)],
          ["from the cache", input === 0 ? "–" : percent(totals.cacheRead / input)],
          ["Tokens out", short(totals.output), count(totals.output)],
          ["Responses", short(totals.responses), count(totals.responses)]
        ]}
      />
      <Section title="By day">
        <DayBars days={chart.days} models={chart.models} />
      </Section>
      <Section title="By model">
        <UsageTable rows={data.models.rows} label="Model" />
      </Section>
      <Section title="By project">
        <UsageTable rows={data.projects.rows} label="Project" />
      </Section>
      <Section
        title="By session"
        note={data.sessions.rows.length > maxSessions ? `The dearest ${maxSessions} of ${count(data.sessions.rows.length)}.` : undefined}
      >
        <UsageTable rows={data.sessions.rows.slice(0, maxSessions)} label="Session" />
      </Section>
      <Section title="Days">
        <UsageTable rows={data.days.rows.toReversed()} label="Day" />
      </Section>
      <NotIncluded words={data.models.notIncluded ?? []} models={data.models.unpricedModels ?? []} />
    </>
  )
}

/** Every day of the time, and the models in the order of their cost. */
const chartOf = ({ activity, models }: UsagePageQuery["response"]): { readonly days: ReadonlyArray<Day>; readonly models: ReadonlyArray<string> } => {
  const order = models.rows.filter(({ costUsd }) => costUsd > 0).map(({ key }) => key)
  const known = new Map((activity?.dailyModelTokens ?? []).map(({ date, models }) => [date ?? "", models ?? []]))
  const days = (activity?.dailyActivity ?? []).map(({ date }) => {
    const of = known.get(date ?? "") ?? []
    return {
      date: date ?? "",
      parts: order.flatMap((model) => of.filter((one) => one.model === model).map(({ costUsd }) => ({ model, cost: costUsd ?? null })))
    }
  })
  return { days, models: order }
}
