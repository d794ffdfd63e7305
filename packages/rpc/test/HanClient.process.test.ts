import * as Net from "node:net"
import * as Path from "node:path"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type { FromClientEncoded } from "@effect/rpc/RpcMessage"
import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { SessionId, TranscriptId } from "han-core/Entry"
import { Indexer } from "han-core/Indexer"
import { Journal, JournalChange, TranscriptNotFound } from "han-core/Journal"
import { PageCursorInvalid } from "han-core/Page"
import { Search } from "han-core/Search"
import { SessionNotFound } from "han-core/Session"
import { Sessions } from "han-core/Sessions"
import { StoreError } from "han-core/StoreError"
import { Usage } from "han-core/Usage"
import { Viewer } from "han-core/Viewer"
import { Authentication, Unauthorized } from "han-rpc/Authentication"
import { Coordinator, CoordinatorUnreachable } from "han-rpc/Coordinator"
import * as HanClient from "han-rpc/HanClient"
import { ndjson } from "han-rpc/unstable/Serialization"
import { folder, httpServer, type Says, socketServer } from "./servers.ts"

const encodeChange = Schema.encodeSync(JournalChange)

type Authenticated = Layer.Layer<Authentication>

const overSocket = (says: Says, authentication?: Authenticated) =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const path = Path.join(yield* folder, "s")
      yield* Layer.build(socketServer(path, says, authentication))
      return HanClient.layerSocket({ path })
    })
  )

const overHttp = (says: Says, authentication?: Authenticated) =>
  Layer.unwrapScoped(Effect.map(httpServer(says, authentication), (url) => HanClient.layerHttp({ url }).pipe(Layer.provide(FetchHttpClient.layer))))

const session = SessionId.make("s1")
const transcript = TranscriptId.make("m/claude-code/s1/main/1")
const notFound = new SessionNotFound({ id: "ab", candidates: ["ab1", "ab2"] })
const noTranscript = new TranscriptNotFound({ transcript })
const badCursor = new PageCursorInvalid({ cursor: "née" })
const full = new StoreError({ operation: "Journal.append", reason: "full", message: "the disk is full; make room", cause: new Error("SQLITE_FULL") })

