import { GraphQLObjectType } from "graphql"
import { spokenText } from "han-core/Message"
import type { MessageLine } from "han-core/Messages"
import { analyse, type Sentiment } from "han-core/Sentiment"
import { always, id } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"
import { scoreField, textField, textsField } from "./lineFields.ts"
import { messageTypeName } from "./messageTypeName.ts"

interface SentimentOfMessage {
  readonly messageId: string
  readonly sentiment: Sentiment
}

/** The values of the fields, for the line of han's log that carries the same figures too. */
export const sentimentWords = {
  score: "From -5, unpleasant, to 5, pleasant; 0 where no known word is found.",
  level: "positive, neutral or negative.",
  frustrationScore: "How strongly the message speaks of frustration, from 2 on; null below.",
  frustrationLevel: "low, moderate or high; null where there is no frustration.",
  signals: "What in the message speaks for frustration."
}

export const SentimentAnalysis = new GraphQLObjectType<SentimentOfMessage, GraphqlContext>({
  name: "SentimentAnalysis",
  description: "How the person who wrote a message sounds. Made of the words alone, for English.",
  fields: {
    id: always(id("Names it among everything that this API answers.", ({ messageId }) => `SentimentAnalysis:${messageId}`)),
    sentimentScore: scoreField(sentimentWords.score, ({ sentiment }) => sentiment.score),
    sentimentLevel: textField(sentimentWords.level, ({ sentiment }) => sentiment.level),
    frustrationScore: scoreField(sentimentWords.frustrationScore, ({ sentiment }) => sentiment.frustration?.score ?? null),
    frustrationLevel: textField(sentimentWords.frustrationLevel, ({ sentiment }) => sentiment.frustration?.level ?? null),
    signals: textsField(sentimentWords.signals, ({ sentiment }) => sentiment.signals)
  }
})

/** The analysis of what a person said on the line; null for lines that nobody typed, and for those that say nothing. */
export const sentimentOf = (line: MessageLine): SentimentOfMessage | null => {
  const { message } = line
  if (message.kind !== "prompt" || messageTypeName(line) !== "RegularUserMessage") return null
  const sentiment = analyse(spokenText(message) ?? "")
  return sentiment === null ? null : { messageId: message.id, sentiment }
}
