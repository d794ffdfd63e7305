import { type GraphQLFieldConfigMap, GraphQLObjectType } from "graphql"
import type { MessageLine } from "han-core/Messages"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { resultText } from "./lineBlocks.ts"
import { dataFlag, dataText, dataWhole, flagField, textField, wholeField } from "./lineFields.ts"
import { hanDataOf, isObject } from "./lineRecord.ts"
import { replyTo } from "./lineReply.ts"
import { messageType } from "./Message.ts"
import { prettyJson } from "./prettyJson.ts"

/** The server and the tool; the long name `mcp__server__tool` holds both. */
const longNameOf = (line: MessageLine): string | null =>
  dataText("prefixed_name")(line) ?? (dataText("tool")(line)?.startsWith("mcp__") ? dataText("tool")(line) : null)
const serverOf = (line: MessageLine): string | null => dataText("server_name", "server")(line) ?? /^mcp__(.+?)__./.exec(longNameOf(line) ?? "")?.[1] ?? null
const callIdOf = (line: MessageLine): string => dataText("call_id")(line) || line.message.id

const inputOf = (line: MessageLine): string | null => {
  const { arguments: given } = hanDataOf(line)
  return given === undefined || given === null ? null : prettyJson(given)
}

/** A tool answers with text, with a list of parts that have texts, or with any other value, which is shown as JSON. */
const outputOf = (line: MessageLine): string | null => {
  const { output, result } = hanDataOf(line)
  const answer = output ?? result ?? null
  if (answer === null || typeof answer === "string") return answer
  const text = resultText(isObject(answer) ? answer["content"] : answer)
  return text === "" ? prettyJson(answer) : text
}

const tool = textField("The tool's name.", dataText("tool"))
const server = textField("The server that has the tool.", serverOf)
const prefixedName = textField("The name under which the model knows the tool: server and tool in one.", longNameOf)
const callId = textField("The id by which the result names the call.", callIdOf)
const input = textField("What the tool was given, as JSON to read.", inputOf)
const success = flagField("Whether the tool did what it was asked.", dataFlag("success"))
const output = textField("What the tool answered.", outputOf)
const error = textField("What went wrong.", dataText("error"))
const durationMs = wholeField("How long it took, in milliseconds.", dataWhole("duration_ms"))

const answeredCallId = textField("The id of the call that it answers.", dataText("call_id"))
const answer = { success, durationMs, output, error }

const resultType = (name: string, description: string) =>
  new GraphQLObjectType<MessageLine, GraphqlContext>({
    name,
    description,
    fields: {
      id: textField("Names it among everything that this API answers.", ({ message }) => `${name}:${message.id}`),
      result: output,
      ...answer
    }
  })

const resultField = (type: GraphQLObjectType<MessageLine, GraphqlContext>): GraphQLFieldConfigMap<MessageLine, GraphqlContext> => ({
  result: {
    type,
    description: "What the tool answered; null while it runs.",
    resolve: (line, _, context) => replyTo(line, callIdOf(line), context)
  }
})

export const McpToolCallMessage = messageType("McpToolCallMessage", "A tool of an MCP server was called.", {
  tool,
  server,
  serverName: server,
  callId,
  prefixedName,
  input,
  ...resultField(resultType("McpToolResult", "What a tool of an MCP server answered."))
})

export const McpToolResultMessage = messageType("McpToolResultMessage", "A tool of an MCP server answered.", {
  tool,
  server,
  prefixedName,
  callId: answeredCallId,
  ...answer
})

export const ExposedToolCallMessage = messageType("ExposedToolCallMessage", "A tool was called that han offers on behalf of another server.", {
  tool,
  server,
  callId,
  prefixedName,
  input,
  ...resultField(resultType("ExposedToolResult", "What a tool answered that han offers on behalf of another server."))
})

export const ExposedToolResultMessage = messageType("ExposedToolResultMessage", "A tool answered that han offers on behalf of another server.", {
  tool,
  prefixedName,
  callId: answeredCallId,
  ...answer
})
