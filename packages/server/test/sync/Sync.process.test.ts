import { gunzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as fc from "effect/FastCheck"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { entryText } from "han-core/Entry"
import { JournalAdmin } from "han-core/JournalAdmin"
import { Messages } from "han-core/Messages"
import { patternOf } from "han-core/Privacy"
import { Sessions } from "han-core/Sessions"
import { SyncClient } from "han-core/SyncClient"
import { Usage } from "han-core/Usage"
import * as SqliteStore from "han-sql/SqliteStore"
import pg from "pg"
import { corpus, lines as transcriptLines } from "../../../../test/transcriptFiles.ts"
import { answer, session, text, user } from "../../../../test/transcriptLines.ts"
import { wholeJournal } from "../../../../test/wholeJournal.ts"
import { client, clientOver, everything, type Fate, fill, identity, network, probed, remote, server, workspace } from "./world.ts"

const usage = (by: "session" | "model") => Effect.flatMap(Usage, (ledger) => ledger.report({ by }))
const sync = Effect.flatMap(SyncClient, (sender) => sender.sync({}))
const status = Effect.flatMap(SyncClient, (sender) => sender.status)
const pattern = (text: string) => Either.getOrThrow(patternOf(text))

describe("a client and a team server", () => {
  it.scopedLive(
    "Every line of every session arrives once, and a second run sends nothing",
    () =>
      Effect.gen(function* () {
        const team = yield* server
        const { asked, key } = yield* workspace(team)
        const bodies: Array<Uint8Array> = []
        const { local } = yield* client(
          { remote: { endpoint: team.url, apiKey: key, ...identity() } },
          network(() => "through", bodies)
        )
        yield* fill(3).pipe(local)
        yield* sync.pipe(local)
        const sent = yield* everything.pipe(local)
        assert.deepStrictEqual(yield* everything.pipe(asked), sent)
        const requests = bodies.length
        assert.deepStrictEqual((yield* sync.pipe(local)).sent, 0)
        assert.strictEqual(bodies.length, requests)
        assert.isTrue((yield* Effect.flatMap(SyncClient, ({ verify }) => verify).pipe(local)).same)
        assert.strictEqual(bodies.length, requests + 1)
        const now = yield* status.pipe(local)
        const lines = sent.reduce((sum, [, of]) => sum + of.split("\n").length - 1, 0)
        assert.deepStrictEqual([now.state, now.pendingMessages, now.totals.messages, now.workspace], ["IDLE", 0, lines, "acme"])
        assert.deepStrictEqual(yield* usage("session").pipe(asked), yield* usage("session").pipe(local))
      }),
    120_000
  )

  it.scopedLive(
    "A store that was lost goes on where it was; a client that lost its memory sends again, and each response counts once",
    () =>
      Effect.gen(function* () {
        const team = yield* server
        const { asked, key } = yield* workspace(team)
        const first = identity()
        const one = yield* client({ remote: { endpoint: team.url, apiKey: key, ...first } })
        const appends = yield* fill(5).pipe(one.local)
        yield* sync.pipe(one.local)
        const before = yield* everything.pipe(asked)
        // The store is made anew from the same files; a line more came meanwhile.
        const store = yield* Layer.build(SqliteStore.layer({ filename: ":memory:" }))
        const scope = yield* Scope.make()
        const two = yield* clientOver(store, { remote: { endpoint: team.url, apiKey: key, ...first, isNewClient: false } }).pipe(Scope.extend(scope))
        const journal = yield* wholeJournal.pipe(two.local)
        yield* journal.appendAll(appends).pipe(two.local)
        yield* journal.append(session("late", [user("l1", 1, "one more")]).transcript, session("late", [user("l1", 1, "one more")]).entries).pipe(two.local)
        yield* probed(remote).pipe(two.local)
        yield* sync.pipe(two.local)
        assert.strictEqual((yield* status.pipe(two.local)).totals.messages, 1)
        assert.deepStrictEqual(yield* everything.pipe(asked), yield* everything.pipe(two.local))
        assert.strictEqual((yield* everything.pipe(asked)).length, before.length + 1)
        yield* Scope.close(scope, Exit.void)
        // Another id and secret: nothing can be told to be the same.
        const three = yield* clientOver(two.store, { remote: { endpoint: team.url, apiKey: key, ...identity() } })
        yield* sync.pipe(three.local)
        assert.strictEqual((yield* everything.pipe(asked)).length, 2 * (before.length + 1))
        assert.deepStrictEqual(yield* usage("session").pipe(asked), yield* usage("session").pipe(three.local))
      }),
    120_000
  )

  it.scopedLive(
    "A session stays at home by the rules of the moment in which it would go",
    () =>
      Effect.gen(function* () {
        const team = yield* server
        const { asked, key } = yield* workspace(team)
        const rules = { forceExclude: [pattern("acme/secret")], forceInclude: [], includePersonal: false }
        const { local } = yield* client({ remote: { endpoint: team.url, apiKey: key, ...identity() }, rules })
        const journal = yield* wholeJournal.pipe(local)
        yield* journal.appendAll([session("kept", [user("k1", 1, "secret work")])]).pipe(local)
        yield* probed("github.com/acme/secret").pipe(local)
        yield* sync.pipe(local)
        yield* journal.appendAll([session("other", [user("o1", 1, "foreign work", { cwd: "/work/foreign" })])]).pipe(local)
        yield* sync.pipe(local)
        assert.deepStrictEqual(yield* everything.pipe(asked), [])
        const now = yield* status.pipe(local)
        assert.deepStrictEqual(now.excluded, [
          { reason: "force_excluded", count: 1 },
          { reason: "unknown_owner", count: 1 }
        ])
        const told = yield* Effect.flatMap(SyncClient, (sender) => sender.sessions()).pipe(local)
        assert.deepStrictEqual(
          told.map(({ reason, sessionId, state }) => [sessionId, state, reason]),
          [
            ["kept", "excluded", "force_excluded"],
            ["other", "excluded", "unknown_owner"]
          ]
        )
      }),
    120_000
  )

  it.scopedLive(
    "A secret is in no request and in no row of the server, and without content no word of anybody is",
    () =>
      Effect.gen(function* () {
        const team = yield* server
        const { asked, key } = yield* workspace(team)
        const bodies: Array<Uint8Array> = []
        const secret = `ghp_${"x7Kq2LmZ9".repeat(4)}`
        const words = "the quick brown fox"
        const of = (id: string) =>
          session(id, [user(`${id}1`, 1, `${words} ${secret}`), answer(`${id}2`, 2, [text(`it is ${secret}, the lazy dog`)], { output: 7 })])
        for (const [id, includeContent] of [
          ["whole", true],
          ["bare", false]
        ] as const) {
          const { local } = yield* client(
            { remote: { endpoint: team.url, apiKey: key, ...identity() }, includeContent },
            network(() => "through", bodies)
          )
          const journal = yield* wholeJournal.pipe(local)
          yield* journal.appendAll([of(id)]).pipe(local)
          yield* probed(remote).pipe(local)
          yield* sync.pipe(local)
          assert.deepStrictEqual((yield* usage("session").pipe(asked)).rows.find(({ key: of }) => of === id)?.output, 7, id)
        }
        const texts = new Map(yield* everything.pipe(asked))
        assert.include(texts.get("test/claude-code/whole/main/1"), `${words} [REDACTED:github-pat]`)
        for (const word of ["quick", "lazy"]) assert.notInclude(texts.get("test/claude-code/bare/main/1"), word)
        const wire = bodies.map((body) => gunzipSync(body).toString("utf8")).join("\n")
        assert.notInclude(wire, secret)
        const database = new pg.Client({ connectionString: team.database })
        yield* Effect.promise(() => database.connect())
        const { rows } = yield* Effect.promise(() => database.query("SELECT string_agg(m.words::text, ' ') AS words FROM han.message_1 m"))
        yield* Effect.promise(() => database.end())
        assert.notInclude(String(rows[0].words).toLowerCase(), "x7kq2lmz9")
      }),
    120_000
  )

  it.scopedLive(
    "A session that was forgotten on the server, or is another person's, stays at home and holds nobody else up",
    () =>
      Effect.gen(function* () {
        const team = yield* server
        const { asked, key } = yield* workspace(team)
        const { local } = yield* client({ remote: { endpoint: team.url, apiKey: key, ...identity() } })
        const journal = yield* wholeJournal.pipe(local)
        const lines = (id: string, count: number) =>
          session(
            id,
            Array.from({ length: count }, (_, at) => user(`${id}${at}`, at, `line ${at}`))
          )
        yield* journal.appendAll([lines("gone", 2), lines("stays", 2)]).pipe(local)
        yield* probed(remote).pipe(local)
        yield* sync.pipe(local)
        const { items } = yield* Effect.flatMap(Sessions, (sessions) => sessions.list({}, { first: 5 })).pipe(asked)
        yield* Effect.flatMap(JournalAdmin, (admin) => admin.forget({ sessionIds: items.flatMap(({ node }) => (node.id === "gone" ? [node.id] : [])) })).pipe(
          asked
        )
        yield* journal.appendAll([lines("gone", 4), lines("stays", 4)]).pipe(local)
        yield* sync.pipe(local)
        assert.deepStrictEqual(
          (yield* everything.pipe(asked)).map(([id, of]) => [id, of.split("\n").length - 1]),
          [["test/claude-code/stays/main/1", 4]]
        )
        const now = yield* status.pipe(local)
        assert.deepStrictEqual([now.quarantined, now.queueSize, now.state], [1, 0, "IDLE"])
        const page = yield* Effect.flatMap(Messages, (messages) =>
          messages.page({ sessionId: items.find(({ node }) => node.id === "stays")!.node.id }, { first: 10 })
        ).pipe(asked)
        assert.strictEqual(page.items.length, 4)
      }),
    120_000
  )
})

/** What may happen between two looks at a client and its server. */
type Step =
  | { readonly do: "append"; readonly lines: number }
  | { readonly do: "rewrite" }
  | { readonly do: "sync" }
  | { readonly do: "restart" }
  | { readonly do: "lose the store" }
  | { readonly do: "lose the memory" }

const runs = process.env["HAN_SOAK"] === "1" ? 1000 : 15

describe("whatever happens to requests, stores and memories", () => {
  it.scopedLive(
    "The server has what the client has in the end, and counts each response once",
    () =>
      Effect.gen(function* () {
        const team = yield* server
        let run = 0
        const history = fc.record({
          seed: fc.integer({ min: 1, max: 1e6 }),
          fates: fc.array(fc.constantFrom<Fate>("through", "through", "lost", "answer lost", "twice"), { minLength: 5, maxLength: 20 }),
          steps: fc.array(
            fc.oneof(
              fc.record({ do: fc.constant("append" as const), lines: fc.integer({ min: 1, max: 40 }) }),
              fc.constantFrom<Step>({ do: "rewrite" }, { do: "sync" }, { do: "sync" }, { do: "restart" }, { do: "lose the store" }, { do: "lose the memory" })
            ),
            { minLength: 3, maxLength: 12 }
          )
        })
        const check = (given: { readonly seed: number; readonly fates: ReadonlyArray<Fate>; readonly steps: ReadonlyArray<Step> }) =>
          Effect.scoped(lived(team, `run-${++run}`, given))
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(history, (given) => Effect.runPromise(check(given))),
            { numRuns: runs }
          )
        )
      }),
    1_800_000
  )
})

