import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Directories, DirectoryWriter } from "han-core/Directories"
import type { HookCache, HookCacheAdmin } from "han-core/HookCache"
import type { HookHistory } from "han-core/HookHistory"
import type { Journal } from "han-core/Journal"
import type { JournalAdmin } from "han-core/JournalAdmin"
import type { JournalWriter } from "han-core/JournalWriter"
import type { MessageQueries } from "han-core/MessageQueries"
import type { Messages } from "han-core/Messages"
import type { Metrics } from "han-core/Metrics"
import type { PriceTable } from "han-core/Pricing"
import type { Search } from "han-core/Search"
import type { SessionDetails } from "han-core/SessionDetails"
import type { SessionQueries } from "han-core/SessionQueries"
import type { Sessions } from "han-core/Sessions"
import type { StoreInfo } from "han-core/StoreInfo"
import type { Usage } from "han-core/Usage"
import type { SyncOutbox } from "han-core/unstable/SyncOutbox"
import { answer, Database, OwnerNo } from "./database/Database.ts"
import * as SqlJournal from "./journal/SqlJournal.ts"
import * as SqlDirectories from "./queries/SqlDirectories.ts"
import * as SqlHookCache from "./queries/SqlHookCache.ts"
import * as SqlHookHistory from "./queries/SqlHookHistory.ts"
import * as SqlMessages from "./queries/SqlMessages.ts"
import * as SqlMetrics from "./queries/SqlMetrics.ts"
import * as SqlSearch from "./queries/SqlSearch.ts"
import * as SqlSessionDetails from "./queries/SqlSessionDetails.ts"
import * as SqlSessions from "./queries/SqlSessions.ts"
import * as SqlSyncOutbox from "./queries/SqlSyncOutbox.ts"
import * as SqlUsage from "./queries/SqlUsage.ts"
import { Projections } from "./readmodels/Projection.ts"
import { ReadModelTables } from "./readmodels/ReadModelTables.ts"

const layerProjections = Layer.effect(
  Projections,
  Effect.gen(function* () {
    const database = yield* Database
    const models = yield* ReadModelTables
    return Projections.of({
      query: (projection, read) =>
        Effect.flatMap(OwnerNo, (owner) => {
          const table = models.projectionTable(projection)
          return table === undefined ? Effect.dieMessage(`the store was made without the projection "${projection.name}"`) : read(table, owner)
        }).pipe(Effect.provideService(SqlClient.SqlClient, database.read), answer(database, `query ${projection.name}`))
    })
  })
)

/** The services that a store answers, whatever its database. */
export type StoreServices =
  | Journal
  | JournalWriter
  | JournalAdmin
  | Sessions
  | SessionQueries
  | SessionDetails
  | Messages
  | MessageQueries
  | Directories
  | DirectoryWriter
  | Search
  | Usage
  | Metrics
  | HookHistory
  | StoreInfo
  | SyncOutbox
  | Projections

/** The services of a store in a file: also those of one machine. */
export type SqliteServices = StoreServices | HookCache | HookCacheAdmin

/** All of it but `StoreInfo`, which knows the database. */
export const layerStore = (options: { readonly prices: PriceTable }) =>
  Layer.mergeAll(
    SqlJournal.layer(options),
    SqlSessions.layer,
    SqlSessionDetails.layer,
    SqlMessages.layer,
    SqlDirectories.layer,
    SqlSearch.layer,
    SqlUsage.layer,
    SqlMetrics.layer(options),
    SqlHookHistory.layer,
    SqlSyncOutbox.layer,
    layerProjections
  )

/** The passes of one machine's hooks. */
export const layerHookCache = SqlHookCache.layer
