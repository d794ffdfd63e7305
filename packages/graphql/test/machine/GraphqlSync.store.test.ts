import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { SessionId } from "han-core/Entry"
import { StoreError } from "han-core/StoreError"
import { SyncClient } from "han-core/SyncClient"
import * as SqliteStore from "han-sql/SqliteStore"
import { expect, it } from "vitest"
import { syncClient } from "../../../../test/syncClient.ts"
import { session, user } from "../../../../test/transcriptLines.ts"
import { open } from "../graphqlAsking.ts"
import { rootDocument } from "../graphqlDocuments.ts"

const store = () => SqliteStore.layer({ filename: ":memory:" })
const at = Date.UTC(2026, 10, 22, 12)
const iso = "2026-11-22T12:00:00.000Z"

it("The status of sync has all that the sender says, with instants in words", async () => {
  const sync = syncClient()
  const han = await open(store(), { sync: sync.layer })
  await sync.tell({
    state: "BACKING_OFF",
    queueSize: 3,
    quarantined: 1,
    pendingMessages: 5_000_000_000,
    oldestPendingAt: at,
    nextAttemptAt: at,
    attempts: 4,
    lastError: { code: "network", message: "no answer", at },
    excluded: [{ reason: "personal", count: 2 }],
    totals: { messages: 7, bytes: 8 },
    notices: ["a setting was left out"]
  })
  const { syncStatus } = await han.ask(rootDocument("syncStatus"))
  expect(syncStatus).toMatchObject({
    enabled: true,
    configured: true,
    endpointHost: "han.example",
    workspace: "acme",
    state: "BACKING_OFF",
    clientId: "client-1",
    queueSize: 3,
    quarantined: 1,
    pendingSessions: 0,
    pendingMessages: 5_000_000_000,
    oldestPendingAt: iso,
    lastAttemptAt: null,
    lastSuccessAt: null,
    nextAttemptAt: iso,
    attempts: 4,
    lastError: { code: "network", message: "no answer", at: iso },
    eligibleSessions: 0,
    excluded: [{ reason: "personal", count: 2 }],
    totals: { messages: 7, bytes: 8 },
    notices: ["a setting was left out"]
  })
  await han.close()
})

it("Every session of a list says whether it is synced, by one question for all", async () => {
  const sync = syncClient()
  const han = await open(store(), { sync: sync.layer })
  await han.append(...Array.from({ length: 30 }, (_, n) => session(`s-${n}`, [user(`u-${n}`, n, "hello", { cwd: "/work" })])))
  const known = { lines: 4, syncedLines: 2, lastSyncedLine: 1, lastAckAt: at, reason: null }
  sync.sender.sessions = [
    { ...known, sessionId: SessionId.make("s-0"), state: "waiting" },
    { ...known, sessionId: SessionId.make("s-1"), state: "excluded", reason: "personal", syncedLines: 0, lastAckAt: null }
  ]
  const document = "{ sessions(first: 50) { edges { node { sessionId sync { state reason lines syncedLines lastAckAt } } } } }"
  const answer = await han.ask(document)
  const bySession = new Map(
    answer.sessions.edges.map(({ node }: { readonly node: { readonly sessionId: string; readonly sync: unknown } }) => [node.sessionId, node.sync])
  )
  expect(bySession.size).toBe(30)
  expect(bySession.get("s-0")).toEqual({ state: "WAITING", reason: null, lines: 4, syncedLines: 2, lastAckAt: iso })
  expect(bySession.get("s-1")).toEqual({ state: "EXCLUDED", reason: "personal", lines: 4, syncedLines: 0, lastAckAt: null })
  expect(bySession.get("s-2")).toBe(null)
  expect(sync.asked).toEqual(["sessions"])
  await han.close()
})

it("A subscriber gets the status as it is and each change, and leaving ends the stream behind it", async () => {
  const sync = syncClient()
  const han = await open(store(), { sync: sync.layer })
  const subscription = await han.subscribe("subscription { syncStatusChanged { state pendingMessages } }")
  expect(await subscription.next()).toEqual({ syncStatusChanged: { state: "IDLE", pendingMessages: 0 } })
  await sync.tell({ state: "SYNCING", pendingMessages: 12 })
  expect(await subscription.next()).toEqual({ syncStatusChanged: { state: "SYNCING", pendingMessages: 12 } })
  expect(sync.following()).toBe(1)
  const waiting = subscription.next()
  await subscription.end()
  expect(await waiting).toBe(undefined)
  expect(sync.following()).toBe(0)
  await han.close()
})

it("A status that cannot be read is an error with its message and code", async () => {
  const failure = new StoreError({ operation: "SyncClient.status", reason: "failed", message: "the database is locked" })
  const broken = Layer.effect(
    SyncClient,
    Effect.map(SyncClient, (client) => ({ ...client, status: Effect.fail(failure), statusChanges: Stream.fail(failure) }))
  ).pipe(Layer.provide(syncClient().layer))
  const han = await open(store(), { sync: broken })
  const [error] = await han.errors("{ syncStatus { state } }")
  expect([error?.message, error?.extensions]).toEqual(["the database is locked", { code: "StoreError" }])
  const subscription = await han.subscribe("subscription { syncStatusChanged { state } }")
  await expect(subscription.next()).rejects.toMatchObject({ message: "the database is locked", extensions: { code: "StoreError" } })
  await han.close()
})

it("A machine without a sender says that sync is off, of itself and of no session", async () => {
  const han = await open(store())
  await han.append(session("s-0", [user("u-0", 0, "hello", { cwd: "/work" })]))
  expect(await han.ask("{ syncStatus { enabled configured state totals { bytes } } sessions(first: 1) { edges { node { sync { state } } } } }")).toEqual({
    syncStatus: { enabled: false, configured: false, state: "DISABLED", totals: { bytes: 0 } },
    sessions: { edges: [{ node: { sync: null } }] }
  })
  await han.close()
})
