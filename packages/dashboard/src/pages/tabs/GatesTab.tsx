import { graphql } from "relay-runtime"
import { Nothing, Problem } from "../../frame/Problem.tsx"
import type { GatesTabQuery } from "../../generated/GatesTabQuery.graphql.ts"
import css from "../../parts/Facts.module.css"
import { HookRuns } from "../../parts/HookRuns.tsx"
import { useAnswer } from "../../relay/asking.ts"

const query = graphql`
  query GatesTabQuery($id: String!) {
    session(id: $id) {
      hookExecutions(last: 300) {
        totalCount
        edges {
          node {
            ...HookRuns_run @relay(mask: false)
          }
        }
      }
    }
  }
`

/** The runs of hooks for a session, the newest first. */
export const GatesTab = ({ id }: { readonly id: string }) => {
  const { again, data, error } = useAnswer<GatesTabQuery>(query, { id })
  if (error !== undefined) return <Problem error={error} again={again} />
  const runs = data?.session?.hookExecutions
  if (runs == null) return null
  if (runs.edges.length === 0) return <Nothing title="No gate ran for this session" />
  return (
    <div className={css.page}>
      <HookRuns runs={runs.edges.map(({ node }) => node).toReversed()} withSession={false} />
    </div>
  )
}
