import { graphql } from "relay-runtime"

/** All sessions, or those of a project or a repository, page by page. */
export const query = graphql`
  query SessionListPageQuery($filter: SessionFilter, $orderBy: SessionOrderBy, $first: Int!) {
    ...SessionListPage_sessions @arguments(filter: $filter, orderBy: $orderBy, first: $first)
  }
`

export const sessions = graphql`
  fragment SessionListPage_sessions on Query
  @refetchable(queryName: "SessionListPagePaginationQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 50 }
    after: { type: "String" }
    filter: { type: "SessionFilter" }
    orderBy: { type: "SessionOrderBy" }
  ) {
    sessions(first: $first, after: $after, filter: $filter, orderBy: $orderBy) @connection(key: "SessionListPage_sessions", filters: ["filter"]) {
      __id
      totalCount
      edges {
        node {
          id
          ...SessionRow_session
        }
      }
    }
  }
`

export const backQuery = graphql`
  query SessionListPageBackQuery($filter: SessionFilter, $last: Int!) {
    ...SessionListPage_sessionsBack @arguments(filter: $filter, last: $last)
  }
`

/** The same from its end. */
export const sessionsBack = graphql`
  fragment SessionListPage_sessionsBack on Query
  @refetchable(queryName: "SessionListPageBackPaginationQuery")
  @argumentDefinitions(last: { type: "Int", defaultValue: 50 }, before: { type: "String" }, filter: { type: "SessionFilter" }) {
    sessions(last: $last, before: $before, filter: $filter) @connection(key: "SessionListPageBack_sessions", filters: ["filter"]) {
      totalCount
      edges {
        node {
          id
          sessionId
        }
      }
    }
  }
`

export const added = graphql`
  subscription SessionListPageSubscription($parentId: ID, $projectId: ID, $connections: [ID!]!) {
    sessionAdded(parentId: $parentId, projectId: $projectId) {
      sessionId
      parentId
      projectId
      newSessionEdge @prependEdge(connections: $connections) {
        cursor
        node {
          id
          ...SessionRow_session
        }
      }
    }
  }
`
