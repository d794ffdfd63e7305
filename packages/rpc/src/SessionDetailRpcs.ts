/** The Rpcs that carry `SessionDetails` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { SessionId } from "han-core/Entry"
import { FileChange } from "han-core/FileChange"
import { HanTask } from "han-core/HanTask"
import { FileValidation, HookRun } from "han-core/HookRun"
import { Agent, Compaction } from "han-core/Session"
import { AgentConversation, Mood } from "han-core/SessionDetails"
import { StoreError } from "han-core/StoreError"
import { Task, TodoList } from "han-core/Task"
import { Authentication } from "./Authentication.ts"

const of = <const Name extends string, A, I>(name: Name, value: Schema.Schema<A, I>) =>
  Rpc.make(`SessionDetails.${name}`, {
    payload: { ids: Schema.Array(SessionId) },
    success: Schema.ReadonlyMap({ key: SessionId, value }),
    error: StoreError
  })

/** `SessionDetails`: details of several sessions at once. */
export class SessionDetailRpcs extends RpcGroup.make(
  of("tasks", Schema.Array(Task)),
  of("todos", TodoList),
  of("fileChanges", Schema.Array(FileChange)),
  of("fileChangeCounts", Schema.Int),
  of("compactions", Schema.Array(Compaction)),
  of("agents", Schema.Array(Agent)),
  Rpc.make("SessionDetails.agentConversations", {
    payload: { ids: Schema.Array(Schema.String) },
    success: Schema.ReadonlyMap({ key: Schema.String, value: AgentConversation }),
    error: StoreError
  }),
  of("hookRuns", Schema.Array(HookRun)),
  of("validations", Schema.Array(FileValidation)),
  of("hanTasks", Schema.Array(HanTask)),
  of("moods", Mood),
  of("roots", Schema.String)
).middleware(Authentication) {}
