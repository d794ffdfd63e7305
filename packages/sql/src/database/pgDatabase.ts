import { randomBytes } from "node:crypto"
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as PubSub from "effect/PubSub"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Pg from "pg"
import { anyOf, Database, driverText, OwnerNo, ownerNumbers, sqlErrorIn } from "./Database.ts"
import { isTransient, pgError, poolExhausted } from "./pgError.ts"
import { roles, schema } from "./pgRoles.ts"

/** Milliseconds that a statement of a request may take. */
const statementMs = 15_000
/** Milliseconds in which the news of several commits become one notification. */
const announceMs = 50
/** Milliseconds after which a lost notification is made up for. */
const lookMs = 5000
const channel = "han_journal"
/** Bytes of one notification: PostgreSQL takes less than 8,000. */
const maxPayload = 7900

// Whatever the database's defaults are: waiting for an owner's row must see what the one before wrote, and the planner must not take a table's pages to lie on a turning disk.
const begin = (role: string, owner: number | null): string =>
  [
    "BEGIN ISOLATION LEVEL READ COMMITTED",
    `SET LOCAL ROLE ${role}`,
    `SET LOCAL search_path = ${schema}`,
    `SET LOCAL statement_timeout = ${role === roles.app || role === roles.auth ? statementMs : 0}`,
    "SET LOCAL random_page_cost = 1.1",
    "SET LOCAL jit = off",
    ...(owner === null ? [] : [`SET LOCAL han.owner = ${owner}`])
  ].join("; ")

interface Options {
  readonly location: string
  readonly projects: "directory" | "repository"
  /** A client over the pool whose statements run to their end. */
  readonly sql: SqlClient.SqlClient
  readonly maxConnections: number
  readonly maxWaitMs: number
  /** For LISTEN, which needs a connection of its own, past a pooler that hands out connections by transaction. */
  readonly directUrl: Redacted.Redacted
  /** Connections of a login that may become `han_jobs`, where that of the others may not. */
  readonly jobs?: { readonly sql: SqlClient.SqlClient; readonly maxConnections: number }
}

/** The connections of a store in PostgreSQL. No connection carries anything from one transaction to the next. */
export const pgDatabase = Effect.fnUntraced(function* ({ directUrl, jobs, location, maxConnections, maxWaitMs, projects, sql }: Options) {
  const acquire = yield* boundedAcquire(sql, maxConnections, maxWaitMs)
  const acquireJobs = jobs === undefined ? acquire : yield* boundedAcquire(jobs.sql, jobs.maxConnections, maxWaitMs)
  const inTransaction = (role: string, owner: number | null) =>
    retried(transactionOf(role === roles.jobs || role === roles.auth ? acquireJobs : acquire, begin(role, owner)))
  const asOwner = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R | OwnerNo> =>
    Effect.flatMap(Effect.serviceOption(SqlClient.TransactionConnection), (open) =>
      open._tag === "Some" ? effect : Effect.flatMap(OwnerNo, (owner) => inTransaction(roles.app, owner)(effect))
    )
  const administer: (typeof Database.Service)["administer"] = (as, effect) => inTransaction(as === "schema" ? roles.owner : roles[as], null)(effect)
  const news = yield* announcer(sql, administer, directUrl)
  const database = Database.of({
    write: sql,
    read: sql,
    location,
    projects,
    ownerNo: ownerNumbers(sql, (effect) => inTransaction(roles.app, null)(effect)),
    transaction: asOwner,
    reading: asOwner,
    administer,
    announce: news.announce,
    announcements: news.announcements,
    erase: Effect.void,
    errorOf: (operation, cause) =>
      Effect.gen(function* () {
        const id = randomBytes(4).toString("hex")
        const error = pgError(operation, cause, id)
        const { code, text } = driverText(cause)
        yield* Effect.logWarning(`${operation} on ${location}: ${text}${code === "" ? "" : ` (${code})`}`).pipe(Effect.annotateLogs("error", id))
        return error
      })
  })
  return { database, isListening: news.isListening }
})

/** Gives connections, at most so many at once; who waits longer than that fails. */
const boundedAcquire = (sql: SqlClient.SqlClient, maxConnections: number, maxWaitMs: number): Effect.Effect<Effect.Effect<Connection, SqlError, Scope.Scope>> =>
  Effect.map(Effect.makeSemaphore(maxConnections), (permits) =>
    Effect.interruptible(permits.take(1)).pipe(
      Effect.timeoutFail({
        duration: maxWaitMs,
        onTimeout: () => new SqlError({ cause: Object.assign(new Error("all connections are in use"), { code: poolExhausted }) })
      }),
      Effect.zipRight(Effect.addFinalizer(() => permits.release(1))),
      Effect.uninterruptible,
      Effect.zipRight(sql.reserve)
    )
  )

const transactionOf = (acquire: Effect.Effect<Connection, SqlError, Scope.Scope>, text: string) => {
  const run = (statement: string) => (connection: Connection) => Effect.asVoid(connection.executeUnprepared(statement, [], undefined))
  return SqlClient.makeWithTransaction({
    transactionTag: SqlClient.TransactionConnection,
    spanAttributes: [],
    acquireConnection: Effect.flatMap(Scope.make(), (scope) =>
      Scope.extend(acquire, scope).pipe(
        Effect.map((connection) => [scope, connection] as const),
        Effect.tapErrorCause((cause) => Scope.close(scope, Exit.failCause(cause)))
      )
    ),
    begin: run(text),
    savepoint: (connection, id) => run(`SAVEPOINT han_${id}`)(connection),
    commit: run("COMMIT"),
    rollback: run("ROLLBACK"),
    rollbackSavepoint: (connection, id) => run(`ROLLBACK TO SAVEPOINT han_${id}`)(connection)
  })
}

