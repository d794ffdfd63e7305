/** The Rpcs that carry `ClaudeSettings` and `MemoryRules` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { SettingsSummary } from "han-core/ClaudeSettings"
import { MemoryRuleList } from "han-core/MemoryRules"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"

/** `ClaudeSettings`: the configuration of the machine. */
export class ClaudeSettingsRpcs extends RpcGroup.make(
  Rpc.make("ClaudeSettings.summary", {
    payload: { query: Schema.Struct({ projectPath: Schema.optional(Schema.String) }) },
    success: SettingsSummary,
    error: StoreError
  })
).middleware(Authentication) {}

/** `MemoryRules`: the instructions that Claude Code reads from the machine's files. */
export class MemoryRuleRpcs extends RpcGroup.make(
  Rpc.make("MemoryRules.rules", {
    payload: { query: Schema.Struct({ projectPaths: Schema.Array(Schema.String) }) },
    success: MemoryRuleList,
    error: StoreError
  })
).middleware(Authentication) {}
