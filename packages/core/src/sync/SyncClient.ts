/**
 * Sync as a person sees it: how it stands, and what they can tell it to do.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { SyncClient } from "han-core/SyncClient"
 *
 * const line = Effect.flatMap(SyncClient, ({ status }) =>
 *   Effect.map(status, ({ endpointHost, pendingMessages, state }) => `${state}: ${pendingMessages} lines wait for ${endpointHost ?? "nobody"}`)
 * )
 * ```
 */

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { SessionId } from "../journal/Entry.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"
import type { ForgetOutcome } from "./Sync.ts"

/**
 * `DISABLED` · `IDLE`: all that may go is there, or waits for its time · `SYNCING` · `BACKING_OFF`: after an error, tried again · `OFFLINE`: the same, and the server cannot be reached ·
 * `PAUSED_AUTH`, `PAUSED_PLAN`, `PAUSED_CONFIG`: a person has to do something.
 */
export const SyncState = Schema.Literal("DISABLED", "IDLE", "SYNCING", "BACKING_OFF", "OFFLINE", "PAUSED_AUTH", "PAUSED_PLAN", "PAUSED_CONFIG")
export type SyncState = typeof SyncState.Type

/** How sync stands. Times are milliseconds since 1970. It holds no key, and no body of an answer. */
export const SyncStatus = Schema.Struct({
  enabled: Schema.Boolean,
  /** There are an endpoint and a key. */
  configured: Schema.Boolean,
  endpointHost: Schema.NullOr(Schema.String),
  workspace: Schema.NullOr(Schema.String),
  state: SyncState,
  clientId: Schema.NullOr(Schema.String),
  /** Transcripts that wait. */
  queueSize: Schema.Int,
  /** Transcripts that stay at home until a person does something. */
  quarantined: Schema.Int,
  pendingSessions: Schema.Int,
  /** Lines that wait. */
  pendingMessages: Schema.Int,
  oldestPendingAt: Schema.NullOr(Schema.Number),
  lastAttemptAt: Schema.NullOr(Schema.Number),
  lastSuccessAt: Schema.NullOr(Schema.Number),
  nextAttemptAt: Schema.NullOr(Schema.Number),
  /** Since the last success. */
  attempts: Schema.Int,
  lastError: Schema.NullOr(Schema.Struct({ code: Schema.String, message: Schema.String, at: Schema.Number })),
  /** Sessions that may go. */
  eligibleSessions: Schema.Int,
  /** Sessions that stay at home, by reason. */
  excluded: Schema.Array(Schema.Struct({ reason: Schema.String, count: Schema.Int })),
  /** Lines and bytes of requests that were sent since the connection was made. */
  totals: Schema.Struct({ messages: Schema.Int, bytes: Schema.Int }),
  /** For people: settings that were left out, what goes again and why. */
  notices: Schema.Array(Schema.String)
})
export type SyncStatus = typeof SyncStatus.Type

/** `synced`: all lines are there · `waiting` · `excluded`: it stays at home, for `reason` · `quarantined`: the server refused it, for `reason` · `off`: nothing is sent. */
export const SessionSync = Schema.Struct({
  sessionId: SessionId,
  state: Schema.Literal("synced", "waiting", "excluded", "quarantined", "off"),
  reason: Schema.NullOr(Schema.String),
  /** Lines of all its transcripts, and how many of them the server has. */
  lines: Schema.Int,
  syncedLines: Schema.Int,
  /** The last line of the main transcript that the server has; -1 without one. */
  lastSyncedLine: Schema.Int,
  lastAckAt: Schema.NullOr(Schema.Number)
})
export type SessionSync = typeof SessionSync.Type

/** A transcript that waits. */
export const QueueItem = Schema.Struct({
  sessionId: SessionId,
  /** 1 for one that goes next; 0 for others. */
  priority: Schema.Int,
  enqueuedAt: Schema.NullOr(Schema.Number),
  attempts: Schema.Int,
  nextAttemptAt: Schema.NullOr(Schema.Number),
  lastErrorCode: Schema.NullOr(Schema.String),
  state: Schema.Literal("pending", "quarantined")
})
export type QueueItem = typeof QueueItem.Type

