import { graphql } from "relay-runtime"

/** What every message to the model has, asked of their interface. */
export const message = graphql`
  fragment UserCard_message on UserMessage {
    id
    uuid
    timestamp
    rawJson
    agentId
    parentId
    searchText
    content
    contentBlocks {
      type
    }
    sentimentAnalysis {
      id
    }
  }
`
