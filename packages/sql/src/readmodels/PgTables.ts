import { randomUUID } from "node:crypto"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { SessionId } from "han-core/Entry"
import type { RebuildProgress } from "han-core/JournalAdmin"
import type { PriceTable } from "han-core/Pricing"
import { StoreUnusable } from "han-core/StoreError"
import { arrayOf, Database, OwnerNo, yieldUntilIdle } from "../database/Database.ts"
import { lockOwner } from "../database/lockOwner.ts"
import { fillBare, fillStep } from "./fill.ts"
import { dropCursors, registered, retire, serve, startRevision } from "./pgRevisions.ts"
import { type ModelTables, ReadModelTables, type Step } from "./ReadModelTables.ts"
import { isReadModels, type Model, type Revision, tableOf } from "./revisions.ts"

type Options = { readonly prices: PriceTable; readonly models: ReadonlyArray<Model> }

/**
 * The tables of a store that many processes write, of several versions. An owner's rows are as far as the owner's cursor says: an append takes its lines into those tables whose
 * cursor is level with the journal, under the owner's lock, and leaves the others to whoever fills them.
 */
export const layer = (options: Options): Layer.Layer<ReadModelTables, SqlError | StoreUnusable, Database> => Layer.scoped(ReadModelTables, make(options))

/** Milliseconds after which a process looks for owners that are behind, and for tables that took the place of others. */
const lookMs = 5000

const make = Effect.fnUntraced(function* ({ models, prices }: Options) {
  const database = yield* Database
  const installed = yield* database.administer(
    "jobs",
    Effect.forEach(models, (model) => found(database, model))
  )
  const replica = randomUUID()
  // Before anything is asked: tables that are in use are not dropped.
  for (const of of installed) yield* database.administer("jobs", seen(database.write, replica, of))
  const state: State = { database, prices, installed, replica, coming: new Set(), behind: yield* Queue.unbounded<number>(), turn: ownerTurns(), progress: null }
  yield* Effect.forkScoped(keepLevel(state))
  const {
    turn,
    database: { write: sql }
  } = state
  const [main] = installed as [Revision]
  const maintenance = yield* Effect.makeSemaphore(1)
  return ReadModelTables.of({
    write: (effect) => Effect.flatMap(OwnerNo, (owner) => turn(owner, Effect.provideService(database.transaction(effect), SqlClient.SqlClient, sql))),
    writeAlone: (effect) => Effect.provideService(database.administer("jobs", effect), SqlClient.SqlClient, sql),
    apply: (owner, step, how) => applyStep(state, owner, step, how),
    reapply: (chunks) => tablesOf(sql, main).take(chunks),
    level: (owner) => makeLevel(state, owner),
    table: (name) => tableOf(main.model, main.revision)(name),
    projectionTable: (projection) => {
      const of = installed.find(({ model }) => model.name === projection.name)
      return of === undefined ? undefined : tableOf(of.model, of.revision)
    },
    maintain: maintenance.withPermits(1),
    rebuild: () =>
      Stream.unwrapScoped(
        Effect.as(
          Effect.acquireRelease(maintenance.take(1), () => maintenance.release(1)),
          Stream.flatMap(Stream.fromIterable(installed), (of) => rebuildOne(state, of))
        )
      ),
    rebuildOthers: () => rebuildOthers(state),
    progress: Effect.sync(() => state.progress),
    erase: database.erase,
    committed: yield* PubSub.sliding<{ readonly owner: number; readonly sessionId: SessionId }>(4096)
  })
})

/** The tables that this process knows, and how far it is with them. */
interface State {
  readonly database: typeof Database.Service
  readonly prices: PriceTable
  readonly installed: ReadonlyArray<Revision>
  /** The name of this process among those that have the store open. */
  readonly replica: string
  /** Revisions that a rebuild of this process fills: its appends keep them level once they are. */
  readonly coming: Set<Revision>
  /** Owners whose rows an append has left behind. */
  readonly behind: Queue.Queue<number>
  readonly turn: ReturnType<typeof ownerTurns>
  progress: RebuildProgress | null
}

/**
 * Lets those who write for one owner follow each other before they take a connection: they would wait for the owner's row with it, and other owners for a connection.
 */
const ownerTurns = () => {
  const waiting = new Map<number, { readonly lock: Effect.Semaphore; users: number }>()
  return <A, E, R>(owner: number, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const turn = waiting.get(owner) ?? { lock: Effect.unsafeMakeSemaphore(1), users: 0 }
        waiting.set(owner, turn)
        turn.users++
        return turn
      }),
      ({ lock }) => lock.withPermits(1)(effect),
      (turn) =>
        Effect.sync(() => {
          if (--turn.users === 0) waiting.delete(owner)
        })
    )
}

