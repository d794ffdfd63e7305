import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type { StoreUnusable } from "han-core/StoreError"
import { Coordinator } from "han-rpc/Coordinator"
import * as HanClient from "han-rpc/HanClient"
import { checkStoreFile, type StoreFacts } from "han-sql/unstable/storeFile"
import { attempt, type Home, HomeUnusable } from "../home/Home.ts"
import * as Lock from "../home/Lock.ts"
import * as UnixSocket from "../home/UnixSocket.ts"
import { flush, formerFile, freeBytes, inWords, newFile, recover, remove, setAside, settle, stagedFile, swap } from "./databaseFiles.ts"

export interface RestoreOptions {
  readonly home: Home
  /** In full. */
  readonly file: string
  /** Told where it is: completes a sentence that begins with its name. */
  readonly step: (text: string) => Effect.Effect<void>
}

export interface Restored {
  readonly database: string
  readonly facts: StoreFacts
  /** The former store; null when there was none. */
  readonly former: string | null
}

type Failure = HomeUnusable | StoreUnusable | Lock.CoordinatorAlreadyRunning

/**
 * Puts a copy of `file` in the place of the store. The copy is made and checked while the coordinator goes on; then that is asked to end, and the files are swapped under its lock. The
 * former store is kept beside it. A file that does not hold what it claims, or a failure before the swap, changes nothing.
 */
export const restore = ({ file, home, step }: RestoreOptions): Effect.Effect<Restored, Failure> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { database } = home
      const staged = stagedFile(database, process.pid)
      yield* Effect.addFinalizer(() => Effect.ignore(Effect.try(() => remove(staged))))
      yield* copyIn(database, file, staged)
      const facts = yield* Effect.mapError(checkStoreFile(staged), (error) => named(error, staged, file))
      yield* step("waits for the coordinator to end, to put a backup in the place of its store")
      yield* lockOf(home)
      // The coordinator that has ended took the note of this process away.
      yield* step("puts a backup in the place of the store")
      yield* recover(database)
      const former = Fs.existsSync(database) ? formerFile(database, `restore-${timestamp(new Date())}`) : null
      yield* attempt(staged, "cannot be closed", () => settle(staged, { mark: true }))
      yield* attempt(staged, "cannot be renamed", () => Fs.renameSync(staged, newFile(database)))
      if (former !== null) yield* attempt(database, "cannot be set aside", () => setAside(database, former))
      yield* swap(database, former ?? database)
      return { database, facts, former }
    })
  )

const timestamp = (now: Date): string =>
  now
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(/[-:]/g, "")

/** The message is about the file that was given. */
const named = (error: StoreUnusable, staged: string, file: string): HomeUnusable =>
  new HomeUnusable({ path: file, message: `${error.message.replaceAll(staged, file)}; nothing was changed` })

const refused = (file: string, what: string) => new HomeUnusable({ path: file, message: `${file} ${what}; nothing was changed` })

const copyIn = (database: string, file: string, staged: string): Effect.Effect<void, HomeUnusable> =>
  Effect.gen(function* () {
    const found = yield* attempt(file, "cannot be looked at", () => Fs.statSync(file, { throwIfNoEntry: false }))
    if (found === undefined) return yield* refused(file, "is not there")
    if (!found.isFile()) return yield* refused(file, "is a folder or a device, not the file of a backup")
    if (found.size === 0) return yield* refused(file, "is empty")
    if (Fs.existsSync(database) && isSame(file, database)) return yield* refused(file, "is the store itself")
    const log = Fs.statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
    if (log > 0)
      return yield* refused(
        file,
        `has a log beside it (${file}-wal) with what is not in it yet: it is a store in use, not a backup (\`han backup FILE\` makes one)`
      )
    const free = yield* attempt(Path.dirname(database), "cannot be measured", () => freeBytes(Path.dirname(database)))
    if (free < found.size)
      return yield* refused(file, `has ${inWords(found.size)}, and ${inWords(free)} are free beside ${database}: free ${inWords(found.size - free)} there`)
    yield* attempt(file, "cannot be read", () => Fs.accessSync(file, Fs.constants.R_OK))
    yield* attempt(staged, "cannot be written", () => {
      Fs.copyFileSync(file, staged, Fs.constants.COPYFILE_EXCL | Fs.constants.COPYFILE_FICLONE)
      Fs.chmodSync(staged, 0o600)
      flush(staged)
    })
  })

const isSame = (a: string, b: string): boolean => {
  const [left, right] = [Fs.statSync(a), Fs.statSync(b)]
  return left.ino === right.ino && left.dev === right.dev
}

/** A coordinator that was just started by somebody's hook is asked to end, too. */
const attempts = 3
const lockWaitMs = 5000
const pollMs = 20

const lockOf = (home: Home) =>
  Effect.retry(Effect.zipRight(ended(home), Lock.acquire({ home: home.path, lock: home.lock, socket: home.socket, waitMs: lockWaitMs })), {
    times: attempts,
    while: (error) => error._tag === "CoordinatorAlreadyRunning"
  })

/** Asks the coordinator to end, and waits until it does not answer any more; Lock waits for the rest. */
const ended = ({ socket }: Home) =>
  Effect.gen(function* () {
    if (!(yield* UnixSocket.answers(socket))) return
    yield* Effect.flatMap(Coordinator, (coordinator) => coordinator.stop).pipe(Effect.provide(HanClient.layerSocket({ path: socket })), Effect.ignore)
    yield* Effect.timeoutOption(Effect.repeat(Effect.delay(UnixSocket.answers(socket), pollMs), { while: (answers) => answers }), lockWaitMs)
  })
