import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { AuditEntry, AuditLog, type AuditVerdict } from "han-core/AuditLog"
import { type Page, PageCursorInvalid, type PageRequest } from "han-core/Page"
import type { Slug } from "han-core/Workspaces"
import { answer, command, Database, OwnerNo, storeError } from "../database/Database.ts"
import { type AuditRow, audit, auditHash } from "./audit.ts"
import { asOwner } from "./principal.ts"

/** The audit logs of workspaces, in PostgreSQL. */
export const layer: Layer.Layer<AuditLog, never, Database> = Layer.effect(
  AuditLog,
  Effect.map(Database, (database) =>
    AuditLog.of({
      note: Effect.fn("AuditLog.note")((act) => database.transaction(audit(database.write, act)).pipe(command(database, "note an act"))),
      page: Effect.fn("AuditLog.page")((request) => pageOf(database, request).pipe(answer(database, "read the audit log"))),
      count: Effect.flatMap(OwnerNo, (owner) =>
        Effect.map(database.read<{ count: number }>`SELECT COUNT(*) AS count FROM audit_log WHERE owner_no = ${owner}`, ([row]) => row!.count)
      ).pipe(answer(database, "count the audit log"), Effect.withSpan("AuditLog.count")),
      verify: Effect.fn("AuditLog.verify")((only) => verify(database, only), storeError(database, "verify the audit log"))
    })
  )
)

/** Rows that are asked for at once. */
const chunk = 1000

const decode = Schema.decodeUnknownSync(AuditEntry)

const pageOf = Effect.fnUntraced(function* (
  { read: sql }: typeof Database.Service,
  { after, before, first, last }: PageRequest
): Effect.fn.Return<Page<AuditEntry>, SqlError | PageCursorInvalid, OwnerNo> {
  const owner = yield* OwnerNo
  const from = yield* placeOf(after, 0)
  const below = yield* placeOf(before, Number.MAX_SAFE_INTEGER)
  const backwards = first === undefined && last !== undefined
  const size = first ?? last ?? chunk
  const columns = sql.literal("l.seq, l.at, l.actor, a.person, l.action, l.resource, l.outcome, l.detail")
  const rows = yield* sql`
    SELECT ${columns} FROM audit_log l LEFT JOIN audit_actor a ON a.owner_no = ${owner} AND a.ref = l.actor
    WHERE l.owner_no = ${owner} AND l.seq > ${from} AND l.seq < ${below} ORDER BY l.seq ${sql.literal(backwards ? "DESC" : "ASC")} LIMIT ${size + 1}`
  const kept = rows.slice(0, size).map((row) => decode(row))
  if (backwards) kept.reverse()
  const more = rows.length > size
  return {
    items: kept.map((node) => ({ cursor: String(node.seq), node })),
    hasNext: backwards ? before !== undefined : more,
    hasPrevious: backwards ? more : from > 0
  }
})

const placeOf = (cursor: string | undefined, otherwise: number): Effect.Effect<number, PageCursorInvalid> =>
  cursor === undefined ? Effect.succeed(otherwise) : /^\d{1,15}$/.test(cursor) ? Effect.succeed(Number(cursor)) : Effect.fail(new PageCursorInvalid({ cursor }))

/** Workspaces one after the other, each in transactions of its own. */
const verify = Effect.fnUntraced(function* (database: typeof Database.Service, only: Slug | null): Effect.fn.Return<ReadonlyArray<AuditVerdict>, SqlError> {
  const { administer, read: sql } = database
  const owners = yield* administer(
    "jobs",
    sql<{ no: number; slug: Slug }>`SELECT no, name AS slug FROM owner_lookup WHERE kind = 'slug' AND (${only}::text IS NULL OR name = ${only}) ORDER BY name`
  )
  return yield* Effect.forEach(owners, ({ no, slug }) => Effect.map(chainOf(database, no), (verdict) => ({ workspace: slug, ...verdict })))
})

/** Follows a chain from its beginning. One that grows meanwhile is followed to where it was. */
const chainOf = Effect.fnUntraced(function* (database: typeof Database.Service, owner: number): Effect.fn.Return<Omit<AuditVerdict, "workspace">, SqlError> {
  const sql = database.read
  const [head] = yield* asOwner(database, owner, sql<{ seq: number; hash: Uint8Array }>`SELECT seq, hash FROM audit_head WHERE owner_no = ${owner}`)
  const end = head?.seq ?? 0
  let [seq, hash]: [number, Uint8Array] = [0, new Uint8Array()]
  const verdict = (firstBad: AuditVerdict["firstBad"]) => ({ entries: seq, hash: Buffer.from(hash).toString("hex"), firstBad })
  for (;;) {
    const rows = yield* asOwner(
      database,
      owner,
      sql<AuditRow>`SELECT seq, at, actor, action, resource, outcome, detail, prev_hash, hash FROM audit_log
        WHERE owner_no = ${owner} AND seq > ${seq} ORDER BY seq LIMIT ${chunk}`
    )
    for (const row of rows) {
      if (row.seq !== seq + 1) return verdict({ seq: seq + 1, reason: "missing" })
      if (!isSame(row.prev_hash, hash)) return verdict({ seq: row.seq, reason: "unlinked" })
      if (!isSame(row.hash, auditHash(owner, hash, row))) return verdict({ seq: row.seq, reason: "changed" })
      ;[seq, hash] = [row.seq, row.hash]
      if (seq === end && !isSame(hash, head!.hash)) return verdict({ seq, reason: "changed" })
    }
    if (rows.length < chunk) return verdict(seq < end ? { seq: seq + 1, reason: "missing" } : null)
  }
})

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
