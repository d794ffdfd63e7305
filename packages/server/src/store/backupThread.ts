import * as Effect from "effect/Effect"

/** Counts of a copy. */
export interface CopiedStore {
  readonly sessions: number
  readonly transcripts: number
  readonly lines: number
}

/** The database did not do it: its words, and its code. */
export interface CopyFailed {
  readonly code: string
  readonly message: string
}

// A text, so that it is in every kind of build.
const program = `import { Database } from "bun:sqlite"
onmessage = ({ data: { from, to } }) => {
  try {
    const store = new Database(from, { readonly: true })
    store.run("PRAGMA busy_timeout = 5000")
    store.query("VACUUM INTO ?").run(to)
    store.close()
    const copy = new Database(to, { readonly: true })
    const facts = copy.query("SELECT COUNT(DISTINCT session_no) AS sessions, COUNT(*) AS transcripts, COALESCE(SUM(lines), 0) AS lines FROM transcript").get()
    copy.close()
    postMessage({ facts })
  } catch (error) {
    postMessage({ failed: { code: String(error?.code ?? ""), message: String(error?.message ?? error) } })
  }
}`

/** Copies the store at `from`, as it is at one moment, into the empty file `to`: on a thread of its own, for that takes as long as reading all of it, and everybody would wait with it. */
export const copyOnThread = (from: string, to: string): Effect.Effect<CopiedStore, CopyFailed> =>
  Effect.async((resume) => {
    const code = URL.createObjectURL(new Blob([program], { type: "application/javascript" }))
    const worker = new Worker(code, { smol: true })
    const end = (result: Effect.Effect<CopiedStore, CopyFailed>) => {
      URL.revokeObjectURL(code)
      worker.terminate()
      resume(result)
    }
    worker.onmessage = ({ data }: MessageEvent<{ readonly facts?: CopiedStore; readonly failed?: CopyFailed }>) =>
      end(data.facts === undefined ? Effect.fail(data.failed ?? { code: "", message: "no answer" }) : Effect.succeed(data.facts))
    worker.onerror = ({ message }) => end(Effect.fail({ code: "", message }))
    worker.postMessage({ from, to })
    return Effect.sync(() => {
      URL.revokeObjectURL(code)
      worker.terminate()
    })
  })
