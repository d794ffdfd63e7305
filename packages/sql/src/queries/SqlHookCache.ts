import { hash } from "node:crypto"
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { HookCache, HookCacheAdmin, type HookFile, type HookPass, type HookPassed, type HookPassFilter } from "han-core/HookCache"
import type { Where } from "han-core/Where"
import * as blocks from "../blocks/blocks.ts"
import { anyOf, Database, insertRows, storable, storeError, yieldUntilIdle } from "../database/Database.ts"
import { whereSql } from "../database/where.ts"
import { ReadModelTables } from "../readmodels/ReadModelTables.ts"

/** The passes of the hooks of this machine, the same for every viewer; in SQLite alone. What is too old goes with `record`, now and then. */
export const layer: Layer.Layer<HookCache | HookCacheAdmin, never, Database | ReadModelTables> = Layer.effectContext(
  Effect.gen(function* () {
    const store: Store = { database: yield* Database, models: yield* ReadModelTables }
    return Context.make(HookCache, cache(store)).pipe(Context.add(HookCacheAdmin, admin(store)))
  })
)

interface Store {
  readonly database: typeof Database.Service
  readonly models: typeof ReadModelTables.Service
}

const cache = (store: Store): typeof HookCache.Service => {
  const { database, models } = store
  const { read, write } = database
  const failing = (operation: string) => storeError(database, operation)
  const isDue = pruneClock()
  return {
    use: Effect.fn("HookCache.use")(function* (key, at) {
      const now = Math.trunc(at)
      const [row] = yield* models.writeAlone(write<PassRow>`
        UPDATE hook_pass SET uses = uses + 1, used_at = ${now}, touched_at = CASE WHEN touched_at < ${now} THEN ${now} ELSE touched_at END
        WHERE key = ${bytesOf(key)} RETURNING ${columns(write)}`)
      return row === undefined ? null : passOf(row)
    }, failing("use a hook's pass")),

    find: Effect.fn("HookCache.find")(function* (key) {
      const [row] = yield* read<PassRow>`SELECT ${columns(read)} FROM hook_pass WHERE key = ${bytesOf(key)}`
      return row === undefined ? null : passOf(row)
    }, failing("find a hook's pass")),

    passedFiles: Effect.fn("HookCache.passedFiles")(function* (gate, files) {
      const marks = files.map(markOf)
      const found = new Set<string>()
      for (let at = 0; at < marks.length; at += askedAtOnce) {
        const rows = yield* read<{ mark: string }>`
          SELECT mark FROM hook_pass_file WHERE gate = ${bytesOf(gate)} AND mark ${anyOf(read, marks.slice(at, at + askedAtOnce))}`
        for (const { mark } of rows) found.add(mark)
        yield* yieldUntilIdle
      }
      const passed = new Set(files.filter((_, index) => found.has(marks[index]!)).map(({ path }) => path))
      // Names that are no UTF-8 may look the same; then all of them must have passed.
      for (const [index, { path }] of files.entries()) if (!found.has(marks[index]!)) passed.delete(path)
      return passed
    }, failing("files that passed a hook")),

    lastReads: Effect.fn("HookCache.lastReads")(function* (gate, tree) {
      const [row] = yield* read<ReadsRow>`SELECT codec, data FROM hook_pass_reads WHERE gate = ${bytesOf(gate)} AND tree = ${digestOf(tree)}`
      return row === undefined ? null : new Set(pathsOf(row))
    }, failing("what a hook read last")),

    record: Effect.fn("HookCache.record")(function* (passed) {
      const reads = passed.whole
        ? yield* Effect.promise(() => blocks.compress(Buffer.from(JSON.stringify([...new Set(passed.reads.map(({ path }) => path))]))))
        : null
      yield* models.writeAlone(insertPass(write, passed, reads))
      const at = Math.trunc(passed.passedAt)
      if (isDue(at)) yield* prune(store, at)
    }, failing("record a hook's pass"))
  }
}

const admin = (store: Store): typeof HookCacheAdmin.Service => {
  const { database, models } = store
  const { read, write } = database
  return {
    list: Effect.fn("HookCacheAdmin.list")(
      function* ({ limit, ...filter }) {
        const rows = yield* read<PassRow>`SELECT ${columns(read)} FROM hook_pass WHERE ${chosen(read, filter)}
          ORDER BY passed_at DESC, key LIMIT ${Math.max(0, Math.trunc(limit))}`
        return rows.map(passOf)
      },
      storeError(database, "list passes of hooks")
    ),
    clear: Effect.fn("HookCacheAdmin.clear")((filter) => models.writeAlone(removeChosen(write, filter)), storeError(database, "clear passes of hooks"))
  }
}

