import { graphql } from "relay-runtime"

/** What a dashboard asks about runs of hooks, places in a conversation, and the money of models by day. */
export const query = graphql`
  query DashboardPagesQuery($directory: String, $event: String, $failed: Boolean, $hook: String, $session: String, $sessionId: String!, $message: String!, $chars: Int) {
    hookExecutions(directory: $directory, event: $event, failed: $failed, first: 10, hook: $hook, sessionId: $session) {
      hookName
    }
    activity {
      dailyModelTokens {
        models {
          costUsd
          unpricedResponses
        }
      }
    }
    session(id: $sessionId) {
      activity
      landmarks {
        at
        kind
        messageId
        place
        text
      }
      messagePlace(id: $message) {
        cursor
        place
        message {
          id
        }
      }
      messages(first: 5) {
        edges {
          node {
            ... on AssistantMessage {
              contentBlocks {
                ... on TextBlock {
                  length
                  text(maxChars: $chars)
                }
                ... on ThinkingBlock {
                  length
                  thinking(maxChars: $chars)
                }
                ... on ToolUseBlock {
                  durationMs
                  input(maxChars: $chars)
                  inputLength
                }
                ... on ToolResultBlock {
                  length
                  content(maxChars: $chars)
                }
              }
            }
          }
        }
      }
    }
  }
`
