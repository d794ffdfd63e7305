import * as GraphqlSocket from "han-graphql/GraphqlSocket"
import { describe, expect, it } from "vitest"
import { runs } from "../../../../test/runs.ts"
import { transport } from "../../../../test/transportSchema.ts"

interface Message {
  readonly type: string
  readonly id?: string
  readonly payload?: { readonly data?: Record<string, unknown>; readonly errors?: ReadonlyArray<{ readonly message: string }> } & ReadonlyArray<{
    readonly message: string
  }>
}

const pause = (ms = 5) => new Promise((resolve) => setTimeout(resolve, ms))
const until = async (done: () => boolean) => {
  for (let attempt = 0; attempt < 1000 && !done(); attempt++) await pause()
  expect(done()).toBe(true)
}

const served = (options: Partial<GraphqlSocket.Options<string>> = {}) => {
  const { execution, seen } = transport()
  const defects: Array<unknown> = []
  const socket = GraphqlSocket.make({
    execution,
    viewerOf: (token) => (token === "right" ? "ada" : undefined),
    onDefect: (defect) => defects.push(defect),
    ...options
  })
  const open = (admitted = true) => {
    const received: Array<Message> = []
    const state = { buffered: 0, closed: undefined as readonly [number, string] | undefined, acknowledged: 0, characters: 0 }
    const connection = socket.open(
      {
        send: (text) => {
          if (state.closed !== undefined) throw new Error("sent after the close")
          state.characters += text.length
          received.push(JSON.parse(text))
        },
        buffered: () => state.buffered,
        close: (code, reason) => {
          state.closed ??= [code, reason]
          queueMicrotask(() => connection.closed(code, reason))
        }
      },
      { viewer: admitted ? "ada" : undefined, acknowledged: () => state.acknowledged++ }
    )
    const send = (message: unknown) => connection.message(typeof message === "string" ? message : JSON.stringify(message))
    const subscribe = (id: string, query: string, variables?: object) => send({ type: "subscribe", id, payload: { query, variables } })
    return { connection, received, state, send, subscribe }
  }
  const opened = async () => {
    const client = open()
    client.send({ type: "connection_init" })
    await until(() => client.received.length === 1)
    client.received.length = 0
    return client
  }
  return { execution, seen, defects, socket, open, opened }
}

describe("a client", () => {
  it("A client is let in by its request or by its token, and by nothing else", async () => {
    const { open } = served()
    for (const [admitted, payload, code] of [
      [true, undefined, undefined],
      [true, {}, undefined],
      [true, { token: "right" }, undefined],
      [false, { token: "right" }, undefined],
      [true, { token: "wrong" }, 4403],
      [false, { token: "wrong" }, 4403],
      [false, { token: ["right"] }, 4403],
      [false, { token: null }, 4403],
      [false, undefined, 4403]
    ] as const) {
      const { received, send, state } = open(admitted)
      send({ type: "connection_init", payload })
      await pause(1)
      expect([payload, state.closed?.[0]]).toEqual([payload, code])
      expect([payload, received, state.acknowledged]).toEqual(code === undefined ? [payload, [{ type: "connection_ack" }], 1] : [payload, [], 0])
      expect(Buffer.byteLength(state.closed?.[1] ?? "")).toBeLessThan(124)
    }
  })

  it("A client has to say who it is, first, once, and soon", async () => {
    const { open } = served({ initTimeoutMs: 30 })
    const early = open()
    early.subscribe("1", "{ __typename }")
    const silent = open()
    const twice = open()
    twice.send({ type: "connection_init" })
    twice.send({ type: "connection_init" })
    await until(() => silent.state.closed !== undefined)
    expect([early, silent, twice].map(({ state }) => state.closed?.[0])).toEqual([4401, 4408, 4429])
  })

  it("A client that sends what is no message is told so", async () => {
    const { defects, opened } = served({ maxMessage: 1000 })
    for (const [message, code] of [
      ["", 4400],
      ["{", 4400],
      ["[".repeat(900), 4400],
      ["null", 4400],
      [{ type: "what" }, 4400],
      [{ type: "next", id: "1", payload: {} }, 4400],
      [{ type: "subscribe", id: "", payload: { query: "{ __typename }" } }, 4400],
      [{ type: "subscribe", id: "1", payload: { query: 1 } }, 4400],
      [{ type: "subscribe", id: "1", payload: { query: "{ __typename }", variables: [] } }, 4400],
      [{ type: "subscribe", id: "1", payload: { query: "x".repeat(1000) } }, 1009]
    ] as const) {
      const { send, state } = await opened()
      send(message)
      await pause(1)
      expect([message, state.closed?.[0]]).toEqual([message, code])
    }
    expect(defects).toEqual([])
  })
})