/** Removes what is too old or too much, in small steps, for whoever waits for the database. */
const prune = Effect.fnUntraced(function* ({ database: { read, write }, models }: Store, now: number) {
  for (const { keep, table } of bounds) {
    const name = read.literal(table)
    const [edge] = yield* read<{ touched_at: number }>`SELECT touched_at FROM ${name} ORDER BY touched_at DESC LIMIT 1 OFFSET ${keep - 1}`
    const until = Math.max(now - unusedMs, edge?.touched_at ?? 0)
    for (;;) {
      const [last] = yield* read<{ touched_at: number | null }>`
        SELECT MAX(touched_at) AS touched_at FROM (SELECT touched_at FROM ${name} WHERE touched_at < ${until} ORDER BY touched_at LIMIT 1000) AS oldest`
      if (last === undefined || last.touched_at === null) break
      const remove: Effect.Effect<unknown, SqlError> =
        table === "hook_pass" ? removePasses(write, last.touched_at) : write`DELETE FROM ${name} WHERE touched_at <= ${last.touched_at}`
      yield* models.writeAlone(remove)
      yield* yieldUntilIdle
    }
  }
})

const insertPass = Effect.fnUntraced(function* (write: SqlClient.SqlClient, passed: HookPassed, reads: object | null) {
  const gate = bytesOf(passed.gate)
  const at = Math.trunc(passed.passedAt)
  const marks = [...new Set(passed.each.map(markOf))]
  yield* write`INSERT INTO hook_pass ${write.insert({
    key: bytesOf(passed.key),
    gate,
    hook: storable(passed.hook),
    directory: storable(passed.directory),
    command: storable(passed.command),
    files: passed.reads.length,
    duration_ms: passed.durationMs,
    passed_at: at,
    used_at: null,
    uses: 0,
    touched_at: at
  })} ON CONFLICT (key) DO UPDATE SET hook = excluded.hook, directory = excluded.directory, command = excluded.command, files = excluded.files,
    duration_ms = excluded.duration_ms, passed_at = excluded.passed_at,
    touched_at = CASE WHEN hook_pass.touched_at > excluded.touched_at THEN hook_pass.touched_at ELSE excluded.touched_at END`
  yield* insertRows(
    write,
    {
      table: "hook_pass_file",
      columns: "gate, mark, touched_at",
      suffix: "ON CONFLICT (gate, mark) DO UPDATE SET touched_at = excluded.touched_at WHERE excluded.touched_at > hook_pass_file.touched_at"
    },
    marks.map((mark) => [gate, mark, at])
  )
  if (reads === null) return
  yield* write`INSERT INTO hook_pass_reads ${write.insert({ gate, tree: digestOf(passed.tree), ...reads, touched_at: at })}
    ON CONFLICT (gate, tree) DO UPDATE SET codec = excluded.codec, data = excluded.data, touched_at = excluded.touched_at`
})

/** Removes what the filter chooses, and says how many passes that were. */
const removeChosen = Effect.fnUntraced(function* (write: SqlClient.SqlClient, filter: HookPassFilter) {
  const where = chosen(write, filter)
  const [counted] = yield* write<{ passes: number }>`SELECT COUNT(*) AS passes FROM hook_pass WHERE ${where}`
  if (filter.hook === undefined && filter.directory === undefined) {
    for (const { table } of bounds) yield* write`DELETE FROM ${write.literal(table)}`
  } else {
    for (const { gate } of yield* write<{ gate: Uint8Array }>`SELECT DISTINCT gate FROM hook_pass WHERE ${where}`) {
      for (const table of ofGates) yield* write`DELETE FROM ${write.literal(table)} WHERE gate = ${gate}`
      yield* yieldUntilIdle
    }
    yield* write`DELETE FROM hook_pass WHERE ${where}`
  }
  return counted?.passes ?? 0
})

