/**
 * The Rpcs that any server of a store answers.
 *
 * @example
 * ```ts
 * import * as RpcClient from "@effect/rpc/RpcClient"
 * import * as Effect from "effect/Effect"
 * import { HanRpcs } from "han-rpc/HanRpcs"
 *
 * // Asks one Rpc by its name. `HanClient` gives whole services.
 * const countSessions = Effect.gen(function* () {
 *   const client = yield* RpcClient.make(HanRpcs, { flatten: true })
 *   return yield* client("Sessions.count", { filter: {} })
 * })
 * ```
 */

import { Directories } from "han-core/Directories"
import { HookHistory } from "han-core/HookHistory"
import { Journal } from "han-core/Journal"
import { Messages } from "han-core/Messages"
import { Metrics } from "han-core/Metrics"
import { Search } from "han-core/Search"
import { SessionDetails } from "han-core/SessionDetails"
import { Sessions } from "han-core/Sessions"
import { Usage } from "han-core/Usage"
import { contract } from "./Contract.ts"
import { DirectoryRpcs } from "./DirectoryRpcs.ts"
import { HookHistoryRpcs } from "./HookHistoryRpcs.ts"
import { JournalRpcs } from "./JournalRpcs.ts"
import { MessageRpcs } from "./MessageRpcs.ts"
import { MetricsRpcs } from "./MetricsRpcs.ts"
import { SearchRpcs } from "./SearchRpcs.ts"
import { SessionDetailRpcs } from "./SessionDetailRpcs.ts"
import { SessionRpcs } from "./SessionRpcs.ts"
import { UsageRpcs } from "./UsageRpcs.ts"

/** The services that any server of a store answers: what a viewer may read, whatever the machine. */
export const storeContracts = [
  contract(Sessions, SessionRpcs),
  contract(Messages, MessageRpcs),
  contract(SessionDetails, SessionDetailRpcs),
  contract(Search, SearchRpcs),
  contract(Usage, UsageRpcs),
  contract(Metrics, MetricsRpcs),
  contract(Journal, JournalRpcs),
  contract(Directories, DirectoryRpcs),
  contract(HookHistory, HookHistoryRpcs)
] as const

/** All Rpcs of `storeContracts`. */
export class HanRpcs extends SessionRpcs.merge(
  MessageRpcs,
  SessionDetailRpcs,
  SearchRpcs,
  UsageRpcs,
  MetricsRpcs,
  JournalRpcs,
  DirectoryRpcs,
  HookHistoryRpcs
) {}
