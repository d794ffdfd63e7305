/**
 * Reads the file of a store that an earlier, unpublished build wrote. It needs Bun.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as EarlierStore from "han-sql/unstable/EarlierStore"
 *
 * const described = Effect.scoped(
 *   Effect.map(EarlierStore.open("/home/dev/.han/han.db"), ({ lines, version }) => `journal version ${version}, ${lines} lines`)
 * )
 * ```
 */

import { Database as Driver } from "bun:sqlite"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { DirectoryFacts } from "han-core/Directories"
import type { Entry, SessionId } from "han-core/Entry"
import type { TranscriptInfo } from "han-core/Journal"
import type { ForgottenSession } from "han-core/JournalWriter"
import type { StoreError } from "han-core/StoreError"
import { ToolOutput } from "han-core/ToolOutput"
import { OwnerId } from "han-core/Viewer"
import * as blocks from "../blocks/blocks.ts"
import { type BlockRow, entriesOf, infoOf, type TranscriptRow } from "../blocks/storedEntries.ts"
import { sqliteError } from "../database/sqliteError.ts"
import { earlierVersion } from "./earlierJournal.ts"

/** A transcript, with the number that the file gives it. */
export interface EarlierTranscript {
  readonly no: number
  readonly info: TranscriptInfo
}

/** Consecutive lines of one transcript. `sequence`: their place in the journal of their owner. */
export interface EarlierLines {
  readonly transcriptNo: number
  readonly sequence: number
  readonly entries: ReadonlyArray<Entry>
}

/** An output of a tool, with the number that the file gives it. */
export interface EarlierOutput {
  readonly no: number
  readonly output: ToolOutput
}

/** Consecutive bytes of one output. */
export interface EarlierPiece {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** The journal of an earlier build: everything that cannot be made anew from transcripts that are gone. Hook passes are left out, for a cache fills again. */
export interface EarlierStore {
  readonly location: string
  /** The number of migrations that the file has. */
  readonly version: number
  /** Lines of all owners. */
  readonly lines: number
  readonly owners: ReadonlyArray<OwnerId>
  readonly forgotten: (owner: OwnerId) => Effect.Effect<ReadonlyArray<ForgottenSession>, StoreError>
  readonly directories: (owner: OwnerId) => Effect.Effect<ReadonlyArray<{ readonly path: string; readonly facts: DirectoryFacts }>, StoreError>
  /** In the order in which they came. */
  readonly transcripts: (owner: OwnerId) => Effect.Effect<ReadonlyArray<EarlierTranscript>, StoreError>
  /** Some blocks of lines behind `sequence`, in the order in which they were written; none at the end. */
  readonly linesAfter: (owner: OwnerId, sequence: number) => Effect.Effect<ReadonlyArray<EarlierLines>, StoreError>
  /** Some lines of a transcript from `line` on, where a block begins; none at the end. */
  readonly linesOf: (transcriptNo: number, line: number) => Effect.Effect<ReadonlyArray<Entry>, StoreError>
  /** In the order in which they came. */
  readonly outputs: (owner: OwnerId) => Effect.Effect<ReadonlyArray<EarlierOutput>, StoreError>
  /** The piece of an output that begins at `offset`; null at the end. */
  readonly pieceAt: (outputNo: number, offset: number) => Effect.Effect<EarlierPiece | null, StoreError>
}

/** The journal version of the file of an earlier build; null for every other file, also for one that cannot be read: whoever opens that as a store says why. */
export const versionOf = (filename: string): number | null => {
  let driver: Driver | undefined
  try {
    driver = new Driver(filename, { readwrite: true, create: false })
    return earlierVersion(migrationsIn(driver))
  } catch {
    return null
  } finally {
    driver?.close()
  }
}

/** Opens the file of an earlier build until the scope closes. It is only read. */
export const open = (filename: string): Effect.Effect<EarlierStore, StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const driver = yield* Effect.acquireRelease(
      attempt(filename, () => new Driver(filename, { readwrite: true, create: false })),
      (driver) => Effect.sync(() => driver.close())
    )
    return yield* attempt(filename, () => {
      driver.run("PRAGMA query_only = ON")
      const version = earlierVersion(migrationsIn(driver))
      if (version === null) throw new Error("its journal is not that of an earlier build")
      return reader(filename, driver, version)
    })
  })

const migrationsIn = (driver: Driver): ReadonlyArray<string> =>
  driver
    .query<{ name: string }, []>("SELECT name FROM han_migration ORDER BY id")
    .all()
    .map(({ name }) => name)

const attempt = <A>(location: string, read: () => A): Effect.Effect<A, StoreError> =>
  Effect.try({ try: read, catch: (cause) => sqliteError(location, "read an earlier store", cause) })

const reader = (location: string, driver: Driver, version: number): EarlierStore => {
  const outputs = version >= 5
  const owners = `SELECT owner FROM transcript UNION SELECT owner FROM tombstone UNION SELECT owner FROM directory${outputs ? " UNION SELECT owner FROM tool_output" : ""}`
  const file: OpenFile = { driver, version, ask: (read) => attempt(location, read) }
  return {
    location,
    version,
    lines: driver.query<{ lines: number | null }, []>("SELECT SUM(lines) AS lines FROM transcript").get()?.lines ?? 0,
    owners: driver
      .query<{ owner: string }, []>(`${owners} ORDER BY owner`)
      .all()
      .map(({ owner }) => OwnerId.make(owner)),
    ...factReader(file),
    ...lineReader(file),
    outputs: (owner) => (outputs ? file.ask(() => driver.query<OutputRow, [string]>(selectOutputs).all(owner).map(outputOf)) : Effect.succeed([])),
    pieceAt: (outputNo, offset) =>
      file.ask(() => {
        const row = driver.query<PieceRow, [number, number]>(selectPiece).get(outputNo, offset)
        return row === null ? null : { offset: row.byte_offset, bytes: blocks.decompress(row) }
      })
  }
}

