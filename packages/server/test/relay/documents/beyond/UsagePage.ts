import { graphql } from "relay-runtime"

export const query = graphql`
  query UsagePageQuery($by: UsageBy!, $since: String, $until: String, $sessionId: String, $project: String, $timeZone: String) {
    usage(by: $by, since: $since, until: $until, sessionId: $sessionId, project: $project, timeZone: $timeZone) {
      totals {
        ...UsagePage_totals
      }
      rows {
        key
        label
        path
        input
        output
        cacheRead
        cacheWrite5m
        cacheWrite1h
        responses
        unpricedResponses
        costUsd
        costNanoUsd
      }
      unpricedModels
      notIncluded
    }
  }
`
export const totals = graphql`
  fragment UsagePage_totals on UsageTotals {
    input
    output
    cacheRead
    cacheWrite5m
    cacheWrite1h
    responses
    unpricedResponses
    costUsd
    costNanoUsd
  }
`
