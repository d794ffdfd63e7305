import { Database as Driver } from "bun:sqlite"
import * as Effect from "effect/Effect"
import { StoreUnusable } from "han-core/StoreError"
import * as blocks from "../blocks/blocks.ts"
import { earlierVersion } from "../earlier/earlierJournal.ts"
import { migrationNames } from "./Migrations.ts"

/** Counts of the file of a store. `earlier`: the version of its journal if an earlier build wrote it, else null. */
export interface StoreFacts {
  readonly earlier: number | null
  readonly sessions: number
  readonly transcripts: number
  readonly lines: number
}

/**
 * Reads the whole file of a store that nobody has open: its structure, its journal's version, and every line that its transcripts claim. Fails with `StoreUnusable` for a file that is no
 * sound store of this han or of an earlier build. It takes as long as reading the file.
 */
export const checkStoreFile = (filename: string): Effect.Effect<StoreFacts, StoreUnusable> =>
  Effect.try({
    try: () => {
      const driver = new Driver(filename, { readwrite: true, create: false })
      try {
        return factsOf(filename, driver)
      } finally {
        driver.close()
      }
    },
    catch: (cause) => (cause instanceof StoreUnusable ? cause : unusable(filename, "corrupt", `is no sound database: ${textOf(cause)}`))
  })

const unusable = (location: string, reason: StoreUnusable["reason"], what: string) => new StoreUnusable({ location, reason, message: `${location} ${what}` })

const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const factsOf = (filename: string, driver: Driver): StoreFacts => {
  driver.run("PRAGMA query_only = ON")
  const tables = driver
    .query<{ name: string }, []>("SELECT name FROM sqlite_master WHERE type = 'table'")
    .all()
    .map(({ name }) => name)
  if (!tables.includes("han_migration")) throw unusable(filename, "corrupt", "is a database, and none of han's: it has no table han_migration")
  const [found] = driver.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").all()
  if (found?.quick_check !== "ok") throw unusable(filename, "corrupt", `is damaged: ${found?.quick_check ?? "it cannot be checked"}`)
  const earlier = versionIn(filename, driver)
  checkLines(filename, driver)
  if (tables.includes("tool_output")) checkOutputs(filename, driver)
  const facts = driver
    .query<Omit<StoreFacts, "earlier">, []>(
      "SELECT COUNT(DISTINCT session_no) AS sessions, COUNT(*) AS transcripts, COALESCE(SUM(lines), 0) AS lines FROM transcript"
    )
    .get()
  return { earlier, sessions: facts?.sessions ?? 0, transcripts: facts?.transcripts ?? 0, lines: facts?.lines ?? 0 }
}

const versionIn = (filename: string, driver: Driver): number | null => {
  const names = driver
    .query<{ name: string }, []>("SELECT name FROM han_migration ORDER BY id")
    .all()
    .map(({ name }) => name)
  const earlier = earlierVersion(names)
  if (earlier !== null) return earlier
  if (names.length === 0) throw unusable(filename, "corrupt", "has no journal")
  const strange = names.findIndex((name, index) => name !== migrationNames[index])
  if (strange >= 0)
    throw unusable(
      filename,
      "newer",
      `was written by a newer han (journal version ${names.length}, "${names[strange]}" is not known to this one, which knows ${migrationNames.length}); update han`
    )
  return null
}

const newline = 10

/** Every block is whole, and the blocks of a transcript follow each other and are all that it claims. */
const checkLines = (filename: string, driver: Driver): void => {
  const sums = new Map<number, { lines: number; bytes: number }>()
  const select = driver.query<
    { transcript_no: number; first_line: number; lines: number; byte_offset: number; size: number; codec: number; data: Uint8Array },
    []
  >("SELECT transcript_no, first_line, lines, byte_offset, size, codec, data FROM block ORDER BY transcript_no, first_line")
  for (const block of select.iterate()) {
    const sum = sums.get(block.transcript_no) ?? { lines: 0, bytes: 0 }
    const raw = blocks.decompress(block)
    let lines = 0
    for (let at = raw.indexOf(newline); at >= 0; at = raw.indexOf(newline, at + 1)) lines++
    if (raw.length !== block.size || lines !== block.lines || block.first_line !== sum.lines || block.byte_offset !== sum.bytes)
      throw unusable(
        filename,
        "corrupt",
        `is damaged: lines ${block.first_line} to ${block.first_line + block.lines - 1} of transcript ${block.transcript_no} are not whole`
      )
    sums.set(block.transcript_no, { lines: sum.lines + lines, bytes: sum.bytes + raw.length })
  }
  for (const { bytes, id, lines, no } of driver
    .query<{ no: number; id: string; lines: number; bytes: number }, []>("SELECT no, id, lines, bytes FROM transcript ORDER BY no")
    .iterate()) {
    const sum = sums.get(no) ?? { lines: 0, bytes: 0 }
    if (sum.lines !== lines || sum.bytes !== bytes)
      throw unusable(filename, "corrupt", `is damaged: transcript ${id} should have ${lines} lines and ${bytes} bytes, and has ${sum.lines} and ${sum.bytes}`)
  }
}

const checkOutputs = (filename: string, driver: Driver): void => {
  const sums = new Map<number, number>()
  const select = driver.query<{ output_no: number; codec: number; data: Uint8Array }, []>("SELECT output_no, codec, data FROM tool_output_piece")
  for (const piece of select.iterate()) sums.set(piece.output_no, (sums.get(piece.output_no) ?? 0) + blocks.decompress(piece).length)
  for (const { id, kept, no } of driver.query<{ no: number; id: string; kept: number }, []>("SELECT no, id, kept FROM tool_output").iterate())
    if ((sums.get(no) ?? 0) !== kept)
      throw unusable(filename, "corrupt", `is damaged: the output ${id} should have ${kept} bytes, and has ${sums.get(no) ?? 0}`)
}