/** Lives through a history, and then has peace until nothing waits. */
const lived = Effect.fnUntraced(function* (
  team: Effect.Effect.Success<typeof server>,
  slug: string,
  { fates, seed, steps }: { readonly seed: number; readonly fates: ReadonlyArray<Fate>; readonly steps: ReadonlyArray<Step> }
) {
  const { asked, key } = yield* workspace(team, slug)
  const source = corpus({ seed, sessions: 2, lines: 60, chaos: false }).appends
  let request = 0
  let peace = false
  const net = network(() => (peace ? "through" : fates[request++ % fates.length]!))
  let me = { endpoint: team.url, apiKey: key, ...identity() }
  const fresh = Layer.build(SqliteStore.layer({ filename: ":memory:" }))
  let store = yield* fresh
  let scope = yield* Scope.make()
  /** The former process has ended: two never send from one store. */
  const open = () =>
    Effect.gen(function* () {
      yield* Scope.close(scope, Exit.void)
      scope = yield* Scope.make()
      return yield* Scope.extend(clientOver(store, { remote: me, batchSize: 25 }, net), scope)
    })
  let now = yield* open()
  /** The lines of each file as it stands on the disk, and the generations before it. */
  const files = source.map(({ entries, transcript }) => ({ entries, transcript, lines: 0, replaces: [] as Array<number> }))
  const index: Effect.Effect<void, unknown> = Effect.suspend(() =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      for (const { entries, lines, replaces, transcript } of files) if (lines > 0) yield* journal.append(transcript, entries.slice(0, lines), { replaces })
      yield* probed(remote)
    }).pipe(now.local)
  )
  /** Every content that a file ever had, whole: of a store that was lost the server alone may have some. */
  const ever: Array<string> = []
  const seen = () => {
    for (const { entries } of files) ever.push(entries.map((entry) => `${entryText(entry)}\n`).join(""))
  }
  seen()
  const isAlone = false
  for (const step of steps) {
    if (step.do === "append") {
      for (const file of files) file.lines = Math.min(file.entries.length, file.lines + step.lines)
      yield* index
    } else if (step.do === "rewrite") {
      const file = files[0]!
      file.entries = transcriptLines(file.entries.slice(1).map(entryText))
      file.replaces = file.lines > 0 ? [...file.replaces, file.transcript.generation] : file.replaces
      if (file.lines > 0) file.transcript = { ...file.transcript, generation: file.transcript.generation + 1 }
      file.lines = Math.min(file.lines, file.entries.length)
      seen()
      yield* index
    } else if (step.do === "sync") yield* Effect.ignore(sync.pipe(now.local))
    else if (step.do === "restart") now = yield* open()
    else if (step.do === "lose the store") {
      store = yield* fresh
      me = { ...me, isNewClient: false }
      now = yield* open()
      yield* index
    } else if (step.do === "lose the memory") {
      me = { ...me, ...identity() }
      now = yield* open()
    }
  }
  for (const file of files) file.lines = file.entries.length
  yield* index
  peace = true
  yield* sync.pipe(now.local)
  const have = yield* everything.pipe(now.local)
  const theirs = (yield* everything.pipe(asked)).map(([, of]) => of)
  for (const [id, of] of have) assert.include(theirs, of, `the server has ${id}`)
  // Nothing but beginnings of what the client ever had.
  for (const of of theirs) assert.isTrue(ever.some((whole) => whole.startsWith(of)))
  if (!isAlone) assert.deepStrictEqual(yield* usage("model").pipe(asked), yield* usage("model").pipe(now.local))
  assert.strictEqual((yield* status.pipe(now.local)).pendingMessages, 0)
  yield* Scope.close(scope, Exit.void)
})
