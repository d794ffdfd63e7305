import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { StoreError } from "han-core/StoreError"
import { type FormerStore, type StoreBackup, StoreFileRefused, StoreFiles } from "han-core/StoreFiles"
import type { Home } from "../home/Home.ts"
import { type CopyFailed, copyOnThread } from "./backupThread.ts"
import { StoreState } from "./CoordinatorStore.ts"
import { bytesOf, flush, formerFiles, freeBytes, inWords, remove } from "./databaseFiles.ts"

/** The files of the coordinator's own store. */
export const layer = ({ database }: Pick<Home, "database">): Layer.Layer<StoreFiles, never, StoreState> =>
  Layer.effect(
    StoreFiles,
    Effect.gen(function* () {
      const { remaking } = yield* StoreState
      const oneAtATime = yield* Effect.makeSemaphore(1)
      const settled = (path: string, what: string) =>
        Effect.flatMap(remaking, (progress) =>
          progress === null
            ? Effect.void
            : new StoreFileRefused({
                path,
                message: `${database} is of an earlier build and ${progress.phase === "failed" ? "could not be made anew" : "is being made anew"}: ${what} until that is done; \`han coordinator status\` tells how far it is`
              })
        )
      return StoreFiles.of({
        backup: (path) => Effect.zipRight(settled(path, "there is nothing to copy"), backup(database, path)).pipe(oneAtATime.withPermits(1)),
        formers: formersOf(database),
        removeFormers: (paths) => Effect.zipRight(settled(database, "the former stores stay"), removeFormers(database, paths)).pipe(oneAtATime.withPermits(1))
      })
    })
  )

const refusing = (path: string, what: string) => (cause: unknown) =>
  new StoreFileRefused({ path, message: `${path} ${what} (${cause instanceof Error ? cause.message : String(cause)})` })

const formersOf = (database: string): Effect.Effect<ReadonlyArray<FormerStore>, StoreFileRefused> =>
  Effect.try({
    try: () =>
      formerFiles(database).map((name) => {
        const path = Path.join(Path.dirname(database), name)
        return { path, bytes: bytesOf(path), writtenAt: Math.trunc(Fs.statSync(path).mtimeMs) }
      }),
    catch: refusing(Path.dirname(database), "cannot be read")
  })

const removeFormers = (database: string, paths: ReadonlyArray<string>) =>
  Effect.flatMap(formersOf(database), (formers) =>
    Effect.forEach(
      formers.filter(({ path }) => paths.includes(path)),
      (former) => Effect.as(Effect.try({ try: () => remove(former.path), catch: refusing(former.path, "cannot be removed") }), former)
    )
  )

/** Copies into a file beside `path` first: one that a process left half done is never taken for a backup. */
const backup = (database: string, path: string): Effect.Effect<StoreBackup, StoreFileRefused | StoreError> =>
  Effect.gen(function* () {
    const wrong = yield* Effect.try({ try: () => misplaced(database, path), catch: (cause) => unmade(path, path, cause) })
    if (wrong !== undefined) return yield* new StoreFileRefused({ path, message: wrong })
    const part = `${path}.part`
    yield* Effect.try({ try: () => Fs.closeSync(Fs.openSync(part, "wx", 0o600)), catch: (cause) => unmade(path, part, cause) })
    return yield* copyOnThread(database, part).pipe(
      Effect.mapError((failed) => uncopied(database, path, failed)),
      Effect.flatMap((facts) =>
        Effect.try({
          try: () => {
            flush(part)
            const bytes = Fs.statSync(part).size
            put(part, path)
            return { path, bytes, ...facts }
          },
          catch: (cause) => unmade(path, part, cause)
        })
      ),
      Effect.ensuring(Effect.sync(() => remove(part)))
    )
  })

/** Says why a path is none for a backup. */
const misplaced = (database: string, path: string): string | undefined => {
  if (!Path.isAbsolute(path)) return `${path} is no absolute path`
  if (Path.dirname(path) === Path.dirname(database) && Path.basename(path).startsWith(Path.basename(database)))
    return `${path} is a name that the coordinator keeps for its own files; give another one`
  const found = Fs.lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return undefined
  return found.isDirectory() ? `${path} is a folder; name a file in it` : `${path} is there already, and is not overwritten; name another file`
}

/** Never overwrites what came there meanwhile, where the file system can tell. */
const put = (part: string, path: string): void => {
  try {
    Fs.linkSync(part, path)
  } catch (error) {
    if (codeOf(error) === "EEXIST" || Fs.existsSync(path)) throw error
    // A file system without links.
    Fs.renameSync(part, path)
  }
  flush(Path.dirname(path))
}

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "")

const unmade = (path: string, part: string, cause: unknown): StoreFileRefused => {
  const folder = Path.dirname(path)
  switch (codeOf(cause)) {
    case "EEXIST":
      return new StoreFileRefused({
        path,
        message: Fs.existsSync(path)
          ? `${path} is there already, and is not overwritten; name another file`
          : `${part} is there already: another backup is being made, or one was cut off; remove it, or name another file`
      })
    case "ENOENT":
      return new StoreFileRefused({ path, message: `there is no folder ${folder}; make it, or name another file` })
    case "ENOTDIR":
      return new StoreFileRefused({ path, message: `${folder} is no folder; name another file` })
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new StoreFileRefused({ path, message: `${folder} cannot be written by the coordinator (${codeOf(cause)}); name another folder` })
    default:
      return refusing(path, "cannot be written")(cause)
  }
}

const uncopied = (database: string, path: string, { code, message }: CopyFailed): StoreFileRefused | StoreError => {
  const text = `${code} ${message}`
  if (/SQLITE_FULL|disk is full|ENOSPC/.test(text)) {
    const folder = Path.dirname(path)
    return new StoreFileRefused({
      path,
      message: `no space left for ${path}: the store has ${inWords(bytesOf(database))}, and ${inWords(freeBytes(folder))} are free in ${folder}; nothing was left there`
    })
  }
  return /CORRUPT|NOTADB|malformed/.test(text)
    ? new StoreError({
        operation: "backup",
        reason: "corrupt",
        message: `${database} is damaged (${message}), so it cannot be copied; \`han restore-backup FILE\` puts an earlier copy in its place`
      })
    : new StoreError({ operation: "backup", reason: "failed", message: `${path} could not be written: ${message}` })
}
