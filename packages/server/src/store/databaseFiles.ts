import { Database } from "bun:sqlite"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import { isRunning } from "han-core/unstable/StartingFile"
import { attempt, HomeUnusable } from "../home/Home.ts"

/** The file that takes the database's place when it is whole. What is in it until then is of no use to anybody. */
export const newFile = (database: string): string => `${database}.new`

/** A file that is checked before it takes the database's place; others may begin one, too, so it has its process in its name. */
export const stagedFile = (database: string, pid: number): string => `${database}.staged-${pid}`

/** Beside a database: what is not in it yet, and an index of that. */
const sideFiles = (file: string): ReadonlyArray<string> => [`${file}-wal`, `${file}-shm`, `${file}-journal`]

export const remove = (file: string): void => {
  for (const path of [file, ...sideFiles(file)]) Fs.rmSync(path, { force: true })
}

/** The former databases beside this one, by their names. */
export const formerFiles = (database: string): ReadonlyArray<string> => {
  const prefix = `${Path.basename(database)}.before-`
  return Fs.readdirSync(Path.dirname(database))
    .filter((name) => name.startsWith(prefix))
    .sort()
}

/** A name for the database that another one takes the place of; one that is there is never overwritten. */
export const formerFile = (database: string, label: string): string => {
  const first = `${database}.before-${label}`
  for (let path = first, count = 2; ; path = `${first}-${count++}`) if (!Fs.existsSync(path)) return path
}

/** `user_version` of a database that is whole, and waits to take the place of another one: the letters h, a, n. */
const wholeMark = 0x68616e

/** Brings all that is in the log of a database into its file, marks it as whole, and waits for the disk. No process may have it open. Throws what is wrong. */
export const settle = (file: string, { mark }: { readonly mark: boolean }): void => {
  const database = new Database(file, { readwrite: true, create: false })
  try {
    database.run("PRAGMA busy_timeout = 5000")
    if (mark) database.run(`PRAGMA user_version = ${wholeMark}`)
    const row = database.query<{ busy: number }, []>("PRAGMA wal_checkpoint(TRUNCATE)").get()
    if (row?.busy === 1) throw new Error("another process has it open: only the coordinator may")
  } finally {
    database.close()
  }
  const left = Fs.statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
  if (left > 0) throw new Error(`its log ${file}-wal is not empty after it was closed: another process has it open`)
  // A log of the former file beside the next one would be taken for its own.
  for (const path of sideFiles(file)) Fs.rmSync(path, { force: true })
  Fs.chmodSync(file, 0o600)
  flush(file)
}

/** Makes a database ready to be renamed. The log of a damaged one goes with it. Throws when another process has it open. */
export const setAside = (database: string, former: string): void => {
  try {
    // SQLite would remove the log of what it does not take for a database.
    if (isDatabase(database)) return settle(database, { mark: false })
  } catch (error) {
    if (!isDamaged(error)) throw error
  }
  for (const [index, path] of sideFiles(database).entries()) if (Fs.existsSync(path)) Fs.renameSync(path, sideFiles(former)[index]!)
}

const isDatabase = (file: string): boolean => {
  const open = Fs.openSync(file, "r")
  try {
    const head = Buffer.alloc(16)
    Fs.readSync(open, head, 0, head.length, 0)
    return head.toString("latin1") === "SQLite format 3\0"
  } finally {
    Fs.closeSync(open)
  }
}

const isDamaged = (error: unknown): boolean =>
  error instanceof Error && /CORRUPT|NOTADB|malformed|not a database/.test(`${"code" in error ? String(error.code) : ""} ${error.message}`)

const isWhole = (file: string): boolean => {
  let database: Database | undefined
  try {
    database = new Database(file, { readwrite: true, create: false })
    return database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version === wholeMark
  } catch {
    return false
  } finally {
    database?.close()
  }
}

/** Waits until the disk has a file, or the names in a folder. */
export const flush = (path: string): void => {
  const open = Fs.openSync(path, "r")
  try {
    Fs.fsyncSync(open)
  } finally {
    Fs.closeSync(open)
  }
}

/**
 * Puts the whole new file in the place of the database, which is kept as `former`; both must be settled. A process that ends in between leaves no database: `recover` finishes it.
 * `between` runs there.
 */
export const swap = (database: string, former: string, between: Effect.Effect<void> = Effect.void): Effect.Effect<void, HomeUnusable> =>
  Effect.gen(function* () {
    if (Fs.existsSync(database)) yield* rename(database, former)
    yield* between
    yield* rename(newFile(database), database)
  }).pipe(Effect.uninterruptible)

const rename = (from: string, to: string) =>
  attempt(from, `cannot be renamed to ${to}`, () => {
    Fs.renameSync(from, to)
    flush(Path.dirname(to))
  })

/** Finishes or undoes what an earlier process began beside the database. Says what it finished; null for nothing. Only for the holder of the lock. */
export const recover = (database: string): Effect.Effect<string | null, HomeUnusable> =>
  Effect.gen(function* () {
    const waiting = newFile(database)
    const former = yield* attempt(Path.dirname(database), "cannot be read", () => formerFiles(database))
    if (!Fs.existsSync(database) && Fs.existsSync(waiting) && former.length > 0) {
      if (!isWhole(waiting)) {
        return yield* new HomeUnusable({
          path: database,
          message: `${database} is not there, ${waiting} is not whole, and ${former.join(", ")} beside it ${former.length === 1 ? "is what it was" : "are what it was"} before; rename the one that is to be used to ${Path.basename(database)}, then start again`
        })
      }
      yield* attempt(waiting, "cannot be used", () => settle(waiting, { mark: false }))
      yield* rename(waiting, database)
      return `${waiting} took the place of ${database}, as an earlier process had begun to do`
    }
    yield* attempt(waiting, "is left over from a process that was ended, and cannot be removed", () => {
      remove(waiting)
      for (const path of abandoned(database)) Fs.rmSync(path, { force: true })
    })
    return null
  })

/** Files that a process staged that is no longer there. */
const abandoned = (database: string): ReadonlyArray<string> => {
  const prefix = Path.basename(stagedFile(database, 0)).slice(0, -1)
  return Fs.readdirSync(Path.dirname(database)).flatMap((name) => {
    const [, pid] = name.startsWith(prefix) ? (/^(\d+)(?:-.*)?$/.exec(name.slice(prefix.length)) ?? []) : []
    return pid === undefined || isRunning(Number(pid)) ? [] : [Path.join(Path.dirname(database), name)]
  })
}

/** Bytes of a database with its log. */
export const bytesOf = (file: string): number => [file, `${file}-wal`].reduce((sum, path) => sum + (Fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0)

/** Bytes of the disk of a folder that this user may still write. */
export const freeBytes = (folder: string): number => {
  const { bavail, bsize } = Fs.statfsSync(folder)
  return bavail * bsize
}

/** `1.2 GB` */
export const inWords = (bytes: number): string => {
  const units = ["bytes", "kB", "MB", "GB", "TB"]
  const unit = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
  return `${unit === 0 ? bytes : (bytes / 1000 ** unit).toFixed(1)} ${units[unit]}`
}
