import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import type { SessionId } from "han-core/Entry"
import type { StoreError } from "han-core/StoreError"
import type { ForgetOutcome } from "han-core/Sync"
import { type QueueItem, type Sent, type SessionSync, SyncClient, type SyncPreview, type SyncStatus, type SyncStopped } from "han-core/SyncClient"

/** A status of a connected machine on which all is well. */
export const statusWith = (more: Partial<SyncStatus> = {}): SyncStatus => ({
  enabled: true,
  configured: true,
  endpointHost: "han.example",
  workspace: "acme",
  state: "IDLE",
  clientId: "client-1",
  queueSize: 0,
  quarantined: 0,
  pendingSessions: 0,
  pendingMessages: 0,
  oldestPendingAt: null,
  lastAttemptAt: null,
  lastSuccessAt: null,
  nextAttemptAt: null,
  attempts: 0,
  lastError: null,
  eligibleSessions: 0,
  excluded: [],
  totals: { messages: 0, bytes: 0 },
  notices: [],
  ...more
})

/** What the sender answers. A test may change it at any time. */
export interface Sender {
  queue: ReadonlyArray<QueueItem>
  sessions: ReadonlyArray<SessionSync>
  sync: (sessionId: SessionId | undefined) => Effect.Effect<Sent, SyncStopped | StoreError>
  verify: Effect.Effect<{ readonly same: boolean }, SyncStopped | StoreError>
  preview: Effect.Effect<SyncPreview, SyncStopped | StoreError>
  dryRun: Stream.Stream<Uint8Array, SyncStopped | StoreError>
  forget: (ids: ReadonlyArray<SessionId>) => Effect.Effect<ReadonlyArray<ForgetOutcome>, SyncStopped | StoreError>
  reload: Effect.Effect<void, StoreError>
}

/** A layer of `SyncClient` without a server: it answers what a test gives it, and notes what it was asked. */
export const syncClient = (given: Partial<Sender> = {}) => {
  const status = Effect.runSync(SubscriptionRef.make(statusWith()))
  const sender: Sender = {
    queue: [],
    sessions: [],
    sync: () => Effect.succeed({ sent: 0, sessions: 0, bytes: 0, requests: 1 }),
    verify: Effect.succeed({ same: true }),
    preview: Effect.succeed({ workspace: "acme", content: true, repositories: [], sessions: 0, messages: 0, bytes: 0 }),
    dryRun: Stream.empty,
    forget: (ids) => Effect.succeed(ids.map((sessionId) => ({ sessionId, outcome: "forgotten" as const }))),
    reload: Effect.void,
    ...given
  }
  const asked: Array<string> = []
  let following = 0
  const asking = <A, E>(what: string, answer: () => Effect.Effect<A, E>) =>
    Effect.suspend(() => {
      asked.push(what)
      return answer()
    })
  const layer = Layer.succeed(SyncClient, {
    status: asking("status", () => SubscriptionRef.get(status)),
    statusChanges: Stream.unwrapScoped(
      Effect.as(
        Effect.acquireRelease(
          Effect.sync(() => following++),
          () => Effect.sync(() => following--)
        ),
        status.changes
      )
    ),
    queue: asking("queue", () => Effect.succeed(sender.queue)),
    sessions: (ids) =>
      asking("sessions", () => Effect.succeed(ids === undefined ? sender.sessions : sender.sessions.filter(({ sessionId }) => ids.includes(sessionId)))),
    sync: ({ sessionId }) => asking("sync", () => sender.sync(sessionId)),
    verify: asking("verify", () => sender.verify),
    preview: asking("preview", () => sender.preview),
    dryRun: Stream.unwrap(asking("dry run", () => Effect.succeed(sender.dryRun))),
    forget: (ids) => asking("forget", () => sender.forget(ids)),
    sessionEnded: asking("session ended", () => Effect.void),
    reload: asking("reload", () => sender.reload)
  })
  return {
    layer,
    sender,
    asked,
    /** Those who follow the status now. */
    following: () => following,
    tell: (more: Partial<SyncStatus>) => Effect.runPromise(SubscriptionRef.set(status, statusWith(more)))
  }
}
