/**
 * The coordinator of a machine as others see it: who it is, what it is doing, and how to end it.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Coordinator } from "han-rpc/Coordinator"
 * import * as HanClient from "han-rpc/HanClient"
 *
 * const status = Effect.flatMap(Coordinator, (coordinator) => coordinator.status).pipe(
 *   Effect.map(({ database, pid }) => `process ${pid} keeps ${database.location}`),
 *   Effect.catchTag("CoordinatorUnreachable", ({ message }) => Effect.succeed(message)),
 *   Effect.provide(HanClient.layerSocket({ path: "/home/dev/.han/coordinator.sock" }))
 * )
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { CannotWrite, IndexerStatus } from "han-core/Indexer"
import { JournalTotals } from "han-core/Journal"
import { RebuildProgress } from "han-core/JournalAdmin"
import { IndexProblem } from "han-core/Session"
import type { StoreError } from "han-core/StoreError"
import { ToolOutputTotals } from "han-core/ToolOutput"
import { NotTakenFiles, RootState } from "han-core/Transcripts"
import type { Viewer } from "han-core/Viewer"

/** The program that answers. Its shape never changes: two releases find out by it that they differ. */
export const Handshake = Schema.Struct({
  version: Schema.String,
  /** See `protocol` in `han-rpc/Version`. */
  protocol: Schema.Int,
  pid: Schema.Int
})
export type Handshake = typeof Handshake.Type

/** The address at which HTTP is served on this machine; or why it is not, in words. */
export const HttpState = Schema.Union(
  Schema.Struct({ state: Schema.Literal("listening"), port: Schema.Int, url: Schema.String }),
  Schema.Struct({ state: Schema.Literal("off"), reason: Schema.String })
)
export type HttpState = typeof HttpState.Type

/**
 * The store of an earlier build while it is made anew: until that is done nothing else is answered from it. `lines` of `total` are copied, then compared. `failed`: it is not made anew, and
 * `message` says why; the earlier file is as it was.
 */
export const RemakeProgress = Schema.Struct({
  phase: Schema.Literal("copying", "comparing", "swapping", "failed"),
  /** The version of the earlier journal. */
  version: Schema.Int,
  lines: Schema.Int,
  total: Schema.Int,
  message: Schema.NullOr(Schema.String)
})
export type RemakeProgress = typeof RemakeProgress.Type

/** The coordinator's process, and what it is doing now. */
export const CoordinatorStatus = Schema.Struct({
  ...Handshake.fields,
  /** Milliseconds since 1970. */
  startedAt: Schema.Number,
  /** HAN_HOME. */
  home: Schema.String,
  socket: Schema.String,
  http: HttpState,
  database: Schema.Struct({
    engine: Schema.Literal("sqlite", "postgresql"),
    version: Schema.String,
    location: Schema.String,
    /** The danger that this version of the engine is to the data, in words; null when it is none. */
    warning: Schema.NullOr(Schema.String)
  }),
  indexer: IndexerStatus,
  /** Directories of sessions are being looked up: until then a worktree stands as a project of its own. */
  lookingUp: Schema.Boolean,
  /** Since when something that should be written down is not, and why: what is answered may be older than what there is. Null: everything is written. */
  cannotWrite: Schema.NullOr(CannotWrite),
  /** The projection that is being rebuilt; null most of the time. */
  rebuilding: Schema.NullOr(RebuildProgress),
  /** The store of an earlier build that is being made anew; null when there is none. */
  remaking: Schema.NullOr(RemakeProgress)
})
export type CoordinatorStatus = typeof CoordinatorStatus.Type

