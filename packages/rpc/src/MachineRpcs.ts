/**
 * The Rpcs that the coordinator of a machine answers at its unix socket: those of a store, and those that act on the machine.
 *
 * @example
 * ```ts
 * import * as RpcClient from "@effect/rpc/RpcClient"
 * import * as Effect from "effect/Effect"
 * import { MachineRpcs } from "han-rpc/MachineRpcs"
 * import { protocol } from "han-rpc/Version"
 *
 * // Tells if the coordinator at the other end understands this client.
 * const isCompatible = Effect.gen(function* () {
 *   const client = yield* RpcClient.make(MachineRpcs, { flatten: true })
 *   return (yield* client("Coordinator.handshake", undefined)).protocol === protocol
 * })
 * ```
 */

import { ClaudeSettings } from "han-core/ClaudeSettings"
import { ConfigDirs } from "han-core/ConfigDirs"
import { HookCacheAdmin } from "han-core/HookCache"
import { HookRunner } from "han-core/HookRunner"
import { Hooks } from "han-core/Hooks"
import { Indexer } from "han-core/Indexer"
import { JournalAdmin } from "han-core/JournalAdmin"
import { MemoryRules } from "han-core/MemoryRules"
import { Plugins } from "han-core/Plugins"
import { StoreFiles } from "han-core/StoreFiles"
import { SyncClient } from "han-core/SyncClient"
import { ConfigDirRpcs } from "./ConfigDirRpcs.ts"
import { contract } from "./Contract.ts"
import { CoordinatorRpcs } from "./CoordinatorRpcs.ts"
import { HanRpcs } from "./HanRpcs.ts"
import { HookCacheAdminRpcs } from "./HookCacheAdminRpcs.ts"
import { HookRpcs } from "./HookRpcs.ts"
import { HookRunnerRpcs } from "./HookRunnerRpcs.ts"
import { IndexRpcs } from "./IndexRpcs.ts"
import { JournalAdminRpcs } from "./JournalAdminRpcs.ts"
import { PluginRpcs } from "./PluginRpcs.ts"
import { ClaudeSettingsRpcs, MemoryRuleRpcs } from "./SettingsRpcs.ts"
import { StoreFileRpcs } from "./StoreFileRpcs.ts"
import { SyncRpcs } from "./SyncRpcs.ts"

/** The services of one machine and its owner: they run programs, change files and remove what is kept, so only a coordinator's own unix socket answers them. */
export const machineContracts = [
  contract(Indexer, IndexRpcs),
  contract(JournalAdmin, JournalAdminRpcs),
  contract(StoreFiles, StoreFileRpcs),
  contract(Hooks, HookRpcs),
  contract(HookRunner, HookRunnerRpcs),
  contract(HookCacheAdmin, HookCacheAdminRpcs),
  contract(ConfigDirs, ConfigDirRpcs),
  contract(ClaudeSettings, ClaudeSettingsRpcs),
  contract(MemoryRules, MemoryRuleRpcs),
  contract(Plugins, PluginRpcs),
  contract(SyncClient, SyncRpcs)
] as const

/** All that a coordinator answers at its unix socket: `HanRpcs`, the services of the machine, and the coordinator itself. */
export class MachineRpcs extends HanRpcs.merge(
  IndexRpcs,
  JournalAdminRpcs,
  StoreFileRpcs,
  HookRpcs,
  HookRunnerRpcs,
  HookCacheAdminRpcs,
  ConfigDirRpcs,
  ClaudeSettingsRpcs,
  MemoryRuleRpcs,
  PluginRpcs,
  SyncRpcs,
  CoordinatorRpcs
) {}
