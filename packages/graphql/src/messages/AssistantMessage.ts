import type { MessageLine } from "han-core/Messages"
import { contentBlocks } from "./ContentBlocks.ts"
import { type BlockSource, blocksOf } from "./lineBlocks.ts"
import { flagField, textField, wholeField } from "./lineFields.ts"
import { eventOf, isObject, type JsonObject, recordOf, whole } from "./lineRecord.ts"
import { content, messageType } from "./Message.ts"

const countOf = (line: MessageLine, type: BlockSource["type"]): number => {
  let count = 0
  for (const block of blocksOf(line)) if (block.type === type) count++
  return count
}

const isToolOnly = (line: MessageLine): boolean =>
  countOf(line, "TOOL_USE") > 0 && blocksOf(line).every((block) => block.type === "TOOL_USE" || (block.type === "TEXT" && block.text.trim() === ""))

/** The record of usage on the line, for a response without an id, which the ledger leaves out. */
const usageOf = (line: MessageLine): JsonObject => {
  const { message, usage } = recordOf(line)
  const own = isObject(message) ? message["usage"] : undefined
  return isObject(own) ? own : isObject(usage) ? usage : {}
}
const tokens = (metered: "input" | "output" | "cacheRead", stated: string) => (line: MessageLine) =>
  eventOf(line, "ResponseMetered")?.[metered] ?? whole(usageOf(line)[stated])

export const AssistantMessage = messageType(
  "AssistantMessage",
  "What the model answered: words, thoughts, calls of tools. One answer of the API may be several messages, one for each of its blocks.",
  {
    content,
    contentBlocks,
    model: textField("The model that answered; null for what the client wrote in its place.", (line) => eventOf(line, "Answered")?.model ?? null),
    stopReason: textField("Why the model stopped, such as end_turn or tool_use.", (line) => eventOf(line, "Answered")?.stopReason ?? null),
    isToolOnly: flagField("Whether it has nothing but calls of tools.", isToolOnly),
    hasThinking: flagField("Whether it has thoughts.", (line) => countOf(line, "THINKING") > 0),
    thinkingCount: wholeField("How many thoughts it has.", (line) => countOf(line, "THINKING")),
    hasToolUse: flagField("Whether it calls tools.", (line) => countOf(line, "TOOL_USE") > 0),
    toolUseCount: wholeField("How many tools it calls.", (line) => countOf(line, "TOOL_USE")),
    inputTokens: wholeField(
      "Tokens that the model read anew for the whole answer. Messages of one answer repeat the figure: for sums use the totals of the session.",
      tokens("input", "input_tokens")
    ),
    outputTokens: wholeField("Tokens that the model wrote for the whole answer, as far as it had come.", tokens("output", "output_tokens")),
    cachedTokens: wholeField("Tokens that were read from the cache for the whole answer.", tokens("cacheRead", "cache_read_input_tokens"))
  }
)
