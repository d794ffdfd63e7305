import { graphql } from "relay-runtime"

export const block = graphql`
  fragment ContentBlocks_block on ContentBlock {
    __typename
    type
    ... on TextBlock {
      text
    }
    ... on ThinkingBlock {
      thinking
      preview
      signature
    }
    ... on ToolUseBlock {
      toolCallId
      name
      input
      category
      icon
      displayName
      color
      sessionId
      agentTaskId
      agentTask {
        id
      }
      result {
        ...ContentBlocks_result
      }
    }
    ... on ToolResultBlock {
      ...ContentBlocks_result
    }
    ... on ImageBlock {
      mediaType
      dataUrl
    }
  }
`

export const result = graphql`
  fragment ContentBlocks_result on ToolResultBlock {
    type
    toolCallId
    content
    isError
    isLong
    preview
    hasImage
  }
`
