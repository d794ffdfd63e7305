/**
 * Joins work of the same key. Work that is asked for while the same is under way is done once more, after it, for all who asked meanwhile: each gets an answer that is not older
 * than the question, and a crowd costs two runs. The signal of a run is aborted when nobody waits for it any longer.
 */
export interface JoinedRuns<A> {
  readonly run: (key: string, work: (signal: AbortSignal) => Promise<A>, signal: AbortSignal) => Promise<A>
}

interface Run<A> {
  readonly result: Promise<A>
  readonly join: (signal: AbortSignal) => void
}
interface Running<A> {
  readonly now: Run<A>
  next: Run<A> | undefined
}

/** A signal that is aborted when all who joined have gone. */
const leaving = () => {
  const controller = new AbortController()
  let waiting = 0
  return {
    signal: controller.signal,
    join: (signal: AbortSignal) => {
      if (signal.aborted) return
      waiting++
      signal.addEventListener("abort", () => --waiting === 0 && controller.abort(), { once: true })
    }
  }
}

export const make = <A>(): JoinedRuns<A> => {
  const running = new Map<string, Running<A>>()
  /** Begins when `before` has ended, however it did. */
  const begin = (key: string, work: (signal: AbortSignal) => Promise<A>, before: Promise<unknown> | undefined): Run<A> => {
    const { join, signal } = leaving()
    const start = () => {
      const result = work(signal)
      const entry: Running<A> = { now: { result, join }, next: undefined }
      running.set(key, entry)
      const end = () => {
        if (running.get(key) === entry && entry.next === undefined) running.delete(key)
      }
      result.then(end, end)
      return result
    }
    return { result: before === undefined ? start() : before.then(start, start), join }
  }
  return {
    run: (key, work, signal) => {
      const have = running.get(key)
      let run: Run<A>
      if (have === undefined) run = begin(key, work, undefined)
      else {
        have.next ??= begin(key, work, have.now.result)
        run = have.next
      }
      run.join(signal)
      return run.result
    }
  }
}
