import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { runs } from "../../../../test/runs.ts"
import { ask, complete, connection, init, json, subscribe, until, type Wire, webSocket } from "../httpClient.ts"
import { served } from "../httpServer.ts"

/** How long a busy machine may take for what a limit of ten seconds ends. */
const minutes = 120_000

const openFiles = () => Fs.readdirSync("/dev/fd").length
/** As many as an attacker of this test can hold beside the server, which is in the same process. */
const attackers = () => {
  const limit = Number(execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }).replace("unlimited", "Infinity"))
  return Math.min(runs(10_000, 2_000), limit - 1000)
}

const health = { path: "/health" }

describe("thousands of connections", { timeout: minutes }, () => {
  const held = async (port: number, count: number, text: (index: number) => string): Promise<ReadonlyArray<Wire>> => {
    const wires: Array<Wire> = []
    for (let index = 0; index < count; index += 200)
      wires.push(...(await Promise.all(Array.from({ length: Math.min(200, count - index) }, (_, offset) => connection(port, text(index + offset))))))
    return wires
  }

  for (const [what, text] of [
    ["say nothing", () => ""],
    ["never finish their headers", (port: number) => `GET /health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Slow: `],
    ["keep the connection when they were answered", (port: number) => `GET /health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`]
  ] as const)
    it.scopedLive(`Thousands of connections that ${what} do not keep anybody out`, () =>
      Effect.gen(function* () {
        const most = 200
        const { port, token } = yield* served({ maxConnections: most })
        yield* Effect.promise(async () => {
          const count = attackers()
          if (count < runs(10_000, 2_000)) process.stderr.write(`${count} connections: this process may not open more files\n`)
          const owner = await webSocket(port, { authorization: `Bearer ${token}` })
          owner.send(init())
          const before = openFiles()
          const wires = await held(port, count, () => text(port))
          for (let round = 0; round < 5; round++) assert.strictEqual((await ask(port, health)).status, 200)
          await until("only a few are left", () => wires.filter(({ socket }) => !socket.destroyed).length <= most)
          // The server's side of each is up to three files, and what is left of the attacker's is one.
          assert.isBelow(openFiles() - before, 4 * most + 100)
          owner.send(subscribe("1", "{ __typename }"))
          await until("the owner's WebSocket is still there", () => owner.messages.length === 3)
          for (const { socket } of wires) socket.destroy()
          owner.socket.destroy()
        })
      })
    )

  it.scopedLive("Thousands of WebSockets that do not say who they are give way to each other", () =>
    Effect.gen(function* () {
      const { port, token } = yield* served({ maxConnections: 100 })
      yield* Effect.promise(async () => {
        const owner = await webSocket(port, { authorization: `Bearer ${token}` })
        owner.send(init())
        await until("the owner is let in", () => owner.messages.length === 1)
        const strangers = []
        for (let index = 0; index < 200; index++) strangers.push(await webSocket(port))
        assert.strictEqual((await ask(port, health)).status, 200)
        const codes = await Promise.all(strangers.map(async ({ closed }) => (await closed).code))
        // The oldest ones for the next ones; the last ones because they never said anything.
        assert.deepStrictEqual([codes.filter((code) => code === 1013).length, codes.filter((code) => code === 4408).length, codes.length], [190, 10, 200])
        owner.send(subscribe("1", "{ __typename }"))
        await until("the owner is answered", () => owner.messages.length === 3)
        owner.socket.destroy()
      })
    })
  )
})