describe("an operation", () => {
  it("An operation is answered", async () => {
    const { opened } = served()
    const { received, send, subscribe } = await opened()
    subscribe("1", "query ($text: String) { echo(text: $text) }", { text: "\ud800\u2028\0", connections: [] })
    subscribe("2", 'mutation { set(text: "x") }')
    subscribe("3", "{ nobody }")
    subscribe("4", "{ broken }")
    subscribe("5", "subscription { counted(to: 2) }")
    send({ type: "ping" })
    await until(() => received.length === 11)
    const of = (id: string) => received.filter((message) => message.id === id)
    expect(of("1")).toEqual([
      { id: "1", type: "next", payload: { data: { echo: "\ud800\u2028\0" } } },
      { id: "1", type: "complete" }
    ])
    expect(of("2")[0]?.payload).toEqual({ data: { set: "x" } })
    expect(of("3")).toMatchObject([{ type: "error", payload: [{ message: expect.stringContaining("nobody") }] }])
    expect(of("4")[0]?.payload?.errors?.[0]?.message).toBe("internal error")
    expect(of("5").map(({ payload, type }) => [type, payload?.data])).toEqual([
      ["next", { counted: "1" }],
      ["next", { counted: "2" }],
      ["complete", undefined]
    ])
    expect(received.filter(({ type }) => type === "pong").length).toBe(1)
  })

  it("An operation that breaks tells the client only that, and an id", async () => {
    const { opened, seen } = served()
    const { received, subscribe } = await opened()
    subscribe("1", "subscription { broken }")
    await until(() => received.length === 2)
    expect(received[1]).toMatchObject({ type: "error", payload: [{ message: "internal error", extensions: { id: seen.defects[0]?.id } }] })
  })

  it("An operation has an id of its own", async () => {
    const { execution, opened } = served()
    const { state, subscribe } = await opened()
    subscribe("1", "subscription { emitted }")
    subscribe("1", "subscription { emitted }")
    await until(() => state.closed !== undefined)
    expect(state.closed?.[0]).toBe(4409)
    await until(() => execution.live() === 0)
  })

  it("An operation beyond the bounded number is refused", async () => {
    const { execution, opened } = served({ maxOperations: 20 })
    const { received, state, subscribe } = await opened()
    for (let index = 0; index < 1000; index++) subscribe(`${index}`, "subscription { emitted }")
    await until(() => received.length === 980)
    expect(received.every(({ payload, type }) => type === "error" && payload?.[0]?.message.includes("20 operations"))).toBe(true)
    expect([execution.live(), state.closed]).toEqual([20, undefined])
  })

  it("An operation meets the same limits as over HTTP", async () => {
    const { opened, seen } = served()
    const { received, subscribe } = await opened()
    subscribe("1", "{ nodes(first: 1000) { children(first: 1000) { name } } }")
    subscribe("2", `{ ${Array.from({ length: 51 }, (_, index) => `a${index}: echo`).join(" ")} }`)
    await until(() => received.length === 2)
    expect(received.map(({ type }) => type)).toEqual(["error", "error"])
    expect(seen.contexts).toBe(0)
  })
})

