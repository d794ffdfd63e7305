import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { createClient } from "graphql-ws"
import { type Answer, ask, init, json, subscribe, until, upgrade, webSocket } from "../httpClient.ts"
import type { Served } from "../httpServer.ts"
import { served } from "../httpServer.ts"

const query = JSON.stringify({ query: "{ context }" })
const evil = "https://evil.example"
const ofOwner = ({ token }: Served) => ({ ...json, authorization: `Bearer ${token}` })

const messageOf = ({ text }: Answer): string => JSON.parse(text).errors[0].message

describe("who may not", () => {
  const every = (here: Served) =>
    [
      ["health", { path: "/health" }],
      ["nothing", { path: "/nothing" }],
      ["open", { path: `/open?token=${here.token}` }],
      ["POST", { path: "/graphql", method: "POST", headers: ofOwner(here), body: query }],
      ["preflight", { path: "/graphql", method: "OPTIONS", headers: { "access-control-request-method": "POST" } }],
      ["upgrade", { path: "/graphql", headers: upgrade(ofOwner(here)) }],
      ["events", { path: "/graphql", method: "POST", headers: { ...ofOwner(here), accept: "text/event-stream" }, body: query }]
    ] as const

  for (const header of ["host", "origin"] as const)
    it.scopedLive(`A request with a foreign ${header} is refused on any path and in any way`, () =>
      Effect.gen(function* () {
        const here = yield* served()
        const foreign =
          header === "host"
            ? [
                "evil.example",
                `evil.example:${here.port}`,
                `127.0.0.1:${here.port + 1}`,
                "127.0.0.1",
                `127.0.0.1.evil.example:${here.port}`,
                `localhost:${here.port}@evil`,
                " "
              ]
            : [evil, "null", `http://127.0.0.1:${here.port + 1}`, `https://127.0.0.1:${here.port}`, `http://evil.example:${here.port}`, "http://localhost", ""]
        yield* Effect.promise(async () => {
          for (const [what, asked] of every(here))
            for (const value of foreign) {
              const answer = await ask(here.port, { ...asked, headers: { ...("headers" in asked ? asked.headers : {}), [header]: value } })
              assert.deepStrictEqual([what, value, answer.status], [what, value, 403])
              assert.isUndefined(answer.headers["access-control-allow-origin"])
              assert.isUndefined(answer.headers["set-cookie"])
            }
          assert.strictEqual(here.seen.contexts, 0)
        })
      })
    )

  it.scopedLive("A request without a Host, with two, or with one in the first line is refused", () =>
    Effect.gen(function* () {
      const { port, token } = yield* served()
      const { connection } = yield* Effect.promise(() => import("../httpClient.ts"))
      yield* Effect.promise(async () => {
        for (const [request, status] of [
          ["GET /health HTTP/1.1\r\n", "400"],
          ["GET /health HTTP/1.0\r\n", "403"],
          ["GET /health HTTP/1.1\r\nHost:\r\n", "403"],
          [`GET /health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nHost: evil.example\r\n`, "403"],
          ["GET http://evil.example/health HTTP/1.1\r\nHost: evil.example\r\n", "403"],
          [`GET /health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: http://127.0.0.1:${port}\r\nOrigin: ${evil}\r\n`, "403"],
          [`POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n`, "400"]
        ] as const) {
          const wire = await connection(port, `${request}Connection: close\r\n\r\n`)
          await wire.closed
          assert.deepStrictEqual([request, wire.received().slice(9, 12)], [request, status])
        }
      })
    })
  )

  it.scopedLive("A request without the token, or with another one in any form, is refused", () =>
    Effect.gen(function* () {
      const { openUrl, port, seen, token } = yield* served()
      const wrong = token.replace(/^./, (first) => (first === "0" ? "1" : "0"))
      const ticket = new URL(yield* openUrl).searchParams.get("token") ?? ""
      yield* Effect.promise(async () => {
        for (const headers of [
          {},
          ...[wrong, "", "x", token.slice(1), `${token}0`, token.toUpperCase(), ticket].map((value) => ({ authorization: `Bearer ${value}` })),
          { authorization: token },
          { authorization: `Basic ${Buffer.from(`x:${token}`).toString("base64")}` },
          { authorization: `Bearer ${wrong}`, cookie: `han_token=${token}` },
          { cookie: `han_token=${wrong}` },
          { cookie: `han_token=; han_tokens=${token}; xhan_token=${token}` },
          { "x-token": token }
        ]) {
          for (const accept of ["application/json", "text/event-stream"]) {
            const answer = await ask(port, { path: "/graphql", method: "POST", headers: { ...json, accept, ...headers }, body: query })
            assert.deepStrictEqual([headers, answer.status], [headers, 401])
            assert.match(messageOf(answer), /token/)
          }
          const body = await ask(port, {
            path: `/graphql?token=${token}`,
            method: "POST",
            headers: { ...json, ...headers },
            body: JSON.stringify({ query: "{ context }", token })
          })
          assert.strictEqual(body.status, 401)
        }
        assert.strictEqual((await ask(port, { path: "/graphql", headers: upgrade({ authorization: `Bearer ${wrong}` }) })).status, 401)
        for (const [headers, message] of [
          [{}, init()],
          [{}, init(wrong)],
          [{}, init("")],
          [{ cookie: `han_token=${wrong}` }, init()],
          [{ cookie: `han_token=${token}` }, init(wrong)]
        ] as const) {
          const socket = await webSocket(port, headers)
          socket.send(message)
          socket.send(subscribe("1", "{ context }"))
          assert.deepStrictEqual([headers, message, (await socket.closed).code, socket.messages], [headers, message, 4403, []])
        }
        const early = await webSocket(port)
        early.send(subscribe("1", "{ context }"))
        assert.strictEqual((await early.closed).code, 4401)
        assert.strictEqual(seen.contexts, 0)
      })
    })
  )

  it.scopedLive("A request cannot read, write or name what is not there", () =>
    Effect.gen(function* () {
      const here = yield* served()
      yield* Effect.promise(async () => {
        for (const [asked, status] of [
          [{ path: "/" }, 404],
          [{ path: "/graphql/" }, 404],
          [{ path: "//graphql", method: "POST" }, 404],
          [{ path: "/__proto__" }, 404],
          [{ path: "/graphiql" }, 404],
          [{ path: `/graphql?query=${encodeURIComponent("{ context }")}`, headers: ofOwner(here) }, 405],
          [{ path: "/graphql", method: "PUT", headers: ofOwner(here), body: query }, 405],
          [{ path: "/graphql", method: "HEAD", headers: ofOwner(here) }, 405],
          [{ path: "/health", method: "POST" }, 405],
          [{ path: "/open", method: "POST" }, 405],
          [{ path: "/health" }, 200]
        ] as const)
          assert.deepStrictEqual([asked, (await ask(here.port, asked)).status], [asked, status])
        assert.strictEqual(here.seen.contexts, 0)
      })
    })
  )
})

