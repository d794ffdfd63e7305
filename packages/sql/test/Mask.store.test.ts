import { Database } from "bun:sqlite"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { isDeepStrictEqual } from "node:util"
import { Effect, Layer } from "effect"
import type { Append } from "han-core/JournalWriter"
import { mask } from "han-core/Mask"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { describe, expect, it } from "vitest"
import { runs } from "../../../test/runs.ts"
import { corpus, indexingCase, scenario } from "../../../test/transcriptFiles.ts"
import { wholeJournal } from "../../../test/wholeJournal.ts"

const fixtures = fileURLToPath(new URL("../../../fixtures", import.meta.url))
const maskedOf = (appends: ReadonlyArray<Append>): ReadonlyArray<Append> =>
  appends.map((append) => ({ ...append, entries: append.entries.map((entry) => mask(append.transcript, entry)) }))

const words = "words that somebody wrote"
const mood = "no mood is read from a mask"
const digest = "of a line without a uuid this is a digest of its bytes"

/** The columns that may differ, and why; of a column with JSON the fields of these names. */
const excepted: Readonly<Record<string, string>> = {
  "session.state.userTitle": words,
  "session.state.modelTitle": words,
  "session.state.firstPrompt": words,
  "session.state.firstCommand": words,
  "session.state.agentName": words,
  "session.state.tag": words,
  "transcript_state.told.userTitle": words,
  "transcript_state.told.modelTitle": words,
  "transcript_state.told.firstPrompt": words,
  "transcript_state.told.firstCommand": words,
  "transcript_state.told.agentName": words,
  "transcript_state.told.tag": words,
  "tool_call.task_input.subject": words,
  "tool_call.task_input.description": words,
  "tool_call.task_input.activeForm": words,
  "tool_call.task_input.owner": words,
  "todo.todos.content": words,
  "todo.todos.activeForm": words,
  "task.subject": words,
  "compaction.summary": words,
  "summary.text": words,
  "summary.id": digest,
  "message.id": digest,
  "message.uuid": digest,
  "message.uuid_hash": digest,
  "activity_sum.analysed": mood,
  "activity_sum.score": mood,
  "activity_sum.low": mood,
  "activity_sum.moderate": mood,
  "activity_sum.high": mood
}
/** The tables that may have other rows: `mood` has none. */
const exceptedTables: ReadonlySet<string> = new Set(["mood"])

const isDigest = (value: unknown): boolean => typeof value === "string" && /^h[0-9a-f]{31}$/.test(value)

/** What is to be equal: without what is excepted. Ids that are a digest are so in both. */
const compared = (table: string, row: Row): Row => {
  const hasDigest = isDigest(row["uuid"]) || isDigest(row["id"])
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => {
      const name = `${table}.${column}`
      const reason = excepted[name]
      if (reason !== undefined && (reason !== digest || hasDigest)) return [column, reason]
      return [column, typeof value === "string" && /^[[{]/.test(value) ? withoutWords(name, JSON.parse(value)) : value]
    })
  )
}

const withoutWords = (name: string, value: unknown): unknown =>
  Array.isArray(value)
    ? value.map((item) => withoutWords(name, item))
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value).map(([key, part]) => {
            const told = typeof part === "object" && part !== null && "stamp" in part ? part.stamp : excepted[`${name}.${key}`]
            return [key, excepted[`${name}.${key}`] === undefined ? withoutWords(name, part) : told]
          })
        )
      : value

type Row = Record<string, unknown>

/** The rows of all read models in a store with these lines. */
const readModels = async (appends: ReadonlyArray<Append>): Promise<ReadonlyMap<string, ReadonlyArray<Row>>> => {
  const folder = mkdtempSync(join(tmpdir(), "han-mask-"))
  try {
    const filename = join(folder, "han.db")
    const appendAll = Effect.flatMap(wholeJournal, (journal) => Effect.forEach(appends, (append) => journal.appendAll([append]), { discard: true }))
    await Effect.runPromise(Effect.provide(appendAll, Layer.merge(SqliteStore.layer({ filename }), Viewer.layerLocal)))
    const db = new Database(filename)
    const names = db
      .query<{ name: string; sql: string }, []>("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
      .all()
      // Read models have the number of their revision behind their name; the others are the journal's.
      .filter(({ name, sql }) => /_\d+$/.test(name) && sql.includes("owner_no"))
      .map(({ name }) => name)
    const tables = new Map(
      names.map((name) => {
        const table = name.replace(/_\d+$/, "")
        return [
          table,
          db
            .query<Row, []>(`SELECT * FROM ${name}`)
            .all()
            .map((row) => compared(table, row))
        ]
      })
    )
    db.close()
    return tables
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const all: ReadonlyArray<readonly [string, () => ReadonlyArray<Append>]> = [
  ...readdirSync(join(fixtures, "claude-code")).map((name) => [name, () => scenario(name)] as const),
  ...readdirSync(join(fixtures, "indexing"))
    .filter((name) => name.startsWith("F"))
    .map((name) => [name, () => indexingCase(name.replace(/\.json$/, ""))] as const),
  ...Array.from(
    { length: runs(20, 3) },
    (_, seed) => [`the corpus ${seed}`, () => corpus({ seed: 700 + seed, sessions: 5, lines: 60, chaos: true }).appends] as const
  )
]

describe("a mask", () => {
  it.each(all)("Read models of masked lines are those of the lines but for the listed columns: %s", async (_, appends) => {
    const given = appends()
    const [plain, masked] = [await readModels(given), await readModels(maskedOf(given))]
    const differences = [...plain].flatMap(([table, rows]) => {
      if (exceptedTables.has(table)) return []
      const others = masked.get(table) ?? []
      if (rows.length !== others.length) return [`${table}: ${rows.length} rows, masked ${others.length}`]
      return rows.flatMap((row, index) =>
        Object.entries(row).flatMap(([column, value]) => {
          const other = others[index]?.[column]
          return isDeepStrictEqual(value, other) ? [] : [`${table}.${column}: ${JSON.stringify(value)} | ${JSON.stringify(other)}`]
        })
      )
    })
    expect(differences).toEqual([])
    expect(masked.get("mood")).toEqual([])
  })
})