const unusedMs = 60 * 86_400_000
/** The most rows of each table; older ones go. */
const bounds = [
  { table: "hook_pass", keep: 50_000 },
  { table: "hook_pass_file", keep: 500_000 },
  // The longest rows: a list of paths for each gate and worktree.
  { table: "hook_pass_reads", keep: 5000 }
] as const
/** Tables of a gate beside its passes. */
const ofGates = ["hook_pass_file", "hook_pass_reads"] as const
const askedAtOnce = 2000

/** Tells when to look for what is too old: with the first record, and after 500 of them or an hour. */
const pruneClock = (): ((now: number) => boolean) => {
  let records = 0
  let prunedAt = Number.NEGATIVE_INFINITY
  return (now) => {
    if (++records < 500 && Math.abs(now - prunedAt) < 3_600_000) return false
    records = 0
    prunedAt = now
    return true
  }
}

/** Removes passes, and what belongs to gates that have none any more: nobody could clear it. */
const removePasses = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, until: number) {
  const gone = yield* sql<{ gate: Uint8Array }>`DELETE FROM hook_pass WHERE touched_at <= ${until} RETURNING gate`
  for (const gate of new Map(gone.map((row) => [textOf(row.gate), row.gate])).values()) {
    for (const table of ofGates) {
      yield* sql`DELETE FROM ${sql.literal(table)} WHERE gate = ${gate} AND NOT EXISTS (SELECT 1 FROM hook_pass WHERE gate = ${gate})`
    }
    yield* yieldUntilIdle
  }
})

const chosen = (sql: SqlClient.SqlClient, { directory, hook }: HookPassFilter) =>
  whereSql(sql, { _tag: "And", of: [...(hook === undefined ? [] : [called(hook)]), ...(directory === undefined ? [] : [within(directory)])] }, (field) =>
    sql.literal(field)
  )

type Condition = Where<"hook" | "directory">

/** No name holds a `/` or an `@`, so none of these means another part of an id. */
const called = (name: string): Condition => ({
  _tag: "Or",
  of: [
    { _tag: "Field", field: "hook", op: "eq", value: name },
    { _tag: "Field", field: "hook", op: "startsWith", value: `${name}/` },
    { _tag: "Field", field: "hook", op: "startsWith", value: `${name}@` },
    { _tag: "Field", field: "hook", op: "endsWith", value: `/${name}` }
  ]
})

const within = (directory: string): Condition => {
  // Nothing named is nowhere, not the root.
  if (directory === "") return { _tag: "Or", of: [] }
  const folder = directory.replace(/\/+$/, "")
  return {
    _tag: "Or",
    of: [
      { _tag: "Field", field: "directory", op: "eq", value: folder },
      { _tag: "Field", field: "directory", op: "startsWith", value: `${folder}/` }
    ]
  }
}

interface PassRow {
  readonly key: Uint8Array
  readonly gate: Uint8Array
  readonly hook: string
  readonly directory: string
  readonly command: string
  readonly files: number
  readonly duration_ms: number
  readonly passed_at: number
  readonly used_at: number | null
  readonly uses: number
}
const columns = (sql: SqlClient.SqlClient) => sql.literal("key, gate, hook, directory, command, files, duration_ms, passed_at, used_at, uses")

const passOf = (row: PassRow): HookPass => ({
  key: textOf(row.key),
  gate: textOf(row.gate),
  hook: row.hook,
  directory: row.directory,
  command: row.command,
  files: row.files,
  durationMs: row.duration_ms,
  passedAt: row.passed_at,
  usedAt: row.used_at,
  uses: row.uses
})

interface ReadsRow {
  readonly codec: number
  readonly data: Uint8Array
}
const pathsOf = (row: ReadsRow): ReadonlyArray<string> => JSON.parse(Buffer.from(blocks.decompress(row)).toString())

/** Hex in half the bytes; any other text as it is. The first byte tells the two apart. */
const bytesOf = (text: string): Uint8Array => (/^(?:[0-9a-f]{2})+$/.test(text) ? Buffer.from(`00${text}`, "hex") : Buffer.from(`\u0001${text}`))
const textOf = (bytes: Uint8Array): string => (bytes[0] === 0 ? Buffer.from(bytes.subarray(1)).toString("hex") : Buffer.from(bytes.subarray(1)).toString())

/** A path may be much longer than its digest, which stands for it in keys. */
const digestOf = (text: string): string => hash("sha256", text, "base64url")
/** A path with its content. */
const markOf = ({ digest, path }: HookFile): string => digestOf(`${digest}\0${path}`)
