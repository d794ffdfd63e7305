import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { SessionId } from "han-core/Entry"
import type { StoreError } from "han-core/StoreError"
import type { ForgetOutcome } from "han-core/Sync"
import { type QueueItem, type SessionSync, type SyncPreview, type SyncStatus, SyncStopped } from "han-core/SyncClient"
import { digestOf } from "han-core/unstable/SyncChain"
import type { OutboxTranscript } from "han-core/unstable/SyncOutbox"
import type { Viewer } from "han-core/Viewer"
import { type Engine, eligibility } from "./Engine.ts"
import { forgetThere, probe } from "./sending.ts"
import type { SyncRemote, SyncSettings } from "./settings.ts"
import type { SendFailed } from "./transport.ts"

/** A transcript with what is decided about it at this moment. */
interface Judged {
  readonly of: OutboxTranscript
  readonly eligible: boolean
  readonly reason: string
  readonly waits: number
}

const judged = Effect.fnUntraced(function* (engine: Engine, settings: SyncSettings) {
  const all = yield* engine.options.outbox.transcripts({ pending: false })
  const workspace = engine.server?.workspace
  return yield* Effect.forEach(all, (of) =>
    Effect.map(eligibility(engine, settings, workspace, of), ({ eligible, reason }): Judged => {
      // Whose repositories belong to the workspace, the server has not said yet: what has one waits.
      const isOpen = workspace === undefined && reason === "unknown_owner" && of.directory?.remote != null
      return { of, eligible: eligible || isOpen, reason, waits: of.lines - (of.acked?.lines ?? 0) }
    })
  )
})

/** How sync stands, from the outbox and what the sender knows. Reads no lines. */
export const statusOf = (engine: Engine): Effect.Effect<SyncStatus, StoreError, Viewer> =>
  Effect.gen(function* () {
    const settings = yield* engine.options.settings
    const { enabled, remote } = settings
    const all = enabled ? yield* judged(engine, settings) : []
    const quarantined = all.filter(({ of, waits }) => waits > 0 && of.problem?.state === "quarantined")
    const waiting = all.filter(({ eligible, of, waits }) => eligible && waits > 0 && of.problem?.state !== "quarantined")
    const sessionsOf = (list: ReadonlyArray<Judged>) => new Set(list.map(({ of }) => of.transcript.sessionId))
    const excluded = Map.groupBy(
      all.filter(({ eligible }) => !eligible),
      ({ reason }) => reason
    )
    // Another server that somebody only asks about takes the place of none.
    const opened =
      remote === null || !enabled
        ? null
        : yield* engine.options.outbox.open({ endpoint: remote.endpoint, clientId: remote.clientId, isNewClient: remote.isNewClient })
    const oldest = waiting.flatMap(({ of }) => (of.updatedAt > 0 ? [of.updatedAt] : []))
    return {
      enabled,
      configured: remote !== null,
      endpointHost: remote === null ? null : new URL(remote.endpoint).host,
      workspace: engine.server?.workspace.slug ?? null,
      state: !enabled ? "DISABLED" : settings.problem !== null || remote === null ? "PAUSED_CONFIG" : engine.state,
      clientId: remote?.clientId ?? null,
      queueSize: waiting.length,
      quarantined: quarantined.length,
      pendingSessions: sessionsOf(waiting).size,
      pendingMessages: waiting.reduce((sum, { waits }) => sum + waits, 0),
      oldestPendingAt: oldest.length === 0 ? null : Math.min(...oldest),
      lastAttemptAt: engine.lastAttemptAt,
      lastSuccessAt: opened?.lastSuccessAt ?? null,
      nextAttemptAt: engine.nextAttemptAt,
      attempts: engine.attempts,
      lastError:
        settings.problem !== null && enabled ? { code: "config_invalid", message: settings.problem, at: yield* Clock.currentTimeMillis } : engine.lastError,
      eligibleSessions: sessionsOf(all.filter(({ eligible }) => eligible)).size,
      excluded: [...excluded].map(([reason, list]) => ({ reason, count: sessionsOf(list).size })).toSorted((a, b) => (a.reason < b.reason ? -1 : 1)),
      totals: { messages: opened?.messages ?? 0, bytes: opened?.bytes ?? 0 },
      notices: [...settings.notices, ...(engine.options.projects?.ignored() ?? []), ...engine.notices]
    }
  })

export const queueOf = (engine: Engine): Effect.Effect<ReadonlyArray<QueueItem>, StoreError, Viewer> =>
  Effect.gen(function* () {
    const settings = yield* engine.options.settings
    if (!settings.enabled) return []
    const all = yield* judged(engine, settings)
    const waiting = all.filter(({ eligible, of, waits }) => waits > 0 && (eligible || of.problem?.state === "quarantined"))
    return waiting.map(
      ({ of }, index): QueueItem => ({
        sessionId: of.transcript.sessionId,
        priority: index === 0 ? 1 : 0,
        enqueuedAt: of.updatedAt === 0 ? null : of.updatedAt,
        attempts: of.problem?.attempts ?? 0,
        nextAttemptAt: of.problem?.nextAttemptAt ?? engine.nextAttemptAt,
        lastErrorCode: of.problem?.code ?? null,
        state: of.problem?.state === "quarantined" ? "quarantined" : "pending"
      })
    )
  })

