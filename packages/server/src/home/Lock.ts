import { Database } from "bun:sqlite"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as StartingFile from "han-core/unstable/StartingFile"
import { HomeUnusable } from "./Home.ts"
import * as UnixSocket from "./UnixSocket.ts"

/** Another process serves this HAN_HOME. */
export class CoordinatorAlreadyRunning extends Schema.TaggedError<CoordinatorAlreadyRunning>("han-server/CoordinatorAlreadyRunning")(
  "CoordinatorAlreadyRunning",
  {
    home: Schema.String,
    message: Schema.String
  }
) {}

/**
 * Holds HAN_HOME for this process until the scope closes: an exclusive SQLite transaction on `lock.db`, which the system takes back when the process dies, however
 * it dies. Fails at once when the holder answers on its socket; one that does not answer is starting or stopping: it is waited for as long as it gets on, and
 * `waitMs` when it does not.
 */
export const acquire = (options: {
  readonly home: string
  readonly lock: string
  readonly socket: string
  readonly waitMs: number
}): Effect.Effect<void, CoordinatorAlreadyRunning | HomeUnusable, Scope.Scope> =>
  Effect.gen(function* () {
    let still = 0
    let seen = ""
    let worked = 0
    while (true) {
      const taken = yield* take(options.lock)
      if (taken) return
      if (yield* UnixSocket.answers(options.socket)) {
        return yield* new CoordinatorAlreadyRunning({
          home: options.home,
          message: `a coordinator is already running for ${options.home}; \`han coordinator status\` shows it, \`han coordinator stop\` ends it`
        })
      }
      const holder = StartingFile.read(options.home)
      const isOther = holder !== undefined && holder.pid !== process.pid
      const effort = isOther ? (StartingFile.effortMs(holder.pid) ?? 0) : 0
      if (isOther && (JSON.stringify(holder) !== seen || effort - worked >= effortMs)) {
        still = 0
        seen = JSON.stringify(holder)
        worked = effort
      }
      if (still >= options.waitMs) {
        return yield* new CoordinatorAlreadyRunning({
          home: options.home,
          message: `another process holds ${options.lock} but does not answer at ${options.socket}${isOther ? `: process ${holder.pid} ${holder.step}` : ""}; end it (\`fuser ${options.lock}\` or \`lsof ${options.lock}\` names it), then start again`
        })
      }
      const before = Date.now()
      yield* Effect.sleep(pauseMs)
      // What the machine had no time for counts for nobody.
      still += Math.min(2 * pauseMs, Date.now() - before)
    }
  })

const pauseMs = 50
/** Work of a process that is more than a timer's. */
const effortMs = 5

/** Takes the lock, until the scope closes; false when another process has it. */
export const take = (lock: string) =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      let database: Database | undefined
      try {
        database = new Database(lock, { create: true, readwrite: true })
        database.run("PRAGMA busy_timeout = 0")
        database.run("PRAGMA locking_mode = EXCLUSIVE")
        database.run("BEGIN EXCLUSIVE")
        return Effect.succeed(database)
      } catch (cause) {
        database?.close()
        if (cause instanceof Error && "code" in cause && cause.code === "SQLITE_BUSY") return Effect.succeed(null)
        return Effect.fail(
          new HomeUnusable({
            path: lock,
            message: `${lock} cannot be locked (${cause instanceof Error ? cause.message : String(cause)}); if no coordinator is running, remove it: it holds no data`
          })
        )
      }
    }),
    (database) => Effect.sync(() => database?.close())
  ).pipe(Effect.map((database) => database !== null))
