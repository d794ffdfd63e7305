import { graphql } from "relay-runtime"
import type { messageFragment_message$data } from "../generated/messageFragment_message.graphql.ts"

/** A message as a page shows it. Long texts are clipped by the server: their lengths say how much more there is. */
export const messageFragment = graphql`
  fragment messageFragment_message on Message {
    __typename
    id
    uuid
    timestamp
    agentId
    ... on AssistantMessage {
      model
      outputTokens
      contentBlocks {
        ...messageFragment_block @relay(mask: false)
      }
    }
    ... on RegularUserMessage {
      contentBlocks {
        ...messageFragment_block @relay(mask: false)
      }
    }
    ... on ToolResultUserMessage {
      contentBlocks {
        ...messageFragment_block @relay(mask: false)
      }
    }
    ... on CommandUserMessage {
      commandName
      contentBlocks {
        ...messageFragment_block @relay(mask: false)
      }
    }
    ... on MetaUserMessage {
      contentBlocks {
        ...messageFragment_block @relay(mask: false)
      }
    }
    ... on SystemMessage {
      content
      subtype
      level
    }
    ... on SummaryMessage {
      content
      isCompactSummary
    }
    ... on FileHistorySnapshotMessage {
      fileCount
    }
    ... on HookRunMessage {
      hookName
      plugin
      hookType
      directory
      cached
      result {
        success
        exitCode
        durationMs
        output
        error
      }
    }
    ... on HookResultMessage {
      hookName
      plugin
      success
      exitCode
      durationMs
      output
      error
      cached
    }
    ... on UnknownEventMessage {
      eventType
      messageType
      content
    }
  }
`

export const blockFragment = graphql`
  fragment messageFragment_block on ContentBlock {
    __typename
    ... on TextBlock {
      text(maxChars: 12000)
      length
    }
    ... on ThinkingBlock {
      thinking(maxChars: 12000)
      length
    }
    ... on ToolUseBlock {
      toolCallId
      name
      displayName
      category
      input(maxChars: 24000)
      inputLength
      durationMs
      agentTask {
        agentId
        agentType
        description
        messageCount
        model
      }
      result {
        toolCallId
        content(maxChars: 12000)
        length
        isError
        hasImage
      }
    }
    ... on ToolResultBlock {
      toolCallId
      content(maxChars: 12000)
      length
      isError
      hasImage
    }
    ... on ImageBlock {
      mediaType
    }
  }
`

export type Message = Omit<messageFragment_message$data, " $fragmentType">
export type Block = NonNullable<Message["contentBlocks"]>[number]
export type BlockOf<Name extends Block["__typename"]> = Extract<Block, { readonly __typename: Name }>
/** What a tool answered, nested in its call or on a line of its own. */
export interface Result {
  readonly toolCallId: string
  readonly content: string
  readonly length: number
  readonly isError: boolean
  readonly hasImage: boolean
}

export const blocksOf = (message: Message): ReadonlyArray<Block> => message.contentBlocks ?? []

/** The result that a block is; undefined for another block. */
export const resultOf = (block: Block): Result | undefined => (block.__typename === "ToolResultBlock" ? block : undefined)