/** Fills what appends and others have left behind, for as long as the store is open. */
const keepLevel = (state: State): Effect.Effect<void> => {
  const { behind, database, installed, prices, replica, turn } = state
  const { write: sql } = database
  // What keeps one owner's rows behind keeps nobody else's; it is tried again with the next look, and whoever asks the database meanwhile is told.
  const said = (what: string) => Effect.catchAllCause((cause: Cause.Cause<SqlError>) => Effect.logWarning(`${what} failed on ${database.location}`, cause))
  const fillOne = filler(database, prices, turn)
  const fill = (of: Revision, owner: number) => fillOne(of, owner).pipe(said(`filling the rows of owner ${owner} in ${keyOf(of)}`))
  const look = Effect.gen(function* () {
    for (const of of installed) {
      const now = yield* database.administer("jobs", seen(sql, replica, of))
      if (now !== undefined) of.revision = now
      for (const { owner } of yield* database.administer("jobs", ownersBehind(sql, of))) {
        state.progress = yield* database.administer("jobs", progressOf(sql, of))
        yield* fill(of, owner)
      }
      state.progress = null
    }
  })
  const left = Effect.flatMap(Queue.take(behind), (owner) => Effect.forEach(installed, (of) => fill(of, owner), { discard: true }))
  const looking = Effect.forever(Effect.delay(look.pipe(said("looking for owners that are behind")), lookMs))
  return Effect.asVoid(Effect.all([looking, Effect.forever(left)], { concurrency: "unbounded" }))
}

const applyStep = Effect.fnUntraced(function* (
  { behind, coming, database: { write: sql }, installed }: State,
  owner: number,
  { after, before }: Step,
  how: (tables: ModelTables) => Effect.Effect<void, SqlError>
) {
  const known = new Map([...coming, ...installed].map((of) => [keyOf(of), of]))
  const level = yield* advance(sql, owner, [...known.values()], { after, before })
  for (const of of level) yield* how(tablesOf(sql, of))
  // A rebuild looks for itself for owners that are behind.
  if (installed.some((of) => known.get(keyOf(of)) === of && !level.includes(of))) yield* Queue.offer(behind, owner)
})

const makeLevel = Effect.fnUntraced(function* ({ database: { write: sql }, installed, prices }: State, owner: number) {
  const head = yield* lockOwner(sql, owner)
  const cursors = yield* cursorsOf(sql, owner)
  for (const of of installed) yield* fillTo(sql, { ...of, owner, prices }, cursors.get(keyOf(of)) ?? 0, head)
  // Rows of tables that this program does not know go with their cursor; whoever fills them takes up the rest again.
  yield* forgetOthers(sql, owner, installed)
})

/** Fills tables of a new revision of a model beside those in use, and puts them to use. */
const rebuildOne = (state: State, of: Revision): Stream.Stream<RebuildProgress, SqlError> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const { coming, database, prices, turn } = state
      const next: Revision = { model: of.model, revision: yield* database.administer("schema", startRevision(database.write, of.model)) }
      yield* Effect.acquireRelease(
        Effect.sync(() => coming.add(next)),
        () => Effect.sync(() => coming.delete(next))
      )
      const put = Effect.zipRight(
        database.administer("jobs", serve(database.write, of.model, next.revision)),
        Effect.sync(() => void (of.revision = next.revision))
      )
      return Stream.concat(bring(database, next, prices, turn), Stream.drain(Stream.fromEffect(Effect.zipRight(put, dropUnused(database, of.model)))))
    })
  )

/** Fills the owner's rows of somebody's own projections anew. */
const rebuildOthers = ({ database, installed, prices, turn }: State) =>
  Effect.flatMap(OwnerNo, (owner) => {
    const { write: sql } = database
    const others = installed.slice(1)
    const again = Effect.gen(function* () {
      const head = yield* lockOwner(sql, owner)
      for (const of of others) {
        for (const name of of.model.tables) yield* sql`DELETE FROM ${sql.literal(tableOf(of.model, of.revision)(name))} WHERE owner_no = ${owner}`
        yield* fillTo(sql, { ...of, owner, prices }, 0, head)
      }
    })
    return others.length === 0 ? Effect.void : turn(owner, database.transaction(again))
  })

