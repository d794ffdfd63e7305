import type { MessageLine } from "han-core/Messages"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { messageTypeName } from "./messageTypeName.ts"

/** The line of han's log that ends what this one began, under the id by which that one names it. A call that carries the id itself is no answer. */
export const replyTo = async (line: MessageLine, id: string, { loaders }: GraphqlContext): Promise<MessageLine | null> => {
  const reply = await loaders.reply.load({ sessionId: line.message.sessionId, id })
  return reply === null || messageTypeName(reply) === messageTypeName(line) ? null : reply
}
