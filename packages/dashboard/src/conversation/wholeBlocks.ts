import { graphql } from "relay-runtime"
import type { wholeBlocks_block$data } from "../generated/wholeBlocks_block.graphql.ts"
import type { wholeBlocksQuery } from "../generated/wholeBlocksQuery.graphql.ts"
import { ask } from "../relay/asking.ts"

const query = graphql`
  query wholeBlocksQuery($id: String!) {
    message(id: $id) {
      __typename
      ... on AssistantMessage {
        contentBlocks {
          ...wholeBlocks_block @relay(mask: false)
        }
      }
      ... on UserMessage {
        contentBlocks {
          ...wholeBlocks_block @relay(mask: false)
        }
      }
    }
  }
`

export const wholeBlock = graphql`
  fragment wholeBlocks_block on ContentBlock {
    __typename
    ... on TextBlock {
      text(maxChars: 400000)
    }
    ... on ThinkingBlock {
      thinking(maxChars: 400000)
    }
    ... on ToolUseBlock {
      toolCallId
      input(maxChars: 400000)
      result {
        content(maxChars: 400000)
      }
    }
    ... on ToolResultBlock {
      toolCallId
      content(maxChars: 400000)
    }
  }
`

type Whole = wholeBlocks_block$data

/** A block of a message with as much of its texts as a page can bear. */
export const wholeOf = async (id: string, index: number): Promise<Whole | undefined> => {
  const { message } = await ask<wholeBlocksQuery>(query, { id })
  return message != null && "contentBlocks" in message ? (message.contentBlocks?.[index] as Whole | undefined) : undefined
}
