import { assert, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import * as fc from "fast-check"
import type { Append } from "han-core/JournalWriter"
import { Metrics, type MetricsScope } from "han-core/Metrics"
import type { Price, PriceRow } from "han-core/Pricing"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { freshPgStore } from "../../../../test/postgresStore.ts"
import { runs } from "../../../../test/runs.ts"
import { lines, transcript } from "../../../../test/transcriptFiles.ts"
import { wholeJournal } from "../../../../test/wholeJournal.ts"
import { difference, sessionId } from "../../src/testing/readEverything.ts"

const quarter = 15 * 60_000
const hour = 4 * quarter
const day = 24 * hour

/** Whole hours, halves and quarters, clocks that change at midnight, by half an hour, by two hours and by a day, and one that is set by seconds. */
const timeZones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "America/Sao_Paulo",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Pacific/Chatham",
  "Pacific/Apia",
  "Australia/Lord_Howe",
  "Antarctica/Troll",
  "Africa/Monrovia"
]
/** Times in which the clocks of these zones change. */
const beginnings = [
  Date.UTC(2026, 2, 24),
  Date.UTC(2026, 9, 20),
  Date.UTC(2011, 2, 8),
  Date.UTC(2010, 10, 2),
  Date.UTC(2011, 11, 26),
  Date.UTC(2017, 9, 10),
  Date.UTC(1972, 0, 3)
]
const projects = ["/home/ada/app", "/home/ada/lib", "/srv/app"]
const models = ["claude-opus-4-5", "claude-haiku-4-5", "house-model"]
const costly = (input: number): Price => ({ input, output: 2000, cacheRead: 10, cacheWrite5m: 20, cacheWrite1h: 30 })
/** Two of them change within a day, one of them within a quarter of an hour. */
const prices: ReadonlyArray<PriceRow> = [
  { model: "claude-opus-4-5", from: beginnings[0]! + 3 * day + 7 * quarter + 1000, price: costly(1000) },
  { model: "claude-opus-4-5", from: beginnings[0]! + 3 * day + 9 * hour, price: costly(1500) }
]

/** Steps of a session's work: on in minutes, after a pause of hours, of about a day, and of days. */
const pause = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 3 * quarter }) },
  { weight: 3, arbitrary: fc.integer({ min: hour, max: 19 * hour }) },
  { weight: 3, arbitrary: fc.integer({ min: 19 * hour, max: 26 * hour }) },
  { weight: 1, arbitrary: fc.integer({ min: day, max: 9 * day }) }
)
const line = fc.record({
  pause,
  kind: fc.constantFrom("prompt", "answer", "call", "copy", "fork", "undated"),
  model: fc.constantFrom(...models),
  tokens: fc.integer({ min: 1, max: 5000 })
})
const session = fc.record({
  begins: fc.constantFrom(...beginnings),
  after: fc.integer({ min: 0, max: 6 * day }),
  project: fc.constantFrom(...projects),
  agent: fc.constantFrom(false, false, false, true),
  steps: fc.array(line, { minLength: 1, maxLength: 14 })
})
type SessionOf = typeof session extends fc.Arbitrary<infer A> ? A : never

const recordsOf = (of: SessionOf, name: string): ReadonlyArray<object> => {
  let at = of.begins + of.after
  return of.steps.map(({ kind, model, pause, tokens }, n) => {
    at += pause
    const uuid = `${name}-${n}`
    const common = {
      uuid,
      sessionId: kind === "copy" ? `elsewhere-${tokens % 5}` : name,
      cwd: of.project,
      ...(kind === "fork" && { forkedFrom: { sessionId: `forked-${tokens % 5}`, messageUuid: `${uuid}-before` } }),
      ...(kind !== "undated" && { timestamp: new Date(at).toISOString() })
    }
    if (kind === "prompt" || kind === "undated") return { ...common, type: "user", message: { role: "user", content: `This is great work, number ${n}` } }
    const content =
      kind === "call"
        ? [{ type: "tool_use", id: `call-${uuid}`, name: "Write", input: { file_path: "/a", content: "a\nb" } }]
        : [{ type: "text", text: "Done." }]
    const usage = { input_tokens: tokens, output_tokens: tokens * 2, cache_read_input_tokens: tokens * 3, cache_creation_input_tokens: tokens }
    return { ...common, type: "assistant", requestId: `req-${uuid}`, message: { id: `msg-${uuid}`, role: "assistant", model, content, usage } }
  })
}

const step = (pause: number, kind: SessionOf["steps"][number]["kind"]) => ({ pause, kind, model: "claude-opus-4-5", tokens: 700 })
const worked = (begins: number, after: number, ...steps: SessionOf["steps"]): SessionOf => ({ begins, after, project: "/srv/app", agent: false, steps })
/** Sessions that chance seldom makes. */
const rare: ReadonlyArray<SessionOf> = [
  // On both sides of two changes of a price in a day.
  worked(beginnings[0]!, 3 * day, step(hour, "answer"), step(4 * hour, "answer"), step(5 * hour, "answer")),
  // In Newfoundland on 2010-11-06, on the 7th, and on the 6th again: clocks went back at a minute past midnight.
  worked(Date.UTC(2010, 10, 7), 2 * hour, step(20 * 60_000, "prompt"), step(15 * 60_000, "prompt"), step(15 * 60_000, "prompt")),
  // One goes on after a pause that spans the first hours of a day, in which another works.
  worked(Date.UTC(2026, 2, 26), 20 * hour, step(0, "prompt"), step(18 * hour, "prompt")),
  worked(Date.UTC(2026, 2, 27), 2 * hour, step(0, "prompt")),
  // Only forks tell of the sessions that these lines were made in.
  worked(Date.UTC(2026, 2, 25), 5 * hour, step(0, "fork"), step(hour, "fork"))
]
/** Questions about them. */
const pointed = (more: Partial<Question>): Question => ({
  timeZone: "UTC",
  by: "day",
  since: undefined,
  span: undefined,
  paths: undefined,
  alone: undefined,
  ...more
})
const pointedQuestions: ReadonlyArray<Question> = [
  pointed({}),
  pointed({ timeZone: "America/St_Johns" }),
  pointed({ timeZone: "America/New_York", since: Date.UTC(2026, 2, 27) }),
  pointed({ since: Date.UTC(2026, 2, 27), span: 3 * hour })
]

