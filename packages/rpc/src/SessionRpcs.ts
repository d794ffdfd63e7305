/** The Rpcs that carry `Sessions` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { SessionId, TranscriptId } from "han-core/Entry"
import { FileChange } from "han-core/FileChange"
import { Message, ToolCall } from "han-core/Message"
import { Page, PageCursorInvalid, PageRequest } from "han-core/Page"
import { Project } from "han-core/Project"
import { Agent, Compaction, IndexProblem, Session, SessionNotFound, Summary } from "han-core/Session"
import { MessagesOf, SessionFilter } from "han-core/Sessions"
import { StoreError } from "han-core/StoreError"
import { Task, TodoList } from "han-core/Task"
import { Authentication } from "./Authentication.ts"

const PageFailure = Schema.Union(PageCursorInvalid, StoreError)
const SessionFailure = Schema.Union(SessionNotFound, StoreError)
const ofSession = { sessionId: SessionId }

/** `Sessions`. Conditions over any field (`SessionQueries`) are not on the wire: GraphQL has them. */
export class SessionRpcs extends RpcGroup.make(
  Rpc.make("Sessions.list", { payload: { filter: SessionFilter, page: PageRequest }, success: Page(Session), error: PageFailure }),
  Rpc.make("Sessions.count", { payload: { filter: SessionFilter }, success: Schema.Int, error: StoreError }),
  Rpc.make("Sessions.get", { payload: { id: Schema.String }, success: Session, error: SessionFailure }),
  Rpc.make("Sessions.getMany", { payload: { ids: Schema.Array(SessionId) }, success: Schema.Array(Session), error: StoreError }),
  Rpc.make("Sessions.projects", { success: Schema.Array(Project), error: StoreError }),
  Rpc.make("Sessions.messages", { payload: { of: MessagesOf, page: PageRequest }, success: Page(Message), error: PageFailure }),
  Rpc.make("Sessions.toolCalls", { payload: ofSession, success: Schema.Array(ToolCall), error: StoreError }),
  Rpc.make("Sessions.tasks", { payload: ofSession, success: Schema.Array(Task), error: StoreError }),
  Rpc.make("Sessions.todos", { payload: ofSession, success: Schema.Array(TodoList), error: StoreError }),
  Rpc.make("Sessions.fileChanges", { payload: ofSession, success: Schema.Array(FileChange), error: StoreError }),
  Rpc.make("Sessions.agents", { payload: ofSession, success: Schema.Array(Agent), error: StoreError }),
  Rpc.make("Sessions.compactions", { payload: ofSession, success: Schema.Array(Compaction), error: StoreError }),
  Rpc.make("Sessions.summaries", { payload: ofSession, success: Schema.Array(Summary), error: StoreError }),
  Rpc.make("Sessions.watch", { payload: { id: SessionId }, success: Session, error: SessionFailure, stream: true }),
  Rpc.make("Sessions.problems", {
    payload: { options: Schema.Struct({ limit: Schema.Int, transcript: Schema.optional(TranscriptId) }) },
    success: Schema.Array(IndexProblem),
    error: StoreError
  })
).middleware(Authentication) {}
