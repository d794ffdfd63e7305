import { graphql } from "relay-runtime"

export const session = graphql`
  fragment TasksTab_session on Session
  @refetchable(queryName: "TasksTabRefetchQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 50 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    filter: { type: "TaskFilter" }
    orderBy: { type: "TaskOrderBy" }
    nativeFilter: { type: "NativeTaskFilter" }
    nativeOrderBy: { type: "NativeTaskOrderBy" }
  ) {
    tasks(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) @connection(key: "TasksTab_tasks") {
      totalCount
      edges {
        node {
          id
          taskId
          description
          taskType
          type
          status
          outcome
          confidence
          notes
          filesModified
          testsAdded
          startedAt
          completedAt
          durationSeconds
        }
      }
    }
    currentTask {
      id
      description
    }
    nativeTasks(filter: $nativeFilter, orderBy: $nativeOrderBy) {
      id
      sessionId
      messageId
      subject
      description
      status
      activeForm
      owner
      blocks
      blockedBy
      createdAt
      updatedAt
      completedAt
    }
  }
`

export const active = graphql`
  fragment TasksTab_active on Session
  @refetchable(queryName: "TasksTabActiveRefetchQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 50 }, after: { type: "String" }, last: { type: "Int" }, before: { type: "String" }) {
    activeTasks(first: $first, after: $after, last: $last, before: $before) @connection(key: "TasksTab_activeTasks") {
      totalCount
      edges {
        node {
          id
          taskId
          status
        }
      }
    }
  }
`
