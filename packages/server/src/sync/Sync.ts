/**
 * Sends a journal to a team server, line by line and each once, for as long as the layer lives.
 *
 * @example
 * ```ts
 * import { randomBytes, randomUUID } from "node:crypto"
 * import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 * import { SyncClient } from "han-core/SyncClient"
 * import { Viewer } from "han-core/Viewer"
 * import * as Sync from "han-server/Sync"
 * import * as PgStore from "han-sql/PgStore"
 *
 * const remote = {
 *   endpoint: "https://han.example",
 *   apiKey: Redacted.make(process.env.HAN_SYNC_API_KEY ?? ""),
 *   clientId: randomUUID(),
 *   clientSecret: Redacted.make(new Uint8Array(randomBytes(32))),
 *   isNewClient: true
 * }
 * const store = PgStore.layer({ url: Redacted.make(process.env.DATABASE_URL ?? "") })
 * const sync = Sync.layer({ remote, machine: "laptop" }).pipe(Layer.provide([store, FetchHttpClient.layer, Viewer.layerLocal]))
 *
 * const sent = Effect.flatMap(SyncClient, (client) => client.sync({})).pipe(Effect.provide([sync, Viewer.layerLocal]))
 * ```
 */

import * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { Journal } from "han-core/Journal"
import type { PrivacyRules } from "han-core/Privacy"
import { SyncClient } from "han-core/SyncClient"
import { SyncOutbox } from "han-core/unstable/SyncOutbox"
import { Viewer } from "han-core/Viewer"
import { dryRunOf } from "./dryRun.ts"
import { Engine } from "./Engine.ts"
import type { ProjectRules } from "./projectRules.ts"
import { forgottenThere, previewOf, queueOf, sessionsOf, statusOf, verified } from "./reports.ts"
import { dueIn, round, sendAll } from "./sending.ts"
import type { SyncRemote, SyncSettings } from "./settings.ts"

/** To whom, what, and how often. */
export interface SyncOptions {
  readonly remote: SyncRemote
  /** The id of this machine, as transcripts bear it. */
  readonly machine: string
  /** Rules by which sessions stay at home or go against the rule; none if absent. */
  readonly rules?: PrivacyRules | undefined
  /** True if absent. */
  readonly includeContent?: boolean | undefined
  /** Between two looks when nothing happens; 300 seconds if absent. */
  readonly interval?: Duration.DurationInput | undefined
  /** Lines of one request; 1,000 if absent. */
  readonly batchSize?: number | undefined
}

/** Sends to one server, with settings that stay as they are. */
export const layer = ({ batchSize, includeContent, interval, machine, remote, rules }: SyncOptions) =>
  layerSettings({
    machine,
    settings: Effect.succeed<SyncSettings>({
      enabled: true,
      remote,
      problem: null,
      rules: rules ?? { forceExclude: [], forceInclude: [], includePersonal: false },
      includeContent: includeContent ?? true,
      intervalMs: Duration.toMillis(interval ?? "300 seconds"),
      batchSize: batchSize ?? 1000,
      notices: []
    })
  })

/** Sends as the settings say that are asked for before each request. `projects` tells what a project's own files exclude. */
export const layerSettings = (options: {
  readonly machine: string
  readonly settings: Effect.Effect<SyncSettings>
  /** The environment, whose secrets are taken out of what is sent, and the home folder, which is written as `~`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  readonly projects?: ProjectRules | undefined
}): Layer.Layer<SyncClient, never, SyncOutbox | Journal | HttpClient.HttpClient | Viewer> =>
  Layer.scoped(
    SyncClient,
    Effect.gen(function* () {
      const journal = yield* Journal
      const viewer = yield* Viewer
      const engine = yield* Engine.make({
        ...options,
        outbox: yield* SyncOutbox,
        journal,
        client: yield* HttpClient.HttpClient
      })
      const asViewer = Effect.provideService(Viewer, viewer)
      yield* Effect.forkScoped(asViewer(followGrowth(engine)))
      const wait = engine.waitFor(Effect.map(Clock.currentTimeMillis, (now) => dueIn(engine, now)))
      yield* Effect.forkScoped(Effect.forever(Effect.zipRight(asViewer(round(engine)), wait)))
      const given = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provideService(effect, Journal, journal)
      return SyncClient.of({
        status: statusOf(engine),
        statusChanges: Stream.unwrapScoped(
          Effect.map(PubSub.subscribe(engine.changed), (news) =>
            Stream.concat(
              Stream.fromEffect(statusOf(engine)),
              Stream.mapEffect(Stream.fromQueue(news), () => statusOf(engine))
            )
          )
        ),
        queue: queueOf(engine),
        sessions: (ids) => sessionsOf(engine, ids),
        sync: ({ sessionId }) => given(sendAll(engine, { manual: true, sessionId })),
        verify: given(verified(engine)),
        preview: given(previewOf(engine)),
        dryRun: Stream.provideService(dryRunOf(engine), Journal, journal),
        forget: (ids) => forgottenThere(engine, ids),
        sessionEnded: Effect.map(Clock.currentTimeMillis, (now) => {
          engine.hurryUntil = now + hurryMs
        }),
        reload: engine.wake(true)
      })
    })
  )

/** A live session is sent when so much came, or so long after it began to come. */
const liveBytes = 64 * 1024
const liveMs = 5000
/** After the end of a session: so long its last lines may take to be appended. */
const hurryMs = 10_000
/** Between two looks whether something came, each of which reads one row. */
const lookMs = 1000
/** The same while nothing may be sent because of a failure: that may last for weeks. */
const restMs = 60_000

/** Wakes the sender for what is appended, while it may send. */
const followGrowth = (engine: Engine) => {
  // From before the sender looks for the first time: what comes while it does is news.
  let seen: number | undefined
  return Effect.gen(function* () {
    const { outbox } = engine.options
    let last = (seen ??= yield* engine.options.journal.head)
    let since: number | undefined
    while (true) {
      const waitMs = engine.nextAttemptAt === null ? 0 : engine.nextAttemptAt - (yield* Clock.currentTimeMillis)
      yield* Effect.sleep(engine.refusedKey !== null ? restMs : Math.min(restMs, Math.max(lookMs, waitMs)))
      if (engine.state === "DISABLED") continue
      const { bytes, sequence }: { readonly bytes: number; readonly sequence: number } = yield* outbox.grown(last)
      if (sequence === last) continue
      const now = yield* Clock.currentTimeMillis
      since ??= now
      if (bytes < liveBytes && now - since < liveMs && now > engine.hurryUntil) continue
      last = seen = sequence
      since = undefined
      yield* engine.wake(false)
    }
  }).pipe(
    Effect.tapError((error) => Effect.logWarning(`sync does not see what is appended, and looks again: ${error.message}`)),
    Effect.retry(Schedule.spaced("5 seconds"))
  )
}
