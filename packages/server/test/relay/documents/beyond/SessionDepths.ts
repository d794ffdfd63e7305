import { graphql } from "relay-runtime"

/** What a session knows beyond what dashboards show. */
export const query = graphql`
  query SessionDepthsQuery($id: String!) {
    session(id: $id) {
      id
      sessionId
      title
      firstPrompt
      agentId
      agentOf {
        id
        sessionId
      }
      model
      machine
      permissionMode
      toolCallCount
      toolErrorCount
      usage {
        ...UsagePage_totals
      }
      link {
        kind
        sessionId
        session {
          id
          sessionId
        }
      }
      forkOf {
        id
        sessionId
      }
      subagents {
        id
        agentId
        type
        name
        description
        model
        toolCallId
        parentAgentId
        messageCount
        startedAt
        updatedAt
        session {
          id
          sessionId
          agentId
          agentOf {
            id
            sessionId
          }
          messages(first: 500) {
            edges {
              node {
                __typename
                id
                ...SessionDepths_message
              }
            }
          }
        }
      }
      compactions {
        id
        at
        trigger
        summary
        tokensBefore
        tokensAfter
        durationMs
      }
      hookExecutions {
        edges {
          node {
            id
            cached
            verdict
          }
        }
      }
      messages(first: 500) {
        edges {
          node {
            __typename
            id
            ...SessionDepths_message
          }
        }
      }
    }
  }
`

export const message = graphql`
  fragment SessionDepths_message on Message {
    ... on QueueOperationMessage {
      content
    }
    ... on UnknownEventMessage {
      content
    }
    ... on AssistantMessage {
      contentBlocks {
        ... on ToolUseBlock {
          toolCallId
          agentTaskId
          agentTask {
            id
            agentId
            agentType
            name
            description
            model
            messageCount
            startedAt
            updatedAt
          }
        }
      }
    }
  }
`
