// Metrics of a workspace of 100 people on PostgreSQL: 3 million quarters of an hour of 220,000 sessions in a year. Rows are written as the projection would write them, and the
// answers from the sums of all sessions are held against those from the quarters of an hour of each.
import { readFileSync } from "node:fs"
import { isDeepStrictEqual } from "node:util"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { Metrics } from "han-core/Metrics"
import { Viewer } from "han-core/Viewer"
import * as PgStore from "han-sql/PgStore"
import pg from "pg"
import { startPostgres } from "../test/postgres.ts"
import { machine, row, spread, timed } from "./Measure.ts"

const runs = 20
const scale = Number(process.env["HAN_BENCH_SCALE"] ?? "1")
const sessions = Math.round(220_000 * scale)
const dayMs = 86_400_000
/** 2025-11-01 to 2026-10-31. */
const firstDay = Date.UTC(2025, 10, 1) / dayMs
const days = 365
const since = (of: number) => (firstDay + days - of) * dayMs
const zones = ["UTC", "America/New_York", "Asia/Kolkata"]

/** People of three continents work from eight to six; one session in seven is taken up again on the next days. */
const worked = `
  CREATE TEMP TABLE work AS
  SELECT no, day, b AS bucket FROM (
    SELECT no, ${firstDay} + (no::bigint * ${days}) / ${sessions + 1} + again AS day, 32 + (hashint4(no * 7 + again) & 1023) % 40 + (ARRAY[32, 0, -18])[no % 3 + 1] AS start,
      4 + (hashint4(no * 11 + again) & 1023) % 14 AS quarters
    FROM generate_series(1, ${sessions}) no, generate_series(0, 5) again WHERE again = 0 OR (no % 7 = 0 AND again <= no % 6)) s,
    generate_series(day * 96 + start, day * 96 + start + quarters - 1) b WHERE (hashint8(b + no) & 15) > 1 OR b = day * 96 + start`
const filled = (table: (name: string) => string) => [
  worked,
  "ANALYZE work",
  `INSERT INTO han.session_key (owner_no, no, session_id) OVERRIDING SYSTEM VALUE SELECT 1, no, 's-' || no FROM generate_series(1, ${sessions}) no`,
  `INSERT INTO ${table("session")} SELECT 1, no, 's-' || no, 1, 1, 'claude-code', 'bench', 'person-' || no % 100, '{}', '/home/person-' || no % 100 || '/project-' || no % 7, 'project-' || no % 7,
    NULL, NULL, NULL, MIN(bucket) * 900000, MAX(bucket) * 900000, 40, 10, 20, 0, 0, 10, 0, 1, 1, 1, 1, 1, 1 FROM work GROUP BY no`,
  `INSERT INTO ${table("activity_sum")} SELECT 1, no, bucket, 5, 1, 20000, 3, 10, 2, 1, 1, 100000000, 0, 0, 0 FROM work ORDER BY no, bucket`,
  `INSERT INTO ${table("usage_sum")} SELECT 1, no, bucket, CASE WHEN no % 3 = 0 THEN 'claude-haiku-4-5' ELSE 'claude-opus-4-5' END, '', 3, 3, 0, 0, 0, 300, 900, 40000, 2000, 100, 0, 50000000 FROM work ORDER BY no, bucket`,
  `INSERT INTO ${table("session_day")}
    SELECT 1, no, day, first, last, LAG(last) OVER w, h0, h1, h2, h3, 1, CASE WHEN COUNT(*) OVER (PARTITION BY no) = 1 THEN 1 ELSE 0 END FROM (
      SELECT no, bucket / 96 AS day, MIN(bucket) AS first, MAX(bucket) AS last, ${[0, 1, 2, 3].map((shift) => `BIT_OR(1 << ((bucket % 96 + ${shift}) / 4)::int) AS h${shift}`).join(", ")}
      FROM work GROUP BY 1, 2) d WINDOW w AS (PARTITION BY no ORDER BY day) ORDER BY day, no`,
  `CREATE TEMP TABLE flow AS
    SELECT first_bucket AS bucket, 1 AS begun, 0 AS ended FROM ${table("session_day")} WHERE previous_bucket IS NULL OR first_bucket - previous_bucket > 80
    UNION ALL SELECT last_bucket, 0, 1 FROM (SELECT last_bucket, LEAD(first_bucket) OVER (PARTITION BY session_no ORDER BY day) AS next FROM ${table("session_day")}) d WHERE next IS NULL OR next - last_bucket > 80`,
  ...[1, 4, 96].flatMap((size, unit) => [
    `INSERT INTO ${table("time_sum")}
      SELECT 1, ${unit}, bucket / ${size}, SUM(active), SUM(active) * 5, SUM(active), SUM(active) * 20000, SUM(active) * 3, SUM(active) * 10, SUM(active) * 2, SUM(active), SUM(active), SUM(active) * 100000000, 0, 0, 0,
        SUM(active) * 3, SUM(active) * 3, SUM(active) * 300, SUM(active) * 900, SUM(active) * 40000, SUM(active) * 2100, SUM(active) * 50000000, SUM(begun), SUM(ended)
      FROM (SELECT bucket, 1 AS active, 0 AS begun, 0 AS ended FROM work UNION ALL SELECT bucket, 0, begun, ended FROM flow) x GROUP BY 3 ORDER BY 3`,
    `INSERT INTO ${table("model_sum")} SELECT 1, ${unit}, bucket / ${size}, CASE WHEN no % 3 = 0 THEN 'claude-haiku-4-5' ELSE 'claude-opus-4-5' END,
      COUNT(*) * 3, COUNT(*) * 3, 0, COUNT(*) * 300, COUNT(*) * 900, COUNT(*) * 40000, COUNT(*) * 2100, COUNT(*) * 50000000 FROM work GROUP BY 3, 4 ORDER BY 3, 4`
  ]),
  ...["session", "activity_sum", "usage_sum", "session_day", "time_sum", "model_sum"].map((name) => `VACUUM ANALYZE ${table(name)}`)
]

