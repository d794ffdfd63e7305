import * as Effect from "effect/Effect"
import { isSettled, lookAt, missing } from "./fileLook.ts"

/** The files and folders that one question had to read. */
export interface Work {
  reads: number
}

const maxKept = 20_000

/** Keeps what `read` makes of a path, and reads it again only when another file or folder is there, or it was written to. What is missing is asked for, and is no read. */
export const kept = <A>(read: (path: string) => Effect.Effect<A>): ((work: Work, path: string) => Effect.Effect<A>) => {
  const known = new Map<string, { readonly identity: string; readonly value: A }>()
  return (work, path) =>
    Effect.suspend(() => {
      // The clock of the machine, by which file systems date what is written.
      const since = Date.now()
      const look = lookAt(path, "target")
      const before = known.get(path)
      if (before?.identity === look.identity) return Effect.succeed(before.value)
      if (look !== missing) work.reads++
      return Effect.map(read(path), (value) => {
        if (known.size >= maxKept) known.clear()
        if (isSettled(look, since)) known.set(path, { identity: look.identity, value })
        else known.delete(path)
        return value
      })
    })
}
