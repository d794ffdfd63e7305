/** One WebSocket, as its platform has it. After it was closed its methods do nothing. */
export interface Wire {
  readonly send: (text: string) => void
  /** Bytes that were sent and that the client has not taken yet. */
  readonly buffered: () => number
  readonly close: (code: number, reason: string) => void
}

export interface Options {
  /** Bytes that may wait in the platform's buffer, but for the last message. */
  readonly maxBuffered: number
  /** Characters that may wait here besides. */
  readonly maxQueued: number
  /** Milliseconds in which the client may take nothing while something waits here. */
  readonly patienceMs: number
  /** Called once, when the client is slower than that. */
  readonly tooSlow: () => void
}

/** Messages that wait for a client that takes them slower than they come: a bounded amount, for a bounded time. */
export class Outbox {
  readonly #wire: Wire
  readonly #options: Options
  #queue: Array<{ readonly text: string; readonly sent: () => void }> = []
  #queued = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(wire: Wire, options: Options) {
    this.#wire = wire
    this.#options = options
  }

  /** Resolves when the text is in the platform's buffer, or will never be. Whoever awaits it sends no faster than the client takes. */
  send(text: string): Promise<void> {
    if (this.#closed) return Promise.resolve()
    if (this.#queue.length === 0 && this.#wire.buffered() <= this.#options.maxBuffered) {
      this.#wire.send(text)
      return Promise.resolve()
    }
    if (this.#queued + text.length > this.#options.maxQueued) {
      this.#giveUp()
      return Promise.resolve()
    }
    return new Promise((sent) => {
      this.#queue.push({ text, sent })
      this.#queued += text.length
      this.#timer ??= setTimeout(() => this.#giveUp(), this.#options.patienceMs)
    })
  }

  /** To be called when the client has taken something. */
  drained(): void {
    while (this.#queue.length > 0 && this.#wire.buffered() <= this.#options.maxBuffered) {
      const next = this.#queue.shift()
      if (next === undefined) return
      this.#queued -= next.text.length
      this.#wire.send(next.text)
      next.sent()
      this.#timer?.refresh()
    }
    if (this.#queue.length === 0) this.#rest()
  }

  /** Nothing more is sent. */
  close(): void {
    this.#closed = true
    this.#rest()
    for (const { sent } of this.#queue) sent()
    this.#queue = []
    this.#queued = 0
  }

  #rest(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #giveUp(): void {
    if (this.#closed) return
    this.close()
    this.#options.tooSlow()
  }
}
