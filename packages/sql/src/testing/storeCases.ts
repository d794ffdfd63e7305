import { assert, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Fiber, Layer, Stream, TestServices } from "effect"
import * as fc from "fast-check"
import { Directories, DirectoryWriter } from "han-core/Directories"
import { type Transcript, transcriptFileId, transcriptId } from "han-core/Entry"
import type { Append } from "han-core/JournalWriter"
import { Messages } from "han-core/Messages"
import type { Metrics } from "han-core/Metrics"
import { Search } from "han-core/Search"
import type { SessionDetails } from "han-core/SessionDetails"
import { Sessions } from "han-core/Sessions"
import type { StoreUnusable } from "han-core/StoreError"
import { Usage } from "han-core/Usage"
import { OwnerId, Viewer } from "han-core/Viewer"
import { corpus, indexingCase, lines, scenario, transcript } from "../../../test/transcriptFiles.ts"
import { type JournalServices, wholeJournal } from "../../../test/wholeJournal.ts"
import { idHash } from "../src/database/idHash.ts"
import { allOf, difference, found, readEverything, sessionId } from "./readEverything.ts"

type Services = JournalServices | Sessions | SessionDetails | Messages | Directories | DirectoryWriter | Search | Usage | Metrics
/** A store as the suites build it, and on whose behalf they ask it. */
export type Store = Layer.Layer<Services | Viewer, StoreUnusable>

const user = (uuid: string, second: number, content: unknown, more: object = {}) => ({
  type: "user",
  uuid,
  timestamp: new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString(),
  cwd: "/home/dev/app",
  message: { role: "user", content },
  ...more
})
const answer = (uuid: string, second: number, content: unknown, message: object = {}, more: object = {}) => ({
  type: "assistant",
  uuid,
  requestId: `req-${uuid}`,
  timestamp: new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString(),
  message: { id: `msg-${uuid}`, role: "assistant", model: "claude-opus-4-5", content, ...message },
  ...more
})

const appendAll = (appends: ReadonlyArray<Append>) =>
  Effect.flatMap(wholeJournal, (journal) => Effect.forEach(appends, (append) => journal.appendAll([append]), { discard: true }))

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

