import * as Effect from "effect/Effect"
import { GraphQLNonNull, GraphQLObjectType, GraphQLString } from "graphql"
import { type Landmark, MessageQueries } from "han-core/MessageQueries"
import { type MessageLine, Messages } from "han-core/Messages"
import type { Session } from "han-core/Session"
import { agentOf, sessionOf } from "../context/agentSessions.ts"
import { always, alwaysListOf, type Fields, field, int, isoOf, text } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { Message } from "../messages/Message.ts"
import { globalId, rawIdOf } from "../relay/GlobalId.ts"
import { MessageKindType } from "./MessageKinds.ts"

const LandmarkType = new GraphQLObjectType<Landmark, GraphqlContext>({
  name: "Landmark",
  description: "A message by which a reader finds their way: a prompt, command, interrupt or compaction, or a result of a tool that failed.",
  fields: {
    messageId: always(text("The message, by its `id`.", ({ id }) => globalId("Message", id))),
    kind: field(new GraphQLNonNull(MessageKindType), "What the line is; `TOOL_RESULT` for a failed one."),
    place: always(int("Its position in the conversation, from 0 for the oldest message.")),
    at: text("When it was written.", ({ at }) => isoOf(at)),
    text: always(text("Its words, at most 160 characters; empty for failed results."))
  }
})

interface Place {
  readonly line: MessageLine
  readonly cursor: string
  readonly place: number
}

const MessagePlaceType = new GraphQLObjectType<Place, GraphqlContext>({
  name: "MessagePlace",
  description: "Where a message stands in a conversation.",
  fields: {
    cursor: always(text("Its cursor in `messages` without a filter and an order: `after` it come older messages, `before` it newer ones.")),
    place: always(int("Its position, from 0 for the newest message.")),
    message: field(new GraphQLNonNull(Message), "The message.", ({ line }) => line)
  }
})

const placeOf = async (session: Session, id: string, { run }: GraphqlContext): Promise<Place | null> => {
  const of = { sessionId: sessionOf(session), agentId: agentOf(session)?.id ?? null }
  const uuid = rawIdOf("Message", id)
  return run(
    Effect.gen(function* () {
      const messages = yield* Messages
      const cursor = (yield* messages.cursors(of.sessionId, [uuid])).get(uuid)?.cursor
      const place = (yield* messages.places(of, [uuid])).get(uuid)
      if (cursor === undefined || place === undefined) return null
      // Of this session: others may carry a copy of the line.
      const found = yield* (yield* MessageQueries).find({ ...of, where: { _tag: "Field", field: "id", op: "eq", value: uuid } }, { first: 1 })
      const line = found.items[0]?.node
      return line === undefined ? null : { line, cursor, place }
    })
  )
}

/** Fields of a session that tell where in its conversation things are. */
export const landmarkFields: Fields<Session> = {
  landmarks: alwaysListOf<Session>(LandmarkType, "The landmarks of its conversation, the oldest first; of more than 2,000 the newest.", (session, _, { run }) =>
    run(Effect.flatMap(MessageQueries, (queries) => queries.landmarks({ sessionId: sessionOf(session), agentId: agentOf(session)?.id ?? null })))
  ),
  messagePlace: {
    ...field<Session>(
      MessagePlaceType,
      "Where one of its messages stands; null when it is not in the conversation.",
      (session, { id }: { readonly id: string }, context) => placeOf(session, id, context)
    ),
    args: { id: { type: new GraphQLNonNull(GraphQLString), description: "The message, by its `id` or `uuid`." } }
  }
}
