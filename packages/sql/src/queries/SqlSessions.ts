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
import { type Project, projectId } from "han-core/Project"
import { IndexProblem, minBeginning, SessionNotFound, Summary } from "han-core/Session"
import type { SessionsQuery } from "han-core/SessionQueries"
import { SessionQueries } from "han-core/SessionQueries"
import { type SessionFilter, Sessions } from "han-core/Sessions"
import { Viewer } from "han-core/Viewer"
import { anyOf, Database, OwnerNo, storable, storeError } from "../database/Database.ts"
import { decodeCursor, encodeCursor, plan } from "../database/page.ts"
import { whereSql } from "../database/where.ts"
import { instantOfKey, threadOf } from "../readmodels/messageKey.ts"
import { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import * as details from "./details.ts"
import { inProject, projectKey } from "./inProject.ts"
import { type MessageRow, messagePage, messagesOf } from "./messageRows.ts"
import { onBehalf, type Reader, type Reading, reader } from "./reader.ts"
import type { SessionRow } from "./rows.ts"
import { sessionColumn } from "./sessionFields.ts"
import { lastMove, recent, selectSessions, sessionsFrom, sorted } from "./sessionPages.ts"
import { toolCallsOf } from "./toolCalls.ts"

type Service = typeof Sessions.Service

/** The read models of sessions over either database. */
export const make = Effect.gen(function* () {
  const read = yield* reader
  const database = yield* Database
  const { committed } = yield* ReadModelTables
  const queries = SessionQueries.of({ find: find(read), countFound: countFound(read), cursorOf: cursorOf(read) })
  const sessions = Sessions.of({
    list: list(read),
    count: count(read),
    get: get(read),
    getMany: getMany(read),
    projects: projects(read),
    messages: messages(read),
    toolCalls: toolCalls(read),
    tasks: one(read, "tasks", details.tasks),
    todos: one(read, "todos", details.todos),
    fileChanges: one(read, "file changes", details.fileChanges),
    agents: one(read, "agents", details.agents),
    compactions: one(read, "compactions", details.compactions),
    summaries: summaries(read),
    watch: (id) => watch(get(read)(id), database, committed),
    problems: problems(read)
  })
  return Context.make(Sessions, sessions).pipe(Context.add(SessionQueries, queries))
})

export const layer: Layer.Layer<Sessions | SessionQueries, never, Database | ReadModelTables> = Layer.effectContext(make)

const matching = ({ owner, sql }: Reading, { author, project, since }: SessionFilter): Fragment =>
  sql`s.owner_no = ${owner} AND s.listed = 1
    AND ${project === undefined ? sql`1 = 1` : inProject(sql, project)}
    AND ${since === undefined ? sql`1 = 1` : sql`s.updated_at >= ${since}`}
    AND ${author === undefined ? sql`1 = 1` : sql`s.author = ${storable(author)}`}`

const list = (read: Reader): Service["list"] =>
  Effect.fn("Sessions.list")(function* (filter, page) {
    const reading = yield* onBehalf(read)
    return yield* recent(reading, matching(reading, filter), page)
  }, read.answer("list"))

const count = (read: Reader): Service["count"] =>
  Effect.fn("Sessions.count")(function* (filter) {
    const reading = yield* onBehalf(read)
    const [row] = yield* read.sql<{ count: number }>`
      SELECT COUNT(*) AS count FROM ${read.t("session")} s LEFT JOIN directory d ON d.owner_no = s.owner_no AND d.machine = s.machine AND d.path = s.cwd WHERE ${matching(reading, filter)}`
    return row!.count
  }, read.answer("count"))

const fulfilling = ({ owner, sql }: Reading, where: SessionsQuery["where"]): Effect.Effect<Fragment> =>
  Effect.map(Clock.currentTimeMillis, (now) => sql`s.owner_no = ${owner} AND s.listed = 1 AND ${whereSql(sql, where, sessionColumn(sql, now))}`)

const find = (read: Reader): (typeof SessionQueries.Service)["find"] =>
  Effect.fn("SessionQueries.find")(function* ({ orderBy, where }, page) {
    const reading = yield* onBehalf(read)
    const condition = yield* fulfilling(reading, where)
    return orderBy === undefined || orderBy.length === 0 ? yield* recent(reading, condition, page) : yield* sorted(reading, condition, orderBy, page)
  }, read.answer("find"))

const countFound = (read: Reader): (typeof SessionQueries.Service)["countFound"] =>
  Effect.fn("SessionQueries.countFound")(function* ({ where }) {
    const condition = yield* fulfilling(yield* onBehalf(read), where)
    const [row] = yield* read.sql<{ count: number }>`SELECT COUNT(*) AS count FROM ${read.t("session")} s WHERE ${condition}`
    return row!.count
  }, read.answer("count found"))

const cursorOf = (read: Reader): (typeof SessionQueries.Service)["cursorOf"] =>
  Effect.fn("SessionQueries.cursorOf")(function* (session) {
    const reading = yield* onBehalf(read)
    const [row] = yield* read.sql<{ no: number; begun: number }>`
      SELECT no, ${lastMove(reading)} AS begun FROM session_key WHERE owner_no = ${reading.owner} AND session_id = ${storable(session.id)}`
    return encodeCursor("sessions", [session.updatedAt ?? 0, row?.no ?? -1, row?.begun ?? 0])
  }, read.answer("cursor"))

/** The sessions that fulfil a condition and have lines of their own. */
const present = Effect.fnUntraced(function* (read: Reader, condition: Fragment) {
  const reading = yield* onBehalf(read)
  const rows = yield* read.sql<SessionRow>`${selectSessions(reading)} WHERE s.owner_no = ${reading.owner} AND s.present = 1 AND ${condition}`
  return (yield* sessionsFrom(rows)).map(({ session }) => session)
})

const get = (read: Reader): Service["get"] =>
  Effect.fn("Sessions.get")(function* (id) {
    const { sql } = read
    const wanted = storable(id)
    const [exact] = yield* present(read, sql`s.id = ${wanted}`)
    if (exact !== undefined) return exact
    const begins = id.length < minBeginning ? [] : yield* present(read, sql`s.id >= ${wanted} AND s.id < ${`${wanted}\u{10ffff}`} LIMIT 6`)
    const [single] = begins
    if (single === undefined || begins.length > 1) return yield* new SessionNotFound({ id, candidates: begins.map((session) => session.id) })
    return single
  }, read.answer("get"))

const getMany = (read: Reader): Service["getMany"] =>
  Effect.fn("Sessions.getMany")(function* (ids) {
    return ids.length === 0 ? [] : yield* present(read, read.sql`s.id ${anyOf(read.sql, ids)}`)
  }, read.answer("get many"))

interface DirectoryRow {
  readonly key: string
  readonly machine: string
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

const projects = (read: Reader): Service["projects"] =>
  Effect.gen(function* () {
    const owner = yield* OwnerNo
    const { sql, t } = read
    const rows = yield* sql<DirectoryRow>`
      SELECT ${projectKey(read)} AS key, s.machine, s.cwd AS path, COALESCE(MAX(d.name), MAX(s.project)) AS name, MAX(d.remote) AS remote, MAX(d.root) AS root,
        MAX(d.worktree_of) AS worktree_of, MAX(d.default_branch) AS default_branch, COUNT(*) AS sessions, MIN(s.started_at) AS started_at, MAX(s.updated_at) AS updated_at
      FROM ${t("session")} s LEFT JOIN directory d ON d.owner_no = s.owner_no AND d.machine = s.machine AND d.path = s.cwd
      WHERE s.owner_no = ${owner} AND s.listed = 1 AND s.cwd IS NOT NULL GROUP BY 1, s.machine, s.cwd ORDER BY updated_at DESC, path, s.machine`
    const byKey = new Map<string, Array<DirectoryRow>>()
    for (const row of rows) byKey.set(row.key, [...(byKey.get(row.key) ?? []), row])
    return [...byKey].map(([key, directories]) => projectOf(key, directories))
  }).pipe(read.answer("projects"))

/** The project with these directories, of which the first has the latest activity. */
const projectOf = (key: string, directories: ReadonlyArray<DirectoryRow>): Project => {
  const main = directories.find((row) => row.worktree_of === null) ?? directories[0]!
  const started = directories.flatMap((row) => (row.started_at === null ? [] : [row.started_at]))
  return {
    id: projectId(key),
    path: main.path,
    directories: directories.map(({ machine, path }) => ({ machine, path })),
    name: main.name,
    repo: main.remote,
    root: main.root,
    worktreeOf: main.worktree_of,
    defaultBranch: main.default_branch ?? directories.find((row) => row.default_branch !== null)?.default_branch ?? null,
    sessions: directories.reduce((sum, row) => sum + row.sessions, 0),
    startedAt: started.length === 0 ? null : Math.min(...started),
    updatedAt: directories[0]!.updated_at === 0 ? null : directories[0]!.updated_at
  }
}

/** The number of one of the viewer's sessions; -1 for one that has none. */
const sessionNo = Effect.fnUntraced(function* ({ owner, sql }: Reading, sessionId: SessionId) {
  const [row] = yield* sql<{ no: number }>`SELECT no FROM session_key WHERE owner_no = ${owner} AND session_id = ${storable(sessionId)}`
  return row?.no ?? -1
})

const messages = (read: Reader): Service["messages"] =>
  Effect.fn("Sessions.messages")(function* (of, page) {
    const reading = yield* onBehalf(read)
    const { owner, sql, t } = reading
    const no = yield* sessionNo(reading, of.sessionId)
    const { backward, size } = plan(page)
    const after = page.after === undefined ? sql`1 = 1` : yield* Effect.map(decodeCursor("messages", 1, page.after), ([id]) => sql`id > ${id!}`)
    const before = page.before === undefined ? sql`1 = 1` : yield* Effect.map(decodeCursor("messages", 1, page.before), ([id]) => sql`id < ${id!}`)
    const rows = yield* sql<MessageRow>`
      SELECT id, transcript_no, line FROM ${t("message")} WHERE owner_no = ${owner} AND session_no = ${no} AND thread = ${threadOf(of.agentId ?? null)} AND ${after} AND ${before}
      ORDER BY ${sql.literal(backward ? "id DESC" : "id")} LIMIT ${size + 1}`
    const found = yield* messagesOf(reading, rows.slice(0, size))
    return messagePage("messages", page, rows, new Map(found.map(({ message, row }) => [row.id, message])))
  }, read.answer("messages"))

const toolCalls = (read: Reader): Service["toolCalls"] =>
  Effect.fn("Sessions.toolCalls")(function* (sessionId) {
    const reading = yield* onBehalf(read)
    return yield* toolCallsOf(reading, sessionId, yield* sessionNo(reading, sessionId))
  }, read.answer("tool calls"))

/** Asks for a single session what is asked for several elsewhere. */
const one =
  <A>(read: Reader, operation: string, of: (reading: Reading, ids: ReadonlyArray<SessionId>) => Effect.Effect<Map<SessionId, ReadonlyArray<A>>, SqlError>) =>
  (sessionId: SessionId) =>
    Effect.flatMap(onBehalf(read), (reading) => of(reading, [sessionId])).pipe(
      Effect.map((found) => found.get(sessionId) ?? []),
      read.answer(operation)
    )

const summaries = (read: Reader): Service["summaries"] =>
  Effect.fn("Sessions.summaries")(function* (sessionId) {
    const reading = yield* onBehalf(read)
    const { owner, sql, t } = reading
    const rows = yield* sql<{ id: string; text: string; leaf_uuid: string | null; leaf: number | null }>`
      SELECT u.id, u.text, u.leaf_uuid, m.id AS leaf FROM ${t("summary")} u
      JOIN transcript x ON x.owner_no = u.owner_no AND x.no = u.transcript_no LEFT JOIN ${t("message")} m ON m.owner_no = u.owner_no AND m.session_no = u.session_no AND m.uuid_hash = u.leaf_hash AND m.uuid = u.leaf_uuid
      WHERE u.owner_no = ${owner} AND u.session_no = ${yield* sessionNo(reading, sessionId)} ORDER BY x.generation DESC, u.line DESC`
    return rows.map(
      (row) =>
        new Summary(
          { id: row.id, sessionId, text: row.text, leafUuid: row.leaf_uuid, at: row.leaf === null ? null : instantOfKey(row.leaf) },
          { disableValidation: true }
        )
    )
  }, read.answer("summaries"))

const watch = (
  session: ReturnType<Service["get"]>,
  database: typeof Database.Service,
  committed: typeof ReadModelTables.Service.committed
): ReturnType<Service["watch"]> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const { owner } = yield* Viewer
      const news = yield* PubSub.subscribe(committed)
      const no = yield* database.ownerNo(owner, true).pipe(storeError(database, "watch"))
      // Forks and subagents may change its sums too, so every change of the owner's is a reason to look.
      const signals = Stream.merge(
        Stream.filterMap(Stream.fromQueue(news), (told) => (told.owner === no ? Option.some(null) : Option.none())),
        Stream.as(database.announcements(no), null)
      )
      return Stream.concat(Stream.succeed(null), signals).pipe(
        Stream.chunks,
        Stream.filter(Chunks.isNonEmpty),
        Stream.mapEffect(() => session),
        Stream.changesWith((a, b) => JSON.stringify(a) === JSON.stringify(b))
      )
    })
  )

interface ProblemRow {
  readonly kind: IndexProblem["kind"]
  readonly id: string
  readonly file: string | null
  readonly line: number
  readonly byte_offset: number
  readonly reason: string
  readonly lines: number
}

const problems = ({ answer, sql, t }: Reader): Service["problems"] =>
  Effect.fn("Sessions.problems")(function* ({ limit, transcript }) {
    const owner = yield* OwnerNo
    const rows = yield* sql<ProblemRow>`
      SELECT p.kind, x.id, x.file, p.line, p.byte_offset, p.reason, p.lines FROM ${t("problem")} p JOIN transcript x ON x.owner_no = p.owner_no AND x.no = p.transcript_no
      WHERE p.owner_no = ${owner} AND ${transcript === undefined ? sql`1 = 1` : sql`x.id = ${storable(transcript)}`}
      ORDER BY CASE p.kind WHEN 'unreadable' THEN 0 WHEN 'impossible' THEN 1 ELSE 2 END, x.no DESC, p.line DESC LIMIT ${limit}`
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
  }, answer("problems"))