describe("complete", () => {
  it("A complete message ends hundreds of subscriptions at their sources, whatever they wait for, and leaves nothing", async () => {
    const { defects, execution, opened, seen } = served()
    const { received, send, subscribe } = await opened()
    for (const field of ["emitted", "streamed", "generated"]) {
      for (let index = 0; index < runs(1000, 200); index++) {
        subscribe(`${field}${index}`, `subscription { ${field} }`)
        if (index % 3 === 0) await pause(0)
        send({ type: "complete", id: `${field}${index}` })
      }
      await until(() => seen.sources.size === 0 && execution.live() === 0)
    }
    expect(seen.emitters.size).toBe(0)
    expect(received.filter(({ type }) => type !== "next")).toEqual([])
    expect(defects).toEqual([])
    // The ids are free again, the connection lives.
    subscribe("emitted0", "subscription { emitted }")
    await until(() => seen.emitters.size === 1)
    for (const emit of seen.emitters) emit(7)
    await until(() => received.at(-1)?.payload?.data?.["emitted"] === 7)
  })

  it("A complete message ends a query, whose id can be used for another at once", async () => {
    const { opened, seen } = served()
    const { received, send, subscribe } = await opened()
    subscribe("1", "{ never }")
    await until(() => seen.contexts === 1)
    send({ type: "complete", id: "1" })
    subscribe("1", '{ echo(text: "second") }')
    await until(() => received.length === 2)
    expect(received[0]?.payload).toEqual({ data: { echo: "second" } })
    expect(seen.defects).toEqual([])
  })

  it("The end of the socket completes all operations", async () => {
    const { execution, opened, seen } = served()
    const { connection, received, subscribe } = await opened()
    for (const field of ["emitted", "streamed", "generated"])
      for (let index = 0; index < 20; index++) subscribe(`${field}${index}`, `subscription { ${field} }`)
    subscribe("q", "{ never }")
    await until(() => execution.live() === 60 && seen.contexts >= 61)
    connection.closed(1006, "")
    await until(() => seen.sources.size === 0 && execution.live() === 0)
    const before = received.length
    for (const emit of seen.emitters) emit(1)
    await pause()
    expect(received.length).toBe(before)
  })
})

describe("a slow client", () => {
  it("A slow client holds up its own subscription, and gets everything when it reads again", async () => {
    const { opened, seen } = served({ maxBuffered: 1000 })
    const { connection, received, state, subscribe } = await opened()
    state.buffered = 5000
    subscribe("1", "subscription { counted(to: 50) }")
    await pause(20)
    expect(received).toEqual([])
    // One event was made, and waits.
    expect(seen.contexts).toBe(2)
    state.buffered = 0
    connection.drained()
    await until(() => received.length === 51)
    expect(received.slice(0, 50).map(({ payload }) => payload?.data?.["counted"])).toEqual(Array.from({ length: 50 }, (_, index) => `${index + 1}`))
    expect(state.closed).toBeUndefined()
  })

  it("A slow client is told when its patience or its room is used up", async () => {
    const { execution, opened } = served({ maxBuffered: 1000, maxQueued: 3000, patienceMs: 50 })
    const never = await opened()
    never.state.buffered = 5000
    never.subscribe("1", "subscription { counted(to: 1000000) }")
    await until(() => never.state.closed !== undefined)
    expect(never.state.closed?.[0]).toBe(4429)
    const flooding = await opened()
    flooding.state.buffered = 5000
    for (let index = 0; index < 100; index++) flooding.subscribe(`${index}`, "{ long(length: 1000) }")
    await until(() => flooding.state.closed !== undefined)
    expect([flooding.state.closed?.[0], flooding.received]).toEqual([4429, []])
    await until(() => execution.live() === 0)
  })

  it("A client that only got a large answer is not a slow one", async () => {
    const { opened } = served({ maxBuffered: 1000, maxQueued: 3000 })
    const { received, state, subscribe } = await opened()
    subscribe("1", "{ long(length: 2000000) }")
    await until(() => received.length === 2)
    expect([state.characters > 2_000_000, state.closed]).toEqual([true, undefined])
  })
})

it("The server speaks one subprotocol", () => {
  const { socket } = served()
  for (const [offered, protocol] of [
    ["graphql-transport-ws", "graphql-transport-ws"],
    ["graphql-ws, graphql-transport-ws", "graphql-transport-ws"],
    ["graphql-ws", undefined],
    ["", undefined],
    [null, undefined]
  ] as const)
    expect([offered, socket.protocolOf(offered)]).toEqual([offered, protocol])
})
