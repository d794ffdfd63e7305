import { statSync } from "node:fs"
import * as Effect from "effect/Effect"
import { errorCode } from "./fileFacts.ts"

/** How much one question had to read. */
export interface Work {
  reads: number
}

const mostKept = 20_000
/** A file that was written to so shortly before it was read may be written to again without a trace: the clock of file systems is coarse. */
const settleMs = 100

/** What `read` makes of a path, read again only when another file or folder is there, or it was written to. What is not there is asked for, and costs nothing. */
export const kept = <A>(read: (path: string) => Effect.Effect<A>): ((work: Work, path: string) => Effect.Effect<A>) => {
  const known = new Map<string, { readonly look: string; readonly value: A }>()
  return (work, path) =>
    Effect.suspend(() => {
      const { changedAt, look } = lookAt(path)
      const before = known.get(path)
      if (before !== undefined && before.look === look) return Effect.succeed(before.value)
      if (look !== missing) work.reads++
      const settled = changedAt === null || Date.now() - changedAt > settleMs
      return Effect.map(read(path), (value) => {
        if (known.size >= mostKept) known.clear()
        if (settled) known.set(path, { look, value })
        else known.delete(path)
        return value
      })
    })
}

const missing = "missing"

const lookAt = (path: string): { readonly look: string; readonly changedAt: number | null } => {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
    if (stats === undefined) return { look: missing, changedAt: null }
    return {
      look: [stats.dev, stats.ino, stats.mode, stats.size, stats.mtimeNs, stats.ctimeNs].join(":"),
      changedAt: Number(stats.ctimeNs / 1_000_000n)
    }
  } catch (cause) {
    const code = errorCode(cause)
    return { look: code === "ENOTDIR" ? missing : code, changedAt: null }
  }
}
