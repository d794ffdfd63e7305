import { graphql } from "relay-runtime"

/** The messages of a session, the newest first; what stands under its call is left out. */
export const session = graphql`
  fragment SessionMessages_session on Session
  @refetchable(queryName: "SessionMessagesPaginationQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 50 }
    after: { type: "String" }
    filter: {
      type: "MessageFilter"
      defaultValue: {
        _or: [
          { toolName: { _isNull: true } }
          { toolName: { _notIn: ["hook_result", "mcp_tool_result", "exposed_tool_result", "sentiment_analysis"] } }
        ]
      }
    }
  ) {
    messageCount
    messages(first: $first, after: $after, filter: $filter) @connection(key: "SessionMessages_messages", filters: []) {
      __id
      totalCount
      edges {
        node {
          __typename
          id
          ...MessageCard_message
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`

export const added = graphql`
  subscription SessionMessagesSubscription($sessionId: ID!, $connections: [ID!]!) {
    sessionMessageAdded(sessionId: $sessionId) {
      sessionId
      messageIndex
      newMessageEdge @prependEdge(connections: $connections) {
        cursor
        node {
          __typename
          id
          ...MessageCard_message
        }
      }
    }
  }
`

export const backQuery = graphql`
  query SessionMessagesBackQuery($id: ID!, $last: Int!) {
    node(id: $id) {
      ... on Session {
        ...SessionMessages_back @arguments(last: $last)
      }
    }
  }
`

/** All of them from the oldest one on, in any order. */
export const back = graphql`
  fragment SessionMessages_back on Session
  @refetchable(queryName: "SessionMessagesBackPaginationQuery")
  @argumentDefinitions(last: { type: "Int", defaultValue: 50 }, before: { type: "String" }, orderBy: { type: "MessageOrderBy" }) {
    messages(last: $last, before: $before, orderBy: $orderBy) @connection(key: "SessionMessagesBack_messages", filters: []) {
      totalCount
      edges {
        node {
          id
        }
      }
    }
  }
`

export const search = graphql`
  query SessionMessagesSearchQuery($id: ID!, $query: String!, $limit: Int) {
    node(id: $id) {
      ... on Session {
        searchMessages(query: $query, limit: $limit) {
          messageId
          messageIndex
          preview
          matchContext
        }
      }
    }
  }
`

export const ordered = graphql`
  query SessionMessagesOrderedQuery($id: String!, $filter: MessageFilter, $orderBy: MessageOrderBy, $first: Int) {
    session(id: $id) {
      messages(first: $first, filter: $filter, orderBy: $orderBy) {
        totalCount
        edges {
          node {
            id
            uuid
          }
        }
      }
    }
  }
`
