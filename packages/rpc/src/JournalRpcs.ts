/** The Rpcs that carry `Journal` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { Entry, SessionId, TranscriptId } from "han-core/Entry"
import { JournalChange, JournalTotals, TranscriptInfo, TranscriptNotFound } from "han-core/Journal"
import { StoreError } from "han-core/StoreError"
import { ToolOutput, ToolOutputId, ToolOutputNotFound, ToolOutputTotals } from "han-core/ToolOutput"
import { Authentication } from "./Authentication.ts"

/** Base64, by the runtime's own codec: exports are large. */
const Bytes = Schema.transform(Schema.String, Schema.Uint8ArrayFromSelf, {
  strict: true,
  decode: (text) => Buffer.from(text, "base64"),
  encode: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")
})

const TranscriptFailure = Schema.Union(TranscriptNotFound, StoreError)

const options = Schema.optional(Schema.Struct({ sessionId: Schema.optional(SessionId) }))

/** `Journal`: what was written, and what is being written. */
export class JournalRpcs extends RpcGroup.make(
  Rpc.make("Journal.transcripts", { payload: { options }, success: Schema.Array(TranscriptInfo), error: StoreError }),
  Rpc.make("Journal.outputs", { payload: { options }, success: Schema.Array(ToolOutput), error: StoreError }),
  Rpc.make("Journal.outputBytes", { payload: { id: ToolOutputId }, success: Bytes, error: Schema.Union(ToolOutputNotFound, StoreError), stream: true }),
  Rpc.make("Journal.outputTotals", { success: ToolOutputTotals, error: StoreError }),
  Rpc.make("Journal.read", { payload: { id: TranscriptId, line: Schema.Int, limit: Schema.Int }, success: Schema.Array(Entry), error: TranscriptFailure }),
  Rpc.make("Journal.bytes", { payload: { id: TranscriptId }, success: Bytes, error: TranscriptFailure, stream: true }),
  Rpc.make("Journal.changes", {
    payload: { options: Schema.optional(Schema.Struct({ after: Schema.optional(Schema.Int), live: Schema.optional(Schema.Boolean) })) },
    success: JournalChange,
    error: StoreError,
    stream: true
  }),
  Rpc.make("Journal.head", { success: Schema.Int, error: StoreError }),
  Rpc.make("Journal.totals", { success: JournalTotals, error: StoreError }),
  Rpc.make("Journal.isForgotten", { payload: { sessionId: SessionId }, success: Schema.Boolean, error: StoreError })
).middleware(Authentication) {}
