import * as Effect from "effect/Effect"
import { GraphQLObjectType } from "graphql"
import { Messages } from "han-core/Messages"
import { maxPageSize } from "han-core/Page"
import { Search } from "han-core/Search"
import type { Session } from "han-core/Session"
import { agentOf, sessionOf } from "../context/agentSessions.ts"
import { int, text } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { globalId } from "../relay/GlobalId.ts"

export const MessageSearchResult = new GraphQLObjectType({
  name: "MessageSearchResult",
  description: "A message of a session in which words were found.",
  fields: {
    messageId: text("The message's `id`."),
    messageIndex: int("Its place in `messages` without a filter, from 0 for the newest; null for a subagent's in a session."),
    preview: text("A part of its text around the first match, in one line."),
    matchContext: text("The same as `preview`.")
  }
})

/** Messages of one session and its subagents, or of one subagent. */
export const searchIn = (session: Session, words: string, limit: number, { run }: GraphqlContext) =>
  run(
    Effect.gen(function* () {
      const agent = agentOf(session)
      const sessionId = sessionOf(session)
      const search = yield* Search
      const messages = yield* Messages
      const { items } = yield* search.messages(
        { text: words, sessionId, ...(agent !== null && { agentId: agent.id }) },
        { first: Math.min(limit, maxPageSize) }
      )
      const places = yield* messages.places(
        { sessionId, agentId: agent?.id ?? null },
        items.map(({ node }) => node.messageId)
      )
      return items.map(({ node }) => ({
        messageId: globalId("Message", node.messageId),
        messageIndex: places.get(node.messageId) ?? null,
        preview: node.excerpt,
        matchContext: node.excerpt
      }))
    })
  )
