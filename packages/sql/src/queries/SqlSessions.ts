import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Chunks from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import type { SessionId, TranscriptId } from "han-core/Entry"
import * as Message from "han-core/Message"
import { projectId } from "han-core/Project"
import { IndexProblem, SessionNotFound, Summary, shortestBeginning } from "han-core/Session"
import { SessionQueries } from "han-core/SessionQueries"
import { type SessionFilter, Sessions } from "han-core/Sessions"
import { type OwnerId, Viewer } from "han-core/Viewer"
import { entriesAt } from "../blocks/entriesAt.ts"
import { anyOf, Database, storable, storeError } from "../database/Database.ts"
import { decodeCursor, encodeCursor, pageOf, plan } from "../database/page.ts"
import { whereSql } from "../database/where.ts"
import { Models } from "../readmodels/Models.ts"
import { instantOfKey, threadOf } from "../readmodels/messageKey.ts"
import * as details from "./details.ts"
import { inProject } from "./inProject.ts"
import { type SessionRow, sessionFromRow } from "./rows.ts"
import { sessionColumns } from "./sessionFields.ts"
import { sessionPages } from "./sessionPages.ts"
import { toolCallsOf } from "./toolCalls.ts"

interface ProjectRow {
  readonly path: string
  readonly name: string
  readonly remote: string | null
  readonly root: string | null
  readonly worktree_of: string | null
  readonly default_branch: string | null
  readonly sessions: number
  readonly started_at: number | null
  readonly updated_at: number
}

interface MessageRow {
  readonly id: number
  readonly transcript_no: number
  readonly line: number
}

