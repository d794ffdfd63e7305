import { createClient } from "graphql-ws"

/** The state of the line to the server. `lost`: it was there, and is tried again. */
export type LinkState = "connecting" | "open" | "lost"

let state: LinkState = "connecting"
/** How often the line was there again after it was lost: whoever shows what it has told asks anew. */
let returns = 0
const listeners = new Set<() => void>()
const become = (next: LinkState) => {
  if (next === state) return
  if (state === "lost" && next === "open") returns++
  state = next
  for (const listener of listeners) listener()
}

export const link = {
  state: (): LinkState => state,
  returns: (): number => returns,
  listen: (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
}

const longestWaitMs = 5000
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Subscriptions: one WebSocket, opened anew for as long as somebody listens. */
export const socket = createClient({
  url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
  retryAttempts: Number.POSITIVE_INFINITY,
  shouldRetry: () => true,
  retryWait: (tries) => wait(Math.min(longestWaitMs, 250 * 2 ** Math.min(tries, 5))),
  keepAlive: 20_000,
  on: { connected: () => become("open"), closed: () => become("lost") }
})
