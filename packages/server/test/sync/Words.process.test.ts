import { gunzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as TestServices from "effect/TestServices"
import { SessionId } from "han-core/Entry"
import { Journal } from "han-core/Journal"
import { Search } from "han-core/Search"
import { SyncPayload } from "han-core/Sync"
import { SyncClient } from "han-core/SyncClient"
import { Viewer } from "han-core/Viewer"
import { ApiKeys, Slug, viewerOf } from "han-core/Workspaces"
import { session, user } from "../../../../test/transcriptLines.ts"
import { wholeJournal } from "../../../../test/wholeJournal.ts"
import { client, clientOver, everything, fill, identity, network, probed, remote, type Server, server, workspace } from "./world.ts"

const sync = Effect.flatMap(SyncClient, (sender) => sender.sync({}))
const dryRun = Effect.flatMap(SyncClient, (sender) => Stream.runCollect(sender.dryRun))
const forget = (...ids: ReadonlyArray<string>) => Effect.flatMap(SyncClient, (sender) => sender.forget(ids.map((id) => SessionId.make(id))))
const hits = (text: string) => Effect.flatMap(Search, (search) => search.count({ text }))
const live = TestServices.provideLive
const payload = (body: Uint8Array) => Schema.decodeUnknownSync(SyncPayload)(JSON.parse(gunzipSync(body).toString("utf8")))
const linesOf = (bodies: Iterable<Uint8Array>) =>
  [...bodies].flatMap((body) => payload(body).sessions.flatMap(({ id, messages }) => messages.map(({ lineNumber, text }) => [id, lineNumber, text])))

/** A second person of the workspace. */
const bob = ({ services }: Server) =>
  Effect.map(
    Context.get(services, ApiKeys).create({
      workspace: Slug.make("acme"),
      person: "Bob",
      owners: [],
      logins: [],
      scopes: ["sync:write", "read"],
      expiresAt: null,
      encryption: "off"
    }),
    ({ key, principal }) => ({ key, asked: Effect.provide(Context.add(services, Viewer, viewerOf(principal))) })
  )

describe("what was sent, and what would be", () => {
  // Time stands still for the clients: they send what they are told to, and nothing by themselves.
  it.scoped(
    "A dry run gives the lines of the requests that come after it, and sends no session",
    () =>
      Effect.gen(function* () {
        const team = yield* live(server)
        const { asked, key } = yield* live(workspace(team))
        const bodies: Array<Uint8Array> = []
        const net = network(() => "through", bodies)
        const { local } = yield* client({ remote: { endpoint: team.url, apiKey: key, ...identity() }, batchSize: 100 }, net)
        yield* live(fill(8).pipe(local))
        const would = yield* live(dryRun.pipe(local))
        assert.isAbove(would.length, 2)
        assert.isTrue(bodies.every((body) => payload(body).sessions.length === 0))
        assert.deepStrictEqual(yield* live(everything.pipe(asked)), [])
        bodies.length = 0
        yield* live(sync.pipe(local))
        assert.deepStrictEqual(linesOf(would), linesOf(bodies))
        assert.strictEqual((yield* live(dryRun.pipe(local))).length, 0)
      }),
    120_000
  )

  it.scopedLive(
    "A person removes their session from the server, which takes it no more, and keeps what is another person's",
    () =>
      Effect.gen(function* () {
        const team = yield* server
        const ann = yield* workspace(team)
        const second = yield* bob(team)
        const hers = yield* client({ remote: { endpoint: team.url, apiKey: ann.key, ...identity() } })
        const his = yield* client({ remote: { endpoint: team.url, apiKey: second.key, ...identity() }, machine: "bobs" })
        const annWrites = session("ann-1", [user("a1", 1, "hers")])
        const bobWrites = { ...session("bob-1", [user("b1", 1, "his")]) }
        yield* Effect.flatMap(wholeJournal, (journal) => journal.appendAll([annWrites])).pipe(hers.local)
        yield* Effect.flatMap(wholeJournal, (journal) => journal.appendAll([{ ...bobWrites, transcript: { ...bobWrites.transcript, machine: "bobs" } }])).pipe(
          his.local
        )
        for (const { local } of [hers, his]) {
          yield* probed(remote).pipe(local)
          yield* sync.pipe(local)
        }
        const outcomes = yield* forget("ann-1", "bob-1", "nobody").pipe(hers.local)
        assert.deepStrictEqual(
          outcomes.map(({ outcome }) => outcome),
          ["forgotten", "not_yours", "unknown"]
        )
        const kept = yield* Effect.flatMap(Journal, (journal) => journal.transcripts()).pipe(ann.asked)
        assert.deepStrictEqual(
          kept.map(({ transcript }) => transcript.sessionId),
          [SessionId.make("bob-1")]
        )
        assert.deepStrictEqual(
          (yield* forget("ann-1").pipe(hers.local)).map(({ outcome }) => outcome),
          ["forgotten"]
        )
        yield* Effect.flatMap(wholeJournal, (journal) =>
          journal.append(annWrites.transcript, [{ ...session("ann-1", [user("a1", 1, "hers"), user("a2", 2, "more")]).entries[1]! }])
        ).pipe(hers.local)
        yield* sync.pipe(hers.local)
        assert.strictEqual((yield* everything.pipe(ann.asked)).length, 1)
        const [told] = yield* Effect.flatMap(SyncClient, (sender) => sender.sessions([SessionId.make("ann-1")])).pipe(hers.local)
        assert.deepStrictEqual([told?.state, told?.reason], ["quarantined", "gone"])
      }),
    120_000
  )

  it.scopedLive(
    "Lines that went without their words go again with them once words are sent, and count once",
    () =>
      Effect.gen(function* () {
        const team = yield* server
        const { asked, key } = yield* workspace(team)
        const who = identity()
        const bodies: Array<Uint8Array> = []
        const net = network(() => "through", bodies)
        const first = yield* client({ remote: { endpoint: team.url, apiKey: key, ...who }, includeContent: false }, net)
        yield* Effect.flatMap(wholeJournal, (journal) =>
          journal.appendAll([session("s", [user("u1", 1, "zebras everywhere"), user("u2", 2, "and okapis")])])
        ).pipe(first.local)
        yield* probed(remote).pipe(first.local)
        yield* sync.pipe(first.local)
        assert.deepStrictEqual([yield* hits("zebras").pipe(asked), (yield* everything.pipe(asked)).length], [0, 1])
        const second = yield* clientOver(first.store, { remote: { endpoint: team.url, apiKey: key, ...who } }, net)
        assert.strictEqual((yield* Effect.flatMap(SyncClient, ({ preview }) => preview).pipe(second.local)).messages, 2)
        yield* sync.pipe(second.local)
        assert.strictEqual(yield* hits("zebras").pipe(asked), 1)
        const { notices, totals } = yield* Effect.flatMap(SyncClient, ({ status }) => status).pipe(second.local)
        assert.strictEqual(totals.messages, 4)
        assert.isTrue(notices.some((notice) => notice.startsWith("words are sent from now on: 2 lines")))
        const requests = bodies.length
        yield* sync.pipe(second.local)
        assert.strictEqual(bodies.length, requests)
      }),
    120_000
  )

  it.scoped(
    "The last lines of a session that ended go at the next look, and do not wait for five seconds",
    () =>
      Effect.gen(function* () {
        const team = yield* live(server)
        const { asked, key } = yield* live(workspace(team))
        const { local } = yield* client({ remote: { endpoint: team.url, apiKey: key, ...identity() } })
        yield* live(Effect.flatMap(wholeJournal, (journal) => journal.appendAll([session("s", [user("u1", 1, "hello")])])).pipe(local))
        yield* live(probed(remote).pipe(local))
        yield* live(sync.pipe(local))
        yield* TestClock.adjust("1 second")
        const more = session("s", [user("u1", 1, "hello"), user("u2", 2, "bye")])
        yield* live(Effect.flatMap(wholeJournal, (journal) => journal.append(more.transcript, [more.entries[1]!])).pipe(local))
        yield* Effect.flatMap(SyncClient, ({ sessionEnded }) => sessionEnded).pipe(local)
        // Two looks, of which the first may find nothing before: no more time passes, in which the line would go anyway.
        for (let look = 0; look < 2; look++) {
          yield* TestClock.adjust("1 second")
          yield* live(Effect.sleep("50 millis"))
        }
        const arrived = Effect.map(everything.pipe(asked), ([first]) => first?.[1].includes("bye") === true)
        yield* live(Effect.repeat(Effect.zipLeft(arrived, Effect.sleep("20 millis")), { until: (is) => is }))
      }),
    120_000
  )
})