/** Milliseconds of processor time that this process and its connections' servers have used: on a machine that others use, too, an answer waits for more than that. */
const processorTime = async (client: pg.Client): Promise<number> => {
  const { rows } = await client.query<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE application_name = 'han'")
  const ticks = rows.reduce((sum, { pid }) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
    return sum + Number(fields[11]) + Number(fields[12])
  }, 0)
  const { system, user } = process.cpuUsage()
  return ticks * 10 + (system + user) / 1000
}

const server = await startPostgres({ durable: true })
const client = new pg.Client({ connectionString: server.url })
try {
  console.log(machine())
  const url = Redacted.make(server.url)
  await Effect.runPromise(PgStore.migrate({ url }))
  await client.connect()
  const { rows } = await client.query<{ revision: number }>("SELECT revision FROM han.projection WHERE name = 'han' AND serving")
  for (const statement of filled((name) => `han.${name}_${rows[0]?.revision}`)) await client.query(statement)
  const { rows: counted } = await client.query<{ quarters: string; of_days: string }>(
    `SELECT (SELECT COUNT(*) FROM work) AS quarters, (SELECT COUNT(DISTINCT (no, bucket / 96)) FROM work) AS of_days`
  )
  row("rows of quarters of an hour", String(counted[0]?.quarters), `${sessions} sessions on ${counted[0]?.of_days} days`)
  const runtime = ManagedRuntime.make(Layer.merge(PgStore.layer({ url }), Viewer.layerLocal))
  try {
    const metrics = await runtime.runPromise(Metrics)
    const every = Array.from({ length: 700 }, (_, n) => `/home/person-${n % 100}/project-${n % 7}`)
    const project = Array.from({ length: 100 }, (_, n) => `/home/person-${n}/project-3`)
    const questions = (timeZone: string, scope: { readonly since: number; readonly paths?: ReadonlyArray<string> }) =>
      ({
        days: metrics.days({ ...scope, timeZone }),
        weeks: metrics.days({ ...scope, timeZone, by: "week" }),
        hours: metrics.hours({ ...scope, timeZone }),
        models: metrics.models(scope),
        "models by day": metrics.models({ ...scope, daysIn: timeZone }),
        "count of sessions": metrics.sessionCount(scope)
      }) satisfies Record<string, Effect.Effect<unknown, unknown, Viewer>>
    for (const span of [30, 365]) {
      for (const timeZone of zones) {
        const kept = questions(timeZone, { since: since(span) })
        const added = questions(timeZone, { since: since(span), paths: every })
        const names = Object.keys(kept) as ReadonlyArray<keyof typeof kept>
        for (const name of names) {
          let note = ""
          // A year of them takes longer than a statement may.
          if (span === 30 || scale <= 0.1) {
            const began = performance.now()
            const expected: unknown = await runtime.runPromise<unknown, unknown>(added[name])
            note = `from the quarters of each session ${(performance.now() - began).toFixed(0)} ms`
            if (!isDeepStrictEqual(await runtime.runPromise<unknown, unknown>(kept[name]), expected))
              throw new Error(`${name} of ${span} days in ${timeZone} is not what the quarters add up to`)
          }
          const before = await processorTime(client)
          const samples = await timed(runs, () => runtime.runPromise<unknown, unknown>(kept[name]))
          const used = ((await processorTime(client)) - before) / runs
          row(`${name}, ${span} days, ${timeZone}`, `${spread(samples)}; processor ${used.toFixed(1)} ms`, note)
        }
      }
      const of = questions("America/New_York", { since: since(span), paths: project })
      for (const name of Object.keys(of) as ReadonlyArray<keyof typeof of>)
        row(`${name}, ${span} days, one project in seven`, spread(await timed(3, () => runtime.runPromise<unknown, unknown>(of[name]))))
    }
  } finally {
    await runtime.dispose()
  }
} finally {
  await client.end()
  await server.stop()
}
