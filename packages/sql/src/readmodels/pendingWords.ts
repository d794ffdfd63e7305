import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { insertRows } from "../database/Database.ts"

/**
 * The words of a transaction's messages, kept back until its end. FTS5 writes out what it has gathered whenever a row id is smaller than the one before,
 * so words go in in the order of their keys, whatever order transcripts came in.
 */
export class PendingWords {
  private readonly byTable = new Map<string, { readonly columns: string; readonly key: number; readonly rows: Array<ReadonlyArray<string | number>> }>()

  /** `key`: the place of the message's key in a row. */
  add(table: string, columns: string, key: number, rows: ReadonlyArray<ReadonlyArray<string | number>>): void {
    const waiting = this.byTable.get(table)
    if (waiting === undefined) this.byTable.set(table, { columns, key, rows: [...rows] })
    else for (const row of rows) waiting.rows.push(row)
  }

  /** Takes back the words of these keys. */
  remove(table: string, keys: ReadonlySet<number>): void {
    const waiting = this.byTable.get(table)
    if (waiting === undefined) return
    this.byTable.set(table, { ...waiting, rows: waiting.rows.filter((row) => !keys.has(Number(row[waiting.key]))) })
  }

  /** To be run before the transaction ends. */
  readonly insert = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
    Effect.forEach(
      [...this.byTable],
      ([table, { columns, key, rows }]) => {
        this.byTable.delete(table)
        rows.sort((a, b) => Number(a[key]) - Number(b[key]))
        return insertRows(sql, { table, columns }, rows)
      },
      { discard: true }
    )
}
