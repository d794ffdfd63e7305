import { graphql } from "relay-runtime"

export const query = graphql`
  query SearchPageQuery(
    $text: String!
    $first: Int!
    $order: SearchOrder
    $sessionId: String
    $project: String
    $role: MessageRole
    $kinds: [MessageKind!]
    $since: String
    $until: String
  ) {
    ...SearchPage_hits
      @arguments(
        text: $text
        first: $first
        order: $order
        sessionId: $sessionId
        project: $project
        role: $role
        kinds: $kinds
        since: $since
        until: $until
      )
  }
`

export const hits = graphql`
  fragment SearchPage_hits on Query
  @refetchable(queryName: "SearchPagePaginationQuery")
  @argumentDefinitions(
    text: { type: "String!" }
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    order: { type: "SearchOrder" }
    sessionId: { type: "String" }
    project: { type: "String" }
    role: { type: "MessageRole" }
    kinds: { type: "[MessageKind!]" }
    since: { type: "String" }
    until: { type: "String" }
  ) {
    search(
      text: $text
      first: $first
      after: $after
      last: $last
      before: $before
      order: $order
      sessionId: $sessionId
      project: $project
      role: $role
      kinds: $kinds
      since: $since
      until: $until
    ) @connection(key: "SearchPage_search") {
      totalCount
      edges {
        node {
          messageId
          sessionId
          agentId
          kind
          role
          at
          excerpt
          score
          session {
            id
            name
          }
        }
      }
    }
  }
`
