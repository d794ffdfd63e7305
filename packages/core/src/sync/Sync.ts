/**
 * The wire of sync, version 1.0: `POST /api/sync` with a gzipped `SyncPayload` and the API key as a bearer, answered with a `SyncResponse`. One definition for both ends.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 * import { type SyncPayload, SyncResponse } from "han-core/Sync"
 *
 * // Asks a server who it is, and registers the client: a payload without sessions.
 * const probe = (endpoint: string, key: string, payload: SyncPayload) =>
 *   Effect.promise(() =>
 *     fetch(endpoint, { method: "POST", headers: { authorization: `Bearer ${key}`, "content-type": "application/json" }, body: JSON.stringify(payload) })
 *   ).pipe(
 *     Effect.flatMap((response) => Effect.promise(() => response.json())),
 *     Effect.flatMap(Schema.decodeUnknown(SyncResponse)),
 *     Effect.map(({ workspace }) => workspace?.name)
 *   )
 * ```
 */

import * as Schema from "effect/Schema"
import { Workspace } from "../workspaces/Workspaces.ts"

/** The version of the protocol: payloads of another major version are refused by name. */
export const syncVersion = "1.0"

/** The bounds of one request, which a probe tells: bytes on the wire and of JSON, sessions, messages, bytes of one line, depth and values of JSON. */
export const syncLimits = {
  wireBytes: 8 * 1024 * 1024,
  jsonBytes: 32 * 1024 * 1024,
  sessions: 200,
  messages: 5000,
  lineBytes: 4 * 1024 * 1024,
  depth: 64,
  values: 200_000
} as const

/** 32 bytes as small hexadecimal digits. */
const Hash = Schema.String.pipe(Schema.pattern(/^[0-9a-f]{64}$/))
const Id = Schema.String.pipe(Schema.pattern(/^[A-Za-z0-9._:-]{1,128}$/))
const Text = (max: number) => Schema.String.pipe(Schema.maxLength(max))
const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(Schema.NullOr(schema))

/** A line that stays at home, and why: it holds its place. */
export const Withheld = Schema.Struct({
  /** `too_large` · `refused`: the server would not take it. */
  reason: Schema.Literal("too_large", "refused"),
  /** The size of the line. */
  bytes: Schema.NonNegativeInt
})
export type Withheld = typeof Withheld.Type

/** One line. */
export const SyncMessage = Schema.Struct({
  /** The line's own id, or one made of its place. */
  id: Text(512),
  /** As `Entry.line` counts: 0 for the first. */
  lineNumber: Schema.NonNegativeInt,
  messageType: Text(128),
  timestamp: Schema.NullOr(Text(64)),
  /** HMAC-SHA-256 of the original line under the client's secret: tells lines apart, and nothing about them. */
  contentHash: Hash,
  /** The line as it may leave the machine. */
  text: optional(Schema.String),
  /** The content of the file that the line points to, as it may leave the machine. */
  payload: optional(Schema.String),
  withheld: optional(Withheld)
})
export type SyncMessage = typeof SyncMessage.Type

/** A task. Accepted for clients that send some, and not stored: entries tell of tasks. */
export const SyncTask = Schema.Struct({
  id: Text(512),
  taskId: Schema.String,
  subject: Schema.String,
  description: optional(Schema.String),
  status: Schema.String,
  createdAt: optional(Schema.String),
  updatedAt: optional(Schema.String)
})
export type SyncTask = typeof SyncTask.Type

/** The facts of git about a directory, home as `~`. */
export const SyncDirectory = Schema.Struct({
  path: Text(4096),
  root: Schema.NullOr(Text(4096)),
  name: Schema.NullOr(Text(512)),
  worktree: Schema.NullOr(Text(4096)),
  defaultBranch: Schema.NullOr(Text(512))
})
export type SyncDirectory = typeof SyncDirectory.Type

/**
 * Consecutive lines of one generation of one transcript. What has the required fields alone belongs to generation `1` of the session's main transcript, and has no chain.
 * Without `messages` it asks for the position.
 */
export const SyncSession = Schema.Struct({
  id: Id,
  projectSlug: Schema.NullOr(Text(4096)),
  /** As `canonicalRemote` spells it. */
  repoRemote: Schema.NullOr(Text(1024)),
  status: Schema.NullOr(Text(64)),
  slug: Schema.NullOr(Text(512)),
  messages: Schema.Array(SyncMessage),
  tasks: Schema.Array(SyncTask),
  lastModified: Schema.NullOr(Text(64)),
  machine: Schema.optional(Id),
  source: Schema.optional(Id),
  kind: Schema.optional(Schema.Literal("main", "agent", "han")),
  agentId: optional(Id),
  /** The part of the transcript's id that its generations share: `main`, `agent-ID`, `han`. */
  file: optional(Text(512)),
  generationId: Schema.optional(Id),
  /** The generation that this one takes the place of. */
  replaces: optional(Schema.Array(Id)),
  /** The line of the first message. */
  fromLine: Schema.optional(Schema.NonNegativeInt),
  /** The chain up to there. */
  chainBefore: Schema.optional(Hash),
  directory: optional(SyncDirectory),
  /** The file of facts beside a subagent's transcript, as it may leave the machine. */
  meta: optional(Text(1_000_000)),
  totalMessageCount: optional(Schema.NonNegativeInt),
  parentSessionId: optional(Text(256)),
  harness: optional(Id)
})
export type SyncSession = typeof SyncSession.Type