describe("who may", () => {
  it.scopedLive("A client may show its token in one of three forms", () =>
    Effect.gen(function* () {
      const { port, token } = yield* served()
      yield* Effect.promise(async () => {
        for (const headers of [
          { authorization: `Bearer ${token}` },
          { authorization: `bearer ${token}` },
          { cookie: `a=b; han_token=${token}` },
          { cookie: `han_token=of-another-server; han_token=${token}` },
          { authorization: "Basic eDp5", cookie: `han_token=${token}` }
        ]) {
          const answer = await ask(port, {
            path: "/graphql",
            method: "POST",
            headers: { ...json, ...headers },
            body: JSON.stringify({ query: "{ __typename }" })
          })
          assert.deepStrictEqual([headers, answer.status, answer.text], [headers, 200, '{"data":{"__typename":"Query"}}'])
          const socket = await webSocket(port, headers)
          socket.send(init())
          socket.send(subscribe("1", "{ __typename }"))
          await until("it is answered", () => socket.messages.length === 3)
          socket.socket.destroy()
        }
        const socket = await webSocket(port)
        socket.send(init(token))
        await until("it is let in", () => socket.messages.length === 1)
        assert.deepStrictEqual(socket.messages, ['{"type":"connection_ack"}'])
        socket.socket.destroy()
      })
    })
  )

  it.scopedLive("A client that knows the protocol is let in", () =>
    Effect.gen(function* () {
      const { seen, token, url } = yield* served()
      yield* Effect.promise(async () => {
        const client = createClient({ url: `${url.replace("http", "ws")}/graphql`, connectionParams: { token } })
        const results: Array<unknown> = []
        for await (const { data } of client.iterate({ query: "subscription { counted(to: 3) }" })) results.push(data)
        assert.deepStrictEqual(results, [{ counted: "1" }, { counted: "2" }, { counted: "3" }])
        const events = client.iterate({ query: "subscription { emitted }" })
        const next = events.next()
        await until("it is subscribed", () => seen.emitters.size === 1)
        for (const emit of seen.emitters) emit(5)
        assert.deepStrictEqual((await next).value?.data, { emitted: 5 })
        await events.return?.()
        await until("no source is left", () => seen.sources.size === 0)
        await client.dispose()
        const refused = createClient({ url: `${url.replace("http", "ws")}/graphql`, connectionParams: { token: "wrong" }, retryAttempts: 0 })
        const error: unknown = await refused
          .iterate({ query: "{ __typename }" })
          .next()
          .catch((error: unknown) => error)
        assert.deepInclude(error, { code: 4403 })
      })
    })
  )

  it.scopedLive("A page of the server's own origin, or of one that was allowed, is let in", () =>
    Effect.gen(function* () {
      const here = yield* served({ allowHosts: ["han.example", "other.example:8443"], allowOrigins: ["https://dashboard.example"] })
      const { port } = here
      yield* Effect.promise(async () => {
        for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://[::1]:${port}`, "https://dashboard.example"]) {
          const preflight = await ask(port, {
            path: "/graphql",
            method: "OPTIONS",
            headers: {
              origin,
              "access-control-request-method": "POST",
              "access-control-request-headers": "content-type,x-more",
              "access-control-request-private-network": "true"
            }
          })
          assert.strictEqual(preflight.status, 204)
          assert.deepInclude(preflight.headers, {
            "access-control-allow-origin": origin,
            "access-control-allow-credentials": "true",
            "access-control-allow-methods": "GET, POST, OPTIONS",
            "access-control-allow-headers": "content-type,x-more",
            "access-control-max-age": "7200",
            "access-control-allow-private-network": "true"
          })
          assert.include(preflight.headers.vary, "Origin")
          const answer = await ask(port, { path: "/graphql", method: "POST", headers: { ...ofOwner(here), origin }, body: query })
          assert.deepStrictEqual([answer.status, answer.headers["access-control-allow-origin"], answer.headers.vary], [200, origin, "Origin"])
          assert.strictEqual((await ask(port, { path: "/graphql", headers: upgrade({ ...ofOwner(here), origin }) })).status, 101)
          assert.strictEqual((await ask(port, { path: "/health", headers: { origin } })).headers["access-control-allow-origin"], origin)
          // A page may read why it was refused.
          assert.strictEqual(
            (await ask(port, { path: "/graphql", method: "POST", headers: { ...json, origin } })).headers["access-control-allow-origin"],
            origin
          )
        }
        for (const [host, status] of [
          [`LOCALHOST:${port}`, 200],
          [`[::1]:${port}`, 200],
          ["han.example", 200],
          ["han.example:9", 200],
          ["other.example:8443", 200],
          ["other.example", 403],
          ["xhan.example", 403]
        ] as const)
          assert.deepStrictEqual([host, (await ask(port, { path: "/health", headers: { host } })).status], [host, status])
        assert.strictEqual((await ask(port, { path: "/health" })).headers.vary, "Origin")
      })
    })
  )

  it.scopedLive("A browser gets a cookie by an address that is good once", () =>
    Effect.gen(function* () {
      const { openUrl, port, token } = yield* served()
      const address = new URL(yield* openUrl)
      assert.notInclude(address.href, token)
      const path = `${address.pathname}${address.search}`
      yield* Effect.promise(async () => {
        assert.strictEqual((await ask(port, { path, method: "HEAD" })).status, 401)
        const opened = await ask(port, { path })
        assert.deepStrictEqual([opened.status, opened.headers.location], [303, "/open"])
        assert.deepStrictEqual(opened.headers["set-cookie"], [`han_token=${token}; Path=/; HttpOnly; SameSite=Strict`])
        assert.strictEqual(opened.headers["referrer-policy"], "no-referrer")
        const page = await ask(port, { path: "/open", headers: { cookie: `han_token=${token}` } })
        assert.deepStrictEqual([page.status, page.headers["cache-control"]], [200, "no-store"])
        assert.include(page.headers["content-security-policy"], "default-src 'none'")
        assert.include(page.text, "This browser is let in")
        assert.notMatch(page.text, /<script|<style|style=/)
        const again = await ask(port, { path })
        assert.deepStrictEqual([again.status, again.headers["set-cookie"]], [401, undefined])
        assert.include(again.text, "han open")
        assert.strictEqual((await ask(port, { path: `/open?token=${token.replace(/^./, "x")}` })).status, 401)
        assert.strictEqual((await ask(port, { path: `/open?token=${token}` })).status, 303)
      })
    })
  )
})

