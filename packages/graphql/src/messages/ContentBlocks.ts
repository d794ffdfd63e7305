import { GraphQLBoolean, GraphQLEnumType, type GraphQLFieldConfigMap, GraphQLInterfaceType, GraphQLList, GraphQLNonNull, GraphQLObjectType } from "graphql"
import type { ToolResult } from "han-core/Message"
import type { MessageLine } from "han-core/Messages"
import type { Agent } from "han-core/Session"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { Int } from "../relay/Int.ts"
import { previewOf } from "../relay/preview.ts"
import { AgentTask } from "./AgentTask.ts"
import { clippableText, lengthField } from "./clippedText.ts"
import { type BlockSource, blocksOf, type ImageSource, type TextSource, type ThinkingSource, type ToolResultSource, type ToolUseSource } from "./lineBlocks.ts"
import { givenText, textField } from "./lineFields.ts"
import { prettyJson } from "./prettyJson.ts"
import { ToolCategory, toolDisplayOf } from "./ToolDisplay.ts"

/** The lengths of previews, in UTF-16 units. */
const thinkingPreview = 200
const resultPreview = 500

export const ContentBlockType = new GraphQLEnumType({
  name: "ContentBlockType",
  description: "The kinds of content blocks.",
  values: {
    TEXT: { description: "Words: a TextBlock." },
    THINKING: { description: "The model's reasoning: a ThinkingBlock." },
    TOOL_USE: { description: "A call of a tool: a ToolUseBlock." },
    TOOL_RESULT: { description: "What a tool answered: a ToolResultBlock." },
    IMAGE: { description: "A picture: an ImageBlock." }
  }
})

const blockType = { type: { type: new GraphQLNonNull(ContentBlockType), description: "Which kind of block this is." } }
const typeNames = { TEXT: "TextBlock", THINKING: "ThinkingBlock", TOOL_USE: "ToolUseBlock", TOOL_RESULT: "ToolResultBlock", IMAGE: "ImageBlock" }

export const ContentBlock = new GraphQLInterfaceType<BlockSource, GraphqlContext>({
  name: "ContentBlock",
  description: "One piece of a message. Blocks of kinds that this version does not know are left out; the message's rawJson has them.",
  fields: blockType,
  resolveType: ({ type }) => typeNames[type]
})

const blockObject = <Source extends BlockSource>(description: string, type: Source["type"], fields: GraphQLFieldConfigMap<Source, GraphqlContext>) =>
  new GraphQLObjectType<Source, GraphqlContext>({ name: typeNames[type], description, interfaces: [ContentBlock], fields: { ...blockType, ...fields } })

const TextBlock = blockObject<TextSource>("Words, as Markdown.", "TEXT", {
  text: clippableText("The words.", ({ text }) => text),
  length: lengthField(({ text }) => text)
})

const ThinkingBlock = blockObject<ThinkingSource>("What the model thought before it answered.", "THINKING", {
  thinking: clippableText("The whole thought. Empty when the model keeps it to itself.", ({ thinking }) => thinking),
  length: lengthField(({ thinking }) => thinking),
  preview: givenText(`Its first ${thinkingPreview} characters, with three dots when there are more.`, ({ thinking }) => previewOf(thinking, thinkingPreview)),
  signature: textField("The model vendor's proof that the thought is unchanged.", ({ signature }) => signature)
})

const ImageBlock = blockObject<ImageSource>("A picture in a message.", "IMAGE", {
  mediaType: givenText("Its media type, such as image/png.", ({ mediaType }) => mediaType),
  dataUrl: givenText("A URL that shows it: the picture itself as a data URL, or where it lies when the message only links to it.", ({ dataUrl }) => dataUrl)
})

const flags = (description: string, read: (source: ToolResultSource) => boolean) => ({
  type: new GraphQLNonNull(GraphQLBoolean),
  description,
  resolve: read
})

