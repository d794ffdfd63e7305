import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { PriceTable } from "han-core/Pricing"
import { Projections } from "../Projection.ts"
import * as SqlJournal from "../SqlJournal.ts"
import * as SqlSearch from "../SqlSearch.ts"
import * as SqlSessions from "../SqlSessions.ts"
import * as SqlUsage from "../SqlUsage.ts"
import { Database, storeError } from "./Database.ts"
import { Models } from "./Models.ts"

const layerProjections = Layer.effect(
  Projections,
  Effect.gen(function* () {
    const database = yield* Database
    const models = yield* Models
    return Projections.of({
      query: (projection, read) =>
        Effect.suspend(() => {
          const table = models.projectionTable(projection)
          return table === undefined ? Effect.dieMessage(`the store was made without the projection "${projection.name}"`) : read(table)
        }).pipe(Effect.provideService(SqlClient.SqlClient, database.read), storeError(database.location, `query ${projection.name}`))
    })
  })
)

/** Everything that a store answers, whatever its database. */
export const layerStore = (options: { readonly prices: PriceTable }) =>
  Layer.mergeAll(SqlJournal.layer(options), SqlSessions.layer, SqlSearch.layer, SqlUsage.layer, layerProjections)