/** The read models of sessions over either database. */
export const layer: Layer.Layer<Sessions | SessionQueries, never, Database | Models> = Layer.effectContext(
  Effect.gen(function* () {
    const database = yield* Database
    const models = yield* Models
    const sql = database.read
    const failing = (operation: string) => storeError(database.location, operation)
    const t = (name: Parameters<typeof models.table>[0]) => sql.literal(models.table(name))

    const { lastMove, recent, select, sorted } = sessionPages(sql, models.table)
    const matching = (owner: OwnerId, filter: SessionFilter): Fragment =>
      sql`s.owner = ${owner} AND s.listed = 1
        AND ${filter.project === undefined ? sql`1 = 1` : inProject(sql, filter.project)}
        AND ${filter.since === undefined ? sql`1 = 1` : sql`s.updated_at >= ${filter.since}`}`
    const from = Effect.fnUntraced(function* (rows: ReadonlyArray<SessionRow>) {
      const now = yield* Clock.currentTimeMillis
      return rows.map((row) => sessionFromRow(row, now))
    })

    const get: typeof Sessions.Service.get = Effect.fn("Sessions.get")(function* (id) {
      const { owner } = yield* Viewer
      const wanted = storable(id)
      const [exact] = yield* from(yield* sql<SessionRow>`${select()} WHERE s.owner = ${owner} AND s.present = 1 AND s.id = ${wanted}`)
      if (exact !== undefined) return exact
      const begins =
        id.length < shortestBeginning
          ? []
          : yield* from(
              yield* sql<SessionRow>`${select()} WHERE s.owner = ${owner} AND s.present = 1 AND s.id >= ${wanted} AND s.id < ${`${wanted}\u{10ffff}`} LIMIT 6`
            )
      const [single] = begins
      if (single === undefined || begins.length > 1) return yield* new SessionNotFound({ id, candidates: begins.map((session) => session.id) })
      return single
    }, failing("get"))

    const sessionNo = Effect.fnUntraced(function* (sessionId: SessionId) {
      const { owner } = yield* Viewer
      const [row] = yield* sql<{ no: number }>`SELECT no FROM session_key WHERE owner = ${owner} AND session_id = ${storable(sessionId)}`
      return row?.no ?? -1
    })

    /** What is asked for several sessions elsewhere, of a single one. */
    const one =
      <A>(operation: string, of: (reading: details.Reading, ids: ReadonlyArray<SessionId>) => Effect.Effect<Map<SessionId, ReadonlyArray<A>>, SqlError>) =>
      (sessionId: SessionId) =>
        Effect.gen(function* () {
          const { owner } = yield* Viewer
          return (yield* of({ sql, table: models.table, owner }, [sessionId])).get(sessionId) ?? []
        }).pipe(failing(operation))

    const queries = SessionQueries.of({
      find: Effect.fn("SessionQueries.find")(function* (query, page) {
        const { owner } = yield* Viewer
        const condition = sql`s.owner = ${owner} AND s.listed = 1 AND ${whereSql(sql, query.where, sessionColumns(sql, yield* Clock.currentTimeMillis))}`
        return query.orderBy === undefined || query.orderBy.length === 0 ? yield* recent(owner, condition, page) : yield* sorted(condition, query.orderBy, page)
      }, failing("find")),
      countFound: Effect.fn("SessionQueries.countFound")(function* ({ where }) {
        const { owner } = yield* Viewer
        const [row] = yield* sql<{ count: number }>`SELECT COUNT(*) AS count FROM ${t("session")} s
          WHERE s.owner = ${owner} AND s.listed = 1 AND ${whereSql(sql, where, sessionColumns(sql, yield* Clock.currentTimeMillis))}`
        return row!.count
      }, failing("count found")),
      cursorOf: Effect.fn("SessionQueries.cursorOf")(function* (session) {
        const { owner } = yield* Viewer
        const [row] = yield* sql<{ no: number; begun: number }>`
          SELECT no, ${lastMove(owner)} AS begun FROM session_key WHERE owner = ${owner} AND session_id = ${storable(session.id)}`
        return encodeCursor("sessions", [session.updatedAt ?? 0, row?.no ?? -1, row?.begun ?? 0])
      }, failing("cursor"))
    })
    const sessions = Sessions.of({
      list: Effect.fn("Sessions.list")(function* (filter, page) {
        const { owner } = yield* Viewer
        return yield* recent(owner, matching(owner, filter), page)
      }, failing("list")),
      count: Effect.fn("Sessions.count")(function* (filter) {
        const { owner } = yield* Viewer
        const [row] = yield* sql<{
          count: number
        }>`SELECT COUNT(*) AS count FROM ${t("session")} s LEFT JOIN directory d ON d.owner = s.owner AND d.path = s.cwd WHERE ${matching(owner, filter)}`
        return row!.count
      }, failing("count")),
      get,
      getMany: Effect.fn("Sessions.getMany")(function* (ids) {
        if (ids.length === 0) return []
        const { owner } = yield* Viewer
        return yield* from(yield* sql<SessionRow>`${select()} WHERE s.owner = ${owner} AND s.present = 1 AND s.id ${anyOf(sql, ids)}`)
      }, failing("get many")),
      projects: Effect.gen(function* () {
        const { owner } = yield* Viewer
        const rows = yield* sql<ProjectRow>`
          SELECT s.cwd AS path, COALESCE(MAX(d.name), MAX(s.project)) AS name, MAX(d.remote) AS remote, MAX(d.root) AS root, MAX(d.worktree_of) AS worktree_of,
            MAX(d.default_branch) AS default_branch, COUNT(*) AS sessions, MIN(s.started_at) AS started_at, MAX(s.updated_at) AS updated_at
          FROM ${t("session")} s LEFT JOIN directory d ON d.owner = s.owner AND d.path = s.cwd
          WHERE s.owner = ${owner} AND s.listed = 1 AND s.cwd IS NOT NULL GROUP BY s.cwd ORDER BY updated_at DESC, path`
        return rows.map((row) => ({
          id: projectId(row.path),
          path: row.path,
          name: row.name,
          repo: row.remote,
          root: row.root,
          worktreeOf: row.worktree_of,
          defaultBranch: row.default_branch,
          sessions: row.sessions,
          startedAt: row.started_at,
          updatedAt: row.updated_at === 0 ? null : row.updated_at
        }))
      }).pipe(failing("projects")),
      messages: Effect.fn("Sessions.messages")(function* (of, page) {
        const no = yield* sessionNo(of.sessionId)
        const { backward, size } = plan(page)
        const after = page.after === undefined ? sql`1 = 1` : yield* Effect.map(decodeCursor("messages", 1, page.after), ([id]) => sql`id > ${id!}`)
        const before = page.before === undefined ? sql`1 = 1` : yield* Effect.map(decodeCursor("messages", 1, page.before), ([id]) => sql`id < ${id!}`)
        const rows =
          yield* sql<MessageRow>`SELECT id, transcript_no, line FROM ${t("message")} WHERE session_no = ${no} AND thread = ${threadOf(of.agentId ?? null)} AND ${after} AND ${before}
          ORDER BY ${sql.literal(backward ? "id DESC" : "id")} LIMIT ${size + 1}`
        const at = yield* entriesAt(
          sql,
          rows.slice(0, size).map((row) => ({ transcriptNo: row.transcript_no, line: row.line }))
        )
        // A row without its line would be a broken journal; the entry of a session that is being forgotten may be gone between the two statements.
        const whole = rows.filter((row, index) => index === size || at({ transcriptNo: row.transcript_no, line: row.line }) !== undefined)
        return pageOf(
          page,
          whole,
          (row) => {
            const { decoded, entry, transcript } = at({ transcriptNo: row.transcript_no, line: row.line })!
            const message = Message.fromLine(transcript, decoded, entry)!
            return message.at === null && instantOfKey(row.id) !== null
              ? new Message.Message({ ...message, at: instantOfKey(row.id) }, { disableValidation: true })
              : message
          },
          (row) => encodeCursor("messages", [row.id])
        )
      }, failing("messages")),
      toolCalls: Effect.fn("Sessions.toolCalls")(function* (sessionId) {
        return yield* toolCallsOf(sql, models.table, sessionId, yield* sessionNo(sessionId))
      }, failing("tool calls")),
      tasks: one("tasks", details.tasks),
      todos: one("todos", details.todos),
      fileChanges: one("file changes", details.fileChanges),
      agents: one("agents", details.agents),
      compactions: one("compactions", details.compactions),
      summaries: Effect.fn("Sessions.summaries")(function* (sessionId) {
        const rows = yield* sql<{ id: string; text: string; leaf_uuid: string | null; leaf: number | null }>`
          SELECT u.id, u.text, u.leaf_uuid, m.id AS leaf FROM ${t("summary")} u
          JOIN transcript x ON x.no = u.transcript_no LEFT JOIN ${t("message")} m ON m.session_no = u.session_no AND m.uuid_hash = u.leaf_hash AND m.uuid = u.leaf_uuid
          WHERE u.session_no = ${yield* sessionNo(sessionId)} ORDER BY x.generation DESC, u.line DESC`
        return rows.map(
          (row) =>
            new Summary(
              { id: row.id, sessionId, text: row.text, leafUuid: row.leaf_uuid, at: row.leaf === null ? null : instantOfKey(row.leaf) },
              { disableValidation: true }
            )
        )
      }, failing("summaries")),
      watch: (id) =>
        Stream.unwrapScoped(
          Effect.gen(function* () {
            const { owner } = yield* Viewer
            const news = yield* PubSub.subscribe(models.committed)
            // Forks and subagents may change its sums too, so every change of the owner's is a reason to look.
            const signals = Stream.merge(
              Stream.filterMap(Stream.fromQueue(news), (told) => (told.owner === owner ? Option.some(null) : Option.none())),
              Stream.filterMap(database.announcements, (whose) => (whose === owner ? Option.some(null) : Option.none()))
            )
            return Stream.concat(Stream.succeed(null), signals).pipe(
              Stream.chunks,
              Stream.filter(Chunks.isNonEmpty),
              Stream.mapEffect(() => get(id)),
              Stream.changesWith((a, b) => JSON.stringify(a) === JSON.stringify(b))
            )
          })
        ),
      problems: Effect.fn("Sessions.problems")(function* (options) {
        const { owner } = yield* Viewer
        const rows = yield* sql<{
          kind: IndexProblem["kind"]
          id: string
          file: string | null
          line: number
          byte_offset: number
          reason: string
          lines: number
        }>`
          SELECT p.kind, x.id, x.file, p.line, p.byte_offset, p.reason, p.lines FROM ${t("problem")} p JOIN transcript x ON x.no = p.transcript_no
          WHERE p.owner = ${owner} AND ${options.transcript === undefined ? sql`1 = 1` : sql`x.id = ${storable(options.transcript)}`}
          ORDER BY CASE p.kind WHEN 'unreadable' THEN 0 WHEN 'impossible' THEN 1 ELSE 2 END, x.no DESC, p.line DESC LIMIT ${options.limit}`
        return rows.map((row) => {
          const file: { readonly path?: unknown } | null = row.file === null ? null : JSON.parse(row.file)
          return new IndexProblem(
            {
              kind: row.kind,
              transcript: row.id as TranscriptId,
              path: typeof file?.path === "string" ? file.path : null,
              line: row.line,
              offset: row.byte_offset,
              reason: row.reason,
              lines: row.lines
            },
            { disableValidation: true }
          )
        })
      }, failing("problems"))
    })
    return Context.make(Sessions, sessions).pipe(Context.add(SessionQueries, queries))
  })
)
