import { graphql } from "relay-runtime"
import type { windowsAroundQuery } from "../generated/windowsAroundQuery.graphql.ts"
import type { windowsPlaceQuery } from "../generated/windowsPlaceQuery.graphql.ts"
import type { windowsQuery } from "../generated/windowsQuery.graphql.ts"
import { ask } from "../relay/asking.ts"
import type { Message } from "./messageFragment.ts"

/** A window's messages, the oldest first, each with its place in the list of all. */
export interface Placed {
  readonly cursor: string
  readonly message: Message
}
export interface Window {
  readonly messages: ReadonlyArray<Placed>
  readonly hasOlder: boolean
  readonly hasNewer: boolean
}

export const windowSize = 100

const window = graphql`
  query windowsQuery($id: String!, $first: Int, $after: String, $last: Int, $before: String) {
    session(id: $id) {
      messages(first: $first, after: $after, last: $last, before: $before) {
        edges {
          cursor
          node {
            ...messageFragment_message @relay(mask: false)
          }
        }
        pageInfo {
          hasNextPage
          hasPreviousPage
        }
      }
    }
  }
`

const place = graphql`
  query windowsPlaceQuery($id: String!, $message: String!) {
    session(id: $id) {
      messagePlace(id: $message) {
        cursor
        message {
          ...messageFragment_message @relay(mask: false)
        }
      }
    }
  }
`

const around = graphql`
  query windowsAroundQuery($id: String!, $cursor: String!, $half: Int!) {
    session(id: $id) {
      older: messages(first: $half, after: $cursor) {
        edges {
          cursor
          node {
            ...messageFragment_message @relay(mask: false)
          }
        }
        pageInfo {
          hasNextPage
        }
      }
      newer: messages(last: $half, before: $cursor) {
        edges {
          cursor
          node {
            ...messageFragment_message @relay(mask: false)
          }
        }
        pageInfo {
          hasPreviousPage
        }
      }
    }
  }
`

interface Edge {
  readonly cursor: string
  readonly node: Message
}
/** The server's lists begin with the newest. */
const turned = (edges: ReadonlyArray<Edge>): ReadonlyArray<Placed> => edges.map(({ cursor, node }) => ({ cursor, message: node })).toReversed()

const asked = async (variables: windowsQuery["variables"]): Promise<Window | undefined> => {
  const { session } = await ask<windowsQuery>(window, variables)
  if (session == null) return undefined
  const { edges, pageInfo } = session.messages
  return { messages: turned(edges), hasOlder: pageInfo.hasNextPage, hasNewer: pageInfo.hasPreviousPage }
}

/** The newest messages; undefined when there is no such session. */
export const newest = (id: string) => asked({ id, first: windowSize })
export const olderThan = (id: string, cursor: string) => asked({ id, first: windowSize, after: cursor })
export const newerThan = (id: string, cursor: string) => asked({ id, last: windowSize, before: cursor })

/** The messages around one; undefined when it is not in the conversation. */
export const aroundMessage = async (id: string, message: string): Promise<Window | undefined> => {
  const found = (await ask<windowsPlaceQuery>(place, { id, message })).session?.messagePlace
  if (found == null) return undefined
  const { session } = await ask<windowsAroundQuery>(around, { id, cursor: found.cursor, half: windowSize / 2 })
  if (session == null) return undefined
  return {
    messages: [...turned(session.older.edges), { cursor: found.cursor, message: found.message }, ...turned(session.newer.edges)],
    hasOlder: session.older.pageInfo.hasNextPage,
    hasNewer: session.newer.pageInfo.hasPreviousPage
  }
}
