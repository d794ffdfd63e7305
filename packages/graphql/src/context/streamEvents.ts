import type * as Runtime from "effect/Runtime"
import * as Stream from "effect/Stream"

/** The elements of a stream as events of a subscription. Leaving interrupts the stream, and ends the call that waits. Calls of `next` must not overlap. */
export const eventsOfStream = <A, E, R>(stream: Stream.Stream<A, E, R>, runtime: Runtime.Runtime<R>): AsyncIterableIterator<A, undefined> => {
  const elements = Stream.toAsyncIterableRuntime(stream, runtime)[Symbol.asyncIterator]()
  const over: IteratorResult<A, undefined> = { done: true, value: undefined }
  let left = false
  let leave = () => {}
  return {
    next: () =>
      left
        ? Promise.resolve(over)
        : new Promise((resolve, reject) => {
            leave = () => resolve(over)
            elements.next().then((element) => resolve(element.done === true ? over : element), reject)
          }),
    return: async () => {
      left = true
      leave()
      await elements.return?.()
      return over
    },
    [Symbol.asyncIterator]() {
      return this
    }
  }
}
