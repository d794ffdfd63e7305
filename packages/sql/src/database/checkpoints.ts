import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Pages in the log that are worth a copy. */
const worthwhile = 1000
/** Milliseconds that closing waits for a copy that is under way. */
const patienceMs = 10_000

// A text, so that it is in every kind of build. Each message is answered by a word.
const program = `import { Database } from "bun:sqlite"
let database
const look = () => {
  const [[, log, copied]] = database.query("PRAGMA wal_checkpoint(NOOP)").values()
  if (log - copied >= ${worthwhile}) database.query("PRAGMA wal_checkpoint(PASSIVE)").all()
}
const handle = {
  open: (filename) => { database = new Database(filename, { readwrite: true, create: false }) },
  look,
  close: () => database?.close()
}
onmessage = ({ data: { word, filename } }) => {
  let failed = false
  try {
    handle[word](filename)
  } catch {
    // A full disk, say: the writer meets it, too, and says so.
    failed = true
  }
  postMessage({ word, failed })
}`

export interface Checkpoints {
  /** Until the thread is there, nobody but the writer copies anything. */
  readonly ready: Effect.Effect<void>
  /** Asks for a look whether there is enough to copy, and does not wait for it. */
  readonly look: Effect.Effect<void>
}

/**
 * Copies SQLite's write-ahead log into the file of its database on a thread of its own: that waits for the disk, and everybody would wait with it. Ends with the
 * scope, after the copy that is under way. Where there can be no thread, it is never ready.
 */
export const checkpoints = (filename: string): Effect.Effect<Checkpoints, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ready = yield* Deferred.make<void>()
    const thread = new Thread(filename, () => Deferred.unsafeDone(ready, Effect.void))
    yield* Effect.addFinalizer(() => Effect.promise(() => thread.close()))
    return { ready: Deferred.await(ready), look: Effect.sync(() => thread.look()) }
  })

class Thread {
  #worker: Worker | null = null
  #busy = true
  #wanted = false
  #onEnd: (() => void) | null = null

  constructor(filename: string, ready: () => void) {
    try {
      const code = URL.createObjectURL(new Blob([program], { type: "application/javascript" }))
      const worker = new Worker(code, { smol: true, ref: false })
      this.#worker = worker
      worker.onmessage = ({ data }: MessageEvent<{ readonly word: string; readonly failed: boolean }>) => {
        URL.revokeObjectURL(code)
        if (data.word === "close") return this.#ended()
        this.#busy = false
        if (data.word === "open" && data.failed) return this.#ended()
        if (data.word === "open") ready()
        if (this.#wanted) this.look()
      }
      worker.onerror = () => this.#ended()
      worker.postMessage({ word: "open", filename })
    } catch {
      // No more threads: the writer copies, as without one.
    }
  }

  look(): void {
    this.#wanted = this.#busy
    if (this.#busy || this.#worker === null) return
    this.#busy = true
    this.#worker.postMessage({ word: "look" })
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#worker === null) return resolve()
      // The clock also keeps the process alive, which the thread does not.
      const limit = setTimeout(() => this.#ended(), patienceMs)
      this.#onEnd = () => {
        clearTimeout(limit)
        resolve()
      }
      this.#worker.postMessage({ word: "close" })
    })
  }

  #ended(): void {
    this.#worker?.terminate()
    this.#worker = null
    this.#onEnd?.()
  }
}
