import { spawnSync } from "node:child_process"
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import * as Indexer from "han-core/Indexer"
import { Journal } from "han-core/Journal"
import { JournalAdmin } from "han-core/JournalAdmin"
import { Search } from "han-core/Search"
import { Sessions } from "han-core/Sessions"
import type { StoreUnusable } from "han-core/StoreError"
import * as TranscriptFiles from "han-core/TranscriptFiles"
import { Usage } from "han-core/Usage"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { put, temporary } from "../../../../test/indexing.ts"
import { freshPgStore } from "../../../../test/postgresStore.ts"
import { runs } from "../../../../test/runs.ts"

interface Expected {
  readonly sessions: number
  readonly subagents: number
  readonly transcripts: number
  readonly toolCalls: number
  readonly apiResponses: number
  readonly rewritten: number
  readonly costNanoUsd: number
  readonly tokens: Readonly<Record<"input" | "output" | "cacheRead" | "cacheWrite5m" | "cacheWrite1h", number>>
  readonly byModel: Readonly<Record<string, { readonly responses: number; readonly input: number; readonly output: number; readonly costNanoUsd: number }>>
  readonly markers: Readonly<Record<string, ReadonlyArray<string>>>
  readonly gone: ReadonlyArray<string>
  readonly outputs: Readonly<Record<string, number>>
}

type Services = Extract<Layer.Layer.Success<ReturnType<typeof freshPgStore>>, Layer.Layer.Success<ReturnType<typeof SqliteStore.layer>>>

/** The stores, each made anew. */
const stores: Record<"SqliteStore" | "PgStore", () => Layer.Layer<Services, StoreUnusable>> = {
  SqliteStore: () => SqliteStore.layer({ filename: ":memory:" }),
  PgStore: () => freshPgStore()
}

const corpusAt = (out: string, seed: number): Expected => {
  const script = fileURLToPath(new URL("../../../sql/testing/corpus.mjs", import.meta.url))
  const args = ["--out", out, "--seed", String(seed), "--sessions", "6", "--lines", "20", "--shapes"]
  const { status, stderr } = spawnSync("node", [script, ...args], { encoding: "utf8" })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(readFileSync(path.join(out, "expected.json"), "utf8"))
}

const archive = Effect.fn(function* (root: string, store: keyof typeof stores) {
  const context = yield* Layer.build(
    Indexer.layer.pipe(
      Layer.provide(TranscriptFiles.layer({ machine: "m", roots: [{ path: root }] })),
      Layer.provideMerge(Layer.orDie(Layer.fresh(stores[store]())))
    )
  )
  const run = <A, E>(effect: Effect.Effect<A, E, Viewer>) => Effect.orDie(Effect.provideService(effect, Viewer, Viewer.local))
  const pass = Effect.map(run(Stream.runLast(Context.get(context, Indexer.Indexer).index)), (last) => {
    if (last._tag === "None" || last.value._tag !== "Indexed") throw new Error("a pass ends with its report")
    return last.value.report
  })
  const found = (word: string) =>
    Effect.map(run(Context.get(context, Search).messages({ text: word }, { first: 100 })), (page) =>
      [...new Set(page.items.map(({ node }) => node.sessionId as string))].sort()
    )
  /** What a user sees of it, as the generator counts it. */
  const answers = Effect.fn(function* (expected: Expected) {
    const totals = yield* run(Context.get(context, Journal).totals)
    const usage = yield* run(Context.get(context, Usage).report({ by: "model" }))
    const { costNanoUsd, input, output, cacheRead, cacheWrite1h, cacheWrite5m, responses } = usage.totals
    const sessions = yield* run(Context.get(context, Sessions).list({}, { first: 1000 }))
    return {
      sessions: totals.sessions,
      subagents: totals.subagents,
      transcripts: totals.transcripts,
      toolCalls: totals.toolCalls,
      apiResponses: responses,
      costNanoUsd,
      costOfSessions: sessions.items.reduce((sum, { node }) => sum + (node.costNanoUsd ?? 0), 0),
      tokens: { input, output, cacheRead, cacheWrite5m, cacheWrite1h },
      byModel: Object.fromEntries(usage.rows.map((row) => [row.key, [row.responses, row.input, row.output, row.costNanoUsd]])),
      markers: Object.fromEntries(yield* Effect.forEach(Object.keys(expected.markers), (word) => Effect.map(found(word), (ids) => [word, ids] as const))),
      gone: (yield* Effect.forEach(expected.gone, found)).flat(),
      outputs: (yield* run(Context.get(context, Journal).outputs())).map((one) => one.kept).sort((a, b) => a - b)
    }
  })
  const rebuild = run(Stream.runDrain(Context.get(context, JournalAdmin).rebuild))
  return { answers, pass, rebuild }
})