interface OpenFile {
  readonly driver: Driver
  readonly version: number
  readonly ask: <A>(read: () => A) => Effect.Effect<A, StoreError>
}

const factReader = ({ ask, driver, version }: OpenFile): Pick<EarlierStore, "forgotten" | "directories" | "transcripts"> => {
  const worktrees = version >= 2 ? "worktree_of, default_branch" : "NULL AS worktree_of, NULL AS default_branch"
  const replaced = version >= 4 ? "" : "NULL AS replaced_by, "
  return {
    forgotten: (owner) =>
      ask(() =>
        driver
          .query<{ session_id: string; forgotten_at: number }, [string]>("SELECT session_id, forgotten_at FROM tombstone WHERE owner = ? ORDER BY session_id")
          .all(owner)
          .map((row) => ({ sessionId: row.session_id as SessionId, at: row.forgotten_at }))
      ),
    directories: (owner) =>
      ask(() =>
        driver
          .query<DirectoryRow, [string]>(`SELECT path, remote, root, ${worktrees} FROM directory WHERE owner = ? ORDER BY path`)
          .all(owner)
          .map(({ default_branch, path, remote, root, worktree_of }) => ({
            path,
            facts: { remote, root, worktreeOf: worktree_of, defaultBranch: default_branch }
          }))
      ),
    transcripts: (owner) =>
      ask(() =>
        driver
          .query<TranscriptRow, [string]>(
            `SELECT t.*, ${replaced}k.session_id FROM transcript t JOIN session_key k ON k.no = t.session_no WHERE t.owner = ? ORDER BY t.no`
          )
          .all(owner)
          .map((row) => ({ no: row.no, info: infoOf(row) }))
      )
  }
}

const lineReader = ({ ask, driver }: OpenFile): Pick<EarlierStore, "linesAfter" | "linesOf"> => {
  const payloads = driver.query<{ line: number; codec: number; data: Uint8Array }, [number, number, number]>(
    "SELECT line, codec, data FROM entry_payload WHERE transcript_no = ? AND line BETWEEN ? AND ?"
  )
  const entriesIn = (row: BlockRow): ReadonlyArray<Entry> => {
    const found = new Map(payloads.all(row.transcript_no, row.first_line, row.first_line + row.lines - 1).map((payload) => [payload.line, payload]))
    const entries = entriesOf(row)
    return found.size === 0 ? entries : entries.map((entry) => withPayload(entry, found.get(entry.line)))
  }
  const select = "SELECT transcript_no, first_line, lines, sequence, byte_offset, codec, data FROM block"
  return {
    linesAfter: (owner, sequence) =>
      ask(() =>
        driver
          .query<BlockRow, [string, number, number]>(`${select} WHERE owner = ? AND sequence > ? ORDER BY sequence LIMIT ?`)
          .all(owner, sequence, blocksAtOnce)
          .map((row) => ({ transcriptNo: row.transcript_no, sequence: row.sequence, entries: entriesIn(row) }))
      ),
    linesOf: (transcriptNo, line) =>
      ask(() =>
        driver
          .query<BlockRow, [number, number, number]>(`${select} WHERE transcript_no = ? AND first_line >= ? ORDER BY first_line LIMIT ?`)
          .all(transcriptNo, line, blocksAtOnce)
          .flatMap(entriesIn)
      )
  }
}

/** Some megabyte at most, unless a line is longer. */
const blocksAtOnce = 16
const selectOutputs = `SELECT o.no, k.session_id, o.machine, o.source, o.name, o.generation, o.kept, o.size, o.digest, o.file
  FROM tool_output o JOIN session_key k ON k.no = o.session_no WHERE o.owner = ? ORDER BY o.no`
const selectPiece = "SELECT byte_offset, codec, data FROM tool_output_piece WHERE output_no = ? AND byte_offset >= ? ORDER BY byte_offset LIMIT 1"

interface PieceRow {
  readonly byte_offset: number
  readonly codec: number
  readonly data: Uint8Array
}

interface DirectoryRow {
  readonly path: string
  readonly remote: string | null
  readonly root: string | null
  readonly worktree_of: string | null
  readonly default_branch: string | null
}

interface OutputRow extends Omit<ToolOutput, "sessionId" | "file"> {
  readonly no: number
  readonly session_id: string
  readonly file: string | null
}

const decodeFile = Schema.decodeSync(Schema.parseJson(ToolOutput.fields.file))

const outputOf = ({ file, no, session_id, ...row }: OutputRow): EarlierOutput => ({
  no,
  output: { ...row, sessionId: session_id as SessionId, file: file === null ? null : decodeFile(file) }
})

const withPayload = (entry: Entry, payload: { readonly codec: number; readonly data: Uint8Array } | undefined): Entry =>
  payload === undefined ? entry : { ...entry, payload: blocks.decompress(payload) }
