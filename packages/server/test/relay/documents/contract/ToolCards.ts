import { graphql } from "relay-runtime"

export const message = graphql`
  fragment ToolCards_message on Message {
    ... on McpToolCallMessage {
      tool
      server
      serverName
      callId
      prefixedName
      input
      result {
        id
        success
        result
        output
        error
        durationMs
      }
    }
    ... on McpToolResultMessage {
      tool
      server
      callId
      prefixedName
      success
      durationMs
      output
      error
    }
    ... on ExposedToolCallMessage {
      tool
      server
      callId
      prefixedName
      input
      result {
        id
        success
        result
        output
        error
        durationMs
      }
    }
    ... on ExposedToolResultMessage {
      tool
      callId
      prefixedName
      success
      durationMs
      output
      error
    }
  }
`

export const result = graphql`
  subscription ToolCardsResultSubscription($callId: String!) {
    toolResultAdded(callId: $callId) {
      sessionId
      callId
      type
      success
      durationMs
    }
  }
`
