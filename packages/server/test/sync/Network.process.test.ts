import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SessionId } from "han-core/Entry"
import { Sessions } from "han-core/Sessions"
import { SyncClient } from "han-core/SyncClient"
import { Usage } from "han-core/Usage"
import { scenario } from "../../../../test/transcriptFiles.ts"
import { answer, session, text, user } from "../../../../test/transcriptLines.ts"
import { wholeJournal } from "../../../../test/wholeJournal.ts"
import { type Fate, faultyProxy } from "./faultyProxy.ts"
import { client, everything, fill, identity, probed, remote, server, workspace } from "./world.ts"

const sync = Effect.flatMap(SyncClient, (sender) => sender.sync({}))
const status = Effect.flatMap(SyncClient, (sender) => sender.status)
const usage = Effect.flatMap(Usage, (ledger) => ledger.report({ by: "model" }))
const many = (id: string, count: number, from = 0) =>
  session(
    id,
    Array.from({ length: count }, (_, at) => user(`${id}-${at}`, from + at, `${id} says ${at}`))
  )
const texts = Effect.map(everything, (all) => all.map(([, of]) => of))

/** Sends until it went through. */
const insist = Effect.retry(sync, { times: 200 })

describe("amounts", () => {
  it.scopedLive("SYN-04: A session of 2,500 lines goes in three requests of at most 1,000, and waits until the last is answered", () =>
    Effect.gen(function* () {
      const team = yield* server
      const { asked, key } = yield* workspace(team)
      const waiting: Array<readonly [queue: number, lines: number]> = []
      let look: Effect.Effect<void> = Effect.void
      const net = Layer.effect(
        HttpClient.HttpClient,
        Effect.map(HttpClient.HttpClient, (http) =>
          HttpClient.make((request) =>
            Effect.zipRight(
              Effect.suspend(() => look),
              http.execute(request)
            )
          )
        )
      ).pipe(Layer.provide(FetchHttpClient.layer))
      const { local } = yield* client({ remote: { endpoint: team.url, apiKey: key, ...identity() } }, net)
      // The question who the server is goes before, so that none of the requests below is it.
      yield* sync.pipe(local)
      const journal = yield* wholeJournal.pipe(local)
      yield* journal.appendAll([many("long", 2500)]).pipe(local)
      yield* probed(remote).pipe(local)
      look = Effect.orDie(Effect.map(status, ({ pendingMessages, queueSize }) => void waiting.push([queueSize, pendingMessages]))).pipe(local)
      const sent = yield* sync.pipe(local)
      assert.deepStrictEqual([sent.sent, sent.sessions, sent.requests], [2500, 1, 3])
      assert.deepStrictEqual(waiting, [
        [1, 2500],
        [1, 1500],
        [1, 500]
      ])
      const now = yield* status.pipe(local)
      assert.deepStrictEqual([now.queueSize, now.pendingMessages], [0, 0])
      assert.deepStrictEqual(yield* texts.pipe(asked), yield* texts.pipe(local))
    })
  )
})

describe("meaning", () => {
  it.scopedLive("SYN-08: A task that changes its status and says nothing else changes it on the server", () =>
    Effect.gen(function* () {
      const team = yield* server
      const { asked, key } = yield* workspace(team)
      const { local } = yield* client({ remote: { endpoint: team.url, apiKey: key, ...identity() } })
      const journal = yield* wholeJournal.pipe(local)
      const isDone = ({ bytes }: { readonly bytes: Uint8Array }) => /"name":"TaskUpdate".*"status":"completed"/.test(Buffer.from(bytes).toString())
      const whole = scenario("13-tasks").find(({ entries }) => entries.some(isDone))
      const until = whole!.entries.findIndex(isDone)
      assert.isAbove(until, 0)
      const tasks = Effect.map(
        Effect.flatMap(Sessions, (sessions) => sessions.tasks(SessionId.make(whole!.transcript.sessionId))),
        (all) => all.map(({ status, subject }) => [subject, status])
      )
      yield* journal.appendAll([{ ...whole!, entries: whole!.entries.slice(0, until) }]).pipe(local)
      yield* probed(remote).pipe(local)
      yield* sync.pipe(local)
      const before = yield* tasks.pipe(asked)
      assert.deepStrictEqual(before, yield* tasks.pipe(local))
      yield* journal.appendAll([whole!]).pipe(local)
      yield* sync.pipe(local)
      const after = yield* tasks.pipe(asked)
      assert.deepStrictEqual(after, yield* tasks.pipe(local))
      assert.notDeepEqual(after, before)
      assert.deepStrictEqual(
        after.map(([subject]) => subject),
        before.map(([subject]) => subject)
      )
    })
  )

  it.scopedLive("SYN-29: Two machines of one person, with a session of the same name on each, both arrive whole, and each line counts once", () =>
    Effect.gen(function* () {
      const team = yield* server
      const { asked, key } = yield* workspace(team)
      const both = [user("u1", 1, "hello"), answer("a1", 2, [text("both")], { input: 10, output: 5 })]
      const machines = ["test", "desk"].map((machine) => ({
        machine,
        append: { ...session("shared", [...both, answer(`only-${machine}`, 3, [text(machine)], { output: 1 })], { machine }) }
      }))
      for (const { append, machine } of machines) {
        const { local } = yield* client({ remote: { endpoint: team.url, apiKey: key, ...identity() }, machine })
        const journal = yield* wholeJournal.pipe(local)
        yield* journal.appendAll([append]).pipe(local)
        yield* probed(remote).pipe(local)
        yield* sync.pipe(local)
        assert.strictEqual((yield* status.pipe(local)).pendingMessages, 0)
      }
      assert.deepStrictEqual(
        (yield* everything.pipe(asked)).map(([id, of]) => [id, of.split("\n").length - 1]),
        [
          ["desk/claude-code/shared/main/1", 3],
          ["test/claude-code/shared/main/1", 3]
        ]
      )
      const { totals } = yield* usage.pipe(asked)
      assert.deepStrictEqual([totals.input, totals.output], [10, 5 + 1 + 1])
    })
  )
})

describe("a network that breaks", () => {
  const fates: ReadonlyArray<Fate> = ["lost", "cut", "answer lost", "answer cut"]
  for (const fate of fates)
    it.scopedLive(`SYN-26: When every second request is ${fate}, all arrives, and one request is under way at a time`, () =>
      Effect.gen(function* () {
        const team = yield* server
        const { asked, key } = yield* workspace(team)
        const proxy = yield* faultyProxy(team.url, { fate: (request) => (request % 2 === 0 ? fate : "through") })
        const { local } = yield* client({ remote: { endpoint: proxy.url, apiKey: key, ...identity() }, batchSize: 50 })
        yield* fill(31, remote, { sessions: 3, lines: 60 }).pipe(local)
        yield* insist.pipe(local)
        yield* proxy.release
        assert.isAbove(proxy.seen.requests, 4)
        assert.strictEqual(proxy.seen.mostOpen, 1)
        assert.deepStrictEqual(yield* everything.pipe(asked), yield* everything.pipe(local))
        assert.deepStrictEqual(yield* usage.pipe(asked), yield* usage.pipe(local))
      })
    )
})
