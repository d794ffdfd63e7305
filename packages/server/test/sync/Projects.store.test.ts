import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { DirectoryWriter } from "han-core/Directories"
import { SyncClient } from "han-core/SyncClient"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { folder } from "../../../../test/temporary.ts"
import { session, user } from "../../../../test/transcriptLines.ts"
import { wholeJournal } from "../../../../test/wholeJournal.ts"
import { projectRules } from "../../src/sync/projectRules.ts"
import * as Sync from "../../src/sync/Sync.ts"
import type { SyncSettings } from "../../src/sync/settings.ts"
import { endpoint } from "./scripted.ts"
import { scriptedServer } from "./scriptedServer.ts"
import { VirtualTime } from "./virtualTime.ts"
import { identity } from "./world.ts"

/** A machine with one session in each of these projects, whose own file of han says this. */
const machine = (projects: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const root = yield* folder
    const time = new VirtualTime()
    const server = scriptedServer(time)
    const store = yield* Layer.build(SqliteStore.layer({ filename: ":memory:" }))
    const within = <A, E, R>(effect: Effect.Effect<A, E, R>) => effect.pipe(Effect.provide(store), Effect.provideService(Viewer, Viewer.local), time.within)
    const put = (name: string, yml: string) => Fs.writeFileSync(Path.join(root, name, "han.yml"), yml)
    for (const [name, yml] of Object.entries(projects)) {
      const path = Path.join(root, name)
      Fs.mkdirSync(path)
      put(name, yml)
      yield* within(
        Effect.gen(function* () {
          yield* (yield* wholeJournal).appendAll([session(name, [user(`${name}-1`, 1, "hello", { cwd: path })])])
          yield* (yield* DirectoryWriter).note(
            { machine: "test", path },
            { remote: `github.com/acme/${name}`, root: path, worktreeOf: null, defaultBranch: "main" }
          )
        })
      )
    }
    const remote = { endpoint, apiKey: Redacted.make("key-1"), ...identity() }
    const settings: SyncSettings = {
      enabled: true,
      remote,
      problem: null,
      rules: { forceExclude: [], forceInclude: [], includePersonal: false },
      includeContent: false,
      intervalMs: 60_000,
      batchSize: 1000,
      notices: []
    }
    const layer = Sync.layerSettings({ machine: "test", settings: Effect.succeed(settings), projects: projectRules("/home/ann") }).pipe(
      Layer.provide([Layer.succeedContext(store), server.layer, Viewer.layerLocal])
    )
    const start = Effect.gen(function* () {
      const client = yield* Effect.provide(SyncClient, yield* Layer.build(layer))
      yield* time.settled
      return { status: within(client.status), sessions: within(client.sessions()) }
    }).pipe(time.within)
    return { time, server, start, put }
  })

describe("a project's own files", () => {
  it.scopedLive("SYN-13: Whatever a project sets but what keeps it at home is left out and said: nothing goes elsewhere, or says more", () =>
    Effect.gen(function* () {
      const { server, start } = yield* machine({
        rogue: [
          "sync:",
          "  enabled: true",
          "  endpoint: http://127.0.0.1:9",
          "  apiKey: han_rogue",
          "  includeContent: true",
          "  includePersonal: true",
          '  forceInclude: ["**"]'
        ].join("\n"),
        plain: "hooks: {}\n"
      })
      const { status } = yield* start
      assert.deepStrictEqual([...new Set(server.asked.map(({ key, url }) => `${url} ${key}`))], [`${endpoint}/api/sync Bearer key-1`])
      assert.deepStrictEqual([server.textsOf("rogue").length, server.textsOf("plain").length], [1, 1])
      for (const text of [...server.textsOf("rogue"), ...server.textsOf("plain")]) assert.notInclude(text, "hello")
      const { notices } = yield* status
      for (const key of ["enabled", "endpoint", "apiKey", "includeContent", "includePersonal", "forceInclude"])
        assert.isTrue(
          notices.some((notice) => notice.includes(`sync.${key}`)),
          key
        )
    })
  )

  it.scopedLive("SYN-13: A project stays at home when it says so, when its pattern means it, and when nobody can read what it says", () =>
    Effect.gen(function* () {
      const { server, sessions } = yield* Effect.gen(function* () {
        const one = yield* machine({
          off: "sync: { enabled: false }\n",
          meant: 'sync: { forceExclude: ["acme/meant"] }\n',
          other: 'sync: { forceExclude: ["acme/another"] }\n',
          broken: "sync: { forceExclude: [\n",
          odd: 'sync: { forceExclude: "acme/odd" }\n',
          empty: 'sync: { forceExclude: [""] }\n'
        })
        return { ...one, ...(yield* one.start) }
      })
      assert.deepStrictEqual((yield* sessions).map(({ reason, sessionId, state }) => `${sessionId} ${state} ${reason ?? ""}`).toSorted(), [
        "broken excluded project_excluded",
        "empty excluded project_excluded",
        "meant excluded project_excluded",
        "odd excluded project_excluded",
        "off excluded project_excluded",
        "other synced "
      ])
      assert.isFalse(JSON.stringify(server.asked).includes("meant"))
    })
  )

  it.scopedLive("SYN-14: A project that is excluded while its lines wait sends none of them", () =>
    Effect.gen(function* () {
      const { put, server, start, time } = yield* machine({ shop: "hooks: {}\n" })
      server.script = () => "no connection"
      const { status } = yield* start
      assert.strictEqual((yield* status).state, "OFFLINE")
      put("shop", "sync: { enabled: false }\n")
      server.script = () => "well"
      yield* time.pass(3_600_000)
      assert.deepStrictEqual([server.textsOf("shop").length, (yield* status).excluded], [0, [{ reason: "project_excluded", count: 1 }]])
      assert.isFalse(server.asked.some(({ payload }) => payload.sessions.length > 0))
    })
  )
})
