import * as Effect from "effect/Effect"

/** Paths to look at: some, each of them once however often it was added, or everything (null). */
export interface PathQueue {
  readonly add: (paths: Iterable<string> | null) => void
  /** Waits until there is something, and takes all of it. */
  readonly take: Effect.Effect<ReadonlySet<string> | null>
}

/** Holds everything at first. */
export const pathQueue: Effect.Effect<PathQueue> = Effect.map(Effect.makeLatch(true), (someThere) => {
  let everything = true
  let paths = new Set<string>()
  return {
    add: (more) => {
      if (more === null) everything = true
      else for (const path of more) paths.add(path)
      if (everything || paths.size > 0) someThere.unsafeOpen()
    },
    take: Effect.zipRight(
      someThere.await,
      Effect.sync(() => {
        const taken = everything ? null : paths
        everything = false
        paths = new Set()
        someThere.unsafeClose()
        return taken
      })
    )
  }
})
