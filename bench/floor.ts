// The least that storing transcripts costs: split, parse, compress each line, insert it, and its text into one full-text table. Nothing is decoded, nothing is derived.
import { Database } from "bun:sqlite"
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { constants, zstdCompressSync } from "node:zlib"
import { type Corpus, standardCorpus, transcriptsOf } from "./Corpora.ts"
import { machine, megabytes, row } from "./Measure.ts"

const level1 = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const newline = 10

const textOf = (content: unknown): string => {
  if (typeof content === "string") return content
  if (!Array.isArray(content)) return ""
  return content
    .map((block) => block?.text ?? block?.thinking ?? (block?.input === undefined ? textOf(block?.content) : Object.values(block.input).join(" ")))
    .join("\n")
}

/** Every line of a file, read in pieces. */
function* linesOf(path: string): Generator<Buffer> {
  const file = openSync(path, "r")
  try {
    const piece = Buffer.allocUnsafe(1 << 20)
    let rest: Buffer = Buffer.alloc(0)
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
      const bytes = rest.length === 0 ? Buffer.from(piece.subarray(0, read)) : Buffer.concat([rest, piece.subarray(0, read)])
      let from = 0
      for (let to = bytes.indexOf(newline); to >= 0; to = bytes.indexOf(newline, from)) {
        yield bytes.subarray(from, to)
        from = to + 1
      }
      rest = bytes.subarray(from)
    }
  } finally {
    closeSync(file)
  }
}

/** The bare loop over a corpus. */
export const floor = (of: Corpus): { readonly megabytesPerSecond: number; readonly lines: number; readonly databaseBytes: number } => {
  const folder = mkdtempSync(join(tmpdir(), "han-floor-"))
  const database = new Database(join(folder, "floor.db"), { create: true })
  try {
    database.run("PRAGMA journal_mode = WAL")
    database.run("PRAGMA synchronous = NORMAL")
    database.run("CREATE TABLE entry (id INTEGER PRIMARY KEY, file INTEGER NOT NULL, line INTEGER NOT NULL, raw BLOB NOT NULL)")
    database.run("CREATE VIRTUAL TABLE words USING fts5(text, content='', contentless_delete=1)")
    const insert = database.prepare("INSERT INTO entry (id, file, line, raw) VALUES (?, ?, ?, ?)")
    const insertText = database.prepare("INSERT INTO words (rowid, text) VALUES (?, ?)")
    const began = performance.now()
    let id = 0
    database.run("BEGIN")
    for (const [file, path] of transcriptsOf(of.path).entries()) {
      let line = 0
      for (const bytes of linesOf(path)) {
        const value = JSON.parse(bytes.toString("utf8"))
        id++
        insert.run(id, file, line++, zstdCompressSync(bytes, level1))
        const text = textOf(value.message?.content ?? value.content)
        if (text !== "") insertText.run(id, text)
        if (id % 1000 === 0) {
          database.run("COMMIT")
          database.run("BEGIN")
        }
      }
    }
    database.run("COMMIT")
    const seconds = (performance.now() - began) / 1000
    database.run("PRAGMA wal_checkpoint(TRUNCATE)")
    return { megabytesPerSecond: of.bytes / 1e6 / seconds, lines: id, databaseBytes: statSync(join(folder, "floor.db")).size }
  } finally {
    database.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const of = standardCorpus()
  const runs = Array.from({ length: 3 }, () => floor(of)).sort((a, b) => b.megabytesPerSecond - a.megabytesPerSecond)
  const [best, median] = runs
  if (best === undefined || median === undefined) throw new Error("nothing was measured")
  console.log(machine())
  row(
    "floor: bare loop, SQLite",
    `${median.megabytesPerSecond.toFixed(1)} MB/s`,
    `${megabytes(of.bytes)} MB, ${median.lines} lines; best of three ${best.megabytesPerSecond.toFixed(1)}; database ${(median.databaseBytes / of.bytes).toFixed(2)} × transcripts`
  )
}
