import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import * as Stream from "effect/Stream"
import { GraphQLError } from "graphql"
import { Directories } from "han-core/Directories"
import { Journal } from "han-core/Journal"
import { eventsOf, type FeedEvent, type FeedEventOf, Memory } from "./feedEvents.ts"
import type { GraphqlRequirements } from "./GraphqlRequirements.ts"

export interface Options {
  /** Events that wait for one subscriber at most, 10,000 without; one that takes them more slowly than they come is told so and ended. */
  readonly mostWaiting?: number | undefined
}

interface Subscriber {
  readonly wants: (event: FeedEvent) => boolean
  readonly tell: (event: FeedEvent) => void
  readonly end: (error: Error) => void
}

/**
 * What happens in the journal of one viewer, for subscriptions. It looks only while somebody subscribes. Events come in the order of the journal; one for each change,
 * whichever way it came in.
 */
export interface ChangeFeed {
  /**
   * Events of one kind that `wants` takes: of everything that is committed from the moment at which the promise is fulfilled, and, while others subscribe, of what was committed
   * just before.
   */
  readonly subscribe: <Tag extends FeedEvent["_tag"]>(tag: Tag, wants: (event: FeedEventOf<Tag>) => boolean) => Promise<AsyncIterableIterator<FeedEventOf<Tag>>>
  readonly subscribers: () => number
  /** Ends all subscriptions. */
  readonly close: () => Promise<void>
}

export const make = (runtime: Runtime.Runtime<GraphqlRequirements>, { mostWaiting = 10_000 }: Options = {}): ChangeFeed => {
  const subscribers = new Set<Subscriber>()
  const run = Runtime.runPromise(runtime)
  const fork = Runtime.runFork(runtime)
  let pump: { readonly ready: Promise<void>; readonly stop: () => Promise<unknown> } | undefined

  const publish = (event: FeedEvent) => {
    for (const subscriber of [...subscribers]) if (subscriber.wants(event)) subscriber.tell(event)
  }
  const fail = (cause: Cause.Cause<unknown>) => {
    if (Cause.isInterruptedOnly(cause)) return
    for (const subscriber of [...subscribers])
      subscriber.end(new GraphQLError("the journal could not be followed; subscribe again", { extensions: { code: "FeedBroken" } }))
  }

  const start = () => {
    const memory = new Memory()
    const follow = (after: number) =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const directories = yield* Directories
        const changed = journal.changes({ after }).pipe(
          Stream.chunks,
          Stream.runForEach((changes) => Effect.map(eventsOf(Chunk.toReadonlyArray(changes), memory), (events) => events.forEach(publish)))
        )
        // One look for what was noted before this stream began to listen.
        const looks = Stream.merge(directories.noted, Stream.succeed("at the beginning"))
        const noted = Stream.runForEach(looks, () => Effect.map(memory.newProjects, (events) => events.forEach(publish)))
        yield* Effect.raceFirst(changed, Effect.zipRight(noted, Effect.never))
      })
    // From this sequence on nothing is missed, however long the stream takes to begin.
    const ready = run(
      Effect.gen(function* () {
        yield* memory.newProjects
        return yield* (yield* Journal).head
      })
    )
    let fiber: Fiber.RuntimeFiber<void, unknown> | undefined
    let stopped = false
    const begun = ready.then((head) => {
      if (!stopped) fiber = fork(Effect.tapErrorCause(follow(head), (cause) => Effect.sync(() => fail(cause))))
    })
    pump = {
      ready: begun,
      stop: () => {
        stopped = true
        return fiber === undefined ? Promise.resolve() : run(Fiber.interrupt(fiber))
      }
    }
  }
  const leave = (subscriber: Subscriber) => {
    if (!subscribers.delete(subscriber) || subscribers.size > 0) return
    const last = pump
    pump = undefined
    void last?.stop()
  }

  return {
    subscribe: async <Tag extends FeedEvent["_tag"]>(tag: Tag, wants: (event: FeedEventOf<Tag>) => boolean) => {
      const isOurs = (event: FeedEvent): event is FeedEventOf<Tag> => event._tag === tag
      const waiting: Array<FeedEventOf<Tag>> = []
      let over = false
      let failure: Error | undefined
      let wake: ((result: IteratorResult<FeedEventOf<Tag>, undefined>) => void) | undefined
      let refuse: ((error: Error) => void) | undefined
      const subscriber: Subscriber = {
        wants: (event) => isOurs(event) && wants(event),
        tell: (event) => {
          if (!isOurs(event) || over) return
          if (wake !== undefined) {
            const give = wake
            wake = refuse = undefined
            give({ done: false, value: event })
          } else if (waiting.length < mostWaiting) waiting.push(event)
          else {
            waiting.length = 0
            subscriber.end(
              new GraphQLError(`more than ${mostWaiting} events wait for you; subscribe again and read faster`, { extensions: { code: "SubscriberTooSlow" } })
            )
          }
        },
        end: (error) => {
          if (over) return
          failure = error
          over = true
          leave(subscriber)
          const tell = refuse
          wake = refuse = undefined
          if (tell !== undefined) {
            failure = undefined
            tell(error)
          }
        }
      }
      subscribers.add(subscriber)
      if (pump === undefined) start()
      try {
        await pump?.ready
      } catch (error) {
        leave(subscriber)
        throw error
      }
      const done = { done: true, value: undefined } as const
      const iterator: AsyncIterableIterator<FeedEventOf<Tag>> = {
        next: () => {
          const event = waiting.shift()
          if (event !== undefined) return Promise.resolve({ done: false, value: event })
          if (failure !== undefined) {
            const error = failure
            failure = undefined
            return Promise.reject(error)
          }
          if (over) return Promise.resolve(done)
          return new Promise((resolve, reject) => {
            wake = resolve
            refuse = reject
          })
        },
        return: () => {
          over = true
          waiting.length = 0
          leave(subscriber)
          wake?.(done)
          wake = refuse = undefined
          return Promise.resolve(done)
        },
        [Symbol.asyncIterator]: () => iterator
      }
      return iterator
    },
    subscribers: () => subscribers.size,
    close: async () => {
      const last = pump
      for (const subscriber of [...subscribers])
        subscriber.end(new GraphQLError("han is stopping; subscribe again in a moment", { extensions: { code: "Stopping" } }))
      await last?.stop()
    }
  }
}
