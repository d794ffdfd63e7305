/**
 * Events of the journal for GraphQL subscriptions: one feed for each owner, however many subscribe.
 *
 * @example
 * ```ts
 * import type * as Runtime from "effect/Runtime"
 * import { Viewer } from "han-core/Viewer"
 * import * as ChangeFeed from "han-graphql/ChangeFeed"
 * import type { GraphqlRequirements } from "han-graphql/GraphqlRequirements"
 *
 * const printSessions = async (runtime: Runtime.Runtime<GraphqlRequirements>) => {
 *   const feeds = ChangeFeed.make(runtime)
 *   for await (const event of await feeds.of(Viewer.local).subscribe("SessionChanged", () => true)) console.log(event)
 * }
 * ```
 */

import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import * as Stream from "effect/Stream"
import { GraphQLError } from "graphql"
import { Directories } from "han-core/Directories"
import { Journal } from "han-core/Journal"
import { type OwnerId, Viewer } from "han-core/Viewer"
import { eventsOf, type FeedEvent, type FeedEventOf, Memory } from "./feedEvents.ts"
import type { GraphqlRequirements } from "./GraphqlRequirements.ts"

/** The limit of every subscriber of `make`. */
export interface Options {
  /** Events that wait for one subscriber at most, 10,000 without; a subscriber that takes them more slowly than they come is ended with an error that says so. */
  readonly maxWaiting?: number | undefined
}

/** Events of the journal of one viewer, in the journal's order; one for each change, whichever way it came in. */
export interface ChangeFeed {
  /**
   * Events of one kind that `wants` takes: of everything that is committed from the moment at which the promise is fulfilled, and, while others subscribe, of what was committed
   * just before.
   */
  readonly subscribe: <Tag extends FeedEvent["_tag"]>(tag: Tag, wants: (event: FeedEventOf<Tag>) => boolean) => Promise<AsyncIterableIterator<FeedEventOf<Tag>>>
}

/** The feeds of all viewers: one for each owner. It begins with the owner's first subscription and ends with the last. */
export interface ChangeFeeds {
  readonly of: (viewer: Context.Tag.Service<typeof Viewer>) => ChangeFeed
  /** Feeds that follow the journal now. */
  readonly open: () => number
  readonly subscribers: () => number
  /** Ends every subscription with an error that says so. */
  readonly close: () => Promise<void>
}

/** Feeds over the services of a runtime. Nothing is read before somebody subscribes. */
export const make = (runtime: Runtime.Runtime<GraphqlRequirements>, { maxWaiting = 10_000 }: Options = {}): ChangeFeeds => {
  const feeds = new Map<OwnerId, OwnerFeed>()
  const feedOf = (viewer: Context.Tag.Service<typeof Viewer>): OwnerFeed => {
    const { owner } = viewer
    const open = feeds.get(owner)
    if (open !== undefined) return open
    const feed: OwnerFeed = new OwnerFeed(runtime, viewer, () => void (feeds.get(owner) === feed && feeds.delete(owner)))
    feeds.set(owner, feed)
    return feed
  }
  return {
    of: (viewer) => ({
      subscribe: <Tag extends FeedEvent["_tag"]>(tag: Tag, wants: (event: FeedEventOf<Tag>) => boolean) => {
        const isOurs = (event: FeedEvent): event is FeedEventOf<Tag> => event._tag === tag
        return feedOf(viewer).subscribe((event): event is FeedEventOf<Tag> => isOurs(event) && wants(event), maxWaiting)
      }
    }),
    open: () => feeds.size,
    subscribers: () => [...feeds.values()].reduce((sum, { subscribers }) => sum + subscribers.size, 0),
    close: async () => {
      await Promise.all(
        [...feeds.values()].map((feed) => feed.end(new GraphQLError("han is stopping; subscribe again in a moment", { extensions: { code: "Stopping" } })))
      )
    }
  }
}

/** Follows the journal of one owner from its making on, until its last subscriber has gone. */
class OwnerFeed {
  readonly subscribers = new Set<Subscription<FeedEvent>>()
  readonly #runtime: Runtime.Runtime<GraphqlRequirements>
  readonly #viewer: Context.Tag.Service<typeof Viewer>
  readonly #ended: () => void
  readonly #begun: Promise<void>
  #fiber: Fiber.RuntimeFiber<void, unknown> | undefined
  #over = false

  /** `ended` is called when the last subscriber has gone. */
  constructor(runtime: Runtime.Runtime<GraphqlRequirements>, viewer: Context.Tag.Service<typeof Viewer>, ended: () => void) {
    this.#runtime = runtime
    this.#viewer = viewer
    this.#ended = ended
    this.#begun = this.#begin()
  }

