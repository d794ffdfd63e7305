/**
 * The results of a subscription, made from its events one at a time, when they are asked for. Unlike an async generator it can be ended while it waits for an event: then
 * `next()` is answered at once, and the source is told to end.
 */
export class Feed<A> implements AsyncGenerator<A, undefined, undefined> {
  readonly #source: AsyncIterator<unknown>
  readonly #of: (event: unknown) => Promise<A>
  readonly #failed: (error: unknown) => Error
  readonly #ending: () => void
  readonly #ended: () => void
  #over = false
  #waiting: ((result: IteratorResult<A, undefined>) => void) | undefined

  /** `failed` says what is thrown for an error of the source; `ending` is called once, when it begins to end, `ended` once, when the source has. */
  constructor(
    source: AsyncIterable<unknown>,
    options: {
      readonly of: (event: unknown) => Promise<A>
      readonly failed: (error: unknown) => Error
      readonly ending: () => void
      readonly ended: () => void
    }
  ) {
    this.#source = source[Symbol.asyncIterator]()
    this.#of = options.of
    this.#failed = options.failed
    this.#ending = options.ending
    this.#ended = options.ended
  }

  /** One result. Calls must not overlap. */
  next(): Promise<IteratorResult<A, undefined>> {
    if (this.#over) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.#waiting = undefined
        return !this.#over
      }
      this.#waiting = resolve
      this.#result().then(
        (result) => {
          // When it was ended in the meantime, this was answered already.
          if (settle()) resolve(result)
          if (result.done === true) this.#finish()
        },
        (error) => {
          if (settle()) reject(this.#failed(error))
          this.end()
        }
      )
    })
  }

  async #result(): Promise<IteratorResult<A, undefined>> {
    const { done, value } = await this.#source.next()
    return done === true ? { done, value: undefined } : { done: false, value: await this.#of(value) }
  }

  /** Ends it and its source, whatever is being waited for. */
  end(): void {
    if (this.#over) return
    this.#over = true
    this.#waiting?.({ done: true, value: undefined })
    this.#waiting = undefined
    this.#ending()
    // Its answer may never come: a generator cannot be ended while it waits for something.
    const told = async () => this.#source.return?.()
    told().then(this.#ended, this.#ended)
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#ending()
    this.#ended()
  }

  return(): Promise<IteratorResult<A, undefined>> {
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  throw(error: unknown): Promise<IteratorResult<A, undefined>> {
    this.end()
    return Promise.reject(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end()
  }
}
