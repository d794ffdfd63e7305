import { createHash, timingSafeEqual } from "node:crypto"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricState from "effect/MetricState"
import * as Redacted from "effect/Redacted"
import { PgHealth } from "han-sql/unstable/PgHealth"

/** `GET /metrics` in the text format of Prometheus, for whoever has the token; without a token of the server there is no such path. */
export const metricsRoute = (token: Redacted.Redacted | undefined): HttpRouter.HttpRouter<never, PgHealth> =>
  token === undefined ? HttpRouter.empty : HttpRouter.empty.pipe(HttpRouter.get("/metrics", answered(token)))

const answered = (token: Redacted.Redacted) =>
  Effect.gen(function* () {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    const given = /^Bearer +(\S+)$/i.exec(headers["authorization"] ?? "")?.[1] ?? ""
    if (!isSame(given, Redacted.value(token)))
      return HttpServerResponse.unsafeJson(
        { code: "unauthorized", message: "the header Authorization says `Bearer` and HAN_METRICS_TOKEN" },
        { status: 401, headers: { "www-authenticate": "Bearer", "cache-control": "no-store" } }
      )
    const text = `${exposed(yield* Metric.snapshot)}${yield* ofTheStore}`
    return HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8", headers: { "cache-control": "no-store" } })
  })

const digest = (text: string) => createHash("sha256").update(text).digest()
const isSame = (one: string, other: string) => timingSafeEqual(digest(one), digest(other))

/** Figures that are looked at when they are asked for. What the database does not tell is left out, so that nobody takes it for zero. */
const ofTheStore = Effect.gen(function* () {
  const health = yield* PgHealth
  const { inUse, max, waiting } = yield* health.pool
  const lag = yield* Effect.option(health.fillLag)
  return [
    gauge("han_pg_pool_max", "Connections that this process may have.", max),
    gauge("han_pg_pool_in_use", "Connections that are in use.", inUse),
    gauge("han_pg_pool_waiting", "Operations that wait for a connection.", waiting),
    lag._tag === "Some" ? gauge("han_fill_lag_entries", "Blocks of journals that the read models lack.", lag.value) : "",
    gauge("process_resident_memory_bytes", "Memory of this process.", process.memoryUsage.rss()),
    gauge("process_uptime_seconds", "Seconds since this process started.", Math.floor(process.uptime()))
  ].join("")
})

const gauge = (name: string, help: string, value: number) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`

type Pairs = Effect.Effect.Success<typeof Metric.snapshot>
type Labels = ReadonlyArray<{ readonly key: string; readonly value: string }>

/** The metrics of this process whose names begin with `han_`. */
const exposed = (pairs: Pairs): string =>
  [...Map.groupBy(pairs, ({ metricKey }) => metricKey.name)]
    .filter(([name]) => name.startsWith("han_"))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, of]) => {
      const [first] = of
      const type = MetricState.isCounterState(first!.metricState) ? "counter" : MetricState.isHistogramState(first!.metricState) ? "histogram" : "gauge"
      const help = first!.metricKey.description._tag === "Some" ? first!.metricKey.description.value : name
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${of.map(({ metricKey, metricState }) => samples(name, metricKey.tags, metricState)).join("")}`
    })
    .join("")

const samples = (name: string, tags: Labels, state: Pairs[number]["metricState"]): string => {
  if (MetricState.isCounterState(state)) return `${name}${labels(tags)} ${state.count}\n`
  if (MetricState.isGaugeState(state)) return `${name}${labels(tags)} ${state.value}\n`
  if (!MetricState.isHistogramState(state)) return ""
  const buckets = [...state.buckets].map(([bound, count]) => {
    const le = { key: "le", value: Number.isFinite(bound) && bound < Number.MAX_VALUE ? String(bound) : "+Inf" }
    return `${name}_bucket${labels([...tags, le])} ${count}\n`
  })
  return `${buckets.join("")}${name}_sum${labels(tags)} ${state.sum}\n${name}_count${labels(tags)} ${state.count}\n`
}

const labels = (tags: Labels): string =>
  tags.length === 0 ? "" : `{${tags.map(({ key, value }) => `${key}="${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`).join(",")}}`
