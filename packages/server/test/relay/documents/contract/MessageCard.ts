import { graphql } from "relay-runtime"

/** One line of a session, whatever it is. */
export const message = graphql`
  fragment MessageCard_message on Message {
    id
    uuid
    timestamp
    rawJson
    agentId
    parentId
    searchText
    ... on UserMessage {
      content
      contentBlocks {
        ...ContentBlocks_block
      }
      sentimentAnalysis {
        id
        sentimentScore
        sentimentLevel
        frustrationScore
        frustrationLevel
        signals
      }
    }
    ... on RegularUserMessage {
      content
    }
    ... on CommandUserMessage {
      commandName
    }
    ... on InterruptUserMessage {
      content
    }
    ... on MetaUserMessage {
      content
    }
    ... on ToolResultUserMessage {
      toolResultCount
    }
    ... on AssistantMessage {
      content
      contentBlocks {
        ...ContentBlocks_block
      }
      model
      stopReason
      isToolOnly
      hasThinking
      thinkingCount
      hasToolUse
      toolUseCount
      inputTokens
      outputTokens
      cachedTokens
    }
    ... on SummaryMessage {
      content
      contentBlocks {
        ...ContentBlocks_block
      }
      isCompactSummary
    }
    ... on SystemMessage {
      content
      isMeta
      level
      subtype
    }
    ... on FileHistorySnapshotMessage {
      messageId
      fileCount
      isSnapshotUpdate
      snapshotTimestamp
    }
    ... on QueueOperationMessage {
      operation
      queueSessionId
    }
    ... on UnknownEventMessage {
      eventType
      messageType
    }
    ...HookCards_message
    ...ToolCards_message
    ...MemoryCards_message
  }
`
