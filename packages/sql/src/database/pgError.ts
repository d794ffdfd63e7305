import { StoreError } from "han-core/StoreError"
import { damagedRow, driverText } from "./Database.ts"

/** The code of an error of this program: every connection was in use for longer than anybody waits. */
export const poolExhausted = "HAN_POOL_EXHAUSTED"

/** Milliseconds after which a request that found the database busy may come back. */
const retryAfterMs = 2000

const is = (pattern: RegExp, cause: unknown): boolean => {
  const { code, text } = driverText(cause)
  return pattern.test(`${code} ${text}`)
}

/** True for an error that says nothing of the statement: it met another one, or its connection broke off. The whole transaction may be run again. */
export const isTransient = (cause: unknown): boolean => isUnreachable(cause) || is(/40001|40P01/, cause)
/** True for a database that does not answer. */
const isUnreachable = (cause: unknown): boolean =>
  is(
    /ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|ETIMEDOUT|57P0[123]|08\d{3}|53300|Connection terminated|connection error|not queryable|Client was closed|server closed the connection/i,
    cause
  )

/**
 * What PostgreSQL's driver threw, in words that may go to anybody: without host, database, statement or value. `id` stands in the server's log beside the driver's own text.
 */
export const pgError = (operation: string, cause: unknown, id: string): StoreError => {
  const fail = (reason: StoreError["reason"], message: string, more: { readonly retryAfterMs?: number } = {}) =>
    new StoreError({ operation, reason, message: `${message} (error ${id} in the log of the server)`, ...more })
  if (is(/53100|ENOSPC|disk is full/, cause)) return fail("full", "the database has no space left to write")
  if (driverText(cause).code === damagedRow || is(/XX00[12]/, cause)) return fail("corrupt", "the database holds a damaged row")
  if (is(/57014/, cause)) return fail("busy", "the database took too long to answer; ask for less, or come back later", { retryAfterMs })
  if (is(new RegExp(`55P03|40001|40P01|${poolExhausted}`), cause)) return fail("busy", "the database is busy; come back in two seconds", { retryAfterMs })
  if (isUnreachable(cause)) return fail("unreachable", "the database does not answer; come back in two seconds", { retryAfterMs })
  return fail("failed", `the database refused to ${operation}`)
}
