import { graphql } from "relay-runtime"

/** A session's page, by the short form of its id or the long one. */
export const query = graphql`
  query SessionPageQuery($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Session {
        ...SessionPage_overview
        ...SessionMessages_session
        ...FilesTab_session
        ...TasksTab_session
        ...TodosTab_session
        ...HooksTab_session
      }
    }
  }
`

export const overview = graphql`
  fragment SessionPage_overview on Session {
    ...SessionRow_session
    orgId
    owner {
      id
      name
      email
      avatarUrl
    }
    project {
      id
      name
      path
    }
    agentTaskIds
    hookStats {
      totalHooks
      passedHooks
      failedHooks
      totalDurationMs
      passRate
      byHookType {
        hookType
        total
        passed
      }
    }
    frustrationSummary {
      totalAnalyzed
      moderateCount
      highCount
      overallLevel
      averageScore
      peakScore
      topSignals
    }
    toolResults {
      type
      toolCallId
      content
      isError
      isLong
      preview
      hasImage
    }
  }
`

/** By the harness's own id. */
export const bare = graphql`
  query SessionPageBareQuery($id: String!) {
    session(id: $id) {
      id
      sessionId
      name
      ...SessionPage_overview
    }
  }
`

/** A session's page re-renders on each of these. */
export const messages = graphql`
  subscription SessionPageMessagesSubscription($sessionId: ID!) {
    sessionMessageAdded(sessionId: $sessionId) {
      sessionId
      messageIndex
    }
  }
`
export const todos = graphql`
  subscription SessionPageTodosSubscription($sessionId: ID!) {
    sessionTodosChanged(sessionId: $sessionId) {
      sessionId
      todoCount
      inProgressCount
      completedCount
    }
  }
`
export const files = graphql`
  subscription SessionPageFilesSubscription($sessionId: ID!) {
    sessionFilesChanged(sessionId: $sessionId) {
      sessionId
      fileCount
      toolName
    }
  }
`
export const hooks = graphql`
  subscription SessionPageHooksSubscription($sessionId: ID!) {
    sessionHooksChanged(sessionId: $sessionId) {
      sessionId
      pluginName
      hookName
      eventType
    }
  }
`