/** The sessions' lines in batches, of all sessions by turns. */
const batchesOf = (sessions: ReadonlyArray<SessionOf>): ReadonlyArray<Append> => {
  const whole = sessions.map((of, no): Append => {
    const name = `s-${no}`
    return { transcript: transcript(name, of.agent ? { kind: "agent", agentId: "a1" as never } : {}), entries: lines(recordsOf(of, name)) }
  })
  const rounds = [0, 1, 2, 3].map((round) =>
    whole.flatMap(({ entries, transcript }) => {
      const part = entries.slice(round * 4, round === 3 ? entries.length : round * 4 + 4)
      return part.length === 0 ? [] : [{ transcript, entries: part }]
    })
  )
  return rounds.flat()
}

const instant = fc
  .tuple(fc.constantFrom(...beginnings), fc.integer({ min: -2 * day, max: 16 * day }), fc.constantFrom(1, quarter, hour, day))
  .map(([from, after, unit]) => from + Math.floor(after / unit) * unit)
const question = fc.record({
  timeZone: fc.constantFrom(...timeZones),
  by: fc.constantFrom("day" as const, "day" as const, "week" as const, "month" as const),
  since: fc.option(instant, { nil: undefined }),
  span: fc.option(fc.oneof(fc.integer({ min: quarter, max: 2 * day }), fc.integer({ min: day, max: 500 * day })), { nil: undefined }),
  paths: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.subarray(projects, { minLength: 1 }) }),
  alone: fc.oneof({ weight: 19, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(20) })
})
type Question = typeof question extends fc.Arbitrary<infer A> ? A : never

const scopeOf = ({ alone, paths, since, span }: Question): MetricsScope => ({
  ...(since !== undefined && { since }),
  ...(span !== undefined && { until: (since ?? beginnings[0]!) + span }),
  ...(paths !== undefined && { paths }),
  ...(alone !== undefined && { sessionIds: [sessionId(`s-${alone}`)] })
})

const answersTo = (questions: ReadonlyArray<Question>) =>
  Effect.forEach(questions, (asked) =>
    Effect.gen(function* () {
      const metrics = yield* Metrics
      const scope = scopeOf(asked)
      const { by, timeZone } = asked
      const sessions = yield* metrics.sessions(scope)
      assert.strictEqual(yield* metrics.sessionCount(scope), sessions.length, JSON.stringify(asked))
      return {
        days: yield* metrics.days({ ...scope, timeZone, by }),
        hours: yield* metrics.hours({ ...scope, timeZone }),
        models: yield* metrics.models(scope),
        modelDays: yield* metrics.models({ ...scope, daysIn: timeZone }),
        moods: yield* metrics.moods(scope),
        sessions: sessions.map((one) => JSON.stringify(one)).sort()
      }
    })
  )

// SQLite adds up the quarters of an hour of each session in the process: what PostgreSQL has added up before must be the same.
it.live(
  "PgStore: sums of any time in any time zone are those of the quarters of an hour, as they come, without what is forgotten, and made anew",
  () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.array(session, { minLength: 20, maxLength: 30 }),
          fc.array(question, { minLength: 60, maxLength: 60 }),
          async (sessions, chosen) => {
            const questions = [...pointedQuestions, ...chosen]
            const batches = batchesOf([...sessions, ...rare])
            const ask = (label: string, of: ReadonlyArray<Question>) => Effect.map(answersTo(of), (answers) => ({ label, answers }))
            const tell = Effect.gen(function* () {
              const journal = yield* wholeJournal
              const third = Math.ceil(batches.length / 3)
              yield* Effect.forEach(batches.slice(0, third), (append) => journal.appendAll([append]))
              const early = yield* ask("early", questions.slice(0, 15))
              yield* journal.appendAll(batches.slice(third))
              const whole = yield* ask("whole", questions)
              yield* journal.forget({ sessionIds: [sessionId("s-1"), sessionId("s-4"), sessionId("s-7")] })
              const less = yield* ask("less", questions.slice(0, 30))
              yield* Stream.runDrain(journal.rebuild)
              return [early, whole, less, yield* ask("anew", questions.slice(0, 30))]
            })
            const on = <E>(
              store: Layer.Layer<
                Extract<Layer.Layer.Success<ReturnType<typeof freshPgStore>>, Layer.Layer.Success<ReturnType<typeof SqliteStore.layer>>> | Viewer,
                E
              >
            ) => Effect.runPromise(Effect.provide(tell, Layer.fresh(store)))
            const kept = await on(Layer.merge(freshPgStore({ prices }), Viewer.layerLocal))
            const added = await on(Layer.merge(SqliteStore.layer({ filename: ":memory:", prices }), Viewer.layerLocal))
            for (const [part, { answers, label }] of added.entries())
              for (const [n, answer] of answers.entries())
                assert.isUndefined(difference(kept[part]!.answers[n], answer), `${label}: ${JSON.stringify(questions[n])}`)
          }
        ),
        { numRuns: runs(12, 2), endOnFailure: true }
      )
    ),
  { timeout: 600_000 }
)
