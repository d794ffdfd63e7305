import { Link } from "@tanstack/react-router"
import { graphql } from "relay-runtime"
import type { NeedsYouQuery } from "../generated/NeedsYouQuery.graphql.ts"
import { Cost } from "../parts/Cost.tsx"
import { doingOf, Lamp } from "../parts/Lamp.tsx"
import { Time } from "../parts/Time.tsx"
import { useAnswer, useThrottled } from "../relay/asking.ts"
import css from "./NeedsYou.module.css"
import { useSessionChanges } from "./useSessions.ts"

const query = graphql`
  query NeedsYouQuery {
    sessions(first: 24, filter: { status: { _eq: "active" } }) {
      edges {
        node {
          id
          sessionId
          name
          projectName
          gitBranch
          status
          activity
          updatedAt
          estimatedCostUsd
          usage {
            unpricedResponses
          }
          currentTodo {
            content
            activeForm
          }
          hookExecutions(last: 1, filter: { passed: { _eq: false } }) {
            edges {
              node {
                id
                hookName
              }
            }
          }
        }
      }
    }
  }
`

const freshMs = 1000
/** What waits for a person before what works by itself. */
const urgency: Readonly<Record<string, number>> = { BLOCKED: 0, WAITING: 1, RUNNING: 2 }

type Active = NeedsYouQuery["response"]["sessions"]["edges"][number]["node"]

/** The sessions that are at work now: which of them waits for whoever looks. */
export const NeedsYou = () => {
  const { again, data } = useAnswer<NeedsYouQuery>(query, {})
  useSessionChanges(useThrottled(again, freshMs))
  const active = (data?.sessions.edges ?? []).map(({ node }) => node).toSorted((a, b) => (urgency[doingOf(a)] ?? 3) - (urgency[doingOf(b)] ?? 3))
  if (active.length === 0) return null
  return (
    <section aria-label="At work now">
      <ul className={css.cards}>
        {active.map((session) => (
          <li key={session.id} className={css.card} data-doing={doingOf(session)}>
            <div className={css.line}>
              <Lamp doing={session} worded />
              <Time at={session.updatedAt} className={css.dim} />
            </div>
            <Link to="/s/$id" params={{ id: session.sessionId }} className={css.name} dir="auto" title={session.name}>
              {session.name}
            </Link>
            <div className={css.line}>
              <span className={css.dim}>
                {session.projectName}
                {session.gitBranch != null && session.gitBranch !== "" ? ` · ${session.gitBranch}` : ""}
              </span>
              <span className={css.dim}>
                <Cost costUsd={session.estimatedCostUsd} unpriced={session.usage.unpricedResponses} />
              </span>
            </div>
            <Doing session={session} />
          </li>
        ))}
      </ul>
    </section>
  )
}

/** What it is at, or what held it back. */
const Doing = ({ session }: { readonly session: Active }) => {
  const gate = session.hookExecutions?.edges[0]?.node
  const now = session.currentTodo?.activeForm ?? session.currentTodo?.content
  if (session.activity === "BLOCKED" && gate !== undefined) return <div className={css.gate}>{gate.hookName}</div>
  return now == null ? null : (
    <div className={css.todo} dir="auto" title={now}>
      {now}
    </div>
  )
}
