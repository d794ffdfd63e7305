import { graphql } from "relay-runtime"

/** One message, by its uuid. */
export const query = graphql`
  query MessagePageQuery($id: String!) {
    message(id: $id) {
      __typename
      id
      ...MessageCard_message
      ... on UserMessage {
        ...UserCard_message
      }
    }
  }
`