/** What every store must do. `fresh` makes an empty one each time it is built, or a viewer who has nothing in it yet. */
export const suite = (name: string, fresh: () => Store, options: { readonly runs: number }) => {
  /** Runs on a store of its own. */
  const on = <A, E>(effect: Effect.Effect<A, E, Services | Viewer>) => Effect.provide(effect, Layer.fresh(fresh()))
  const test = (title: string, effect: () => Effect.Effect<void, unknown, Services | Viewer>) =>
    it.live(`${name}: ${title}`, () => on(effect()), { timeout: 120_000 })

  for (const chaos of [false, true]) {
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
  }

  it.live(
    `${name}: any batching and interleaving gives the same`,
    () =>
      Effect.gen(function* () {
        const { appends } = corpus({ seed: 21, sessions: 9, lines: 24, chaos: true })
        // A second generation of a file, and the real client's forks of forks, tasks and compactions.
        const again = appends[0]!
        const all = [
          ...appends,
          { transcript: { ...again.transcript, generation: 2 }, entries: again.entries.slice(0, 5) },
          ...scenario("08-resume-fork"),
          ...scenario("13-tasks"),
          ...scenario("04-subagents")
        ]
        const expected = yield* on(Effect.zipRight(appendAll(all), readEverything))
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(choices, async (chosen) => {
              const actual = await Effect.runPromise(
                on(
                  Effect.gen(function* () {
                    const journal = yield* wholeJournal
                    for (const step of interleave(all, chosen)) yield* journal.appendAll(step)
                    return yield* readEverything
                  })
                )
              )
              assert.isUndefined(difference(actual, expected))
            }),
            { numRuns: options.runs }
          )
        )
      }),
    { timeout: 300_000 }
  )

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
    }))

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
    }))

  test("what is forgotten is as if it had never been there", () =>
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
      assert.isUndefined(difference(after, yield* on(Effect.zipRight(appendAll(appends.filter((append) => !lost.includes(append))), readEverything))))
      // A tombstone keeps them out.
      assert.isTrue(yield* journal.isForgotten(origin))
      for (const append of lost) assert.deepStrictEqual(yield* journal.append(append.transcript, append.entries), { appended: 0 })
      assert.isUndefined(difference(yield* readEverything, after))
      yield* Stream.runDrain(journal.rebuild)
      assert.isUndefined(difference(yield* readEverything, after))
    }))

  test("forgetting what is old leaves what is newer, and what tells no time", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      yield* journal.append(transcript("old"), lines([user("o1", 1, "old")]))
      yield* journal.append(transcript("new"), lines([{ ...user("n1", 1, "new"), timestamp: "2026-04-01T00:00:00.000Z" }]))
      yield* journal.append(transcript("timeless"), lines([{ type: "user", uuid: "t1", message: { role: "user", content: "no time" } }]))
      const before = Date.UTC(2026, 2, 15)
      assert.deepStrictEqual(yield* journal.forgettable({ before }), [sessionId("old")])
      assert.deepStrictEqual(yield* journal.forget({ before }), { sessions: 1, entries: 1 })
      assert.deepStrictEqual(yield* found("time"), ["t1"])
    }))

  test("parallel appends lose nothing", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      yield* Effect.forEach(
        Array.from({ length: 40 }, (_, n) => n),
        (n) =>
          journal.append(
            transcript("par", { kind: "agent", agentId: `a${n}` as Transcript["agentId"] }),
            lines([
              answer(`p${n}`, n, [{ type: "tool_use", id: `t${n}`, name: "Bash", input: { command: "x" } }], { usage: { input_tokens: 1, output_tokens: 2 } })
            ])
          ),
        { concurrency: "unbounded" }
      )
      const session = yield* (yield* Sessions).get("par")
      assert.deepStrictEqual([session.toolCalls, session.responses, session.output, session.subagents], [40, 40, 80, 40])
    }))

  test("lines that do not follow are refused, and nothing of them is kept", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      const list = lines([user("u1", 1, "one"), user("u2", 2, "two"), user("u3", 3, "three")])
      yield* journal.append(transcript("gap"), list.slice(0, 1))
      const gap = yield* Effect.flip(journal.append(transcript("gap"), list.slice(2)))
      assert.strictEqual(gap._tag, "EntryGap")
      assert.deepStrictEqual(yield* found("three"), [])
      assert.deepStrictEqual(yield* journal.append(transcript("gap"), list), { appended: 2 })
    }))

  test("reads never leave the viewer's own data", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      const as = (owner: string) => Effect.provideService(Viewer, { owner: OwnerId.make(owner), person: null })
      yield* journal.append(transcript("same"), lines([user("s1", 1, "secretword of alice")])).pipe(as("alice"))
      yield* journal.append(transcript("same"), lines([user("s1", 1, "plain word of bob")])).pipe(as("bob"))
      assert.deepStrictEqual(yield* found("secretword").pipe(as("bob")), [])
      assert.deepStrictEqual(yield* found("secretword").pipe(as("alice")), ["s1"])
      assert.strictEqual((yield* (yield* Sessions).get("same").pipe(as("bob"))).firstPrompt, "plain word of bob")
      assert.strictEqual((yield* (yield* Sessions).get("same").pipe(Effect.flip, as("carol")))._tag, "SessionNotFound")
      assert.strictEqual((yield* journal.totals.pipe(as("carol"))).entries, 0)
      assert.strictEqual((yield* journal.read(transcriptId(transcript("same")), 0, 10).pipe(Effect.flip, as("carol")))._tag, "TranscriptNotFound")
      yield* journal.forget({ sessionIds: [sessionId("same")] }).pipe(as("bob"))
      assert.deepStrictEqual(yield* found("secretword").pipe(as("alice")), ["s1"])
    }))

  test("changes are told once, in order, and from where one left off", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      const list = lines([user("c1", 1, "one"), user("c2", 2, "two"), user("c3", 3, "three"), user("c4", 4, "four")])
      yield* journal.append(transcript("c"), list.slice(0, 2))
      const first = Chunk.toReadonlyArray(yield* Stream.runCollect(journal.changes({ after: 0, live: false })))
      assert.deepStrictEqual(
        first.flatMap((change) => change.decoded.map((line) => line.envelope.uuid)),
        ["c1", "c2"]
      )
      const live = yield* journal.changes({ after: first.at(-1)!.sequence }).pipe(
        Stream.flatMap((change) => Stream.fromIterable(change.decoded)),
        Stream.map((line) => line.envelope.uuid),
        Stream.take(2),
        Stream.runCollect,
        Effect.fork
      )
      yield* Effect.sleep(50)
      yield* journal.append(transcript("c"), list.slice(0, 3))
      yield* journal.append(transcript("c"), list)
      assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Fiber.join(live)), ["c3", "c4"])
      const news = yield* journal.changes().pipe(
        Stream.map((change) => change.decoded[0]?.envelope.uuid),
        Stream.take(1),
        Stream.runCollect,
        Effect.fork
      )
      yield* Effect.sleep(50)
      yield* journal.append(transcript("d"), lines([user("d1", 9, "new")]))
      assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Fiber.join(news)), ["d1"])
    }))

  test("a watched session is told again when it changes", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      yield* journal.append(transcript("w"), lines([user("w1", 1, "one")]))
      const fiber = yield* (yield* Sessions).watch(sessionId("w")).pipe(
        Stream.map((session) => session.messages),
        Stream.take(2),
        Stream.runCollect,
        Effect.fork
      )
      yield* Effect.sleep(100)
      yield* journal.append(transcript("other"), lines([user("o1", 1, "elsewhere")]))
      yield* journal.append(transcript("w"), lines([user("w1", 1, "one"), user("w2", 2, "two")]))
      assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Fiber.join(fiber)), [1, 2])
    }))

  test("Pages in both directions show each old row exactly once while rows arrive", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      const sessions = yield* Sessions
      const search = yield* Search
      const texts = Array.from({ length: 57 }, (_, n) => user(`m${String(n).padStart(2, "0")}`, 1 + Math.floor(n / 4), `needle ${n}`))
      yield* journal.append(transcript("pages"), lines(texts.slice(0, 50)))
      let arrived = 50
      const more = Effect.suspend(() => journal.append(transcript("pages"), lines(texts.slice(0, ++arrived))))
      const ids = texts.map((text) => text.uuid)
      for (const list of [
        {
          page: (request: Parameters<typeof sessions.messages>[1]) =>
            Effect.map(sessions.messages({ sessionId: sessionId("pages") }, request), (page) => ({
              ...page,
              items: page.items.map((item) => ({ cursor: item.cursor, node: item.node.id }))
            })),
          order: ids.slice(0, 50)
        },
        {
          page: (request: Parameters<typeof sessions.messages>[1]) =>
            Effect.map(search.messages({ text: "needle" }, request), (page) => ({
              ...page,
              items: page.items.map((item) => ({ cursor: item.cursor, node: item.node.messageId }))
            })),
          order: undefined
        }
      ]) {
        const seen: Array<string> = []
        let after: string | undefined
        for (let n = 0; n < 3; n++) {
          const page = yield* list.page({ first: 7, ...(after !== undefined && { after }) })
          seen.push(...page.items.map((item) => item.node))
          after = page.items.at(-1)?.cursor
          yield* more
        }
        assert.strictEqual(new Set(seen).size, 21)
        if (list.order !== undefined) assert.deepStrictEqual(seen, list.order.slice(0, 21))
        const forward = yield* allOf((request) => list.page(request), 9)
        const backward: Array<string> = []
        let before: string | undefined
        for (;;) {
          const page = yield* list.page({ last: 9, ...(before !== undefined && { before }) })
          backward.unshift(...page.items.map((item) => item.node))
          before = page.items[0]?.cursor
          if (!page.hasPrevious) break
        }
        assert.deepStrictEqual(backward, [...forward])
      }
      const invalid = yield* Effect.flip(sessions.list({}, { first: 1, after: "nonsense" }))
      assert.strictEqual(invalid._tag, "PageCursorInvalid")
      const foreign = (yield* search.messages({ text: "needle" }, { first: 1 })).items[0]!.cursor
      assert.strictEqual((yield* Effect.flip(sessions.list({}, { first: 1, after: foreign })))._tag, "PageCursorInvalid")
    }))

  test("A search finds what the conformance queries say", () =>
    Effect.gen(function* () {
      for (const name of [
        "F01-basic",
        "F02-blocks",
        "F03-split-usage",
        "F04-tool-results",
        "F05-summary-compact",
        "F06-other-kinds",
        "F07-malformed",
        "F08-todos",
        "F09-native-tasks",
        "F10-sentiment",
        "F11-agent",
        "F12-han-events",
        "F13-bridged",
        "F14-incremental",
        "F15-legacy-tools"
      ]) {
        yield* appendAll(indexingCase(name))
      }
      const ids = (text: string, more: Parameters<typeof found>[1] = {}) => Effect.map(found(text, more), (list) => [...list].sort())
      assert.deepStrictEqual(yield* ids("LINE ONE"), ["u-101"])
      assert.deepStrictEqual(yield* ids("main line"), ["u-10m1", "u-10m2", "u-10m3", "u-10m4", "u-10m5"])
      assert.deepStrictEqual(yield* ids("main line", { sessionId: sessionId("11111111-1111-4111-8111-111111111111") }), [
        "u-10m1",
        "u-10m2",
        "u-10m3",
        "u-10m4",
        "u-10m5"
      ])
      assert.deepStrictEqual(yield* ids("lin"), [])
      assert.deepStrictEqual((yield* ids("lin*")).includes("u-101"), true)
      assert.deepStrictEqual([yield* ids("biome lint"), yield* ids("biome lint", { kinds: ["han"] })], [[], ["e1", "e2", "e6"]])
      assert.deepStrictEqual(yield* ids("https://github.com/o/r/pull/77"), ["u-15"])
      assert.deepStrictEqual(yield* ids("ecrire"), ["a-08a", "a-08b"])
      assert.deepStrictEqual(yield* ids("CLAUDE_SESSION_ID"), ["u-10c"])
      assert.deepStrictEqual(yield* ids('"terrible and"'), ["u-10a"])
      assert.deepStrictEqual(yield* ids('"and terrible"'), [])
      assert.deepStrictEqual(yield* ids("terrible OR amazing"), [])
      assert.deepStrictEqual(yield* ids("NOT working"), ["u-10b"])
      for (const nothing of ['"', "???", "", "   ", "*", "-", "-terrible", '""', "(", "a NEAR(", ":"])
        assert.deepStrictEqual((yield* ids(nothing)).length === 0 || nothing === "a NEAR(", true, nothing)
      assert.deepStrictEqual(yield* ids("going???"), ["u-10l"])
      assert.deepStrictEqual(yield* ids("07a"), [])
      assert.deepStrictEqual((yield* ids("compacted")).includes("s-05c"), true)
      assert.deepStrictEqual(yield* ids("stop -forget", { kinds: ["prompt"] }), [])
      assert.deepStrictEqual(yield* ids("terrible", { role: "assistant" }), [])
      assert.deepStrictEqual(yield* ids("terrible", { kinds: ["prompt"] }), ["u-10a"])
      assert.deepStrictEqual(yield* ids("line", { until: Date.UTC(2026, 2, 1, 10, 0, 1) + 1, sessionId: sessionId("11111111-1111-4111-8111-111111111114") }), [
        "u-101"
      ])
    }))

  test("A search finds parts of text in any script, and ranks on request", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      const search = yield* Search
      yield* journal.append(
        transcript("scripts"),
        lines([
          user("k1", 1, "日本語のテストを書く"),
          user("k2", 2, "Naïve Café"),
          user("k3", 3, "ship it 🚀 now"),
          user("k4", 4, "before\u0000after \ud800 lone"),
          user("k5", 5, `${"filler ".repeat(40_000)}lastword`),
          user("k6", 6, "apple apple apple"),
          user("k7", 7, `apple ${"pear ".repeat(200)}`)
        ])
      )
      assert.deepStrictEqual(yield* found("テスト"), ["k1"])
      assert.deepStrictEqual(yield* found("語の"), ["k1"])
      assert.deepStrictEqual(yield* found("スト書"), [])
      assert.deepStrictEqual(yield* found("naive cafe"), ["k2"])
      assert.deepStrictEqual(yield* found("CAFÉ"), ["k2"])
      assert.deepStrictEqual(yield* found("🚀"), ["k3"])
      assert.deepStrictEqual(yield* found("lone"), ["k4"])
      assert.deepStrictEqual(yield* found("lastword"), ["k5"])
      assert.deepStrictEqual(yield* found("apple"), ["k7", "k6"])
      assert.deepStrictEqual(yield* found("apple", { order: "rank" }), ["k6", "k7"])
      assert.strictEqual(yield* search.count({ text: "apple" }), 2)
      const hit = (yield* search.messages({ text: "lastword" }, { first: 1 })).items[0]!.node
      assert.include(hit.excerpt, "lastword")
      assert.isBelow(hit.excerpt.length, 200)
      assert.strictEqual(hit.at, Date.UTC(2026, 2, 1, 10, 0, 5))
    }))

  it.live(
    `${name}: no text is a syntax error`,
    () =>
      on(
        Effect.gen(function* () {
          const search = yield* Search
          yield* appendAll([{ transcript: transcript("fuzz"), entries: lines([user("f1", 1, "some words here")]) }])
          const runtime = yield* Effect.runtime<Viewer>()
          yield* Effect.promise(() =>
            fc.assert(
              fc.asyncProperty(
                fc.oneof(
                  fc.string(),
                  fc.fullUnicodeString(),
                  fc.stringOf(fc.constantFrom('"', "*", "-", "(", ")", ":", "'", "&", "|", "!", "<", ">", "\\", "a", " ", "^", "{", "}", "+"))
                ),
                async (text) => {
                  await Effect.runPromise(Effect.provide(search.messages({ text, order: text.length % 2 === 0 ? "rank" : "newest" }, { first: 3 }), runtime))
                }
              ),
              { numRuns: options.runs * 30 }
            )
          )
        })
      ),
    { timeout: 120_000 }
  )

  test("The real client's compactions, forks, tasks, subagents and titles are read as it meant them", () =>
    Effect.gen(function* () {
      for (const name of ["06-compact", "08-resume-fork", "13-tasks", "04-subagents", "02-streaming", "27-titles"]) yield* appendAll(scenario(name))
      const sessions = yield* Sessions
      const compactions = yield* sessions.compactions(sessionId("5b701211-d820-4a2b-a533-715b28c0132f"))
      // Between the second boundary and its summary there are attachments.
      assert.deepStrictEqual(
        compactions.map((compacted) => [compacted.trigger, compacted.preTokens, compacted.summary?.startsWith("This session is being continued")]),
        [
          ["manual", 2773, true],
          ["auto", 115_165, true]
        ]
      )
      const link = (id: string) => Effect.map(sessions.get(id), (session) => session.link)
      assert.deepStrictEqual(yield* link("11111111-1111-4111-8111-111111111111"), null)
      assert.deepStrictEqual((yield* link("da328736"))?.sessionId as string, "11111111-1111-4111-8111-111111111111")
      assert.deepStrictEqual(yield* link("22222222"), { kind: "fork", sessionId: sessionId("da328736-2a00-4ee4-8965-f372232844c8") })
      assert.deepStrictEqual(yield* link("5d54a007"), { kind: "branch", sessionId: sessionId("11111111-1111-4111-8111-111111111111") })
      const tasks = yield* sessions.tasks(sessionId("e191ec92-a00d-4d93-a729-fbdc4058ffa4"))
      assert.deepStrictEqual(
        tasks.map((task) => [task.sequence, task.subject, task.status]),
        [[1, "First task", "completed"]]
      )
      const [todos] = yield* sessions.todos(sessionId("d48f4ee4-09c8-4440-9d28-3731a21d077e"))
      assert.deepStrictEqual(todos?.todos.map((todo) => todo.status).length, 2)
      const agents = yield* sessions.agents(sessionId("6f98be24-c350-4312-9c8d-ea91b7333a1d"))
      assert.strictEqual(agents.length, 6)
      // The client's own account, to the nano-dollar, of a session whose every response is in its transcript.
      const [check] = yield* (yield* Usage).reconcile({ sessionId: sessionId("cda7bc31-9c1b-465e-9161-7a8a37a39378") })
      assert.deepStrictEqual([check?.clientNanoUsd, check?.differenceNanoUsd, check?.reasons], [14_946_000, 0, []])
      const titled = yield* sessions.get("4d026f50-10c5-4b32-9508-cad1bdcd48a0")
      assert.strictEqual(titled.title, "Fix the alpha file")
    }))

  test("the hand-written cases come out better than they did elsewhere", () =>
    Effect.gen(function* () {
      for (const name of [
        "F01-basic",
        "F03-split-usage",
        "F05-summary-compact",
        "F08-todos",
        "F09-native-tasks",
        "F12-han-events",
        "F13-bridged",
        "F15-legacy-tools"
      ])
        yield* appendAll(indexingCase(name))
      const sessions = yield* Sessions
      const id = (n: number) => sessionId(`11111111-1111-4111-8111-1111111111${String(n).padStart(2, "0")}`)
      const split = yield* sessions.get(id(3))
      assert.deepStrictEqual([split.input, split.output, split.cacheRead, split.responses], [7, 50, 1000, 1])
      const compactions = yield* sessions.compactions(id(5))
      assert.deepStrictEqual(compactions.map((compaction) => `${compaction.trigger} ${compaction.preTokens}`).sort(), [
        "auto 150000",
        "continuation null",
        "unknown null"
      ])
      assert.deepStrictEqual(
        (yield* sessions.summaries(id(5))).map((summary) => [summary.text, summary.at]),
        [
          ["Known leaf", Date.UTC(2026, 2, 1, 10, 0, 9)],
          ["Orphan summary", null]
        ]
      )
      assert.deepStrictEqual(
        (yield* sessions.tasks(id(9))).map((task) => [task.sequence, task.subject, task.status, task.owner, task.blockedBy, task.blocks]),
        [
          [1, "Build", "in_progress", "me", [], []],
          [2, "Test", "completed", null, ["1"], ["3"]],
          [3, "Build", "completed", null, [], []]
        ]
      )
      const bridged = yield* sessions.get(id(13))
      assert.deepStrictEqual([bridged.source, bridged.output, bridged.costNanoUsd], ["omp", 340, 12_300_000])
      assert.deepStrictEqual(
        (yield* sessions.fileChanges(id(13))).map((change) => [change.path, change.action]),
        [["/fx/a", "modified"]]
      )
      const legacy = yield* sessions.get(id(15))
      assert.deepStrictEqual([legacy.pullRequest?.number, legacy.team], [77, "alpha"])
      assert.deepStrictEqual(
        (yield* sessions.todos(id(8)))[0]?.todos.map((todo) => [todo.content, todo.status]),
        [["Écrire", "completed"]]
      )
    }))

  test("a known fact about a directory is never overwritten by an unknown one", () =>
    Effect.gen(function* () {
      const sessions = yield* Sessions
      const directories = { ...(yield* Directories), ...(yield* DirectoryWriter) }
      yield* appendAll([{ transcript: transcript("repo"), entries: lines([user("r1", 1, "x")]) }])
      const app = { machine: "test", path: "/home/dev/app" }
      assert.deepStrictEqual(yield* directories.unprobed(5), [app])
      yield* directories.note(app, { remote: "github.com/acme/shop", root: "/home/dev/app", worktreeOf: null, defaultBranch: "main" })
      yield* directories.note(app, { remote: null, root: null, worktreeOf: null, defaultBranch: null })
      assert.deepStrictEqual(yield* directories.unprobed(5), [])
      const session = yield* sessions.get("repo")
      assert.deepStrictEqual([session.project, session.repo], ["shop", "github.com/acme/shop"])
      for (const project of ["shop", "app", "/home/dev/app", "github.com/acme/shop"]) assert.strictEqual(yield* sessions.count({ project }), 1, project)
      assert.strictEqual(yield* sessions.count({ project: "nothing" }), 0)
      assert.deepStrictEqual(yield* found("x", { project: "shop" }), ["r1"])
    }))

  test("the largest record of a response counts, and one without a request id is one of it", () =>
    Effect.gen(function* () {
      const usage = (output: number) => ({
        id: "msg-one",
        usage: {
          input_tokens: 10,
          output_tokens: output,
          cache_creation_input_tokens: 30,
          cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 }
        }
      })
      yield* appendAll([
        {
          transcript: transcript("one"),
          entries: lines([
            answer("a", 1, [{ type: "text", text: "x" }], usage(1), { requestId: undefined }),
            answer("b", 2, [{ type: "text", text: "y" }], usage(50), { requestId: "req" }),
            answer("c", 3, [{ type: "text", text: "z" }], usage(7), { requestId: "req" })
          ])
        }
      ])
      const { totals } = yield* (yield* Usage).report({ by: "model" })
      assert.deepStrictEqual(totals, {
        input: 10,
        output: 50,
        cacheRead: 0,
        cacheWrite5m: 10,
        cacheWrite1h: 20,
        costNanoUsd: 10 * 5000 + 50 * 25_000 + 10 * 6250 + 20 * 10_000,
        responses: 1,
        unpricedResponses: 0
      })
    }))

  test("a record without a request id that came long before is found and replaced", () =>
    Effect.gen(function* () {
      const usage = { id: "msg-one", usage: { input_tokens: 10, output_tokens: 5 } }
      const entries = lines([
        answer("a", 1, [{ type: "text", text: "x" }], usage, { requestId: undefined }),
        answer("b", 2, [{ type: "text", text: "y" }], usage, { requestId: "req" }),
        answer("c", 3, [{ type: "text", text: "z" }], usage, { requestId: undefined })
      ])
      for (const entry of entries) {
        yield* appendAll([{ transcript: transcript("one"), entries: [entry] }])
        assert.strictEqual((yield* (yield* Usage).report({ by: "model" })).totals.responses, 1)
      }
    }))

  test("ids with the same hash are different things", () =>
    Effect.gen(function* () {
      const calls = ["toolu_132789", "toolu_729192"]
      const responses = ["msg_4", "msg_289780"]
      assert.deepStrictEqual([idHash(calls[0]!), idHash(responses[0]!)], [idHash(calls[1]!), idHash(responses[1]!)])
      const round = (session: string) =>
        Effect.forEach([0, 1], (n) => {
          const call = { type: "tool_use", id: calls[n], name: n === 0 ? "Read" : "Bash", input: {} }
          const result = { type: "tool_result", tool_use_id: calls[n], content: "out", is_error: n === 1 }
          return appendAll([
            {
              transcript: transcript(`${session}-${n}`),
              entries: lines([answer(`a${n}`, 1, [call], { id: responses[n], usage: { input_tokens: 1, output_tokens: 10 ** n } }), user(`r${n}`, 2, [result])])
            }
          ])
        })
      yield* round("first")
      // A copy of both, as a fork has it.
      yield* round("second")
      const { totals } = yield* (yield* Usage).report({ by: "model" })
      assert.deepStrictEqual([totals.responses, totals.output], [2, 11])
      const { toolCalls, toolErrors } = yield* (yield* wholeJournal).totals
      assert.deepStrictEqual([toolCalls, toolErrors], [2, 1])
      const results = yield* (yield* Messages).results(calls)
      assert.deepStrictEqual(
        calls.map((id) => results.get(id)?.isError),
        [false, true]
      )
      assert.deepStrictEqual([...(yield* (yield* Messages).results(calls.slice(0, 1))).keys()], calls.slice(0, 1))
    }))

  test("a model without a price costs nobody knows what, never nothing", () =>
    Effect.gen(function* () {
      yield* appendAll([
        {
          transcript: transcript("new"),
          entries: lines([answer("a", 1, [{ type: "text", text: "x" }], { model: "claude-opus-99", usage: { input_tokens: 5, output_tokens: 6 } })])
        }
      ])
      const report = yield* (yield* Usage).report({ by: "model" })
      assert.deepStrictEqual([report.totals.output, report.totals.unpricedResponses, report.unpricedModels], [6, 1, ["claude-opus-99"]])
      assert.strictEqual((yield* (yield* Sessions).get("new")).costNanoUsd, null)
    }))

  test("an empty store answers every question", () => Effect.asVoid(readEverything))

  it.effect(`${name}: days are counted in the zone that is asked for`, () =>
    on(
      Effect.gen(function* () {
        yield* appendAll([
          {
            transcript: transcript("zone"),
            entries: lines([
              { ...answer("z", 1, [{ type: "text", text: "x" }], { usage: { input_tokens: 1, output_tokens: 1 } }), timestamp: "2026-03-01T23:40:00.000Z" }
            ])
          }
        ])
        const days = (timeZone?: string) =>
          Effect.flatMap(Usage, (usage) =>
            Effect.map(usage.report({ by: "day", ...(timeZone !== undefined && { timeZone }) }), (report) => report.rows.map((row) => row.key))
          )
        assert.deepStrictEqual(
          [yield* days(), yield* days("Asia/Kathmandu"), yield* days("America/New_York")],
          [["2026-03-01"], ["2026-03-02"], ["2026-03-01"]]
        )
      })
    ).pipe(TestServices.provideLive, Effect.timeout(Duration.seconds(60)))
  )
}
