import { graphql } from "relay-runtime"
import { Problem } from "../../frame/Problem.tsx"
import type { UsageTabQuery } from "../../generated/UsageTabQuery.graphql.ts"
import css from "../../parts/Facts.module.css"
import { Figures, Section } from "../../parts/Grid.tsx"
import { NotIncluded, UsageTable } from "../../parts/UsageTable.tsx"
import { useAnswer } from "../../relay/asking.ts"
import { dollars, short } from "../../text/figures.ts"

const query = graphql`
  query UsageTabQuery($id: String!) {
    models: usage(by: MODEL, sessionId: $id) {
      rows {
        ...UsageTable_row @relay(mask: false)
      }
      totals {
        costUsd
        input
        output
        cacheRead
        cacheWrite5m
        cacheWrite1h
        responses
        unpricedResponses
      }
      notIncluded
      unpricedModels
    }
    days: usage(by: DAY, sessionId: $id) {
      rows {
        ...UsageTable_row @relay(mask: false)
      }
    }
  }
`

/** What a session and its subagents cost, by model and by day. */
export const UsageTab = ({ id }: { readonly id: string }) => {
  const { again, data, error } = useAnswer<UsageTabQuery>(query, { id })
  if (error !== undefined) return <Problem error={error} again={again} />
  if (data === undefined) return null
  const { totals } = data.models
  const unknownCost = totals.responses > 0 && totals.unpricedResponses >= totals.responses
  return (
    <div className={css.page}>
      <Figures
        of={[
          ["Cost", unknownCost ? "–" : `${totals.unpricedResponses > 0 ? "≥ " : ""}${dollars(totals.costUsd)}`, "By list price, subagents included"],
          ["Tokens in", short(totals.input + totals.cacheRead + totals.cacheWrite5m + totals.cacheWrite1h), "The cache included"],
          ["Tokens out", short(totals.output)],
          ["Responses", short(totals.responses)]
        ]}
      />
      <Section title="By model">
        <UsageTable rows={data.models.rows} label="Model" />
      </Section>
      {data.days.rows.length > 1 && (
        <Section title="By day">
          <UsageTable rows={data.days.rows} label="Day" />
        </Section>
      )}
      <NotIncluded words={data.models.notIncluded ?? []} models={data.models.unpricedModels ?? []} />
    </div>
  )
}