  async subscribe<Event extends FeedEvent>(wants: (event: FeedEvent) => event is Event, maxWaiting: number): Promise<Subscription<Event>> {
    const subscription: Subscription<Event> = new Subscription(wants, maxWaiting, () => this.#leave(subscription))
    this.subscribers.add(subscription)
    try {
      await this.#begun
      return subscription
    } catch (error) {
      this.#leave(subscription)
      throw error
    }
  }

  /** Ends every subscription, and with the last of them the feed. */
  async end(error: Error): Promise<void> {
    for (const subscription of [...this.subscribers]) subscription.end(error)
    await this.#stop()
  }

  #leave(subscription: Subscription<FeedEvent>): void {
    if (!this.subscribers.delete(subscription) || this.subscribers.size > 0) return
    this.#ended()
    void this.#stop()
  }

  async #stop(): Promise<void> {
    this.#over = true
    if (this.#fiber !== undefined) await Runtime.runPromise(this.#runtime)(Fiber.interrupt(this.#fiber))
  }

  async #begin(): Promise<void> {
    const memory = new Memory()
    // From this sequence on nothing is missed, however long the stream takes to begin.
    const head = Effect.zipRight(
      memory.newProjects,
      Effect.flatMap(Journal, (journal) => journal.head)
    )
    const after = await Runtime.runPromise(this.#runtime)(Effect.provideService(head, Viewer, this.#viewer))
    if (this.#over) return
    const followed = Effect.tapErrorCause(this.#follow(after, memory), (cause) => Effect.sync(() => this.#fail(cause)))
    this.#fiber = Runtime.runFork(this.#runtime)(Effect.provideService(followed, Viewer, this.#viewer))
  }

  #follow(after: number, memory: Memory) {
    const publish = (events: ReadonlyArray<FeedEvent>) => {
      for (const event of events) for (const subscription of [...this.subscribers]) subscription.tell(event)
    }
    return Effect.gen(function* () {
      const journal = yield* Journal
      const directories = yield* Directories
      const changed = journal.changes({ after }).pipe(
        Stream.chunks,
        Stream.runForEach((changes) => Effect.map(eventsOf(Chunk.toReadonlyArray(changes), memory), publish))
      )
      // Read once at the beginning, for what was noted before this stream began to listen.
      const noted = Stream.runForEach(Stream.merge(directories.noted, Stream.succeed("at the beginning")), () => Effect.map(memory.newProjects, publish))
      yield* Effect.raceFirst(changed, Effect.zipRight(noted, Effect.never))
    })
  }

  #fail(cause: Cause.Cause<unknown>): void {
    if (Cause.isInterruptedOnly(cause)) return
    const error = new GraphQLError("the journal could not be followed; subscribe again", { extensions: { code: "FeedBroken" } })
    for (const subscription of [...this.subscribers]) subscription.end(error)
  }
}

/** The events that one subscriber has not taken yet. Calls of `next` must not overlap. */
class Subscription<out Event extends FeedEvent> implements AsyncIterableIterator<Event> {
  readonly #wants: (event: FeedEvent) => event is Event
  readonly #maxWaiting: number
  readonly #leave: () => void
  readonly #waiting: Array<Event> = []
  #over = false
  #failure: Error | undefined
  #asked: { give(result: IteratorResult<Event, undefined>): void; refuse(error: Error): void } | undefined

  constructor(wants: (event: FeedEvent) => event is Event, maxWaiting: number, leave: () => void) {
    this.#wants = wants
    this.#maxWaiting = maxWaiting
    this.#leave = leave
  }

  tell(event: FeedEvent): void {
    if (this.#over || !this.#wants(event)) return
    const asked = this.#asked
    this.#asked = undefined
    if (asked !== undefined) asked.give({ done: false, value: event })
    else if (this.#waiting.length < this.#maxWaiting) this.#waiting.push(event)
    else {
      this.#waiting.length = 0
      this.end(
        new GraphQLError(`more than ${this.#maxWaiting} events wait for you; subscribe again and read faster`, { extensions: { code: "SubscriberTooSlow" } })
      )
    }
  }

  /** Gives `error` to the call that waits, or to the one that finds no event any more. */
  end(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#leave()
    if (this.#asked === undefined) this.#failure = error
    else this.#asked.refuse(error)
    this.#asked = undefined
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    const event = this.#waiting.shift()
    if (event !== undefined) return Promise.resolve({ done: false, value: event })
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) return Promise.reject(failure)
    if (this.#over) return Promise.resolve({ done: true, value: undefined })
    return new Promise((give, refuse) => {
      this.#asked = { give, refuse }
    })
  }

  return(): Promise<IteratorResult<Event, undefined>> {
    this.#over = true
    this.#waiting.length = 0
    this.#leave()
    this.#asked?.give({ done: true, value: undefined })
    this.#asked = undefined
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
