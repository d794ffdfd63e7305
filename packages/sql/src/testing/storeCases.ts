import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as fc from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { Directories, DirectoryWriter } from "han-core/Directories"
import { type Transcript, transcriptId } from "han-core/Entry"
import { Messages } from "han-core/Messages"
import { Search } from "han-core/Search"
import { Sessions } from "han-core/Sessions"
import { Usage } from "han-core/Usage"
import { OwnerId, Viewer } from "han-core/Viewer"
import { idHash } from "../database/idHash.ts"
import { assert } from "./assertions.ts"
import { type Case, test } from "./cases.ts"
import { allOf, found, readEverything, sessionId } from "./readEverything.ts"
import { lines, transcript, userLine as user } from "./transcriptLines.ts"
import { appendAll, wholeJournal } from "./wholeJournal.ts"

const answer = (uuid: string, second: number, content: unknown, message: object = {}, more: object = {}) => ({
  type: "assistant",
  uuid,
  requestId: `req-${uuid}`,
  timestamp: new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString(),
  message: { id: `msg-${uuid}`, role: "assistant", model: "claude-opus-4-5", content, ...message },
  ...more
})

/** Cases of the store as a whole. */
export const storeCases: ReadonlyArray<Case> = [
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
    })),

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
    })),

  test("lines that do not follow are refused, and nothing of them is kept", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      const list = lines([user("u1", 1, "one"), user("u2", 2, "two"), user("u3", 3, "three")])
      yield* journal.append(transcript("gap"), list.slice(0, 1))
      const gap = yield* Effect.flip(journal.append(transcript("gap"), list.slice(2)))
      assert.strictEqual(gap._tag, "EntryGap")
      assert.deepStrictEqual(yield* found("three"), [])
      assert.deepStrictEqual(yield* journal.append(transcript("gap"), list), { appended: 2 })
    })),

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
    })),

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
    })),

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
    })),

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
    })),

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
    })),

  test("no text is a syntax error", ({ runs }) =>
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
          { numRuns: runs * 30 }
        )
      )
    })),

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
    })),

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
    })),

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
    })),

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
    })),

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
    })),

  test("an empty store answers every question", () => Effect.asVoid(readEverything)),

  test("days are counted in the zone that is asked for", () =>
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
      assert.deepStrictEqual([yield* days(), yield* days("Asia/Kathmandu"), yield* days("America/New_York")], [["2026-03-01"], ["2026-03-02"], ["2026-03-01"]])
    }))
]
