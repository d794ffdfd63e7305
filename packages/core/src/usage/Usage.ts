/**
 * Tokens and money that API responses cost, by day, model, project or session.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { formatUsd } from "han-core/Pricing"
 * import { Usage } from "han-core/Usage"
 *
 * const costByDay = (since: Date) =>
 *   Effect.gen(function* () {
 *     const usage = yield* Usage
 *     const { rows, unpricedModels } = yield* usage.report({ by: "day", since: since.getTime(), timeZone: "Europe/Berlin" })
 *     if (unpricedModels.length > 0) yield* Effect.logWarning(`no price is known of ${unpricedModels.join(", ")}`)
 *     return rows.map(({ costNanoUsd, key, output }) => `${key}: ${formatUsd(costNanoUsd)}, ${output} tokens written`)
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { AgentId, SessionId } from "../journal/Entry.ts"
import type { ProjectNotFound } from "../sessions/Project.ts"
import type { SessionNotFound } from "../sessions/Session.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { Viewer } from "../store/Viewer.ts"

/**
 * Tokens and money of distinct API responses: a response that several lines, forks and resumes repeat counts once. Charges beside a response within it, e.g. an
 * adviser's answers, add tokens and money under their own model, and no response. Sums end at 2^53 - 1.
 */
export const UsageTotals = Schema.Struct({
  input: Schema.Int,
  output: Schema.Int,
  cacheRead: Schema.Int,
  cacheWrite5m: Schema.Int,
  cacheWrite1h: Schema.Int,
  /** Integer nano-dollars of the responses that have a price. */
  costNanoUsd: Schema.Int,
  responses: Schema.Int,
  /** Responses, and parts of them, without a known cost; `costNanoUsd` lacks them. */
  unpricedResponses: Schema.Int
})
export type UsageTotals = typeof UsageTotals.Type

/** The totals of one day, model, project, session or person. */
export const UsageRow = Schema.Struct({
  /** A day (`2026-11-22`), a model id, a project's id, a session id, or a person's; `unknown` for responses that say none. */
  key: Schema.String,
  /** The name for people: a session's title, a project's name, which several may have; otherwise the key. */
  label: Schema.String,
  /** A project's directory, or one of several; null for other rows. */
  path: Schema.NullOr(Schema.String),
  ...UsageTotals.fields
})
export type UsageRow = typeof UsageRow.Type

/** The kind of rows, and the responses that are counted. Absent bounds leave none out. */
export const UsageQuery = Schema.Struct({
  by: Schema.Literal("day", "model", "project", "session", "author"),
  /** Milliseconds since 1970, as `until`: only responses from then on, to the quarter of an hour in which it lies. */
  since: Schema.optional(Schema.Number),
  until: Schema.optional(Schema.Number),
  sessionId: Schema.optional(SessionId),
  /** Only responses of this subagent of the session. */
  agentId: Schema.optional(AgentId),
  /** A project's id, directory or name, or its repository's remote or id. A name means all projects that have it. */
  project: Schema.optional(Schema.String),
  /** Only sessions of this person. */
  author: Schema.optional(Schema.String),
  /** The IANA time zone of day rows; UTC without. */
  timeZone: Schema.optional(Schema.String)
})
export type UsageQuery = typeof UsageQuery.Type

/** The answer to a `UsageQuery`. */
export const UsageReport = Schema.Struct({
  totals: UsageTotals,
  /** Days in order of date, all other rows the dearest first. */
  rows: Schema.Array(UsageRow),
  /** The models whose responses `unpricedResponses` counts. */
  unpricedModels: Schema.Array(Schema.String),
  /** Gaps in the figures, in words: charges of the vendor beside tokens at list price, and records that state what cannot be. */
  notIncluded: Schema.Array(Schema.String)
})
export type UsageReport = typeof UsageReport.Type

/** The client's own total of a session beside the ledger's, in integer nano-dollars and tokens. */
export const Reconciliation = Schema.Struct({
  sessionId: SessionId,
  title: Schema.String,
  clientNanoUsd: Schema.Int,
  /** The session's own responses, plus the copied history that the client's total also carries. */
  ledgerNanoUsd: Schema.Int,
  differenceNanoUsd: Schema.Int,
  models: Schema.Array(
    Schema.Struct({
      model: Schema.String,
      client: Schema.Struct({ input: Schema.Int, output: Schema.Int, cacheRead: Schema.Int, cacheWrite: Schema.Int }),
      ledger: Schema.Struct({ input: Schema.Int, output: Schema.Int, cacheRead: Schema.Int, cacheWrite: Schema.Int })
    })
  ),
  /** The reasons of the difference, in words; empty when both agree. */
  reasons: Schema.Array(Schema.String)
})
export type Reconciliation = typeof Reconciliation.Type

/** The ledger of API responses. */
export class Usage extends Context.Tag("han-core/Usage")<
  Usage,
  {
    /** Adds up the responses of a query. A session or project that is not there is an error: its usage is unknown, not zero. */
    readonly report: (query: UsageQuery) => Effect.Effect<UsageReport, SessionNotFound | ProjectNotFound | StoreError, Viewer>
    /** Compares the sessions for which the client stated a total, the newest first; one session when `sessionId` is given. */
    readonly reconcile: (options: {
      readonly sessionId?: SessionId | undefined
      readonly since?: number | undefined
    }) => Effect.Effect<ReadonlyArray<Reconciliation>, SessionNotFound | StoreError, Viewer>
  }
>() {}