describe("slow-loris", { timeout: minutes }, () => {
  it.scopedLive("A slow-loris client gets nowhere with nothing, headers or a body, with or without the token", () =>
    Effect.gen(function* () {
      const { port, seen, token } = yield* served()
      yield* Effect.promise(async () => {
        const head = (method: string, path: string) => `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`
        const owner = `Authorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
        const slow = await Promise.all(
          (
            [
              ["", "", ""],
              [head("GET", "/health"), "X-A: b\r\n", ""],
              [head("GET", "/health").slice(0, 10), "a", ""],
              [`${head("POST", "/graphql")}${owner}Content-Length: 1000\r\n\r\n{`, " ", "408"],
              [`${head("POST", "/graphql")}${owner}Content-Length: 1000\r\n\r\n{`, "", "408"],
              [`${head("POST", "/graphql")}${owner}Transfer-Encoding: chunked\r\n\r\n`, "1\r\n \r\n", "408"],
              [`${head("POST", "/graphql")}Content-Length: 1000\r\n\r\n{`, " ", "401"]
            ] as const
          ).map(async ([begin, drop, status]) => {
            const wire = await connection(port, begin)
            const drip = setInterval(() => drop !== "" && !wire.socket.destroyed && wire.socket.write(drop), 500)
            // What comes in behind the end is answered by a reset, which may take the answer away before it is read.
            let isReset = false
            wire.socket.on("error", () => {
              isReset = drop !== ""
            })
            return { wire, status, drip, isReset: () => isReset }
          })
        )
        assert.strictEqual((await ask(port, health)).status, 200)
        for (const { drip, isReset, status, wire } of slow) {
          await wire.closed
          clearInterval(drip)
          const told = wire.received().slice(9, 12)
          assert.strictEqual(told === "" && isReset() ? status : told, status)
        }
        assert.strictEqual(seen.contexts, 0)
      })
    })
  )
})

describe("a body that is too large", () => {
  it.scopedLive("A body that is too large is refused before it is there, whether it is announced or not", () =>
    Effect.gen(function* () {
      const { port, token } = yield* served()
      yield* Effect.promise(async () => {
        const head = (more: string) =>
          `POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n${more}\r\n\r\n`
        for (const length of [1024 * 1024 + 1, 1e9, 1e15]) {
          const announced = await connection(port, head(`Content-Length: ${length}`))
          await until("it is refused", () => announced.received().includes(" 413 "))
          announced.socket.destroy()
        }
        const flood = await connection(port, head("Transfer-Encoding: chunked"))
        flood.socket.on("error", () => {})
        const chunk = `10000\r\n${" ".repeat(65_536)}\r\n`
        let sent = 0
        while (!flood.socket.destroyed && !flood.received().includes(" 413 ") && sent < 200e6) {
          sent += chunk.length
          if (!flood.socket.write(chunk))
            await new Promise((resolve) => {
              flood.socket.once("drain", resolve)
              flood.socket.once("close", resolve)
            })
        }
        assert.isBelow(sent, 40e6)
        flood.socket.destroy()
        const body = JSON.stringify({ query: "query ($text: String) { echo(text: $text) }", variables: { text: "x".repeat(1_000_000) } })
        const answer = await ask(port, { path: "/graphql", method: "POST", headers: { ...json, authorization: `Bearer ${token}` }, body })
        assert.strictEqual(JSON.parse(answer.text).data.echo.length, 1_000_000)
      })
    })
  )
})

describe("operations", { timeout: minutes }, () => {
  it.scopedLive("Operations are held to the limits on both transports", () =>
    Effect.gen(function* () {
      const { port, seen, token } = yield* served()
      const fragments = Array.from({ length: 25 }, (_, level) => `fragment F${level} on Node { a: child { ...F${level + 1} } b: child { ...F${level + 1} } }`)
      const attacks = [
        `{ ${"node { child { ".repeat(1)}${"child { ".repeat(40)}name${" }".repeat(42)} }`,
        `{ node { ${"name ".repeat(5000)} } }`,
        `{ ${Array.from({ length: 1000 }, (_, index) => `a${index}: context`).join(" ")} }`,
        `{ node { ...F0 } } ${fragments.join(" ")} fragment F25 on Node { name }`,
        "{ node { ...A } } fragment A on Node { child { ...B } } fragment B on Node { child { ...A } }",
        "{ nodes(first: 2147483647) { name } }",
        `{ ${"a".repeat(50_000)} }`,
        `{ ${"{".repeat(10_000)}`
      ]
      yield* Effect.promise(async () => {
        const socket = await webSocket(port, { authorization: `Bearer ${token}` })
        socket.send(init())
        for (const [index, query] of attacks.entries()) {
          const headers = { ...json, authorization: `Bearer ${token}`, accept: "application/graphql-response+json" }
          const answer = await ask(port, { path: "/graphql", method: "POST", headers, body: JSON.stringify({ query }) })
          assert.deepStrictEqual([query.slice(0, 60), answer.status, "data" in JSON.parse(answer.text)], [query.slice(0, 60), 400, false])
          socket.send(subscribe(`${index}`, query))
          await until("it is refused", () => socket.messages.some((text) => text.startsWith(`{"id":"${index}","type":"error"`)))
        }
        const batch = JSON.stringify(Array.from({ length: 100 }, () => ({ query: "{ context }" })))
        assert.strictEqual(
          (await ask(port, { path: "/graphql", method: "POST", headers: { ...json, authorization: `Bearer ${token}` }, body: batch })).status,
          400
        )
        assert.strictEqual(seen.contexts, 0)
        socket.socket.destroy()
      })
    })
  )

  it.scopedLive("Operations come back as they were sent, whatever is in them", () =>
    Effect.gen(function* () {
      const { port, token } = yield* served()
      const odd = `${String.fromCharCode(...Array.from({ length: 0x300 }, (_, code) => code))}\u2028\u2029\ud800\udfff\ufeff\ufffe\u{1F9EA}e\u0301\u202e</script>`
      yield* Effect.promise(async () => {
        const socket = await webSocket(port, { authorization: `Bearer ${token}` })
        socket.send(init())
        const query = "query ($text: String) { echo(text: $text) }"
        const answer = await ask(port, {
          path: "/graphql",
          method: "POST",
          headers: { ...json, authorization: `Bearer ${token}` },
          body: JSON.stringify({ query, variables: { text: odd } })
        })
        assert.strictEqual(JSON.parse(answer.text).data.echo, odd)
        socket.send(JSON.stringify({ type: "subscribe", id: "1", payload: { query, variables: { text: odd } } }))
        socket.send(subscribe("2", "{ long(length: 2000000) }"))
        await until("both are answered", () => socket.messages.length === 5)
        const of = (id: string) => JSON.parse(socket.messages.find((text) => text.includes(`"id":"${id}","type":"next"`)) ?? "").payload.data
        assert.strictEqual(of("1").echo, odd)
        assert.strictEqual(of("2").long, "é\u2028\0\ud800".repeat(500_000))
        socket.socket.destroy()
      })
    })
  )

  it.scopedLive("Completed operations leave nothing, many times on one socket and then with many sockets", () =>
    Effect.gen(function* () {
      const { port, seen, token } = yield* served()
      yield* Effect.promise(async () => {
        const socket = await webSocket(port, { authorization: `Bearer ${token}` })
        socket.send(init())
        for (const field of ["emitted", "streamed", "generated"]) {
          for (let cycle = 0; cycle < runs(1000, 200); cycle++) {
            socket.send(subscribe(`${field}${cycle}`, `subscription { ${field} }`))
            if (cycle % 10 === 0) await until("it is open", () => seen.sources.size > 0)
            socket.send(complete(`${field}${cycle}`))
          }
          await until("no source is left", () => seen.sources.size === 0)
        }
        assert.strictEqual(seen.emitters.size, 0)
        const before = openFiles()
        for (let cycle = 0; cycle < runs(1000, 200); cycle++) {
          const one = await webSocket(port, { authorization: `Bearer ${token}` })
          one.send(init())
          one.send(subscribe("1", "subscription { emitted }"))
          if (cycle % 10 === 0) await until("it is open", () => seen.sources.size > 0)
          one.socket.destroy()
        }
        await until("no source is left", () => seen.sources.size === 0)
        await until("no file is left", () => openFiles() <= before + 5)
        socket.send(subscribe("last", "{ __typename }"))
        await until("the first socket lives", () => socket.messages.some((text) => text.includes('"id":"last","type":"next"')))
        socket.socket.destroy()
      })
    })
  )

  it.scopedLive("The operations of one socket are bounded", () =>
    Effect.gen(function* () {
      const { port, seen, token } = yield* served()
      yield* Effect.promise(async () => {
        const socket = await webSocket(port, { authorization: `Bearer ${token}` })
        socket.send(init())
        for (let index = 0; index < 10_000; index++) socket.send(subscribe(`${index}`, "subscription { emitted }"))
        await until("each is answered or open", () => socket.messages.length === 1 + 10_000 - 250)
        assert.strictEqual(seen.sources.size, 250)
        socket.frame(1, Buffer.alloc(1024 * 1024 + 1, 0x20))
        assert.strictEqual((await socket.closed).code, 1009)
        await until("no source is left", () => seen.sources.size === 0)
        const binary = await webSocket(port)
        binary.frame(2, Buffer.from(init(token)))
        assert.strictEqual((await binary.closed).code, 1003)
        const double = await webSocket(port)
        double.send(init(token))
        double.send(subscribe("1", "subscription { emitted }"))
        double.send(subscribe("1", "subscription { emitted }"))
        assert.strictEqual((await double.closed).code, 4409)
      })
    })
  )
})

describe("a client that does not read", { timeout: minutes }, () => {
  it.scopedLive("A client that does not read is told so on a WebSocket, and costs no more than a bounded amount", () =>
    Effect.gen(function* () {
      const { port, seen, token } = yield* served()
      yield* Effect.promise(async () => {
        const socket = await webSocket(port, { authorization: `Bearer ${token}` })
        socket.send(init())
        await until("it is let in", () => socket.messages.length === 1)
        socket.socket.pause()
        socket.send(subscribe("1", "subscription { counted(to: 1000000, size: 10000) }"))
        await until("it is subscribed", () => seen.sources.size === 1)
        await until("it is given up", () => seen.sources.size === 0)
        // What the system and the two ends hold is a few megabytes.
        assert.isBelow(seen.contexts * 10_000, 64e6)
        socket.socket.resume()
        assert.strictEqual((await socket.closed).code, 4429)
        assert.strictEqual((await ask(port, health)).status, 200)
      })
    })
  )

  it.scopedLive("A client that does not read is cut off from its events", () =>
    Effect.gen(function* () {
      const { port, seen, token } = yield* served()
      yield* Effect.promise(async () => {
        const body = JSON.stringify({ query: "subscription { counted(to: 1000000, size: 10000) }" })
        const wire = await connection(
          port,
          `POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: ${body.length}\r\n\r\n${body}`
        )
        wire.socket.pause()
        await until("it is subscribed", () => seen.sources.size === 1)
        await until("it is given up", () => seen.sources.size === 0)
        assert.isBelow(seen.contexts * 10_000, 64e6)
        wire.socket.destroy()
      })
    })
  )

  it.scopedLive("A client that does not read does not hold up the server's end", () =>
    Effect.gen(function* () {
      const { end, port, seen, token } = yield* served()
      const wires = yield* Effect.promise(async () => {
        const owner = `Host: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
        const body = JSON.stringify({ query: "{ long(length: 4000000) }" })
        const paused = await connection(port, `POST /graphql HTTP/1.1\r\n${owner}Content-Length: ${body.length}\r\n\r\n${body}`)
        paused.socket.pause()
        const half = await connection(port, `POST /graphql HTTP/1.1\r\n${owner}Content-Length: 1000\r\n\r\n{`)
        const socket = await webSocket(port, { authorization: `Bearer ${token}` })
        socket.send(init())
        await until("it is let in", () => socket.messages.length === 1)
        socket.socket.pause()
        socket.send(subscribe("1", "subscription { counted(to: 1000000, size: 10000) }"))
        await until("it is subscribed", () => seen.sources.size === 1)
        return [paused.socket, half.socket, socket.socket, (await connection(port)).socket]
      })
      yield* end
      yield* Effect.promise(() => until("no source is left", () => seen.sources.size === 0))
      for (const wire of wires) wire.destroy()
    })
  )

  it.scopedLive("A client that does not read ends its subscription when it goes", () =>
    Effect.gen(function* () {
      const { port, seen, token } = yield* served()
      yield* Effect.promise(async () => {
        for (const field of ["emitted", "streamed", "generated"]) {
          const body = JSON.stringify({ query: `subscription { ${field} }` })
          const wire = await connection(
            port,
            `POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: ${body.length}\r\n\r\n${body}`
          )
          await until("it is subscribed", () => seen.sources.size === 1)
          wire.socket.destroy()
          await until("no source is left", () => seen.sources.size === 0)
        }
      })
    })
  )
})