for (const [name, over] of [
  ["a unix socket", overSocket],
  ["HTTP", overHttp]
] as const) {
  describe(`over ${name}`, () => {
    it.scopedLive("Every error arrives with the class and the message that it had", () =>
      Effect.gen(function* () {
        const sessions = yield* Sessions
        const journal = yield* Journal
        const same = (error: Error, wanted: Error) => {
          assert.strictEqual(Object.getPrototypeOf(error), Object.getPrototypeOf(wanted))
          assert.strictEqual(error.message, wanted.message)
        }
        const failed = yield* Effect.flip(sessions.get("ab"))
        same(failed, notFound)
        assert.deepStrictEqual(failed._tag === "SessionNotFound" && failed.candidates, ["ab1", "ab2"])
        same(yield* Effect.flip(Stream.runDrain(sessions.watch(session))), notFound)
        same(yield* Effect.flip(sessions.list({}, { after: "née" })), badCursor)
        same(yield* Effect.flip(sessions.messages({ sessionId: session }, {})), badCursor)
        same(yield* Effect.flip((yield* Search).messages({ text: "x" }, {})), badCursor)
        same(yield* Effect.flip((yield* Usage).reconcile({ sessionId: session })), notFound)
        same(yield* Effect.flip(journal.read(transcript, 0, 10)), noTranscript)
        same(yield* Effect.flip(Stream.runDrain(journal.bytes(transcript))), noTranscript)
        const store = yield* Effect.flip(journal.totals)
        same(store, full)
        assert.deepStrictEqual([store.operation, store.reason], ["Journal.append", "full"])
        assert.instanceOf(store.cause, Error)
      }).pipe(
        Effect.provide([
          over({
            sessions: {
              get: () => Effect.fail(notFound),
              watch: () => Stream.fail(notFound),
              list: () => Effect.fail(badCursor),
              messages: () => Effect.fail(badCursor)
            },
            search: { messages: () => Effect.fail(badCursor) },
            usage: { reconcile: () => Effect.fail(notFound) },
            journal: { read: () => Effect.fail(noTranscript), bytes: () => Stream.fail(noTranscript), totals: Effect.fail(full) }
          }),
          Viewer.layerLocal
        ])
      )
    )

    it.scopedLive("bytes and text arrive as they were sent, whatever reads they are cut into", () => {
      const pieces = Array.from({ length: 40 }, (_, piece) => Uint8Array.from({ length: 50_000 }, (_, index) => (index * 31 + piece) % 256))
      // Seven bytes that repeat fit into no read evenly, so some reads end in the middle of a character.
      const text = `\u0000\u2028${"\u{1F9EA}é-".repeat(400_000)}`
      return Effect.gen(function* () {
        const received = yield* Stream.runCollect((yield* Journal).bytes(transcript))
        assert.isTrue(Buffer.concat(pieces).equals(Buffer.concat(Chunk.toReadonlyArray(received))))
        assert.isTrue((yield* (yield* Sessions).projects)[0]?.name === text)
      }).pipe(
        Effect.provide([
          over({
            journal: { bytes: () => Stream.fromIterable(pieces).pipe(Stream.rechunk(1)) },
            sessions: {
              projects: Effect.succeed([
                {
                  id: "one",
                  path: "/",
                  directories: [{ machine: "m", path: "/" }],
                  name: text,
                  repo: null,
                  root: null,
                  worktreeOf: null,
                  defaultBranch: null,
                  sessions: 1,
                  startedAt: null,
                  updatedAt: null
                }
              ])
            }
          }),
          Viewer.layerLocal
        ])
      )
    })

    it.scopedLive("A viewer that is not known gets a store error that says so", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip((yield* Journal).totals)
        assert.deepStrictEqual([error._tag, error.reason], ["StoreError", "failed"])
        assert.include(error.message, "sign in")
      }).pipe(
        Effect.provide([
          over(
            {},
            Layer.succeed(
              Authentication,
              Authentication.of(() => Effect.fail(new Unauthorized()))
            )
          ),
          Viewer.layerLocal
        ])
      )
    )

    it.scopedLive("a defect of one request leaves the others alone", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const waiting = yield* Effect.fork(journal.isForgotten(session))
        const exit = yield* Effect.exit(journal.totals)
        assert.isTrue(Exit.isFailure(exit) && exit.cause._tag === "Die")
        assert.isTrue(yield* Fiber.join(waiting))
      }).pipe(
        Effect.provide([
          over({ journal: { totals: Effect.dieMessage("a bug"), isForgotten: () => Effect.delay(Effect.succeed(true), 200) } }),
          Viewer.layerLocal
        ])
      )
    )
  })
}

describe("a pass over a unix socket", () => {
  it.scopedLive("the pass is not held up by a client that does not read its progress, and its report arrives", () => {
    const report = {
      transcripts: 1,
      bytesRead: 2,
      entries: 3,
      appended: 4,
      unreadable: 0,
      unrecognized: 0,
      durationMs: 5,
      problems: [],
      notTaken: { count: 0, files: [] }
    }
    const progress = Stream.range(1, 5000).pipe(
      Stream.map((filesDone) => ({ _tag: "Indexing" as const, files: 5000, filesDone, bytes: 0, bytesDone: 0 })),
      Stream.rechunk(1)
    )
    return Effect.gen(function* () {
      const last = yield* Stream.runLast(Stream.tap((yield* Indexer).index, () => Effect.yieldNow()))
      assert.deepStrictEqual(last._tag === "Some" && last.value, { _tag: "Indexed", report })
    }).pipe(
      Effect.provide([overSocket({ indexer: { index: Stream.concat(progress, Stream.succeed({ _tag: "Indexed" as const, report })) } }), Viewer.layerLocal])
    )
  })

  it.scopedLive("A pass that fails at the server fails with the same error at the client", () =>
    Effect.gen(function* () {
      const { index, notTaken, status } = yield* Indexer
      assert.strictEqual((yield* Effect.flip(Stream.runDrain(index))).message, full.message)
      assert.strictEqual((yield* Effect.flip(notTaken)).reason, "corrupt")
      assert.strictEqual((yield* Effect.flip(status)).reason, "corrupt")
    }).pipe(Effect.provide([overSocket({ indexer: { index: Stream.fail(full) } }), Viewer.layerLocal]))
  )
})

