import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as fc from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { transcriptFileId, transcriptId } from "han-core/Entry"
import type { Append } from "han-core/JournalWriter"
import { Search } from "han-core/Search"
import { Sessions } from "han-core/Sessions"
import { Usage } from "han-core/Usage"
import { assert } from "./assertions.ts"
import { type Case, test } from "./cases.ts"
import { corpus } from "./corpus.ts"
import { allOf, difference, found, readEverything } from "./readEverything.ts"
import { lines, transcript, userLine as user } from "./transcriptLines.ts"
import { appendAll, wholeJournal } from "./wholeJournal.ts"

interface Choice {
  readonly which: number
  readonly size: number
  /** In the same transaction as the one before. */
  readonly together: boolean
}
const choices = fc.array(fc.record<Choice>({ which: fc.nat(97), size: fc.integer({ min: 1, max: 40 }), together: fc.boolean() }), {
  minLength: 20,
  maxLength: 60
})

/**
 * The same appends in an order that the choices give, cut into batches anywhere. Each transcript's own lines stay in order, and a file's next
 * generation begins when the last one ended.
 */
const interleave = (appends: ReadonlyArray<Append>, chosen: ReadonlyArray<Choice>): ReadonlyArray<ReadonlyArray<Append>> => {
  const rest = appends.map((append) => ({ ...append }))
  const steps: Array<Array<Append>> = []
  for (let n = 0; ; n++) {
    const { size, together, which } = chosen[n % chosen.length]!
    const left = rest.filter((append) => append.entries.length > 0)
    const open = left.filter(
      ({ transcript }) =>
        !left.some((other) => transcriptFileId(other.transcript) === transcriptFileId(transcript) && other.transcript.generation < transcript.generation)
    )
    const next = open[(which + n) % open.length]
    if (next === undefined) return steps
    const step: Append = { ...next, entries: next.entries.slice(0, size) }
    next.entries = next.entries.slice(size)
    if (together && steps.length > 0) steps.at(-1)!.push(step)
    else steps.push([step])
  }
}

