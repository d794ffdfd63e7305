import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"

/** The tables of sync whose rows are an owner's, each of which has at most one row for a transcript. */
export const ofTranscripts = ["sync_received", "sync_position", "sync_problem"] as const

/** All tables of sync whose rows are an owner's. */
export const syncTables = [...ofTranscripts, "sync_remote"] as const

/**
 * Makes the tables of both ends of sync. Chains are 64 hexadecimal digits, times milliseconds since 1970.
 *
 * `sync_received`: what a receiver has of a transcript, whose lines are counted where the journal counts them. The others are a sender's: to whom it sends, how far the receiver has each
 * transcript, and what is wrong with some.
 */
export const makeSyncTables = Effect.fnUntraced(function* (sql: SqlClient.SqlClient): Effect.fn.Return<void, SqlError> {
  yield* sql`CREATE TABLE sync_received (
    owner_no BIGINT NOT NULL,
    transcript_no BIGINT NOT NULL,
    generation_id TEXT NOT NULL,
    chain TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (owner_no, transcript_no)
  )`
  // "adopting": the client's memory is younger than what the server may have of it, so that it asks before it sends.
  yield* sql`CREATE TABLE sync_remote (
    owner_no BIGINT NOT NULL,
    endpoint TEXT NOT NULL,
    client_id TEXT NOT NULL,
    adopting INTEGER NOT NULL,
    last_success_at BIGINT,
    messages BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (owner_no, endpoint)
  )`
  // "whole": 0 once a line went without its words. "takes_place_of": the generation whose lines went without words, and go again in this one.
  yield* sql`CREATE TABLE sync_position (
    owner_no BIGINT NOT NULL,
    transcript_no BIGINT NOT NULL,
    generation_id TEXT NOT NULL,
    lines BIGINT NOT NULL,
    chain TEXT NOT NULL,
    whole INTEGER NOT NULL,
    takes_place_of TEXT,
    acked_at BIGINT,
    PRIMARY KEY (owner_no, transcript_no)
  )`
  // "state": 'waiting' for another attempt, or 'quarantined' until a person does something.
  yield* sql`CREATE TABLE sync_problem (
    owner_no BIGINT NOT NULL,
    transcript_no BIGINT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    at BIGINT NOT NULL,
    next_attempt_at BIGINT,
    PRIMARY KEY (owner_no, transcript_no)
  )`
})
