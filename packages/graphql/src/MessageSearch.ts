import * as Effect from "effect/Effect"
import { GraphQLObjectType } from "graphql"
import type { SessionId } from "han-core/Entry"
import { Messages } from "han-core/Messages"
import { maxPageSize } from "han-core/Page"
import { Search } from "han-core/Search"
import { int, text } from "./Field.ts"
import { globalId } from "./GlobalId.ts"
import type { GraphqlContext } from "./GraphqlContext.ts"

export const MessageSearchResult = new GraphQLObjectType({
  name: "MessageSearchResult",
  description: "A message of a session in which words were found.",
  fields: {
    messageId: text("The message's `id`."),
    messageIndex: int("Its place in `messages` without a filter, from 0 for the newest."),
    preview: text("A part of its text around the first match, in one line."),
    matchContext: text("The same as `preview`.")
  }
})

/** Messages of one session and its subagents. */
export const searchIn = (sessionId: SessionId, words: string, limit: number, { run }: GraphqlContext) =>
  run(
    Effect.gen(function* () {
      const search = yield* Search
      const messages = yield* Messages
      const { items } = yield* search.messages({ text: words, sessionId }, { first: Math.min(Math.max(limit, 0), maxPageSize) })
      const places = yield* messages.places(
        sessionId,
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
