import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Pages in the log that are worth a copy. */
const worthwhile = 1000

// A text, so that it is in every kind of build. Each message is answered by a word.
const program = `import { Database } from "bun:sqlite"
let database
const handle = ({ close, open }) => {
  if (open !== undefined) {
    database = new Database(open, { readwrite: true, create: false })
    return "opened"
  }
  if (close === true) {
    database.close()
    return "closed"
  }
  const [[, log, copied]] = database.query("PRAGMA wal_checkpoint(NOOP)").values()
  if (log - copied >= ${worthwhile}) database.query("PRAGMA wal_checkpoint(PASSIVE)").all()
  return "looked"
}
onmessage = ({ data }) => {
  try {
    postMessage(handle(data))
  } catch {
    // A full disk, say: the writer meets it, too, and says so.
    postMessage("failed")
  }
}`

export interface Checkpoints {
  /** Until the thread is there, nobody but the writer copies anything. */
  readonly ready: Effect.Effect<void>
  /** Asks for a look whether there is enough to copy, and does not wait for it. */
  readonly look: Effect.Effect<void>
}

/**
 * Copies SQLite's write-ahead log into the file of its database on a thread of its own: that waits for the disk, and everybody would wait with it. Ends with the
 * scope, after the copy that is under way.
 */
export const checkpoints = (filename: string): Effect.Effect<Checkpoints, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ready = yield* Deferred.make<void>()
    const worker = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const code = URL.createObjectURL(new Blob([program], { type: "application/javascript" }))
        return new Worker(code, { smol: true, ref: false })
      }),
      (made) =>
        Effect.zipRight(
          closed(made),
          Effect.sync(() => made.terminate())
        )
    )
    let busy = true
    let wanted = false
    const look = () => {
      wanted = busy
      if (busy) return
      busy = true
      worker.postMessage({})
    }
    worker.onmessage = ({ data }) => {
      busy = false
      if (data === "opened") Deferred.unsafeDone(ready, Effect.void)
      if (wanted) look()
    }
    worker.postMessage({ open: filename })
    return { ready: Deferred.await(ready), look: Effect.sync(look) }
  })

const closed = (worker: Worker): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    worker.onmessage = ({ data }) => {
      if (data === "closed" || data === "failed") resume(Effect.void)
    }
    worker.onerror = () => resume(Effect.void)
    worker.postMessage({ close: true })
  }).pipe(
    // The clock also keeps the process alive, which the thread does not.
    Effect.timeoutOption("10 seconds"),
    Effect.asVoid
  )