export const sessionsOf = (engine: Engine, ids: ReadonlyArray<SessionId> | undefined): Effect.Effect<ReadonlyArray<SessionSync>, StoreError, Viewer> =>
  Effect.gen(function* () {
    const settings = yield* engine.options.settings
    const wanted = ids === undefined ? undefined : new Set(ids)
    const all = (yield* judged(engine, settings)).filter(({ of }) => wanted === undefined || wanted.has(of.transcript.sessionId))
    return [...Map.groupBy(all, ({ of }) => of.transcript.sessionId)].map(([sessionId, list]): SessionSync => {
      const refused = list.find(({ of, waits }) => waits > 0 && of.problem?.state === "quarantined")
      const kept = list.find(({ eligible }) => !eligible)
      const waits = list.some((one) => one.waits > 0)
      const times = list.flatMap(({ of }) => of.acked?.at ?? [])
      const main = list.filter(({ of }) => of.transcript.kind === "main").at(-1)
      return {
        sessionId,
        state: !settings.enabled ? "off" : refused !== undefined ? "quarantined" : !waits ? "synced" : kept !== undefined ? "excluded" : "waiting",
        reason: refused?.of.problem?.code ?? (waits ? (kept?.reason ?? null) : null),
        lines: list.reduce((sum, { of }) => sum + of.lines, 0),
        syncedLines: list.reduce((sum, { of }) => sum + (of.acked?.lines ?? 0), 0),
        lastSyncedLine: (main?.of.acked?.lines ?? 0) - 1,
        lastAckAt: times.length === 0 ? null : Math.max(...times)
      }
    })
  })

export const remoteOf = Effect.fnUntraced(function* (engine: Engine) {
  const settings = yield* engine.options.settings
  if (settings.problem !== null || settings.remote === null)
    return yield* new SyncStopped({ state: "PAUSED_CONFIG", code: "config_invalid", message: settings.problem ?? "there is no endpoint, or no API key" })
  return { settings, remote: settings.remote }
})

export const stopped = (error: SendFailed) => new SyncStopped({ state: error.state, code: error.code, message: error.message })

/** Compares the digest of what is remembered with the server's, in one request. */
export const verified = (engine: Engine): Effect.Effect<{ readonly same: boolean }, SyncStopped | StoreError, Viewer> =>
  engine.turn.withPermits(1)(
    Effect.gen(function* () {
      const { remote } = yield* remoteOf(engine)
      const all = yield* engine.options.outbox.transcripts({ pending: false })
      const own = digestOf(all.flatMap(({ acked }) => (acked === null || acked.lines === 0 ? [] : [acked])))
      const { digest } = yield* Effect.mapError(probe(engine, remote, true), stopped)
      return { same: digest !== undefined && digest.hash === own.hash }
    })
  )

/** Removes sessions from the server, and says what became of each. */
export const forgottenThere = (engine: Engine, ids: ReadonlyArray<SessionId>): Effect.Effect<ReadonlyArray<ForgetOutcome>, SyncStopped | StoreError, Viewer> =>
  engine.turn.withPermits(1)(
    Effect.gen(function* () {
      const { remote } = yield* remoteOf(engine)
      return yield* Effect.mapError(forgetThere(engine, remote, ids), stopped)
    })
  )

/** The transcripts that would go to a remote, with what waits of each for it. What another remote has is nothing to this one; what went without words goes again with them. */
export const goingTo = Effect.fnUntraced(function* (engine: Engine, settings: SyncSettings, remote: SyncRemote) {
  const known = yield* engine.options.outbox.remote
  const isKnown = known?.endpoint === remote.endpoint && known.clientId === remote.clientId
  const words = engine.sendsWords(settings.includeContent)
  return (yield* judged(engine, settings)).flatMap((one): ReadonlyArray<Judged> => {
    const { acked } = one.of
    const of = isKnown && !(words && acked?.whole === false) ? one.of : { ...one.of, acked: null }
    const waits = of.lines - (of.acked?.lines ?? 0)
    return one.eligible && waits > 0 ? [{ ...one, of, waits }] : []
  })
})

/** Says what would go, to whom, with the settings as they are, also while sync is off. */
export const previewOf = (engine: Engine): Effect.Effect<SyncPreview, SyncStopped | StoreError, Viewer> =>
  Effect.gen(function* () {
    const { remote, settings } = yield* remoteOf(engine)
    yield* engine.turn.withPermits(1)(Effect.mapError(probe(engine, remote), stopped))
    const going = yield* goingTo(engine, settings, remote)
    const sizes = new Map((yield* engine.options.journal.transcripts()).map(({ bytes, id }) => [id, bytes]))
    return {
      workspace: engine.server?.workspace.name ?? "",
      content: engine.sendsWords(settings.includeContent),
      repositories: [...new Set(going.flatMap(({ of }) => of.directory?.remote ?? of.cwd ?? []))].sort(),
      sessions: new Set(going.map(({ of }) => of.transcript.sessionId)).size,
      messages: going.reduce((sum, { waits }) => sum + waits, 0),
      bytes: going.reduce((sum, { of, waits }) => sum + Math.round(((sizes.get(of.id) ?? 0) * waits) / Math.max(1, of.lines)), 0)
    }
  })
