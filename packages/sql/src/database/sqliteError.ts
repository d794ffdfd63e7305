import { StoreError } from "han-core/StoreError"
import { damagedRow, driverText } from "./Database.ts"

/** Turns what SQLite's driver threw into words that say what to do. */
export const sqliteError = (filename: string, operation: string, cause: unknown): StoreError => {
  const { code, text } = driverText(cause)
  const is = (pattern: RegExp) => pattern.test(`${code} ${text}`)
  const fail = (reason: StoreError["reason"], message: string) => new StoreError({ operation, reason, message, cause })
  if (is(/SQLITE_FULL|disk is full|ENOSPC|EDQUOT/)) return fail("full", `${filename}: no space left to write; free some disk space, han goes on by itself`)
  if (is(/SQLITE_CORRUPT|SQLITE_NOTADB|malformed|not a database/) || code === damagedRow) {
    return fail(
      "corrupt",
      `${filename} is damaged (${text}); stop the coordinator, move the file away and start again: transcripts that are still on disk are indexed anew`
    )
  }
  if (is(/SQLITE_BUSY|database is locked/)) return fail("busy", `${filename} is locked by another process; only the coordinator may have it open`)
  if (is(/SQLITE_READONLY|readonly database|SQLITE_IOERR|SQLITE_CANTOPEN|EACCES/)) {
    return fail("failed", `${filename} cannot be written (${text}); check the disk and the owner and mode of the file`)
  }
  return fail("failed", `${operation} failed on ${filename}: ${text}`)
}
