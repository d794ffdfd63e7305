import { execFile } from "node:child_process"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { SessionId, TranscriptId } from "han-core/Entry"
import type { JournalChange } from "han-core/Journal"
import { SessionNotFound } from "han-core/Session"
import { StoreError } from "han-core/StoreError"
import { CoordinatorIncompatible, CoordinatorUnreachable } from "han-rpc/Coordinator"
import { connect } from "han-rpc/HanPromise"
import { folder, type Says, socketServer } from "./servers.ts"

const served = (says: Says) =>
  Effect.gen(function* () {
    const socket = Path.join(yield* folder, "s")
    yield* Layer.build(socketServer(socket, says))
    return socket
  })

const thrown = (promise: Promise<unknown>) =>
  Effect.promise(() =>
    promise.then(
      () => assert.fail("it succeeded"),
      (error: unknown) => error
    )
  )

const change = (sequence: number): JournalChange => ({
  sequence,
  id: TranscriptId.make("m/claude-code/s1/main/1"),
  transcript: { machine: "m", source: "claude-code", sessionId: SessionId.make("s1"), kind: "main", agentId: null, generation: 1 },
  entries: [{ line: sequence, offset: 0, bytes: new Uint8Array([1, 255]) }],
  decoded: []
})

it.scopedLive("Methods give values, throw errors as their classes, and fail when the connection ends", () =>
  Effect.gen(function* () {
    const socket = yield* served({
      sessions: { count: () => Effect.succeed(7), get: (id) => Effect.fail(new SessionNotFound({ id, candidates: [] })) },
      journal: { isForgotten: () => Effect.never }
    })
    let pending: Promise<unknown> = Promise.resolve()
    yield* Effect.promise(async () => {
      await using han = await connect({ socket })
      assert.strictEqual(await han.sessions.count(), 7)
      const missing = await han.sessions.get("nope").catch((error: unknown) => error)
      assert.instanceOf(missing, SessionNotFound)
      const broken = await han.search.count({ text: "x" }).catch((error: unknown) => error)
      assert.instanceOf(broken, StoreError)
      const invalid = await han.sessions.toolCalls("").catch((error: unknown) => error)
      assert.strictEqual(invalid instanceof Error && invalid.name, "ParseError")
      pending = han.journal.isForgotten("s1")
      pending.catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 50))
    })
    assert.instanceOf(yield* thrown(pending), StoreError)
  })
)

it.scopedLive("A loop over changes gets each of them, and leaving it ends the stream at the other end", () =>
  Effect.gen(function* () {
    const ended = yield* Deferred.make<void>()
    const socket = yield* served({
      journal: {
        changes: (options) =>
          Stream.fromIterable([change((options?.after ?? 0) + 1), change((options?.after ?? 0) + 2)]).pipe(
            Stream.concat(options?.live === false ? Stream.empty : Stream.never),
            Stream.ensuring(Deferred.succeed(ended, undefined))
          )
      }
    })
    const seen = yield* Effect.promise(async () => {
      await using han = await connect({ socket })
      const seen: Array<number> = []
      for await (const one of han.journal.changes({ after: 40 })) {
        seen.push(one.sequence)
        assert.deepStrictEqual(one, change(one.sequence))
        if (seen.length === 2) break
      }
      await Effect.runPromise(Deferred.await(ended))
      for await (const one of han.journal.changes({ live: false })) seen.push(one.sequence)
      return seen
    })
    assert.deepStrictEqual(seen, [41, 42, 1, 2])
  })
)

it.scopedLive("A pass tells its progress and ends with its report", () =>
  Effect.gen(function* () {
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
    const socket = yield* served({
      indexer: { index: Stream.make({ _tag: "Indexing" as const, files: 1, filesDone: 0, bytes: 2, bytesDone: 0 }, { _tag: "Indexed" as const, report }) }
    })
    yield* Effect.promise(async () => {
      await using han = await connect({ socket })
      const tags: Array<string> = []
      assert.deepStrictEqual(await han.index({ onProgress: ({ _tag }) => tags.push(_tag) }), report)
      assert.deepStrictEqual(tags, ["Indexing", "Indexed"])
    })
  })
)

it.scopedLive("An absent server, one of another protocol and a closed connection each throw their own error", () =>
  Effect.gen(function* () {
    const absent = yield* thrown(connect({ socket: Path.join(yield* folder, "none") }))
    assert.isTrue(absent instanceof CoordinatorUnreachable && absent.reason === "absent")
    const newer = yield* served({ coordinator: { handshake: Effect.succeed({ version: "9.0.0", protocol: 99, pid: 1 }) } })
    const incompatible = yield* thrown(connect({ socket: newer }))
    assert.isTrue(incompatible instanceof CoordinatorIncompatible && incompatible.message.includes("update this program"))
    const socket = yield* served({})
    const closed = yield* Effect.promise(async () => {
      const han = await connect({ socket })
      await han.close()
      return han
    })
    const error = yield* thrown(closed.sessions.count())
    assert.isTrue(error instanceof CoordinatorUnreachable && error.reason === "closed")
  })
)

it.scopedLive("a script that forgets to close its connection ends", () =>
  Effect.gen(function* () {
    const socket = yield* served({ sessions: { count: () => Effect.succeed(7) } })
    const script = fileURLToPath(new URL("leaves-open.ts", import.meta.url))
    const { stdout } = yield* Effect.promise(() => promisify(execFile)(process.execPath, ["--conditions=han-source", script, socket], { timeout: 20_000 }))
    assert.strictEqual(stdout, "7\n")
  })
)
