/**
 * Work that is asked for again while the same is under way is done once more, after it, for all who asked meanwhile: each gets an answer that is not older than the question,
 * and a crowd costs two runs.
 */
export interface SharedRuns<A> {
  readonly run: (key: string, work: () => Promise<A>) => Promise<A>
}

interface Running<A> {
  readonly now: Promise<A>
  next: Promise<A> | undefined
}

export const make = <A>(): SharedRuns<A> => {
  const running = new Map<string, Running<A>>()
  const start = (key: string, work: () => Promise<A>): Promise<A> => {
    const run: Running<A> = { now: work(), next: undefined }
    running.set(key, run)
    const end = () => {
      if (running.get(key) === run && run.next === undefined) running.delete(key)
    }
    run.now.then(end, end)
    return run.now
  }
  return {
    run: (key, work) => {
      const have = running.get(key)
      if (have === undefined) return start(key, work)
      have.next ??= have.now.then(
        () => start(key, work),
        () => start(key, work)
      )
      return have.next
    }
  }
}
