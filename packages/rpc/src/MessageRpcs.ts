/** The Rpcs that carry `Messages` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { SessionId } from "han-core/Entry"
import { ToolResult } from "han-core/Message"
import { Conversation, MessageLine, MessagePlace } from "han-core/Messages"
import { Page, PageCursorInvalid, PageRequest } from "han-core/Page"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"

const Ids = Schema.Array(Schema.String)
const byId = <A, I>(value: Schema.Schema<A, I>) => Schema.ReadonlyMap({ key: Schema.String, value })

/** `Messages`: the conversation of a session, and single messages. */
export class MessageRpcs extends RpcGroup.make(
  Rpc.make("Messages.page", {
    payload: { of: Conversation, page: PageRequest },
    success: Page(MessageLine),
    error: Schema.Union(PageCursorInvalid, StoreError)
  }),
  Rpc.make("Messages.count", { payload: { of: Conversation }, success: Schema.Int, error: StoreError }),
  Rpc.make("Messages.cursors", { payload: { sessionId: SessionId, ids: Ids }, success: byId(MessagePlace), error: StoreError }),
  Rpc.make("Messages.places", { payload: { of: Conversation, ids: Ids }, success: byId(Schema.Int), error: StoreError }),
  Rpc.make("Messages.get", { payload: { id: Schema.String }, success: Schema.NullOr(MessageLine), error: StoreError }),
  Rpc.make("Messages.results", { payload: { callIds: Ids }, success: byId(ToolResult), error: StoreError }),
  Rpc.make("Messages.replies", { payload: { sessionId: SessionId, ids: Ids }, success: byId(MessageLine), error: StoreError })
).middleware(Authentication) {}
