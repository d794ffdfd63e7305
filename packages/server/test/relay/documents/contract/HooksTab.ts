import { graphql } from "relay-runtime"

export const session = graphql`
  fragment HooksTab_session on Session
  @refetchable(queryName: "HooksTabRefetchQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 50 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    filter: { type: "HookExecutionFilter" }
    orderBy: { type: "HookExecutionOrderBy" }
  ) {
    hookExecutions(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy)
      @connection(key: "HooksTab_hookExecutions") {
      totalCount
      edges {
        node {
          id
          ...NodePage_hookExecution
        }
      }
    }
  }
`
