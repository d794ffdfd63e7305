import { GraphQLObjectType, GraphQLString } from "graphql"
import type { Mood } from "han-core/SessionDetails"
import { float, int, listOf, text } from "../context/Field.ts"

export const FrustrationSummary = new GraphQLObjectType({
  name: "FrustrationSummary",
  description: "What the words of a session's prompts say of the human's mood.",
  fields: {
    totalAnalyzed: int("Prompts with words."),
    moderateCount: int("Prompts that show moderate frustration."),
    highCount: int("Prompts that show high frustration."),
    overallLevel: text("The strongest level that was seen: `none`, `low`, `moderate` or `high`."),
    averageScore: float("Average frustration of the prompts that show any; 0 without."),
    peakScore: float("The greatest frustration; 0 without."),
    topSignals: listOf(GraphQLString, "What showed it, the most frequent first, at most five.")
  }
})

export const frustrationOf = (mood: Mood | null) => ({
  totalAnalyzed: mood?.analysed ?? 0,
  moderateCount: mood?.moderate ?? 0,
  highCount: mood?.high ?? 0,
  overallLevel: mood === null ? "none" : mood.high > 0 ? "high" : mood.moderate > 0 ? "moderate" : mood.low > 0 ? "low" : "none",
  averageScore: mood?.averageFrustration ?? 0,
  peakScore: mood?.peakFrustration ?? 0,
  topSignals: mood?.signals.slice(0, 5) ?? []
})
