import type * as Effect from "effect/Effect"
import type { ClaudeSettings } from "han-core/ClaudeSettings"
import type { ConfigDirs } from "han-core/ConfigDirs"
import type { Directories } from "han-core/Directories"
import type { Journal } from "han-core/Journal"
import type { MemoryRules } from "han-core/MemoryRules"
import type { MessageQueries } from "han-core/MessageQueries"
import type { Messages } from "han-core/Messages"
import type { Metrics } from "han-core/Metrics"
import type { Plugins } from "han-core/Plugins"
import type { Search } from "han-core/Search"
import type { SessionDetails } from "han-core/SessionDetails"
import type { SessionQueries } from "han-core/SessionQueries"
import type { Sessions } from "han-core/Sessions"
import type { Usage } from "han-core/Usage"
import type { Viewer } from "han-core/Viewer"

/** The core services that the schema is made of; any layers will do. */
export type GraphqlRequirements =
  | ClaudeSettings
  | ConfigDirs
  | Directories
  | Journal
  | MemoryRules
  | MessageQueries
  | Messages
  | Metrics
  | Plugins
  | Search
  | SessionDetails
  | SessionQueries
  | Sessions
  | Usage
  | Viewer

/** Runs on behalf of the viewer of the request. A tagged error becomes a GraphQL error with its message, and its tag as `extensions.code`. */
export type Run = <A, E>(effect: Effect.Effect<A, E, GraphqlRequirements>) => Promise<A>
