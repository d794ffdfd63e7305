/**
 * The services that resolvers ask, and how they run effects on them.
 *
 * @example
 * ```ts
 * import * as Layer from "effect/Layer"
 * import * as ManagedRuntime from "effect/ManagedRuntime"
 * import type { GraphqlRequirements } from "han-graphql/GraphqlRequirements"
 * import * as SqliteStore from "han-sql/SqliteStore"
 *
 * const store: Layer.Layer<GraphqlRequirements> = Layer.orDie(SqliteStore.layer({ filename: "/home/dev/han.db" }))
 * const runtime = await ManagedRuntime.make(store).runtime()
 * ```
 */

import type * as Effect from "effect/Effect"
import type { AuditLog } from "han-core/AuditLog"
import type { ClaudeSettings } from "han-core/ClaudeSettings"
import type { ConfigDirs } from "han-core/ConfigDirs"
import type { Directories } from "han-core/Directories"
import type { HookHistory } from "han-core/HookHistory"
import type { Journal } from "han-core/Journal"
import type { JournalAdmin } from "han-core/JournalAdmin"
import type { Membership } from "han-core/Membership"
import type { MemoryRules } from "han-core/MemoryRules"
import type { MessageQueries } from "han-core/MessageQueries"
import type { Messages } from "han-core/Messages"
import type { Metrics } from "han-core/Metrics"
import type { Plugins } from "han-core/Plugins"
import type { Search } from "han-core/Search"
import type { SessionDetails } from "han-core/SessionDetails"
import type { SessionQueries } from "han-core/SessionQueries"
import type { Sessions } from "han-core/Sessions"
import type { SyncClient } from "han-core/SyncClient"
import type { Usage } from "han-core/Usage"
import type { Viewer } from "han-core/Viewer"

/** The core services that every schema asks; any layers will do. The viewer is not among them: each request has its own. */
export type GraphqlRequirements =
  | Directories
  | HookHistory
  | Journal
  | MessageQueries
  | Messages
  | Metrics
  | Search
  | SessionDetails
  | SessionQueries
  | Sessions
  | Usage

/** The core services that a schema with the `machine` part asks beside these. */
export type MachineRequirements = ClaudeSettings | ConfigDirs | MemoryRules | Plugins | SyncClient

/** The core services that a team server has beside these, for its workspaces. */
export type TeamRequirements = AuditLog | JournalAdmin | Membership

/** Runs on behalf of the viewer of the request. A tagged error becomes a GraphQL error with its message, and its tag as `extensions.code`. */
export type Run<Services = GraphqlRequirements> = <A, E>(effect: Effect.Effect<A, E, Services | Viewer>) => Promise<A>