const right = (expected: Expected) => ({
  sessions: expected.sessions,
  subagents: expected.subagents,
  transcripts: expected.transcripts,
  toolCalls: expected.toolCalls,
  apiResponses: expected.apiResponses,
  costNanoUsd: expected.costNanoUsd,
  costOfSessions: expected.costNanoUsd,
  tokens: expected.tokens,
  byModel: Object.fromEntries(
    Object.entries(expected.byModel).map(([model, { costNanoUsd, input, output, responses }]) => [model, [responses, input, output, costNanoUsd]])
  ),
  markers: Object.fromEntries(Object.entries(expected.markers).map(([word, ids]) => [word, [...ids].sort()])),
  gone: [],
  outputs: Object.values(expected.outputs).sort((a, b) => a - b)
})

/** All files below a folder, by their paths in it. */
const filesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [path.relative(folder, path.join(entry.parentPath, entry.name))] : []
  )

describe.each(Object.keys(stores) as ReadonlyArray<keyof typeof stores>)("%s: shapes of real archives", (store) => {
  it.scopedLive(
    "Shapes of real archives add up, cold, after being written anew and after a rebuild, and are not read twice",
    () =>
      Effect.gen(function* () {
        const out = yield* temporary
        const expected = corpusAt(out, 17)
        expect([expected.rewritten > 0, expected.gone.length > 0, Object.keys(expected.outputs).length > 0]).toEqual([true, true, true])
        const cold = yield* archive(out, store)
        expect((yield* cold.pass).problems).toEqual([])
        expect(yield* cold.answers(expected)).toEqual(right(expected))
        yield* cold.rebuild
        expect(yield* cold.answers(expected)).toEqual(right(expected))

        // The same where the archive was seen before some of its files were written anew.
        const root = yield* temporary
        cpSync(path.join(out, "projects"), path.join(root, "projects"), { recursive: true })
        cpSync(path.join(out, "before"), path.join(root, "projects"), { recursive: true })
        const warm = yield* archive(root, store)
        yield* warm.pass
        expect((yield* warm.answers(expected)).gone).toHaveLength(expected.gone.length)
        cpSync(path.join(out, "projects"), path.join(root, "projects"), { recursive: true })
        yield* warm.pass
        expect(yield* warm.answers(expected)).toEqual(right(expected))
        yield* warm.rebuild
        expect(yield* warm.answers(expected)).toEqual(right(expected))
        expect(yield* warm.pass).toMatchObject({ appended: 0, bytesRead: 0, problems: [] })
      }),
    120_000
  )

  it.scopedLive(
    "Shapes of real archives add up to the same whatever comes first, also line by line",
    () =>
      Effect.gen(function* () {
        const out = yield* temporary
        const expected = corpusAt(out, 18)
        const names = filesIn(path.join(out, "projects"))
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(fc.array(fc.tuple(fc.nat(10_000), fc.nat(3), fc.boolean()), { minLength: names.length, maxLength: names.length }), (choices) =>
              Effect.runPromise(
                Effect.scoped(
                  Effect.gen(function* () {
                    const root = yield* temporary
                    const { answers, pass } = yield* archive(root, store)
                    const order = names.map((name, index) => ({ name, choice: choices[index] ?? [0, 0, false] })).sort((a, b) => a.choice[0] - b.choice[0])
                    for (const { choice, name } of order) {
                      const bytes = readFileSync(path.join(out, "projects", name))
                      // Some of it first, to the middle of a line or not.
                      if (choice[1] > 0) {
                        put(path.join(root, "projects", name), bytes.subarray(0, Math.floor((bytes.length * choice[1]) / 4)))
                        yield* pass
                      }
                      put(path.join(root, "projects", name), bytes)
                      if (choice[2]) yield* pass
                    }
                    yield* pass
                    expect(yield* answers(expected)).toEqual(right(expected))
                    rmSync(path.join(root, "projects"), { recursive: true })
                    yield* pass
                    expect(yield* answers(expected)).toEqual(right(expected))
                  })
                )
              )
            ),
            { numRuns: store === "SqliteStore" ? runs(8, 3) : runs(2, 1) }
          )
        )
      }),
    180_000
  )
})
