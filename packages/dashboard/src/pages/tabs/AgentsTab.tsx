import { Link } from "@tanstack/react-router"
import { graphql } from "relay-runtime"
import { Nothing, Problem } from "../../frame/Problem.tsx"
import type { AgentsTabQuery } from "../../generated/AgentsTabQuery.graphql.ts"
import { Cost } from "../../parts/Cost.tsx"
import css from "../../parts/Facts.module.css"
import { Grid } from "../../parts/Grid.tsx"
import { Time } from "../../parts/Time.tsx"
import { useAnswer } from "../../relay/asking.ts"
import { modelName } from "../../text/columns.ts"
import { count } from "../../text/figures.ts"

const query = graphql`
  query AgentsTabQuery($id: String!) {
    session(id: $id) {
      subagents {
        id
        agentId
        parentAgentId
        type
        description
        name
        model
        messageCount
        updatedAt
        session {
          sessionId
          estimatedCostUsd
          usage {
            unpricedResponses
          }
        }
      }
    }
  }
`

type Agent = NonNullable<NonNullable<AgentsTabQuery["response"]["session"]>["subagents"]>[number]
interface Placed {
  readonly agent: Agent
  readonly depth: number
}

/** Agents below the one that started them. One whose starter is not known stands at the top. */
const treeOf = (agents: ReadonlyArray<Agent>): ReadonlyArray<Placed> => {
  const ids = new Set(agents.map(({ agentId }) => agentId))
  const seen = new Set<string>()
  const below = (parent: string | null, depth: number): ReadonlyArray<Placed> =>
    agents.flatMap((agent) => {
      const under = agent.parentAgentId != null && ids.has(agent.parentAgentId) ? agent.parentAgentId : null
      if (under !== parent || seen.has(agent.agentId)) return []
      seen.add(agent.agentId)
      return [{ agent, depth }, ...below(agent.agentId, depth + 1)]
    })
  return below(null, 0)
}

/** The subagents of a session as a tree. */
export const AgentsTab = ({ id }: { readonly id: string }) => {
  const { again, data, error } = useAnswer<AgentsTabQuery>(query, { id })
  if (error !== undefined) return <Problem error={error} again={again} />
  const agents = data?.session?.subagents
  if (agents == null) return null
  if (agents.length === 0) return <Nothing title="No subagent was started here" />
  return (
    <div className={css.page}>
      <Grid
        label="Subagents"
        columns={[
          { label: "Subagent" },
          { label: "Kind" },
          { label: "Model" },
          { label: "Messages", kind: "figure" },
          { label: "Cost", kind: "figure" },
          { label: "Active", kind: "figure" }
        ]}
      >
        {treeOf(agents).map(({ agent, depth }) => (
          <tr key={agent.id}>
            <td className={css.long} style={{ paddingLeft: Math.min(depth, 12) * 18 }}>
              {depth > 0 && <span className={css.dim}>└ </span>}
              <Link to="/s/$id" params={{ id: agent.session?.sessionId ?? agent.agentId }}>
                {agent.description ?? agent.name ?? agent.agentId}
              </Link>
            </td>
            <td className={css.tight}>{agent.type}</td>
            <td className={css.tight}>{modelName(agent.model)}</td>
            <td className={css.figure}>{count(agent.messageCount)}</td>
            <td className={css.figure}>
              <Cost costUsd={agent.session?.estimatedCostUsd} unpriced={agent.session?.usage.unpricedResponses ?? 0} />
            </td>
            <td className={css.figure}>
              <Time at={agent.updatedAt} />
            </td>
          </tr>
        ))}
      </Grid>
    </div>
  )
}