export const ToolResultBlock = blockObject<ToolResultSource>("What a tool answered.", "TOOL_RESULT", {
  toolCallId: givenText("The id of the call that it answers.", ({ toolCallId }) => toolCallId),
  content: clippableText("The answer as text, its parts one to a line.", ({ content }) => content),
  length: lengthField(({ content }) => content),
  isError: flags("Whether the tool failed or was not allowed to run.", ({ isError }) => isError),
  isLong: flags(`Whether there is more than the preview shows.`, ({ content }) => content.length > resultPreview),
  preview: givenText(`Its first ${resultPreview} characters, with three dots when there are more.`, ({ content }) => previewOf(content, resultPreview)),
  hasImage: flags("Whether the answer has a picture in it.", ({ hasImage }) => hasImage)
})

/** The source of a `ToolResultBlock` for what the journal knows of a call. */
export const toolResultBlockOf = (callId: string, { hasImage, isError, text }: ToolResult): ToolResultSource => ({
  type: "TOOL_RESULT",
  toolCallId: callId,
  content: text,
  isError,
  hasImage
})

const agentOf = async ({ kind, sessionId, toolCallId }: ToolUseSource, { loaders }: GraphqlContext): Promise<Agent | null> => {
  if (kind !== "agent") return null
  const agents = await loaders.agents.load(sessionId)
  return agents.find(({ toolUseId }) => toolUseId === toolCallId) ?? null
}

const ToolUseBlock = blockObject<ToolUseSource>("A call of a tool.", "TOOL_USE", {
  toolCallId: givenText("The call's id, by which its result names it.", ({ toolCallId }) => toolCallId),
  name: givenText("The tool's name.", ({ name }) => name),
  input: clippableText("What the tool was given, as JSON to read: indented by two spaces, keys in order.", ({ input }) => prettyJson(input)),
  inputLength: lengthField(({ input }) => prettyJson(input)),
  durationMs: {
    type: Int,
    description: "Milliseconds from the line of the call to the line of its result; null while there is none, and where one of them tells no time.",
    resolve: async ({ toolCallId }, _, { loaders }) => (await loaders.toolResult.load(toolCallId))?.durationMs ?? null
  },
  category: { type: new GraphQLNonNull(ToolCategory), description: "What the tool works on.", resolve: (call) => toolDisplayOf(call).category },
  icon: givenText("The name of an icon for the tool.", (call) => toolDisplayOf(call).icon),
  displayName: givenText("What to call the tool on a page.", (call) => toolDisplayOf(call).displayName),
  color: givenText("A colour for the tool, as #rrggbb.", (call) => toolDisplayOf(call).color),
  sessionId: textField("The session that called it.", ({ sessionId }) => sessionId),
  agentTaskId: {
    ...textField<ToolUseSource>("The id of the subagent that the call started; null for calls that start none.", () => null),
    resolve: async (block, _, context) => (await agentOf(block, context))?.id ?? null
  },
  result: {
    type: ToolResultBlock,
    description: "What the tool answered; null while it runs, and when it never answered.",
    resolve: async ({ toolCallId }, _, { loaders }) => {
      const result = await loaders.toolResult.load(toolCallId)
      return result === null ? null : toolResultBlockOf(toolCallId, result)
    }
  },
  agentTask: {
    type: AgentTask,
    description: "The subagent that the call started; null for calls that start none.",
    resolve: (block, _, context) => agentOf(block, context)
  }
})

/** Every kind of block, for the schema: nothing else names them. */
export const contentBlockTypes: ReadonlyArray<GraphQLObjectType> = [TextBlock, ThinkingBlock, ToolUseBlock, ToolResultBlock, ImageBlock]

export const contentBlocks = {
  type: new GraphQLList(new GraphQLNonNull(ContentBlock)),
  description: "The content in its order: texts, thoughts, calls, results and pictures.",
  resolve: (line: MessageLine) => blocksOf(line)
}