describe("a server", () => {
  it.scopedLive("A server listens on the loopback address only", () =>
    Effect.gen(function* () {
      const { port } = yield* served()
      if (process.platform !== "linux") return
      const hex = port.toString(16).toUpperCase().padStart(4, "0")
      const listening = ["/proc/net/tcp", "/proc/net/tcp6"]
        .flatMap((path) => (Fs.existsSync(path) ? Fs.readFileSync(path, "utf8").split("\n") : []))
        .map((line) => line.trim().split(/\s+/))
        .filter(([, local, , state]) => state === "0A" && local?.endsWith(`:${hex}`))
        .map(([, local]) => local)
      assert.deepStrictEqual(listening, [`0100007F:${hex}`])
    })
  )

  it.scopedLive("A server says when it goes, and leaves its files as they should be", () =>
    Effect.gen(function* () {
      const { end, home, port, seen, token } = yield* served()
      assert.deepStrictEqual(
        [home.token, home.port, home.httpSocket].map((path) => (Fs.statSync(path).mode & 0o777).toString(8)),
        ["600", "600", "600"]
      )
      assert.strictEqual(Fs.readFileSync(home.port, "utf8"), `${port}\n`)
      const socket = yield* Effect.promise(async () => {
        const socket = await webSocket(port, { authorization: `Bearer ${token}` })
        socket.send(init())
        socket.send(subscribe("1", "subscription { emitted }"))
        await until("it is subscribed", () => seen.sources.size === 1)
        return socket
      })
      const events = ask(port, {
        path: "/graphql",
        method: "POST",
        headers: { ...json, authorization: `Bearer ${token}`, accept: "text/event-stream" },
        body: JSON.stringify({ query: "subscription { emitted }" })
      })
      yield* Effect.promise(() => until("both are subscribed", () => seen.sources.size === 2))
      yield* end
      yield* Effect.promise(async () => {
        assert.deepStrictEqual(await socket.closed, { code: 1001, reason: "the coordinator is stopping" })
        assert.include((await events).text, "event: complete")
        assert.strictEqual(seen.sources.size, 0)
        assert.strictEqual((await ask(port, { path: "/health" })).status, 0)
      })
      assert.deepStrictEqual([Fs.existsSync(home.port), Fs.existsSync(home.httpSocket), Fs.existsSync(home.token)], [false, false, true])
    })
  )
})
