import { blocksOf, type Message, type Result, resultOf } from "./messageFragment.ts"
import { aroundMessage, newerThan, newest, olderThan, type Placed, type Window, windowSize } from "./windows.ts"

/** The most windows that are kept: what lies farther away is asked for again. */
const maxWindows = 12
export const maxKept = maxWindows * windowSize

/** A conversation as far as it is loaded. */
export interface Loaded {
  readonly messages: ReadonlyArray<Placed>
  readonly hasOlder: boolean
  readonly hasNewer: boolean
  /** Where messages came or went last: those that stay keep their place on the screen. */
  readonly changed: "start" | "end"
  /** Messages that came while a reader looks elsewhere. */
  readonly unseen: number
  /** Counts the times that another part of the conversation was opened. */
  readonly opened: number
  readonly state: "loading" | "there" | "missing"
  readonly error: Error | undefined
}

const nothing: Loaded = { messages: [], hasOlder: false, hasNewer: false, changed: "end", unseen: 0, opened: 0, state: "loading", error: undefined }

/** Holds at most `maxKept` messages of a conversation, and follows its end. */
export class Conversation {
  readonly id: string
  /** What rows are open or closed by hand; rows themselves go when they leave the screen. */
  readonly open = new Map<string, boolean>()
  /** The reader looks at the end, and wants to see what comes. */
  pinned = true
  private loaded: Loaded = nothing
  private readonly listeners = new Set<() => void>()
  private readonly calls = new Set<string>()
  private readonly results = new Map<string, Result>()
  private busy = false
  private coming: Array<Placed> = []
  private frame: number | undefined

  constructor(id: string) {
    this.id = id
  }

  readonly now = (): Loaded => this.loaded
  readonly listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** The result of a call, when it came on a line of its own. */
  readonly resultOf = (callId: string): Result | undefined => this.results.get(callId)
  /** True for a line of results that are all shown within their calls. */
  readonly isShownElsewhere = (message: Message): boolean => {
    const blocks = blocksOf(message)
    return (
      message.__typename === "ToolResultUserMessage" &&
      blocks.length > 0 &&
      blocks.every((block) => block.__typename === "ToolResultBlock" && this.calls.has(block.toolCallId))
    )
  }

  /** Opens the end, or the part around a message. */
  async begin(message?: string): Promise<void> {
    this.pinned = message === undefined
    await this.asking(async () => {
      const window = message === undefined ? await newest(this.id) : ((await aroundMessage(this.id, message)) ?? (await newest(this.id)))
      if (window === undefined) return this.become({ ...nothing, state: "missing" })
      this.learn(window.messages)
      this.become({ ...nothing, ...window, state: "there", opened: this.loaded.opened + 1 })
    })
  }

  async older(): Promise<void> {
    const first = this.loaded.messages[0]
    if (first === undefined || !this.loaded.hasOlder) return
    await this.asking(async () => {
      const window = await olderThan(this.id, first.cursor)
      if (window === undefined || this.loaded.messages[0] !== first) return
      this.learn(window.messages)
      this.become({ ...this.loaded, messages: [...window.messages, ...this.loaded.messages], hasOlder: window.hasOlder, changed: "start" })
    })
  }

  async newer(): Promise<void> {
    const last = this.loaded.messages.at(-1)
    if (last === undefined) return
    await this.asking(async () => {
      const window = await newerThan(this.id, last.cursor)
      if (window === undefined || this.loaded.messages.at(-1) !== last) return
      this.append(window)
    })
  }

  /** Takes from the end that the reader is far from what is too much. To be called when the rows of a change are on the screen. */
  trim(): void {
    const { changed, messages } = this.loaded
    if (messages.length <= maxKept) return
    if (changed === "start") this.become({ ...this.loaded, messages: messages.slice(0, maxKept), hasNewer: true, changed: "end" })
    else this.become({ ...this.loaded, messages: messages.slice(-maxKept), hasOlder: true, changed: "start" })
  }

  /** A message that came; shown with others of the same moment. */
  heard(placed: Placed): void {
    this.coming.push(placed)
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined
      this.arrive()
    })
  }

  seen(): void {
    if (this.loaded.unseen > 0) this.become({ ...this.loaded, unseen: 0 })
  }

  private arrive(): void {
    const known = new Set(this.loaded.messages.map(({ message }) => message.id))
    const fresh = this.coming.filter(({ message }) => !known.has(message.id))
    this.coming = []
    if (fresh.length === 0 || this.loaded.state !== "there") return
    this.learn(fresh)
    const unseen = this.pinned ? 0 : this.loaded.unseen + fresh.length
    // Who reads far away finds them when they come back to the end; so does who holds as much as may be held.
    if (this.loaded.hasNewer || (!this.pinned && this.loaded.messages.length + fresh.length > maxKept)) this.become({ ...this.loaded, hasNewer: true, unseen })
    else this.become({ ...this.loaded, messages: [...this.loaded.messages, ...fresh], changed: "end", unseen })
  }

  private append({ hasNewer, messages }: Window): void {
    const known = new Set(this.loaded.messages.map(({ message }) => message.id))
    const fresh = messages.filter(({ message }) => !known.has(message.id))
    this.learn(fresh)
    this.become({ ...this.loaded, messages: [...this.loaded.messages, ...fresh], hasNewer, changed: "end", unseen: hasNewer ? this.loaded.unseen : 0 })
  }

  private learn(messages: ReadonlyArray<Placed>): void {
    for (const { message } of messages) {
      for (const block of blocksOf(message)) {
        const result = resultOf(block)
        if (result !== undefined) this.results.set(result.toolCallId, result)
        else if (block.__typename === "ToolUseBlock") this.calls.add(block.toolCallId)
      }
    }
  }

  private async asking(work: () => Promise<void>): Promise<void> {
    if (this.busy) return
    this.busy = true
    try {
      await work()
    } catch (error) {
      this.become({ ...this.loaded, error: error instanceof Error ? error : new Error(String(error)) })
    } finally {
      this.busy = false
    }
  }

  private become(next: Loaded): void {
    this.loaded = next
    for (const listener of this.listeners) listener()
  }
}
