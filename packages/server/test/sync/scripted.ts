import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { SyncClient } from "han-core/SyncClient"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { session, user } from "../../../../test/transcriptLines.ts"
import { wholeJournal } from "../../../../test/wholeJournal.ts"
import type * as Sync from "../../src/sync/Sync.ts"
import { scriptedServer } from "./scriptedServer.ts"
import { VirtualTime } from "./virtualTime.ts"
import { clientOver, identity, probed, remote } from "./world.ts"

export const endpoint = "https://han.example"

/** The lines of a session, one for each text, the first of them `from` seconds after noon. */
export const said = (id: string, texts: ReadonlyArray<string>, from = 0) =>
  session(
    id,
    texts.map((text, at) => user(`${id}-${at}`, from + at, text))
  )

/** A store that lives in virtual time, and the script of the server that its sender will talk to. */
export const scripted = (sessions: Readonly<Record<string, ReadonlyArray<string>>> = { one: ["a", "b", "c"] }, filename = ":memory:") =>
  Effect.gen(function* () {
    const time = new VirtualTime()
    const server = scriptedServer(time)
    const store = yield* Layer.build(SqliteStore.layer({ filename }))
    const within = <A, E, R>(effect: Effect.Effect<A, E, R>) => effect.pipe(Effect.provide(store), Effect.provideService(Viewer, Viewer.local), time.within)
    let isProbed = false
    /** Sessions, each of which began 100 seconds after the one before it. */
    const append = (all: Readonly<Record<string, ReadonlyArray<string>>>, from = 0) =>
      Effect.gen(function* () {
        const journal = yield* wholeJournal
        yield* journal.appendAll(Object.entries(all).map(([id, texts], at) => said(id, texts, from + at * 100)))
        if (!isProbed) yield* probed(remote)
        isProbed = true
      }).pipe(within)
    if (Object.keys(sessions).length > 0) yield* append(sessions)
    let me: Sync.SyncOptions["remote"] = { endpoint, apiKey: Redacted.make("key-1"), ...identity() }
    /** Starts a sender, which does at once what it can do. */
    const start = (options: Partial<Omit<Sync.SyncOptions, "machine" | "remote">> = {}) =>
      Effect.gen(function* () {
        const { all } = yield* clientOver(store, { remote: me, ...options }, server.layer)
        me = { ...me, isNewClient: false }
        const client = yield* Effect.provide(SyncClient, all)
        yield* time.settled
        const asked = <A, E>(effect: Effect.Effect<A, E, Viewer>) => effect.pipe(Effect.provideService(Viewer, Viewer.local), time.within)
        return {
          status: asked(client.status),
          queue: asked(client.queue),
          sessions: asked(client.sessions()),
          sync: asked(client.sync({})),
          verify: asked(client.verify),
          reload: Effect.zipRight(asked(client.reload), time.settled)
        }
      }).pipe(time.within)
    return { time, server, append, start }
  })
export type Scripted = Effect.Effect.Success<ReturnType<typeof scripted>>
