import { graphql } from "relay-runtime"

export const message = graphql`
  fragment MemoryCards_message on Message {
    ... on MemoryQueryMessage {
      question
      route
      resultCount
      durationMs
    }
    ... on MemoryLearnMessage {
      content
      domain
      scope
      append
      paths
    }
    ... on SentimentAnalysisMessage {
      messageId
      analyzedMessageId
      sentimentScore
      sentimentLevel
      frustrationScore
      frustrationLevel
      signals
    }
  }
`