/** The revision that serves a model; a store that has none was not migrated to it. */
const found = (database: typeof Database.Service, model: Model): Effect.Effect<Revision, SqlError | StoreUnusable> =>
  Effect.flatMap(registered(database.write, model), (revision) =>
    revision === undefined
      ? new StoreUnusable({
          location: database.location,
          reason: "unmigrated",
          message: `${database.location} has no tables of ${model.name} ${model.version} for these prices; run \`npm run migrate:pg\` (PgStore.migrate) with the same prices and projections`
        })
      : Effect.succeed({ model, revision })
  )

const keyOf = ({ model, revision }: Revision): string => `${model.name}/${revision}`

const cursorsOf = (sql: SqlClient.SqlClient, owner: number) =>
  Effect.map(
    sql<{ name: string; revision: number; sequence: number }>`SELECT name, revision, sequence FROM projection_cursor WHERE owner_no = ${owner}`,
    (rows): ReadonlyMap<string, number> => new Map(rows.map(({ name, revision, sequence }) => [`${name}/${revision}`, sequence]))
  )

/** Moves the cursors that stand where the step begins to its end, and tells which revisions these are of. */
const advance = (sql: SqlClient.SqlClient, owner: number, of: ReadonlyArray<Revision>, { after, before }: Step) => {
  const names = of.map(({ model }) => model.name)
  const revisions = of.map(({ revision }) => revision)
  const these = sql`SELECT * FROM UNNEST(${arrayOf(names)}::text[], ${arrayOf(revisions)}::bigint[])`
  const moved =
    before > 0
      ? sql<{ name: string; revision: number }>`
          UPDATE projection_cursor SET sequence = ${after} WHERE owner_no = ${owner} AND sequence = ${before} AND (name, revision) IN (${these}) RETURNING name, revision`
      : sql<{ name: string; revision: number }>`
          INSERT INTO projection_cursor (owner_no, name, revision, sequence) SELECT ${owner}::bigint, k.name, k.revision, ${after}::bigint FROM (${these}) AS k (name, revision)
          ON CONFLICT (owner_no, name, revision) DO UPDATE SET sequence = excluded.sequence WHERE projection_cursor.owner_no = ${owner} AND projection_cursor.sequence = 0 RETURNING name, revision`
  return Effect.map(moved, (rows) => {
    const keys = new Set(rows.map(({ name, revision }) => `${name}/${revision}`))
    return of.filter((each) => keys.has(keyOf(each)))
  })
}

const setCursors = (sql: SqlClient.SqlClient, owner: number, of: ReadonlyArray<Revision>, sequence: number) =>
  sql`INSERT INTO projection_cursor ${sql.insert(of.map(({ model, revision }) => ({ owner_no: owner, name: model.name, revision, sequence })))}
    ON CONFLICT (owner_no, name, revision) DO UPDATE SET sequence = excluded.sequence`

const tablesOf = (sql: SqlClient.SqlClient, { model, revision }: Revision) => {
  const table = tableOf(model, revision)
  return {
    isMain: isReadModels(model),
    table,
    take: (chunks: Parameters<Model["apply"]>[0]) => Effect.provideService(model.apply(chunks, table), SqlClient.SqlClient, sql)
  }
}

interface Filling extends Revision {
  readonly owner: number
  readonly prices: PriceTable
}

/** Fills an owner's rows from `cursor` to `head`, in the transaction that holds the owner's lock. */
const fillTo = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, filling: Filling, cursor: number, head: number) {
  if (cursor >= head) return
  for (let at = cursor; at < head; ) at = yield* fillStep(sql, filling, at, head)
  yield* fillBare(sql, filling)
  yield* setCursors(sql, filling.owner, [filling], head)
})

/** Brings an owner's rows up to the journal, a step a transaction, so that appends get in between. */
const filler = (database: typeof Database.Service, prices: PriceTable, turn: ReturnType<typeof ownerTurns>) => {
  const { write: sql } = database
  const step = Effect.fnUntraced(function* (of: Revision, owner: number) {
    const filling = { ...of, owner, prices }
    const head = yield* lockOwner(sql, owner)
    const cursor = (yield* cursorsOf(sql, owner)).get(keyOf(of)) ?? 0
    if (cursor >= head) return true
    const reached = yield* fillStep(sql, filling, cursor, head)
    if (reached >= head) yield* fillBare(sql, filling)
    yield* setCursors(sql, owner, [of], reached)
    return reached >= head
  })
  return (of: Revision, owner: number): Effect.Effect<void, SqlError> =>
    Effect.asVoid(
      Effect.repeat(Effect.zipLeft(turn(owner, Effect.provideService(database.transaction(step(of, owner)), OwnerNo, owner)), yieldUntilIdle), {
        until: (level) => level
      })
    )
}