/** When Claude Code will delete transcripts of one configuration folder. */
export const ClaudeCleanup = Schema.Struct({
  root: Schema.String,
  /** `cleanupPeriodDays` of the folder's `settings.json`; 30 when it does not say. */
  cleanupPeriodDays: Schema.Number,
  /** When the least recently written transcript was written; null when there is none. */
  oldestTranscriptAt: Schema.NullOr(Schema.Number),
  /** From then on Claude Code deletes it when it starts; a time that is past means at its next start. */
  nextDeletionAt: Schema.NullOr(Schema.Number)
})
export type ClaudeCleanup = typeof ClaudeCleanup.Type

/** Everything that `han doctor` shows: the state, the totals, and what a person should look at. */
export const DoctorReport = Schema.Struct({
  status: CoordinatorStatus,
  totals: JournalTotals,
  /** The first 100. */
  problems: Schema.Array(IndexProblem),
  roots: Schema.Array(RootState),
  /** Files under the roots that are named as a transcript and are none. */
  notTaken: NotTakenFiles,
  /** Outputs of tools that are kept beside the lines, and what a person should know about them. */
  outputs: ToolOutputTotals,
  claudeCleanup: Schema.Array(ClaudeCleanup),
  /** Models without a price, and what the ledger of API responses leaves out or cannot decide: see `UsageReport`. */
  usage: Schema.Struct({ unpricedModels: Schema.Array(Schema.String), notIncluded: Schema.Array(Schema.String) }),
  /** Faults that a person should do something about, one sentence each. */
  warnings: Schema.Array(Schema.String)
})
export type DoctorReport = typeof DoctorReport.Type

/**
 * Nobody answers at `location`. `absent`: nothing is there · `refused`: something is there that does not answer or may not be opened ·
 * `closed`: it answered and then the connection ended · `silent`: connected, but no sign of life.
 */
export class CoordinatorUnreachable extends Schema.TaggedError<CoordinatorUnreachable>("han-rpc/CoordinatorUnreachable")("CoordinatorUnreachable", {
  location: Schema.String,
  reason: Schema.Literal("absent", "refused", "closed", "silent"),
  message: Schema.String
}) {}

/** The coordinator speaks another language than this client. */
export class CoordinatorIncompatible extends Schema.TaggedError<CoordinatorIncompatible>("han-rpc/CoordinatorIncompatible")("CoordinatorIncompatible", {
  location: Schema.String,
  theirs: Handshake,
  ours: Schema.Struct({ version: Schema.String, protocol: Schema.Int })
}) {
  override get message() {
    const what = `the coordinator at ${this.location} is han ${this.theirs.version} (protocol ${this.theirs.protocol}), this is han ${this.ours.version} (protocol ${this.ours.protocol})`
    return this.theirs.protocol < this.ours.protocol
      ? `${what}; \`han coordinator stop\`, then \`han coordinator start\` replaces it`
      : `${what}; update this program`
  }
}

/** The coordinator serves no HTTP. `message` says why. */
export class HttpOff extends Schema.TaggedError<HttpOff>("han-rpc/HttpOff")("HttpOff", { message: Schema.String }) {}

/** The daemon that keeps this machine's transcripts: what it is doing, and how to end it. */
export class Coordinator extends Context.Tag("han-rpc/Coordinator")<
  Coordinator,
  {
    /** Ask it first: a client of another protocol understands no other answer. */
    readonly handshake: Effect.Effect<Handshake, CoordinatorUnreachable>
    /** Cheap enough to be asked every second. */
    readonly status: Effect.Effect<CoordinatorStatus, CoordinatorUnreachable>
    /** Looks at the journal and at Claude Code's settings, so it takes longer than `status`. */
    readonly doctor: Effect.Effect<DoctorReport, StoreError, Viewer>
    /** An address that lets one browser in, once, for some minutes: it sets the cookie that `/graphql` asks for. */
    readonly openUrl: Effect.Effect<string, HttpOff | CoordinatorUnreachable>
    /** Asks it to finish what it is writing and exit. Answers before it does; it is gone when its process is. */
    readonly stop: Effect.Effect<void, CoordinatorUnreachable>
  }
>() {}
