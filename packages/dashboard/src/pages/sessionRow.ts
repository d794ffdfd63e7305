import { graphql } from "relay-runtime"
import type { sessionRow_session$data } from "../generated/sessionRow_session.graphql.ts"

/** What a list shows of a session. */
export const sessionRowFragment = graphql`
  fragment sessionRow_session on Session {
    id
    sessionId
    name
    projectName
    projectId
    projectPath
    gitBranch
    model
    status
    activity
    startedAt
    updatedAt
    messageCount
    toolErrorCount
    estimatedCostUsd
    usage {
      unpricedResponses
      responses
    }
    hookStats {
      totalHooks
      failedHooks
    }
  }
`

export type SessionRow = Omit<sessionRow_session$data, " $fragmentType">
