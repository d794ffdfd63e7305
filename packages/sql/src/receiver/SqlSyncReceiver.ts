import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DirectoryWriter } from "han-core/Directories"
import { AgentId, type Entry, SessionId, type Transcript, transcriptFileId, transcriptId } from "han-core/Entry"
import { JournalAdmin } from "han-core/JournalAdmin"
import type { Append, EntryGap } from "han-core/JournalWriter"
import type { PriceTable } from "han-core/Pricing"
import { isOfWorkspace, isPersonal } from "han-core/Privacy"
import { canonicalRemote } from "han-core/Remote"
import { mayWith } from "han-core/Roles"
import type { StoreError } from "han-core/StoreError"
import {
  type ForgetOutcome,
  type SyncError,
  type SyncErrorCode,
  type SyncPayload,
  type SyncPosition,
  type SyncResponse,
  type SyncSession,
  syncLimits,
  syncVersion
} from "han-core/Sync"
import { SyncReceiver, SyncRefused } from "han-core/SyncReceiver"
import { chained, checksumOf, digestOf, noChain, withheldLine } from "han-core/unstable/SyncChain"
import { Viewer } from "han-core/Viewer"
import type { Principal } from "han-core/Workspaces"
import { answer, anyOf, command, Database, OwnerNo, storable } from "../database/Database.ts"
import { forgottenFor } from "../database/forgottenFor.ts"
import { lockOwner } from "../database/lockOwner.ts"
import { prepare } from "../journal/appendEntries.ts"
import { announceAppended, appending, appendWithin, type Store } from "../journal/appendWithin.ts"
import { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import { bindClient } from "./bindClient.ts"

/** Changes a line before it is stored: takes secrets out, above all. */
export type Mend = (entry: Entry) => Entry

/** The receiving end of sync, in PostgreSQL. */
export const layer = (options: {
  readonly prices: PriceTable
  readonly mend: Mend
}): Layer.Layer<SyncReceiver, never, Database | ReadModelTables | DirectoryWriter | JournalAdmin> =>
  Layer.effect(
    SyncReceiver,
    Effect.gen(function* () {
      const store: Store = { prices: options.prices, database: yield* Database, models: yield* ReadModelTables }
      const writer = yield* DirectoryWriter
      const admin = yield* JournalAdmin
      return SyncReceiver.of({ receive: receive(store, writer, admin, options.mend) })
    })
  )

const receive = (
  store: Store,
  directories: typeof DirectoryWriter.Service,
  admin: typeof JournalAdmin.Service,
  mend: Mend
): (typeof SyncReceiver.Service)["receive"] =>
  Effect.fn("SyncReceiver.receive")(function* (principal, payload) {
    const refusal = refusalOf(principal, payload)
    if (refusal !== undefined) return yield* refusal
    const { database } = store
    const viewer = { owner: principal.owner, person: principal.person }
    const asViewer = Effect.provideService(Viewer, viewer)
    const machines = machinesOf(payload)
    yield* bindClient(database, { principal, clientId: payload.clientId, machines }).pipe(command(database, "bind a client"), asViewer)
    const groups = Map.groupBy(payload.sessions, ({ id }) => id)
    const outcomes = new Map<SyncSession, Outcome>()
    for (const id of [...groups.keys()].sort()) {
      const items = groups.get(id)!
      const told = yield* receiveSession(store, principal, payload, items, mend).pipe(
        command(database, "receive a session"),
        asViewer,
        // Positions are compared under the owner's lock: nothing can come between.
        Effect.catchTag("EntryGap", Effect.die),
        Effect.catchTag("StoreError", (error) => Effect.succeed(items.map((item) => refused(item, payload, "storage", error.message))))
      )
      for (const [index, item] of items.entries()) outcomes.set(item, told[index]!)
    }
    yield* noteDirectories(store, directories, payload, outcomes).pipe(asViewer)
    const digest = payload.verify === true ? yield* digestOfMachines(store, machines).pipe(command(database, "digest"), asViewer) : undefined
    const forgotten = payload.forget === undefined ? undefined : yield* forget(store, admin, principal, payload.forget).pipe(asViewer)
    return {
      ...responseTo(
        principal,
        payload,
        payload.sessions.map((item) => outcomes.get(item)!),
        digest
      ),
      ...(forgotten !== undefined && { forgotten })
    }
  })

/** Removes those of the sessions that are the person's own. Who a session belongs to never changes, so that it may be looked at before. */
const forget = Effect.fnUntraced(function* (store: Store, admin: typeof JournalAdmin.Service, { person }: Principal, ids: ReadonlyArray<string>) {
  const { database } = store
  const found = yield* Effect.flatMap(OwnerNo, (owner) =>
    Effect.forEach(ids, (id) => Effect.map(storedOf(database.read, owner, person, storable(id)), (rows) => [id, rows] as const))
  ).pipe(answer(database, "look whose sessions are"))
  const outcomes = found.map(([sessionId, rows]): ForgetOutcome => {
    if (rows === "forgotten") return { sessionId, outcome: "forgotten" }
    if (rows.length === 0) return { sessionId, outcome: "unknown" }
    return { sessionId, outcome: rows.every(({ author }) => author === person) ? "forgotten" : "not_yours" }
  })
  const own = found.flatMap(([id, rows], index) => (rows !== "forgotten" && outcomes[index]!.outcome === "forgotten" ? [SessionId.make(id)] : []))
  if (own.length > 0) yield* admin.forget({ sessionIds: own })
  return outcomes
})

/** Says what is wrong with the payload as a whole, by its own words. */
const refusalOf = (principal: Principal, payload: SyncPayload): SyncRefused | undefined => {
  const { checksum, clientId, forget: unwanted = [], sessions, userId, version } = payload
  if (version.split(".")[0] !== syncVersion.split(".")[0])
    return new SyncRefused({
      code: "unsupported_version",
      message: `this server speaks version ${syncVersion} of sync, not ${JSON.stringify(version.slice(0, 20))}; update han`
    })
  const messages = sessions.reduce((sum, session) => sum + session.messages.length, 0)
  if (sessions.length > syncLimits.sessions || messages > syncLimits.messages)
    return new SyncRefused({
      code: "too_large",
      message: `a request has at most ${syncLimits.sessions} sessions and ${syncLimits.messages} messages; send it in parts`
    })
  if (checksumOf(clientId, sessions) !== checksum)
    return new SyncRefused({ code: "checksum_mismatch", message: "the checksum is not that of the messages; build the request anew" })
  if (!mayWith(principal, "sync"))
    return new SyncRefused({
      code: "scope",
      message: principal.scopes.includes("sync:write")
        ? `a ${principal.role} of the workspace may not send sessions; ask one of its admins for another role`
        : "this API key may not send sessions; ask for one with the scope sync:write"
    })
  return userId === principal.person || (userId === "" && sessions.length === 0 && unwanted.length === 0)
    ? undefined
    : new SyncRefused({ code: "user_mismatch", message: "userId is not the person of this API key" })
}

/** The outcome of an item. */
interface Outcome {
  readonly position: SyncPosition
  /** Its lines are stored, now or before. */
  readonly stored: boolean
  readonly error?: SyncError
  /** When the last of its lines came; 0 without any. */
  readonly receivedAt: number
}

/** The transcript of an item, whose generation's number is the receiver's. */
const transcriptOf = (item: SyncSession, { clientId, machine }: SyncPayload): Omit<Transcript, "generation"> => ({
  machine: item.machine ?? machine ?? clientId,
  source: item.source ?? item.harness ?? "claude-code",
  sessionId: SessionId.make(item.id),
  kind: item.kind ?? (item.agentId == null ? "main" : "agent"),
  agentId: item.agentId == null ? null : AgentId.make(item.agentId)
})

/** All machines that the payload writes for. A client that names none is known by its id alone. */
const machinesOf = (payload: SyncPayload): ReadonlyArray<string> => [
  ...new Set([payload.machine ?? payload.clientId, ...payload.sessions.map((item) => transcriptOf(item, payload).machine)])
]

const positionOf = (item: SyncSession, payload: SyncPayload, { chain, lines }: { readonly lines: number; readonly chain: string | null }): SyncPosition => {
  const { agentId, kind, source } = transcriptOf(item, payload)
  return {
    sessionId: item.id,
    source,
    agentId,
    file: item.file ?? (agentId === null ? kind : `agent-${agentId}`),
    generationId: item.generationId ?? planGeneration,
    lines,
    chain: chain ?? noChain
  }
}
/** The generation of items that name none. */
const planGeneration = "1"

const errorOf = ({ id }: Pick<SyncSession, "id">, code: SyncErrorCode, message: string, messageIds?: ReadonlyArray<string>): SyncError => ({
  sessionId: id,
  code,
  message,
  retryable: code === "storage" || code === "position",
  ...(messageIds !== undefined && { messageIds })
})

/** The outcome of an item of which nothing is told. */
const refused = (item: SyncSession, payload: SyncPayload, code: SyncErrorCode, message: string): Outcome => ({
  position: positionOf(item, payload, nothing),
  stored: false,
  receivedAt: 0,
  error: errorOf(item, code, message)
})

/** Says why a session of the sender's own is not taken. */
const rejectionOf = (items: ReadonlyArray<SyncSession>, principal: Principal): SyncError | undefined => {
  const [first] = items
  if (!items.every((item) => isAllowed(item, principal)))
    return errorOf(first!, "repo_not_allowed", `workspace ${principal.workspace.slug} takes no sessions of this repository`)
  const problems = items.flatMap((item) => invalidityOf(item) ?? [])
  if (problems.length === 0) return undefined
  return errorOf(
    first!,
    "validation",
    problems[0]!.message,
    problems.flatMap(({ messageIds }) => messageIds)
  )
}

interface Row {
  readonly file_id: string
  readonly generation: number
  readonly lines: number
  readonly bytes: number
  readonly author: string | null
  readonly generation_id: string | null
  readonly chain: string | null
  readonly received_at: number | null
}

/** Takes the items of one session in one transaction. */
const receiveSession = Effect.fnUntraced(function* (store: Store, principal: Principal, payload: SyncPayload, items: ReadonlyArray<SyncSession>, mend: Mend) {
  const owner = yield* OwnerNo
  const replacing = items.some(({ replaces }) => (replaces ?? []).length > 0)
  const taken = yield* appending(store, replacing, withinTransaction(store, owner, principal, payload, items, mend))
  if (taken.appends.length > 0) yield* announceAppended(store, owner, taken.appends)
  return taken.outcomes
})

const withinTransaction = Effect.fnUntraced(function* (
  store: Store,
  owner: number,
  principal: Principal,
  payload: SyncPayload,
  items: ReadonlyArray<SyncSession>,
  mend: Mend
): Effect.fn.Return<{ readonly outcomes: ReadonlyArray<Outcome>; readonly appends: ReadonlyArray<Append> }, SqlError | EntryGap, SqlClient | OwnerNo> {
  const sql = store.database.write
  yield* lockOwner(sql, owner)
  const rows = yield* storedOf(sql, owner, principal.person, storable(items[0]!.id))
  const all = (code: SyncErrorCode, message: string) => ({ appends: [], outcomes: items.map((item) => refused(item, payload, code, message)) })
  if (rows === "forgotten") return all("gone", "this session was forgotten on the server")
  if (rows.some(({ author }) => author !== principal.person)) return all("session_conflict", "a session with this id is another person's")
  const at = (row: Row | undefined, item: SyncSession) => positionOf(item, payload, row ?? nothing)
  const rejection = rejectionOf(items, principal)
  if (rejection !== undefined)
    return { appends: [], outcomes: items.map((item) => ({ stored: false, receivedAt: 0, position: at(rowOf(item, payload, rows), item), error: rejection })) }
  const now = yield* Clock.currentTimeMillis
  // Each item follows those before it.
  const so = [...rows]
  const plans = items.map((item) => {
    const plan = planOf(item, payload, so, now, mend)
    if (plan.after !== undefined) so.splice(plan.after.place, 1, plan.after.row)
    return plan
  })
  const appends = plans.flatMap(({ append }) => append ?? [])
  if (appends.length > 0) {
    yield* appendWithin(store, owner, principal.person, yield* Effect.forEach(appends, prepare))
    yield* noteReceived(sql, owner, plans, now)
  }
  // All items of a generation tell how far it is in the end, as they would if the request came again.
  return { appends, outcomes: plans.map(({ stored }, index) => outcomeOf(items[index]!, payload, so, stored)) }
})

/** The transcripts that are stored of a session, with how far each is. */
const storedOf = Effect.fnUntraced(function* (sql: SqlClient, owner: number, person: string, sessionId: string) {
  const rows = yield* sql<Omit<Row, "file_id"> & { readonly id: string; readonly forgotten: number }>`
    SELECT t.id, t.generation, t.lines, t.bytes, t.author, r.generation_id, r.chain, r.received_at, 0 AS forgotten
    FROM session_key k JOIN transcript t ON t.owner_no = k.owner_no AND t.session_no = k.no
    LEFT JOIN sync_received r ON r.owner_no = t.owner_no AND r.transcript_no = t.no
    WHERE k.owner_no = ${owner} AND k.session_id = ${sessionId}
    UNION ALL SELECT session_id, 0, 0, 0, NULL, NULL, NULL, NULL, 1 FROM tombstone
    WHERE owner_no = ${owner} AND session_id = ${sessionId} AND ${forgottenFor(sql, person)}`
  if (rows.some(({ forgotten }) => forgotten === 1)) return "forgotten" as const
  return rows.map((row): Row => ({ ...row, file_id: row.id.slice(0, row.id.lastIndexOf("/")) }))
})

/** The thing to do about an item. */
interface Plan {
  /** Its lines are stored, now or before. */
  readonly stored: boolean
  readonly append?: Append
  /** The transcript's row as it will be, and its place among the rows. */
  readonly after?: { readonly place: number; readonly row: Row }
}

const nothing = { lines: 0, chain: noChain, received_at: 0 } as const

/** The rows of an item's transcript: its generations. */
const generationsOf = (item: SyncSession, payload: SyncPayload, rows: ReadonlyArray<Row>): ReadonlyArray<Row> => {
  const file = storable(transcriptFileId(transcriptOf(item, payload)))
  return rows.filter((row) => row.file_id === file)
}
/** The row of an item's generation. */
const rowOf = (item: SyncSession, payload: SyncPayload, rows: ReadonlyArray<Row>): Row | undefined =>
  generationsOf(item, payload, rows).find((row) => row.generation_id === (item.generationId ?? planGeneration))

const outcomeOf = (item: SyncSession, payload: SyncPayload, rows: ReadonlyArray<Row>, stored: boolean): Outcome => {
  const row = rowOf(item, payload, rows)
  const position = positionOf(item, payload, row ?? nothing)
  const others = generationsOf(item, payload, rows).flatMap(({ chain, generation_id, lines }) =>
    generation_id === null || generation_id === position.generationId ? [] : [{ generationId: generation_id, lines, chain: chain ?? noChain }]
  )
  return {
    position: item.messages.length === 0 ? { ...position, others } : position,
    stored,
    receivedAt: row?.received_at ?? 0,
    ...(!stored && { error: errorOf(item, "position", `these lines do not follow the ${position.lines} that are stored; go on from there`) })
  }
}

const planOf = (item: SyncSession, payload: SyncPayload, rows: ReadonlyArray<Row>, now: number, mend: Mend): Plan => {
  const [first] = item.messages
  if (first === undefined) return { stored: true }
  const transcript = transcriptOf(item, payload)
  const own = generationsOf(item, payload, rows)
  const row = rowOf(item, payload, rows)
  const { chain, lines } = { lines: row?.lines ?? 0, chain: row?.chain ?? noChain }
  const isNext = first.lineNumber === lines && (item.generationId === undefined || (item.chainBefore ?? noChain) === chain)
  if (!isNext) {
    const end = first.lineNumber + item.messages.length
    return { stored: end < lines || (end === lines && (item.generationId === undefined || chainOf(item) === chain)) }
  }
  const generationId = item.generationId ?? planGeneration
  const generation = row?.generation ?? Math.max(0, ...own.map((one) => one.generation)) + 1
  // A generation that names itself replaces nothing.
  const replaced = new Set((item.replaces ?? []).filter((id) => id !== generationId))
  const replaces = own.flatMap((one) => (one.generation_id !== null && replaced.has(one.generation_id) ? [one.generation] : []))
  let offset = row?.bytes ?? 0
  const entries = item.messages.map((message): Entry => {
    const entry = mend(entryOf(message, offset))
    offset += entry.bytes.length + 1
    return entry
  })
  const after = item.messages.reduce((so, { contentHash }) => chained(so, contentHash), chain)
  return {
    stored: true,
    append: { transcript: { ...transcript, generation }, entries, source: { ...(item.meta != null && { meta: item.meta }), replaces } },
    after: {
      place: row === undefined ? rows.length : rows.indexOf(row),
      row: {
        file_id: storable(transcriptFileId(transcript)),
        generation,
        lines: lines + entries.length,
        bytes: offset,
        author: row?.author ?? null,
        generation_id: generationId,
        chain: after,
        received_at: now
      }
    }
  }
}

/** The chain behind an item's messages, as the sender has it. */
const chainOf = (item: SyncSession): string => item.messages.reduce((so, { contentHash }) => chained(so, contentHash), item.chainBefore ?? noChain)

const utf8 = new TextEncoder()

const entryOf = (message: SyncSession["messages"][number], offset: number): Entry => {
  const { id, lineNumber: line, messageType: type, payload, text, timestamp, withheld } = message
  const written = withheld == null ? (text ?? JSON.stringify({ type, uuid: id, timestamp })) : withheldLine(withheld)
  return { line, offset, bytes: utf8.encode(written), ...(payload != null && { payload: utf8.encode(payload) }) }
}

/** Keeps how far each transcript is with its chain. */
const noteReceived = Effect.fnUntraced(function* (sql: SqlClient, owner: number, plans: ReadonlyArray<Plan>, now: number) {
  for (const { after, append } of plans) {
    if (append === undefined || after === undefined) continue
    const { chain, generation_id } = after.row
    yield* sql`INSERT INTO sync_received (owner_no, transcript_no, generation_id, chain, received_at)
      SELECT ${owner}::bigint, t.no, ${generation_id}, ${chain}, ${now}::bigint FROM transcript t
      WHERE t.owner_no = ${owner} AND t.id = ${storable(transcriptId(append.transcript))}
      ON CONFLICT (owner_no, transcript_no) DO UPDATE SET chain = excluded.chain, received_at = excluded.received_at WHERE sync_received.owner_no = ${owner}`
  }
})

/** Finds what cannot be stored of an item. */
const invalidityOf = ({
  agentId,
  fromLine,
  kind,
  messages
}: SyncSession): { readonly message: string; readonly messageIds: ReadonlyArray<string> } | undefined => {
  if (kind !== undefined && (kind === "agent") !== (agentId != null))
    return { message: "the transcript of a subagent has its agentId, and no other has one", messageIds: [] }
  const from = fromLine ?? messages[0]?.lineNumber ?? 0
  const unordered = messages.filter(({ lineNumber }, index) => lineNumber !== from + index)
  if (unordered.length > 0) return { message: "the lines of a session follow each other, from fromLine on", messageIds: unordered.map(({ id }) => id) }
  const bad = messages.filter(({ payload, text }) => [text, payload].some((one) => one != null && !one.isWellFormed()) || text?.includes("\n") === true)
  if (bad.length > 0) return { message: "a line is well-formed Unicode without a newline", messageIds: bad.map(({ id }) => id) }
  const large = messages.filter(({ payload, text }) => Buffer.byteLength(text ?? "") + Buffer.byteLength(payload ?? "") > syncLimits.lineBytes)
  return large.length === 0
    ? undefined
    : { message: `a line has at most ${syncLimits.lineBytes} bytes; send it as withheld`, messageIds: large.map(({ id }) => id) }
}

/** The item's repository in the one spelling that is stored; undefined for what is no repository. */
const remoteOf = ({ repoRemote }: SyncSession): string | null | undefined =>
  repoRemote === null ? null : (canonicalRemote(repoRemote) ?? canonicalRemote(`https://${repoRemote}`) ?? undefined)

/** Tells whether the workspace takes sessions of the item's repository. One without a repository comes because the person said so. */
const isAllowed = (item: SyncSession, { workspace }: Principal): boolean => {
  const remote = remoteOf(item)
  if (remote === null) return true
  return remote !== undefined && (isPersonal(remote, workspace) ? workspace.allowPersonal : isOfWorkspace(remote, workspace))
}

/** Notes the facts of directories that are new, on behalf of the machine that sent them. */
const noteDirectories = Effect.fnUntraced(function* (
  { database }: Store,
  directories: typeof DirectoryWriter.Service,
  payload: SyncPayload,
  outcomes: ReadonlyMap<SyncSession, Outcome>
): Effect.fn.Return<void, StoreError, Viewer> {
  const told = new Map<string, SyncSession>()
  for (const item of payload.sessions)
    if (item.directory != null && item.messages.length > 0 && outcomes.get(item)?.stored === true)
      told.set(`${transcriptOf(item, payload).machine}:${item.directory.path}`, item)
  for (const item of told.values()) {
    const { defaultBranch, path, root, worktree } = item.directory!
    const { machine } = transcriptOf(item, payload)
    const facts = { remote: remoteOf(item) ?? null, root, worktreeOf: worktree, defaultBranch }
    const known = yield* Effect.flatMap(
      OwnerNo,
      (owner) => database.read<{ remote: string | null; root: string | null; worktree_of: string | null; default_branch: string | null }>`
        SELECT remote, root, worktree_of, default_branch FROM directory WHERE owner_no = ${owner} AND machine = ${storable(machine)} AND path = ${storable(path)}`
    ).pipe(
      (effect) => Effect.flatMap(OwnerNo, (owner) => Effect.provideService(database.reading(effect), OwnerNo, owner)),
      command(database, "look at a directory")
    )
    const [row] = known
    const isKnown = (fact: string | null, stored: string | null) => fact === null || storable(fact) === stored
    const same =
      row !== undefined &&
      isKnown(facts.remote, row.remote) &&
      isKnown(root, row.root) &&
      isKnown(worktree, row.worktree_of) &&
      isKnown(defaultBranch, row.default_branch)
    if (!same) yield* directories.note({ machine, path }, facts)
  }
})

/** The digest of all that was received of these machines. */
const digestOfMachines = ({ database }: Store, machines: ReadonlyArray<string>) =>
  Effect.flatMap(OwnerNo, (owner) =>
    Effect.map(
      database.reading(
        database.read<{ generation_id: string; lines: number; chain: string }>`
          SELECT r.generation_id, t.lines, r.chain FROM sync_received r JOIN transcript t ON t.owner_no = r.owner_no AND t.no = r.transcript_no
          WHERE r.owner_no = ${owner} AND t.machine ${anyOf(database.read, machines)}`
      ),
      (rows) => digestOf(rows.map(({ chain, generation_id, lines }) => ({ generationId: generation_id, lines, chain })))
    )
  )

const responseTo = (
  { name, person, workspace }: Principal,
  payload: SyncPayload,
  outcomes: ReadonlyArray<Outcome>,
  digest: SyncResponse["digest"]
): SyncResponse => {
  const errors = [...new Map(outcomes.flatMap(({ error }) => (error === undefined ? [] : [[error.sessionId, error] as const]))).values()]
  const stored = outcomes.filter((outcome) => outcome.stored && outcome.error === undefined)
  const last = stored.at(-1)
  const tasks = payload.sessions.some((session) => session.tasks.length > 0)
  return {
    status: errors.length === 0 ? "success" : stored.length === 0 ? "error" : "partial",
    cursor:
      last === undefined
        ? payload.cursor
        : {
            lastSessionId: last.position.sessionId,
            lastMessageLineNumber: last.position.lines - 1,
            // The server's time, and the same for each answer to the same request.
            lastSyncTimestamp: last.receivedAt === 0 ? null : new Date(last.receivedAt).toISOString()
          },
    processed: stored.length,
    errors,
    positions: outcomes.map(({ position }) => position),
    messagesProcessed: payload.sessions.reduce((sum, { messages }, index) => sum + (outcomes[index]!.stored ? messages.length : 0), 0),
    ...(payload.batchId !== undefined && { batchId: payload.batchId }),
    notices: tasks ? ["tasks_are_derived"] : [],
    ...(payload.sessions.length === 0 && { person: { id: person, name }, workspace, limits: syncLimits, minClient: "0.0.0" }),
    ...(digest !== undefined && { digest })
  }
}