/** Brings the rows of all owners in a revision up to their journals, and says how far it came. */
export const bring = (database: typeof Database.Service, of: Revision, prices: PriceTable, turn = ownerTurns()): Stream.Stream<RebuildProgress, SqlError> => {
  const { write: sql } = database
  const fill = filler(database, prices, turn)
  const step = Effect.gen(function* () {
    const [first] = yield* database.administer("jobs", ownersBehind(sql, of))
    if (first === undefined) {
      yield* fillAllBare(database, of, prices)
      return Option.none<RebuildProgress>()
    }
    const progress = yield* database.administer("jobs", progressOf(sql, of))
    yield* fill(of, first.owner)
    return Option.some(progress)
  })
  return Stream.repeatEffectOption(
    Effect.flatMap(
      Effect.mapError(step, Option.some),
      Option.match({ onNone: () => Effect.fail(Option.none<SqlError>()), onSome: (progress) => Effect.succeed(progress) })
    )
  )
}

/** Drops the tables of a model that nobody has used for a minute. */
export const dropUnused = ({ administer, write: sql }: typeof Database.Service, model: Model): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const dropped = yield* administer("schema", retire(sql, model))
    yield* administer("jobs", dropCursors(sql, model, dropped))
  })

/** The transcripts without lines of all owners, whose journals have no sequence that a cursor could be behind. */
const fillAllBare = Effect.fnUntraced(function* (database: typeof Database.Service, of: Revision, prices: PriceTable) {
  const { write: sql } = database
  const owners = yield* database.administer("jobs", sql<{ owner: number }>`SELECT owner_no AS owner FROM owner_head WHERE sequence = 0`)
  for (const { owner } of owners) {
    yield* Effect.provideService(database.transaction(Effect.zipRight(lockOwner(sql, owner), fillBare(sql, { ...of, owner, prices }))), OwnerNo, owner)
  }
})

/** Owners whose rows are behind their journals; a few at a time. */
const ownersBehind = (sql: SqlClient.SqlClient, { model, revision }: Revision) =>
  sql<{ owner: number }>`
    SELECT h.owner_no AS owner FROM owner_head h LEFT JOIN projection_cursor c ON c.owner_no = h.owner_no AND c.name = ${model.name} AND c.revision = ${revision}
    WHERE h.sequence > COALESCE(c.sequence, 0) ORDER BY h.owner_no LIMIT 100`

const progressOf = (sql: SqlClient.SqlClient, { model, revision }: Revision) =>
  Effect.map(
    sql<{ entries: number; total: number }>`
      SELECT CAST(COALESCE(SUM(c.sequence), 0) AS BIGINT) AS entries, CAST(COALESCE(SUM(h.sequence), 0) AS BIGINT) AS total
      FROM owner_head h LEFT JOIN projection_cursor c ON c.owner_no = h.owner_no AND c.name = ${model.name} AND c.revision = ${revision}`,
    ([row]): RebuildProgress => ({ projection: model.name, entries: row!.entries, total: row!.total })
  )

/** Blocks of all journals that the revisions lack which serve these models. */
export const lagOf = ({ administer, write: sql }: typeof Database.Service, models: ReadonlyArray<Model>): Effect.Effect<number, SqlError> =>
  administer(
    "jobs",
    Effect.reduce(models, 0, (sum, model) =>
      Effect.gen(function* () {
        const revision = yield* registered(sql, model)
        if (revision === undefined) return sum
        const { entries, total } = yield* progressOf(sql, { model, revision })
        return sum + total - entries
      })
    )
  )

/** Says that this process uses a revision, and gives the one that serves now. */
const seen = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, replica: string, { model, revision }: Revision) {
  yield* sql`INSERT INTO replica (id, name, revision, seen_at) VALUES (${replica}, ${model.name}, ${revision}, now())
    ON CONFLICT (id, name, revision) DO UPDATE SET seen_at = excluded.seen_at`
  return yield* registered(sql, model)
})

/** Takes an owner's rows out of the tables of other versions and revisions: what must go goes everywhere. */
const forgetOthers = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, owner: number, installed: ReadonlyArray<Revision>) {
  const rows = yield* sql<{ name: string; revision: number; tables: string }>`SELECT name, revision, tables FROM projection`
  const mine = new Set(installed.map(keyOf))
  for (const { name, revision, tables } of rows) {
    if (mine.has(`${name}/${revision}`)) continue
    const names: ReadonlyArray<string> = JSON.parse(tables)
    for (const table of names) yield* sql`DELETE FROM ${sql(table)} WHERE owner_no = ${owner}`
    yield* sql`DELETE FROM projection_cursor WHERE owner_no = ${owner} AND name = ${name} AND revision = ${revision}`
  }
})