/** Runs a transaction again that met another one, or whose connection broke off: three times, each after some more time. */
const retried =
  (transaction: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError, R>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
    transaction(effect).pipe(
      Effect.sandbox,
      Effect.retry({
        times: 3,
        schedule: Schedule.jittered(Schedule.exponential("100 millis", 3)),
        while: (cause) => {
          const error = sqlErrorIn(cause)
          return error !== undefined && !Cause.isInterrupted(cause) && isTransient(error.cause)
        }
      }),
      Effect.unsandbox
    )

/** Tells other processes of commits, and learns of theirs. */
const announcer = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, administer: (typeof Database.Service)["administer"], directUrl: Redacted.Redacted) {
  const news = yield* PubSub.sliding<number>(16_384)
  const grown = new Set<number>()
  /** Owners that somebody here waits for: how many do, and how far the owner's journal was. */
  const watched = new Map<number, { waiting: number; sequence: number | null }>()
  const tell = Effect.gen(function* () {
    if (grown.size === 0) return
    const payloads = payloadsOf([...grown])
    grown.clear()
    for (const payload of payloads) yield* administer("jobs", sql`SELECT pg_notify(${channel}, ${payload})`)
  })
  const look = Effect.gen(function* () {
    if (watched.size === 0) return
    const rows = yield* administer(
      "jobs",
      sql<{ owner_no: number; sequence: number }>`SELECT owner_no, sequence FROM owner_head WHERE owner_no ${anyOf(sql, [...watched.keys()])}`
    )
    for (const { owner_no, sequence } of rows) {
      const one = watched.get(owner_no)
      if (one === undefined) continue
      const before = one.sequence
      one.sequence = sequence
      // Who waits since the last look may have missed something, too.
      if (before !== sequence) yield* PubSub.publish(news, owner_no)
    }
  })
  // What is lost here the look of the others makes up for, and their notifications that are lost the look of this one.
  yield* tell.pipe(Effect.ignore, Effect.delay(announceMs), Effect.forever, Effect.interruptible, Effect.forkScoped)
  yield* look.pipe(Effect.ignore, Effect.delay(lookMs), Effect.forever, Effect.interruptible, Effect.forkScoped)
  const listening = { proved: false }
  // Its own first notification, past whatever stands between, comes back to a connection that hears notifications.
  const greeting = Effect.ignore(administer("jobs", sql`SELECT pg_notify(${channel}, '')`))
  yield* notifications(directUrl).pipe(
    Stream.runForEach((heard) => {
      if (heard._tag === "Began") return Effect.asVoid(Effect.forkScoped(greeting))
      listening.proved = true
      return heard.payload === "" ? Effect.void : PubSub.publishAll(news, heard.payload.split(",").map(Number))
    }),
    Effect.ensuring(Effect.sync(() => void (listening.proved = false))),
    Effect.retry(Schedule.spaced("1 second")),
    Effect.forkScoped
  )
  return {
    isListening: Effect.sync(() => listening.proved),
    announce: (owner: number) => Effect.sync(() => void grown.add(owner)),
    announcements: (owner: number): Stream.Stream<void> =>
      Stream.unwrapScoped(
        Effect.gen(function* () {
          const queue = yield* PubSub.subscribe(news)
          yield* Effect.acquireRelease(
            Effect.sync(() => {
              const one = watched.get(owner) ?? { waiting: 0, sequence: null }
              one.waiting++
              watched.set(owner, one)
            }),
            () =>
              Effect.sync(() => {
                const one = watched.get(owner)
                if (one !== undefined && --one.waiting === 0) watched.delete(owner)
              })
          )
          return Stream.fromQueue(queue).pipe(
            Stream.filter((whose) => whose === owner),
            Stream.map(() => undefined)
          )
        })
      )
  }
})

const payloadsOf = (owners: ReadonlyArray<number>): ReadonlyArray<string> => {
  const payloads: Array<string> = []
  let payload = ""
  for (const owner of owners) {
    const next = payload === "" ? String(owner) : `${payload},${owner}`
    if (next.length > maxPayload) payloads.push(payload)
    payload = next.length > maxPayload ? String(owner) : next
  }
  return [...payloads, payload]
}

type Heard = { readonly _tag: "Began" } | { readonly _tag: "Notified"; readonly payload: string }

/** The beginning of a connection that listens, and the notifications that come in until it ends. */
const notifications = (url: Redacted.Redacted): Stream.Stream<Heard, unknown> =>
  Stream.asyncScoped<Heard, unknown>((emit) =>
    Effect.acquireRelease(
      Effect.tryPromise(async () => {
        const client = new Pg.Client({ connectionString: Redacted.value(url), application_name: "han" })
        client.on("error", (error) => void emit.fail(error))
        client.on("end", () => void emit.fail(new Error("the connection ended")))
        client.on("notification", ({ payload = "" }) => void emit.single({ _tag: "Notified", payload }))
        await client.connect()
        await client.query(`LISTEN ${channel}`)
        void emit.single({ _tag: "Began" })
        return client
      }),
      (client) => Effect.ignore(Effect.tryPromise(() => client.end()))
    )
  )
