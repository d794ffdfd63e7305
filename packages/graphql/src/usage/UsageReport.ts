import { GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLString } from "graphql"
import type { UsageRow, UsageTotals } from "han-core/Usage"
import { always, field, float, int, listOf, text } from "../context/Field.ts"

const sums = {
  input: always(int<UsageTotals>("Input tokens that were neither read from nor written to the cache.")),
  output: always(int<UsageTotals>("Output tokens.")),
  cacheRead: always(int<UsageTotals>("Tokens read from the cache.")),
  cacheWrite5m: always(int<UsageTotals>("Tokens written to the cache for five minutes.")),
  cacheWrite1h: always(int<UsageTotals>("Tokens written to the cache for an hour.")),
  responses: always(int<UsageTotals>("API responses, each counted once whatever repeats it.")),
  unpricedResponses: always(int<UsageTotals>("Those, and parts of them, without a known cost; the costs lack them.")),
  costNanoUsd: always(text<UsageTotals>("What the others cost by list price, in billionths of a dollar, exactly.", ({ costNanoUsd }) => String(costNanoUsd))),
  costUsd: always(float<UsageTotals>("The same in dollars.", ({ costNanoUsd }) => costNanoUsd / 1e9))
}

export const UsageTotalsType = new GraphQLObjectType({ name: "UsageTotals", description: "Tokens and money of API responses.", fields: sums })

const UsageRowType = new GraphQLObjectType<UsageRow>({
  name: "UsageRow",
  description: "Tokens and money of one day, model, project, session or person.",
  fields: {
    key: always(text("A day (`2026-11-22`), a model's id, a project's `projectId`, a session's id or a person's `personId`; `unknown` for what tells none.")),
    label: always(text("What people call it: a session's title, a person's name, a project's name, which several may have; otherwise the key.")),
    path: text("A project's directory; null for other rows."),
    ...sums
  }
})

export const UsageReportType = new GraphQLObjectType({
  name: "UsageReport",
  description: "The ledger of API responses, added up.",
  fields: {
    totals: always(field(UsageTotalsType, "All rows together.")),
    rows: always(field(new GraphQLList(new GraphQLNonNull(UsageRowType)), "Days in order of date, everything else the dearest first.")),
    unpricedModels: listOf(GraphQLString, "Models without a known price."),
    notIncluded: listOf(GraphQLString, "What the figures leave out or cannot decide, in words.")
  }
})

export const UsageBy = new GraphQLEnumType({
  name: "UsageBy",
  description: "What a row of the ledger stands for.",
  values: {
    DAY: { value: "day", description: "A day." },
    MODEL: { value: "model", description: "A model." },
    PROJECT: { value: "project", description: "A project." },
    SESSION: { value: "session", description: "A session." },
    AUTHOR: { value: "author", description: "The person whose sessions they are." }
  }
})
