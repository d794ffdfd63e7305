import { GraphQLObjectType } from "graphql"
import type { Agent } from "han-core/Session"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { isoOf } from "../relay/instant.ts"
import { textField, wholeField } from "./lineFields.ts"

/** Its source is the subagent. */
export const AgentTask = new GraphQLObjectType<Agent, GraphqlContext>({
  name: "AgentTask",
  description: "The subagent that a tool call started.",
  fields: {
    id: textField("Names it among everything that this API answers.", ({ id, sessionId }) => `AgentTask:${sessionId}:${id}`),
    agentId: textField("Its own id: the agentId of the messages that it wrote.", ({ id }) => id),
    agentType: textField("The kind of agent, such as a reviewer.", ({ type }) => type),
    description: textField("What it was started for, in a few words.", ({ description }) => description),
    name: textField("What it is called, where it was given a name.", ({ name }) => name),
    model: textField("The model that it was started with.", ({ model }) => model),
    messageCount: wholeField("How many messages of its transcript are known.", ({ messages }) => messages),
    startedAt: textField("When its first message was written, ISO 8601 in UTC.", ({ startedAt }) => isoOf(startedAt)),
    updatedAt: textField("When its latest message was written, ISO 8601 in UTC.", ({ updatedAt }) => isoOf(updatedAt))
  }
})
