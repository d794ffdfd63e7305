import type { MessageLine } from "han-core/Messages"
import { dataFlag, dataScore, dataText, dataTexts, dataWhole, flagField, scoreField, textField, textsField, wholeField } from "./lineFields.ts"
import { hanDataOf } from "./lineRecord.ts"
import { messageType } from "./Message.ts"
import { sentimentWords } from "./SentimentAnalysis.ts"

const resultCountOf = (line: MessageLine): number | null => {
  const { results } = hanDataOf(line)
  return dataWhole("result_count")(line) ?? (Array.isArray(results) ? results.length : null)
}

export const MemoryQueryMessage = messageType("MemoryQueryMessage", "The memory was asked.", {
  question: textField("The question.", dataText("question", "query")),
  route: textField("Which memory was asked: personal, team or rules.", dataText("route")),
  resultCount: wholeField("How many answers were found.", resultCountOf),
  durationMs: wholeField("How long it took, in milliseconds.", dataWhole("duration_ms"))
})

export const MemoryLearnMessage = messageType("MemoryLearnMessage", "Something was written to the memory.", {
  content: textField("What was learned.", dataText("content")),
  scope: textField("For whom it holds, such as project or user; where only the domain is known, that.", dataText("scope", "domain")),
  domain: textField("What it is about; where only the scope is known, that.", dataText("domain", "scope")),
  append: flagField("Whether it was added to what was known of the domain, rather than put in its place.", dataFlag("append")),
  paths: textsField("The files for which it holds, as patterns.", dataTexts("paths"))
})

const analysed = textField("The uuid of the message that was analysed.", dataText("message_id"))

export const SentimentAnalysisMessage = messageType("SentimentAnalysisMessage", "An analysis of how a message sounds, as it was logged.", {
  analyzedMessageId: analysed,
  messageId: analysed,
  sentimentScore: scoreField(sentimentWords.score, dataScore("sentiment_score")),
  sentimentLevel: textField(sentimentWords.level, dataText("sentiment_level")),
  frustrationScore: scoreField(sentimentWords.frustrationScore, dataScore("frustration_score")),
  frustrationLevel: textField(sentimentWords.frustrationLevel, dataText("frustration_level")),
  signals: textsField(sentimentWords.signals, dataTexts("signals"))
})
