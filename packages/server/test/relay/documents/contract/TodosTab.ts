import { graphql } from "relay-runtime"

export const session = graphql`
  fragment TodosTab_session on Session
  @refetchable(queryName: "TodosTabRefetchQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 50 }, after: { type: "String" }, last: { type: "Int" }, before: { type: "String" }) {
    todos(first: $first, after: $after, last: $last, before: $before) @connection(key: "TodosTab_todos") {
      totalCount
      edges {
        node {
          id
          content
          status
          activeForm
        }
      }
    }
  }
`

export const active = graphql`
  fragment TodosTab_active on Session
  @refetchable(queryName: "TodosTabActiveRefetchQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 50 }, after: { type: "String" }, last: { type: "Int" }, before: { type: "String" }) {
    activeTodos(first: $first, after: $after, last: $last, before: $before) @connection(key: "TodosTab_activeTodos") {
      totalCount
      edges {
        node {
          id
          content
          status
        }
      }
    }
  }
`
