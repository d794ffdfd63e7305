import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricLabel from "effect/MetricLabel"

/** Lines that clients sent and the store has. */
export const ingestEntries = Metric.counter("han_ingest_entries_total", { description: "Lines of transcripts that were received.", incremental: true })

/** Seconds that the store took for a request of sync. */
export const ingestSeconds = Metric.histogram(
  "han_ingest_seconds",
  MetricBoundaries.fromIterable([0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]),
  "Seconds that the store took for a request of sync."
)

const authFailures = Metric.counter("han_auth_failures_total", { description: "Requests that were not let in, by route and reason.", incremental: true })

/** Counts a request that was not let in. */
export const refusedEntry = (route: "sync" | "graphql" | "auth", reason: string): Effect.Effect<void> =>
  Metric.increment(Metric.taggedWithLabels(authFailures, [MetricLabel.make("route", route), MetricLabel.make("reason", reason)]))

/** Subscriptions that are open in this process. */
export const subscribers = Metric.gauge("han_subscribers", { description: "GraphQL subscriptions that are open in this process." })