/** The lines, sessions and bytes that went in one command. */
export const Sent = Schema.Struct({ sent: Schema.Int, sessions: Schema.Int, bytes: Schema.Int, requests: Schema.Int })
export type Sent = typeof Sent.Type

/** The recipient of what would go, and its amount. */
export const SyncPreview = Schema.Struct({
  workspace: Schema.String,
  content: Schema.Boolean,
  repositories: Schema.Array(Schema.String),
  sessions: Schema.Int,
  messages: Schema.Int,
  bytes: Schema.Int
})
export type SyncPreview = typeof SyncPreview.Type

/** It was not all sent: `state` says whether it is tried again, and `message` what to do. */
export class SyncStopped extends Schema.TaggedError<SyncStopped>("han-core/SyncStopped")("SyncStopped", {
  state: SyncState,
  code: Schema.String,
  message: Schema.String
}) {}

/** The sending end of sync, as a person's commands see it. */
export class SyncClient extends Context.Tag("han-core/SyncClient")<
  SyncClient,
  {
    readonly status: Effect.Effect<SyncStatus, StoreError, Viewer>
    /** The status now, and whenever it changed. */
    readonly statusChanges: Stream.Stream<SyncStatus, StoreError, Viewer>
    /** Transcripts that wait, those first that go first. */
    readonly queue: Effect.Effect<ReadonlyArray<QueueItem>, StoreError, Viewer>
    /** Of these sessions, or of all. */
    readonly sessions: (ids?: ReadonlyArray<SessionId>) => Effect.Effect<ReadonlyArray<SessionSync>, StoreError, Viewer>
    /** Sends all that waits, or what waits of one session, now: no backoff holds it up. */
    readonly sync: (of: { readonly sessionId?: SessionId | undefined }) => Effect.Effect<Sent, SyncStopped | StoreError, Viewer>
    /** Compares what the server has with what it is remembered to have: one request, no line is read. */
    readonly verify: Effect.Effect<{ readonly same: boolean }, SyncStopped | StoreError, Viewer>
    /** Asks the server who it is and says what would go; sends nothing else. */
    readonly preview: Effect.Effect<SyncPreview, SyncStopped | StoreError, Viewer>
    /** Gives the bodies of requests, gzipped, that would send all that waits; asks the server who it is, and sends nothing else. Ids and times are others each time. */
    readonly dryRun: Stream.Stream<Uint8Array, SyncStopped | StoreError, Viewer>
    /** Removes sessions from the server, in one request for 200 of them. What is here stays. Gives the outcomes in the order of the ids. */
    readonly forget: (ids: ReadonlyArray<SessionId>) => Effect.Effect<ReadonlyArray<ForgetOutcome>, SyncStopped | StoreError, Viewer>
    /** Tells that a session is over: what is appended in the next seconds is sent at once. */
    readonly sessionEnded: Effect.Effect<void, StoreError>
    /** Tells that settings changed. */
    readonly reload: Effect.Effect<void, StoreError>
  }
>() {
  /** Of a program that sends nothing: it is disabled, knows of no session, and opens no connection. */
  static readonly layerOff: Layer.Layer<SyncClient> = Layer.sync(SyncClient, () => off)
}

const stopped = new SyncStopped({ state: "DISABLED", code: "disabled", message: "this program was started without sync, and sends nothing" })

const statusOff: SyncStatus = {
  enabled: false,
  configured: false,
  endpointHost: null,
  workspace: null,
  state: "DISABLED",
  clientId: null,
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
  notices: []
}

const off: typeof SyncClient.Service = {
  status: Effect.succeed(statusOff),
  statusChanges: Stream.concat(Stream.make(statusOff), Stream.never),
  queue: Effect.succeed([]),
  sessions: () => Effect.succeed([]),
  sync: () => Effect.fail(stopped),
  verify: Effect.fail(stopped),
  preview: Effect.fail(stopped),
  dryRun: Stream.fail(stopped),
  forget: () => Effect.fail(stopped),
  sessionEnded: Effect.void,
  reload: Effect.void
}
