import { createHash } from "node:crypto"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { PriceTable } from "han-core/Pricing"
import type { Chunk, Chunks } from "./chunk.ts"
import type { Projection } from "./Projection.ts"
import { project } from "./project.ts"
import * as ReadModels from "./ReadModels.ts"

/** A set of tables that is filled from the journal: the read models, or a projection of somebody's own. */
export interface Model {
  readonly name: string
  readonly version: string
  /** A digest of all else that the rows depend on, such as prices. When it changes, the old ones stay in use until new ones are complete. */
  readonly variant: string
  readonly tables: ReadonlyArray<string>
  readonly create: Projection["create"]
  readonly apply: (chunks: Chunks, table: (name: string) => string) => Effect.Effect<void, SqlError, SqlClient.SqlClient>
}

/** A model with the tables in use. */
export interface Revision {
  readonly model: Model
  revision: number
}

/** The same where one process writes. "filling": they are behind the journal, appends leave them alone and the filler brings them up to it. */
export interface Installed extends Revision {
  filling: boolean
  /** Filled for another variant. */
  readonly stale: boolean
}

const readModelsName = "han"

export const isReadModels = ({ name }: Model): boolean => name === readModelsName

/** The built-in read models; money in them depends on the prices. */
export const readModels = (prices: PriceTable): Model => ({
  name: readModelsName,
  version: String(ReadModels.version),
  variant: createHash("sha256").update(prices.fingerprint).digest("hex"),
  tables: ReadModels.tables,
  create: ReadModels.create,
  apply: (chunks, table) => project(renamed(chunks, table))
})

export const modelOf = (projection: Projection): Model => ({
  name: projection.name,
  version: String(projection.version),
  variant: "",
  tables: projection.tables,
  create: projection.create,
  apply: (chunks, table) =>
    Effect.forEach(
      chunks.filter(({ replaced }) => !replaced),
      ({ decoded, id, owner, transcript }) =>
        projection.apply(
          decoded.flatMap(({ envelope, events, line }) => events.map((event) => ({ transcript, line, envelope, event }))),
          { ownerNo: owner, transcript, transcriptId: id, table }
        ),
      { discard: true }
    )
})

const renamed = ([first, ...rest]: Chunks, table: Chunk["table"]): Chunks => [{ ...first, table }, ...rest.map((chunk) => ({ ...chunk, table }))]

/** The read models' tables bear no prefix but their own name. */
export const tableOf =
  (model: Model, revision: number) =>
  (name: string): string =>
    `${model.name === readModelsName ? "" : `${model.name}_`}${name}_${revision}`

/** Makes empty tables of a new revision. */
export const createRevision = Effect.fnUntraced(function* (model: Model, revision: number): Effect.fn.Return<void, SqlError, SqlClient.SqlClient> {
  yield* dropRevision(model, revision)
  yield* model.create(tableOf(model, revision))
})

export const dropRevision = Effect.fnUntraced(function* (model: Model, revision: number): Effect.fn.Return<void, SqlError, SqlClient.SqlClient> {
  const sql = yield* SqlClient.SqlClient
  for (const name of model.tables) yield* sql`DROP TABLE IF EXISTS ${sql.literal(tableOf(model, revision)(name))}`
  yield* sql`DELETE FROM projection_cursor WHERE name = ${model.name} AND revision = ${revision}`
})

/**
 * The tables in use of each model. One that is new, or whose version changed, gets empty tables that are filled from the journal; those of the old version
 * cannot be read by this program and are dropped once the new ones are complete.
 */
export const install = Effect.fnUntraced(function* (models: ReadonlyArray<Model>): Effect.fn.Return<ReadonlyArray<Installed>, SqlError, SqlClient.SqlClient> {
  const sql = yield* SqlClient.SqlClient
  const installed: Array<Installed> = []
  const [journal] = yield* sql<{ sequence: number | null }>`SELECT MAX(sequence) AS sequence FROM owner_head`
  const empty = (journal?.sequence ?? 0) === 0
  for (const model of models) {
    const [have] = yield* sql<{
      version: string
      variant: string
      revision: number
      filling: number
    }>`SELECT version, variant, revision, filling FROM projection WHERE name = ${model.name}`
    if (have !== undefined && have.version === model.version) {
      // What a rebuild that was cut off left behind.
      if (have.filling === 0) yield* dropRevision(model, have.revision + 1)
      installed.push({ model, revision: have.revision, filling: have.filling === 1, stale: have.variant !== model.variant })
      continue
    }
    const revision = (have?.revision ?? 0) + 1
    yield* createRevision(model, revision)
    yield* sql`INSERT INTO projection ${sql.insert({ name: model.name, version: model.version, variant: model.variant, revision, filling: empty ? 0 : 1 })}
      ON CONFLICT (name) DO UPDATE SET version = excluded.version, variant = excluded.variant, revision = excluded.revision, filling = excluded.filling`
    installed.push({ model, revision, filling: !empty, stale: false })
  }
  return installed
})