/** Laws of every store over made-up corpora: any transcripts, in any order, cut anywhere. */
export const corpusCases: ReadonlyArray<Case> = [
  ...[false, true].map((chaos) =>
    test(`a corpus adds up to what is in it${chaos ? ", also a broken one with forks" : ""}`, () =>
      Effect.gen(function* () {
        const { appends, expected } = corpus({ seed: chaos ? 11 : 12, sessions: 40, lines: 90, chaos })
        yield* appendAll(appends)
        const journal = yield* wholeJournal
        const { bytes: _, ...totals } = yield* journal.totals
        assert.deepStrictEqual(totals, {
          transcripts: expected.transcripts,
          entries: expected.lines,
          unreadable: expected.unreadableLines,
          unrecognized: expected.unknownTypeLines,
          sessions: expected.sessions,
          subagents: expected.subagents,
          forks: expected.forks,
          toolCalls: expected.toolCalls,
          toolErrors: expected.toolErrors,
          compactions: expected.compactions,
          tasks: expected.tasks,
          filesTouched: expected.filesTouched,
          apiResponses: expected.apiResponses
        })
        for (const by of ["day", "model", "project", "session"] as const) {
          const report = yield* (yield* Usage).report({ by })
          assert.deepStrictEqual(report.totals, {
            ...expected.tokens,
            costNanoUsd: expected.costNanoUsd,
            responses: expected.apiResponses,
            unpricedResponses: 0
          })
        }
        const sums = (yield* allOf((page) => Effect.flatMap(Sessions, (sessions) => sessions.list({}, page)))).reduce(
          (sum, session) => sum + (session.costNanoUsd ?? 0),
          0
        )
        assert.strictEqual(sums, expected.costNanoUsd)
        for (const [marker, ids] of Object.entries(expected.markers)) {
          const hits = yield* allOf((page) => Effect.flatMap(Search, (search) => search.messages({ text: marker }, page)))
          assert.deepStrictEqual([...new Set(hits.map((hit) => hit.sessionId as string))].sort(), [...ids].sort())
        }
        for (const { entries, transcript } of appends) {
          const kept = Buffer.concat(Chunk.toReadonlyArray(yield* Stream.runCollect(journal.bytes(transcriptId(transcript)))))
          assert.isTrue(
            kept.equals(Buffer.concat(entries.flatMap((entry) => [entry.bytes, Buffer.from("\n")]))),
            `${transcriptId(transcript)} is not what was written`
          )
        }
      }))
  ),

  test("any batching and interleaving gives the same", ({ also, elsewhere, runs }) =>
    Effect.gen(function* () {
      const { appends } = corpus({ seed: 21, sessions: 9, lines: 24, chaos: true })
      // A second generation of a file.
      const again = appends[0]!
      const all = [...appends, { transcript: { ...again.transcript, generation: 2 }, entries: again.entries.slice(0, 5) }, ...also]
      const expected = yield* elsewhere(Effect.zipRight(appendAll(all), readEverything))
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(choices, async (chosen) => {
            const actual = await Effect.runPromise(
              elsewhere(
                Effect.gen(function* () {
                  const journal = yield* wholeJournal
                  for (const step of interleave(all, chosen)) yield* journal.appendAll(step)
                  return yield* readEverything
                })
              )
            )
            assert.isUndefined(difference(actual, expected))
          }),
          { numRuns: runs }
        )
      )
    })),

  test("Appending twice has the same result as appending once", () =>
    Effect.gen(function* () {
      const { appends } = corpus({ seed: 22, sessions: 5, lines: 30, chaos: true })
      const journal = yield* wholeJournal
      yield* appendAll(appends)
      const once = yield* readEverything
      for (const append of appends) {
        assert.deepStrictEqual(yield* journal.append(append.transcript, append.entries), { appended: 0 })
        assert.deepStrictEqual(yield* journal.append(append.transcript, [...append.entries].reverse().slice(0, 3)), { appended: 0 })
      }
      assert.isUndefined(difference(yield* readEverything, once))
    })),

  test("a rebuild changes nothing, and what is appended meanwhile is not lost", () =>
    Effect.gen(function* () {
      const { appends } = corpus({ seed: 23, sessions: 12, lines: 60, chaos: true })
      const journal = yield* wholeJournal
      yield* appendAll(appends)
      const before = yield* readEverything
      yield* Stream.runDrain(journal.rebuild)
      assert.isUndefined(difference(yield* readEverything, before))
      const rebuilding = yield* Effect.fork(Stream.runDrain(journal.rebuild))
      for (let second = 0; second < 20; second++) {
        yield* journal.append(transcript("late"), lines(Array.from({ length: second + 1 }, (_, n) => user(`late-${n}`, n, `late word${n}`))))
        yield* Effect.sleep(2)
      }
      yield* Fiber.join(rebuilding)
      const [late, ...others] = yield* Effect.map(
        allOf((page) => Effect.flatMap(Sessions, (sessions) => sessions.list({}, page))),
        (list) => [list.find((session) => session.id === "late"), ...list]
      )
      assert.strictEqual(late?.messages, 20)
      assert.isAbove(others.length, 12)
      assert.deepStrictEqual(yield* found("word19"), ["late-19"])
    })),

  test("what is forgotten is as if it had never been there", ({ elsewhere }) =>
    Effect.gen(function* () {
      const { appends, expected } = corpus({ seed: 31, sessions: 40, lines: 40, chaos: true })
      assert.isAbove(expected.forks, 0)
      const journal = yield* wholeJournal
      yield* appendAll(appends)
      const sessions = yield* allOf((page) => Effect.flatMap(Sessions, (sessions) => sessions.list({}, page)))
      const origin = sessions.find((session) => session.forkOf !== null)!.forkOf!
      const gone = [origin, sessions.find((session) => session.link === null && session.id !== origin)!.id]
      const forgotten = yield* journal.forget({ sessionIds: gone })
      const lost = appends.filter((append) => gone.includes(append.transcript.sessionId))
      assert.deepStrictEqual(forgotten, { sessions: 2, entries: lost.reduce((sum, append) => sum + append.entries.length, 0) })
      const after = yield* readEverything
      assert.isUndefined(difference(after, yield* elsewhere(Effect.zipRight(appendAll(appends.filter((append) => !lost.includes(append))), readEverything))))
      // A tombstone keeps them out.
      assert.isTrue(yield* journal.isForgotten(origin))
      for (const append of lost) assert.deepStrictEqual(yield* journal.append(append.transcript, append.entries), { appended: 0 })
      assert.isUndefined(difference(yield* readEverything, after))
      yield* Stream.runDrain(journal.rebuild)
      assert.isUndefined(difference(yield* readEverything, after))
    }))
]
