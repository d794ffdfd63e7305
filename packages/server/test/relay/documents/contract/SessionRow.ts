import { graphql } from "relay-runtime"

/** One row of a list of sessions. */
export const session = graphql`
  fragment SessionRow_session on Session {
    id
    sessionId
    name
    slug
    date
    summary
    projectName
    projectPath
    projectId
    projectSlug
    worktreeName
    messageCount
    turnCount
    compactionCount
    duration
    estimatedCostUsd
    startedAt
    updatedAt
    gitBranch
    version
    harness
    status
    prNumber
    prUrl
    teamName
    sourceConfigDir
    fileChangeCount
    todoCounts {
      total
      pending
      inProgress
      completed
    }
    currentTodo {
      id
      content
      status
      activeForm
    }
    activeTasks(first: 5) {
      totalCount
      edges {
        node {
          id
          description
        }
      }
    }
  }
`

/** Every row of a list holds one of these. */
export const changes = graphql`
  subscription SessionRowSubscription($id: ID!) {
    nodeUpdated(id: $id) {
      # As a row's own id it would be taken for the session itself.
      changedId: id
      typename
      node {
        ... on Session {
          ...SessionRow_session
        }
      }
    }
  }
`
