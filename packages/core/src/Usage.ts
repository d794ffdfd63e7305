import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { AgentId, SessionId } from "./Entry.ts"
import type { SessionNotFound } from "./Session.ts"
import type { StoreError } from "./StoreError.ts"
import type { Viewer } from "./Viewer.ts"

/** Tokens and money of distinct API responses: what several lines, forks and resumes repeat is counted once. */
export const UsageTotals = Schema.Struct({
  input: Schema.Int,
  output: Schema.Int,
  cacheRead: Schema.Int,
  cacheWrite5m: Schema.Int,
  cacheWrite1h: Schema.Int,
  /** Integer nano-dollars of the responses that have a price. */
  costNanoUsd: Schema.Int,
  responses: Schema.Int,
  /** Responses without a price; `costNanoUsd` lacks them. */
  unpricedResponses: Schema.Int
})
export type UsageTotals = typeof UsageTotals.Type

export const UsageRow = Schema.Struct({
  /** A day (`2026-11-22`), a model id, a project, or a session id. */
  key: Schema.String,
  /** What people call it: a session's title; otherwise the key. */
  label: Schema.String,
  ...UsageTotals.fields
})
export type UsageRow = typeof UsageRow.Type

export const UsageQuery = Schema.Struct({
  by: Schema.Literal("day", "model", "project", "session"),
  /** Milliseconds since 1970: only responses from then on, to the quarter of an hour in which it lies. */
  since: Schema.optional(Schema.Number),
  until: Schema.optional(Schema.Number),
  sessionId: Schema.optional(SessionId),
  /** Of the session, only this subagent's. */
  agentId: Schema.optional(AgentId),
  project: Schema.optional(Schema.String),
  /** The IANA time zone of day rows; UTC without. */
  timeZone: Schema.optional(Schema.String)
})
export type UsageQuery = typeof UsageQuery.Type

export const UsageReport = Schema.Struct({
  totals: UsageTotals,
  /** Days in order of date, everything else the dearest first. */
  rows: Schema.Array(UsageRow),
  unpricedModels: Schema.Array(Schema.String),
  /** What the vendor charges beside tokens and the figures leave out, in words, e.g. web searches. */
  notIncluded: Schema.Array(Schema.String)
})
export type UsageReport = typeof UsageReport.Type

/** The client's own total of a session beside the ledger's. */
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
  /** Why they differ, in words; empty when they agree. */
  reasons: Schema.Array(Schema.String)
})
export type Reconciliation = typeof Reconciliation.Type

/** The ledger of API responses. */
export class Usage extends Context.Tag("han-core/Usage")<
  Usage,
  {
    readonly report: (query: UsageQuery) => Effect.Effect<UsageReport, StoreError, Viewer>
    /** Sessions for which the client stated a total, newest first; one session when `sessionId` is given. */
    readonly reconcile: (options: {
      readonly sessionId?: SessionId | undefined
      readonly since?: number | undefined
    }) => Effect.Effect<ReadonlyArray<Reconciliation>, SessionNotFound | StoreError, Viewer>
  }
>() {}