describe("a socket that does not answer", () => {
  const asked = (path: string) =>
    Effect.provide(
      Effect.flatMap(Coordinator, (coordinator) => Effect.flip(coordinator.handshake)),
      HanClient.layerSocket({ path })
    )

  it.scopedLive("A request for a socket where nobody listens fails as absent and says how to start the coordinator", () =>
    Effect.gen(function* () {
      const path = Path.join(yield* folder, "none")
      const error = yield* asked(path)
      assert.instanceOf(error, CoordinatorUnreachable)
      assert.deepStrictEqual([error.reason, error.location], ["absent", path])
      assert.include(error.message, "han coordinator start")
      const store = yield* Effect.flip(
        Effect.provide(
          Effect.flatMap(Journal, (journal) => journal.totals),
          [HanClient.layerSocket({ path }), Viewer.layerLocal]
        )
      )
      assert.deepStrictEqual([store._tag, store.reason], ["StoreError", "unreachable"])
      assert.instanceOf(store.cause, CoordinatorUnreachable)
    })
  )

  const serving = (path: string, accept: (socket: Net.Socket) => void) =>
    Effect.acquireRelease(
      Effect.async<Net.Server>((resume) => {
        const server = Net.createServer(accept).listen(path, () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close())
    )

  it.scopedLive("A request whose server hangs up fails as closed", () =>
    Effect.gen(function* () {
      const path = Path.join(yield* folder, "s")
      yield* serving(path, (socket) => socket.once("data", () => socket.destroy()))
      assert.strictEqual((yield* asked(path)).reason, "closed")
    })
  )

  it.scopedLive("A request to another program's socket fails as refused", () =>
    Effect.gen(function* () {
      const path = Path.join(yield* folder, "s")
      yield* serving(path, (socket) => socket.once("data", () => socket.write("220 mail ready\n")))
      const error = yield* asked(path)
      assert.strictEqual(error.reason, "refused")
      assert.include(error.message, "no han coordinator")
    })
  )

  it.scopedLive("an answer that does not fit the wire is an error in words of han's own, by whichever end finds it", () =>
    Effect.gen(function* () {
      const totals = {
        ...{ transcripts: 1, bytes: 2, entries: 3, unreadable: 0, unrecognized: 0, sessions: 1, subagents: 0, forks: 0, toolCalls: 0, toolErrors: 0 },
        ...{ compactions: 0, tasks: { created: 0, completed: 0 }, filesTouched: 0, apiResponses: 0 }
      }
      const endless = { ...totals, bytes: 2 ** 60 }
      const path = Path.join(yield* folder, "s")
      yield* Layer.build(socketServer(path, { journal: { totals: Effect.succeed(endless) } }))
      const odd = Path.join(yield* folder, "s")
      yield* serving(odd, (socket) =>
        socket.on("data", (bytes) => {
          for (const line of bytes.toString().split("\n").filter(Boolean)) {
            const { _tag, id } = JSON.parse(line)
            if (_tag === "Request")
              socket.write(`${JSON.stringify({ _tag: "Exit", requestId: id, exit: { _tag: "Success", value: { ...totals, bytes: "many" } } })}\n`)
          }
        })
      )
      for (const location of [path, odd]) {
        const error = yield* Effect.flip(
          Effect.provide(
            Effect.flatMap(Journal, (journal) => journal.totals),
            [HanClient.layerSocket({ path: location }), Viewer.layerLocal]
          )
        )
        assert.deepStrictEqual([error._tag, error.reason], ["StoreError", "failed"])
        assert.include(error.message, `Journal.totals: ${location} has an answer that does not fit the wire`)
        assert.notMatch(error.message, /[\n└]|Expected/)
      }
    })
  )

  it.scopedLive("everything under way fails when the server goes, and the next request finds the next server", () =>
    Effect.gen(function* () {
      const path = Path.join(yield* folder, "s")
      const reached = yield* Deferred.make<void>()
      const server = yield* Scope.make()
      yield* Layer.buildWithScope(server)(
        socketServer(path, {
          journal: { totals: Effect.zipRight(Deferred.succeed(reached, undefined), Effect.never), changes: () => Stream.never }
        })
      )
      yield* Effect.gen(function* () {
        const journal = yield* Journal
        const stream = yield* Effect.fork(Effect.flip(Stream.runDrain(journal.changes())))
        const effect = yield* Effect.fork(Effect.flip(journal.totals))
        yield* Deferred.await(reached)
        yield* Scope.close(server, Exit.void)
        for (const error of yield* Effect.all([Fiber.join(stream), Fiber.join(effect)]))
          assert.deepStrictEqual([error._tag, error.reason], ["StoreError", "unreachable"])
        assert.strictEqual((yield* Effect.flip(journal.totals)).reason, "unreachable")
        yield* Layer.build(socketServer(path, { journal: { isForgotten: () => Effect.succeed(true) } }))
        assert.isTrue(yield* journal.isForgotten(session))
      }).pipe(Effect.provide([HanClient.layerSocket({ path }), Viewer.layerLocal]))
    })
  )

  it.scopedLive("a request is answered although the answer comes together with more of a stream than its consumer takes", () =>
    Effect.gen(function* () {
      const path = Path.join(yield* folder, "s")
      const values = Array.from({ length: 50 }, (_, sequence) =>
        encodeChange({
          sequence,
          id: transcript,
          transcript: { machine: "m", source: "han", sessionId: session, kind: "main", agentId: null, generation: 1 },
          entries: [],
          decoded: []
        })
      )
      let stream = ""
      yield* serving(path, (socket) => {
        const parser = ndjson.unsafeMake()
        const send = (messages: ReadonlyArray<unknown>) => socket.write(parser.encode(messages) ?? "")
        const success = (requestId: string, value?: unknown) => ({ _tag: "Exit", requestId, exit: { _tag: "Success", value } })
        let acks = 0
        socket.on("data", (bytes) => {
          // The wire, as the server's end reads it.
          for (const message of parser.decode(bytes) as ReadonlyArray<FromClientEncoded>) {
            if (message._tag === "Request" && message.tag === "Journal.changes") {
              stream = message.id
              send([{ _tag: "Chunk", requestId: stream, values }])
            } else if (message._tag === "Request") send([{ _tag: "Chunk", requestId: stream, values }, success(message.id, false)])
            else if (message._tag === "Ack" && ++acks === 2) send([success(stream)])
          }
        })
      })
      yield* Effect.gen(function* () {
        const journal = yield* Journal
        let asked = false
        const seen = yield* Stream.runFoldEffect(journal.changes(), 0, (seen) => {
          if (asked) return Effect.succeed(seen + 1)
          asked = true
          return Effect.as(journal.isForgotten(session), seen + 1)
        })
        assert.strictEqual(seen, 100)
      }).pipe(Effect.provide([HanClient.layerSocket({ path }), Viewer.layerLocal]))
    })
  )
})

describe("an HTTP server that does not answer", () => {
  const asked = (fetch: () => Response) =>
    Effect.acquireUseRelease(
      Effect.sync(() => Bun.serve({ port: 0, hostname: "127.0.0.1", fetch })),
      (server) =>
        Effect.flatMap(Journal, (journal) => Effect.flip(journal.totals)).pipe(
          Effect.map(({ cause, reason }) => [reason, cause instanceof CoordinatorUnreachable && cause.reason]),
          Effect.provide([HanClient.layerHttp({ url: `http://127.0.0.1:${server.port}` }).pipe(Layer.provide(FetchHttpClient.layer)), Viewer.layerLocal])
        ),
      (server) => Effect.promise(() => server.stop(true))
    )

  it.scopedLive("Another status, another language and an answer that breaks off each fail with their own reason", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* asked(() => new Response("gone", { status: 404 })), ["unreachable", "refused"])
      assert.deepStrictEqual(yield* asked(() => new Response("<html>\n")), ["unreachable", "refused"])
      assert.deepStrictEqual(yield* asked(() => new Response("")), ["unreachable", "closed"])
      assert.deepStrictEqual(yield* asked(() => new Response('{"_tag":"Ex')), ["unreachable", "closed"])
    })
  )
})