/** The last thing that a client knows to be stored. It informs people; what is stored decides. */
export const SyncCursor = Schema.Struct({
  lastSessionId: Schema.NullOr(Schema.String),
  lastMessageLineNumber: Schema.Int,
  lastSyncTimestamp: Schema.NullOr(Schema.String)
})
export type SyncCursor = typeof SyncCursor.Type

/** A request. Without sessions it is a probe: it registers the client and asks who the server is. */
export const SyncPayload = Schema.Struct({
  version: Schema.String,
  clientId: Id,
  /** The person whose key it is; a probe may say `""`, and is told. */
  userId: Schema.String,
  /** The client's clock, for people: it decides nothing. */
  timestamp: Text(64),
  cursor: SyncCursor,
  sessions: Schema.Array(SyncSession),
  /** `checksumOf` the messages. */
  checksum: Hash,
  batchId: Schema.optional(Id),
  /** The client's machine, also where no session says it. */
  machine: Schema.optional(Id),
  /** Asks for `digest`. */
  verify: Schema.optional(Schema.Boolean),
  /** Sessions of the person that the server removes for good, and takes no more. */
  forget: Schema.optional(Schema.Array(Id).pipe(Schema.maxItems(syncLimits.sessions)))
})
export type SyncPayload = typeof SyncPayload.Type

/**
 * How far the server has a generation of a transcript. `chain`: see `chained`. Of a session that was refused as `gone`, `session_conflict` or `storage` it tells nothing: no lines.
 */
export const SyncPosition = Schema.Struct({
  sessionId: Schema.String,
  source: Schema.String,
  agentId: Schema.NullOr(Schema.String),
  file: Schema.String,
  generationId: Schema.String,
  lines: Schema.NonNegativeInt,
  chain: Hash,
  /** Other generations of the transcript that the server has of this machine, for a question without messages. */
  others: Schema.optional(Schema.Array(Schema.Struct({ generationId: Schema.String, lines: Schema.NonNegativeInt, chain: Hash })))
})
export type SyncPosition = typeof SyncPosition.Type

/**
 * Why a session was not taken. `storage`: later, perhaps · `validation`: these messages cannot be stored · `repo_not_allowed` · `session_conflict`: it is another person's · `gone`: it
 * was forgotten here · `position`: its lines do not follow what is stored · `quota`.
 */
export const SyncErrorCode = Schema.Literal("storage", "validation", "repo_not_allowed", "session_conflict", "gone", "position", "quota")
export type SyncErrorCode = typeof SyncErrorCode.Type

export const SyncError = Schema.Struct({
  sessionId: Schema.String,
  code: Schema.String,
  message: Schema.String,
  retryable: Schema.optional(Schema.Boolean),
  messageIds: Schema.optional(Schema.Array(Schema.String))
})
export type SyncError = typeof SyncError.Type

/** The sum over all that a server has of a machine: how many transcripts and lines, and SHA-256 over `generationId lines chain` of each, one a line, sorted. */
export const SyncDigest = Schema.Struct({ transcripts: Schema.NonNegativeInt, lines: Schema.NonNegativeInt, hash: Hash })
export type SyncDigest = typeof SyncDigest.Type

/** What became of a session that was to be forgotten. `forgotten`: it is gone, now or before · `unknown`: the server never had it · `not_yours`: it is another person's, and stays. */
export const ForgetOutcome = Schema.Struct({ sessionId: Schema.String, outcome: Schema.Literal("forgotten", "unknown", "not_yours") })
export type ForgetOutcome = typeof ForgetOutcome.Type

/** `success`: everything is stored · `partial`: but for the sessions in `errors` · `error`: nothing is. Sent when it is committed. */
export const SyncResponse = Schema.Struct({
  status: Schema.Literal("success", "partial", "error"),
  cursor: SyncCursor,
  /** Sessions of the payload that are stored. */
  processed: Schema.NonNegativeInt,
  errors: Schema.Array(SyncError),
  /** Of each session of the payload, in its order. */
  positions: Schema.Array(SyncPosition),
  messagesProcessed: Schema.optional(Schema.NonNegativeInt),
  serverTimestamp: Schema.optional(Schema.String),
  batchId: Schema.optional(Schema.String),
  retryAfterMs: Schema.optional(Schema.NonNegativeInt),
  notices: Schema.optional(Schema.Array(Schema.String)),
  /** In the answer to a probe, as are the next ones: whose key it is. */
  person: Schema.optional(Schema.Struct({ id: Schema.String, name: Schema.String })),
  workspace: Schema.optional(Workspace),
  limits: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Number })),
  minClient: Schema.optional(Schema.String),
  digest: Schema.optional(SyncDigest),
  /** Of each session in `forget`, in its order. */
  forgotten: Schema.optional(Schema.Array(ForgetOutcome))
})
export type SyncResponse = typeof SyncResponse.Type

/** The body of every answer that is no `SyncResponse`. */
export const SyncFailure = Schema.Struct({
  code: Schema.String,
  message: Schema.String,
  retryAfterMs: Schema.optional(Schema.NonNegativeInt),
  errors: Schema.optional(Schema.Array(Schema.String))
})
export type SyncFailure = typeof SyncFailure.Type
