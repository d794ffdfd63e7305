import type { GraphQLObjectType } from "graphql"
import { AssistantMessage } from "./AssistantMessage.ts"
import { contentBlockTypes } from "./ContentBlocks.ts"
import {
  HookCheckStateMessage,
  HookDatetimeMessage,
  HookFileChangeMessage,
  HookReferenceMessage,
  HookResultMessage,
  HookRunMessage,
  HookScriptMessage,
  HookValidationCacheMessage,
  HookValidationMessage
} from "./HookMessages.ts"
import { MemoryLearnMessage, MemoryQueryMessage, SentimentAnalysisMessage } from "./MemoryMessages.ts"
import { FileHistorySnapshotMessage, QueueOperationMessage, SummaryMessage, SystemMessage, UnknownEventMessage } from "./NarrativeMessages.ts"
import { ExposedToolCallMessage, ExposedToolResultMessage, McpToolCallMessage, McpToolResultMessage } from "./ToolEventMessages.ts"
import { CommandUserMessage, InterruptUserMessage, MetaUserMessage, RegularUserMessage, ToolResultUserMessage } from "./UserMessages.ts"

/** Every kind of message and of content block: `types` of a schema that has messages in it, since only interfaces lead to them. */
export const messageTypes: ReadonlyArray<GraphQLObjectType> = [
  RegularUserMessage,
  CommandUserMessage,
  InterruptUserMessage,
  MetaUserMessage,
  ToolResultUserMessage,
  AssistantMessage,
  SystemMessage,
  SummaryMessage,
  FileHistorySnapshotMessage,
  QueueOperationMessage,
  HookRunMessage,
  HookResultMessage,
  HookCheckStateMessage,
  HookReferenceMessage,
  HookValidationMessage,
  HookScriptMessage,
  HookDatetimeMessage,
  HookFileChangeMessage,
  HookValidationCacheMessage,
  McpToolCallMessage,
  McpToolResultMessage,
  ExposedToolCallMessage,
  ExposedToolResultMessage,
  MemoryQueryMessage,
  MemoryLearnMessage,
  SentimentAnalysisMessage,
  UnknownEventMessage,
  ...contentBlockTypes
]
