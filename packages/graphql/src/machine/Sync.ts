import DataLoader from "dataloader"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { GraphQLError, GraphQLNonNull, GraphQLObjectType, GraphQLString } from "graphql"
import type { SessionId } from "han-core/Entry"
import { type SessionSync, SyncClient, type SyncStatus } from "han-core/SyncClient"
import type { Viewer } from "han-core/Viewer"
import { always, alwaysListOf, field, flag, int, isoOf, text } from "../context/Field.ts"
import type { MachineContext } from "../context/GraphqlContext.ts"
import type { MachineRequirements } from "../context/GraphqlRequirements.ts"
import { memoized } from "../context/memoized.ts"
import { eventsOfStream } from "../context/streamEvents.ts"
import { SessionSyncState, SyncState } from "../relay/Enums.ts"

const SyncFailure = new GraphQLObjectType<NonNullable<SyncStatus["lastError"]>>({
  name: "SyncFailure",
  description: "What went wrong when something was to be sent.",
  fields: {
    code: always(text("The kind of failure, as the protocol names it.")),
    message: always(text("What is wrong, and what to do.")),
    at: always(text("When.", ({ at }) => isoOf(at)))
  }
})
const SyncExclusion = new GraphQLObjectType<SyncStatus["excluded"][number]>({
  name: "SyncExclusion",
  description: "Sessions that stay on this machine for one reason.",
  fields: { reason: always(text("The reason, e.g. `force_excluded` or `unknown_owner`.")), count: always(int("How many sessions.")) }
})
const SyncTotals = new GraphQLObjectType<SyncStatus["totals"]>({
  name: "SyncTotals",
  description: "What was sent since this machine was connected.",
  fields: { messages: always(int("Lines, each as often as it was sent.")), bytes: always(int("Bytes of requests, compressed.")) }
})

export const SyncStatusType = new GraphQLObjectType<SyncStatus>({
  name: "SyncStatus",
  description: "How it stands with what this machine sends to a team server. It holds no key, and nothing of what a server answered but its error.",
  fields: {
    enabled: always(flag("Whether sync is switched on.")),
    configured: always(flag("Whether there are an endpoint and a key.")),
    endpointHost: text("The host that is sent to; null without one."),
    workspace: text("The workspace that the key belongs to, as its server tells; null until it did."),
    state: field(new GraphQLNonNull(SyncState), "What sync does now."),
    clientId: text("What the server knows this machine by; null before the first connection."),
    queueSize: always(int("Transcripts that wait.")),
    quarantined: always(int("Transcripts that the server refused, and that stay here until a person does something.")),
    pendingSessions: always(int("Sessions with lines that wait.")),
    pendingMessages: always(int("Lines that wait.")),
    oldestPendingAt: text("When the oldest session that waits was last written; null when none waits.", ({ oldestPendingAt }) => isoOf(oldestPendingAt)),
    lastAttemptAt: text("When a request was last sent.", ({ lastAttemptAt }) => isoOf(lastAttemptAt)),
    lastSuccessAt: text("When a request last succeeded.", ({ lastSuccessAt }) => isoOf(lastSuccessAt)),
    nextAttemptAt: text("When the next request is due; null when nothing waits for its time.", ({ nextAttemptAt }) => isoOf(nextAttemptAt)),
    attempts: always(int("Requests that failed since the last success.")),
    lastError: field(SyncFailure, "The last failure; null after a success."),
    eligibleSessions: always(int("Sessions that may leave this machine.")),
    excluded: alwaysListOf(SyncExclusion, "Sessions that stay here, by reason."),
    totals: field(new GraphQLNonNull(SyncTotals), "What was sent."),
    notices: alwaysListOf(GraphQLString, "What a person should know: settings that were left out, what is sent again and why.")
  }
})

export const SessionSyncType = new GraphQLObjectType<SessionSync>({
  name: "SessionSync",
  description: "How far a team server has a session.",
  fields: {
    state: field(new GraphQLNonNull(SessionSyncState), "Where it stands.", ({ state }) => state.toUpperCase()),
    reason: text("Why it stays here, for one that is excluded or quarantined, e.g. `personal` or `session_conflict`."),
    lines: always(int("Lines of all its transcripts.")),
    syncedLines: always(int("How many of them the server has.")),
    lastAckAt: text("When the server last confirmed some of them.", ({ lastAckAt }) => isoOf(lastAckAt))
  }
})

export const syncStatusOf = ({ run }: MachineContext): Promise<SyncStatus> => run(Effect.flatMap(SyncClient, ({ status }) => status))

/** The status now, and after each change; somebody who reads slowly is told the newest. */
export const syncStatusChanges = async ({ run }: MachineContext): Promise<AsyncIterableIterator<SyncStatus, undefined>> => {
  const runtime = await run(Effect.runtime<MachineRequirements | Viewer>())
  const changes = Stream.unwrap(Effect.map(SyncClient, ({ statusChanges }) => statusChanges)).pipe(
    Stream.mapError(({ _tag, message }) => new GraphQLError(message, { extensions: { code: _tag } })),
    Stream.buffer({ capacity: 1, strategy: "sliding" })
  )
  return eventsOfStream(changes, runtime)
}

/** Lookups of one request: those of one tick are one question. */
const syncOf = memoized(
  ({ run }: MachineContext) =>
    new DataLoader<SessionId, SessionSync | null>(async (ids) => {
      const found = new Map((await run(Effect.flatMap(SyncClient, ({ sessions }) => sessions(ids)))).map((one) => [one.sessionId, one]))
      return ids.map((id) => found.get(id) ?? null)
    })
)
export const sessionSyncOf = (id: SessionId, context: MachineContext): Promise<SessionSync | null> => syncOf(context).load(id)
