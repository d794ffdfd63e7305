import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TeamServer from "han-server/TeamServer"
import { expect, it } from "vitest"
import { freshPgStore } from "../../../../test/postgresStore.ts"
import { parse, type TrustedProxies } from "../../src/team/TrustedProxies.ts"
import { ask } from "../httpClient.ts"

const withServer = <A, E>(
  routes: HttpRouter.HttpRouter<E>,
  use: (url: string, port: number, end: Effect.Effect<void>) => Effect.Effect<A>,
  options: Partial<TeamServer.TeamServerOptions> = {}
): Promise<A> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const layer = Layer.provide(TeamServer.layer({ host: "127.0.0.1", port: 0, ...options, routes }), freshPgStore())
      const { port, url } = Context.get(yield* Layer.buildWithScope(layer, scope), TeamServer.TeamServer)
      const end = Scope.close(scope, Exit.void)
      return yield* Effect.ensuring(use(url, port, end), end)
    }).pipe(Effect.orDie)
  )
const answerOf = (url: string, init?: RequestInit) => Effect.promise(async () => fetch(url, init))

it("A request that is open when the server ends is answered to its end, and nobody else gets in", async () => {
  const [arrived, go] = [Deferred.unsafeMake<void>(FiberId.none), Deferred.unsafeMake<void>(FiberId.none)]
  const slow = Effect.gen(function* () {
    yield* Deferred.succeed(arrived, undefined)
    yield* Deferred.await(go)
    return HttpServerResponse.text("to its end")
  })
  await withServer(HttpRouter.empty.pipe(HttpRouter.get("/slow", slow)), (url, _, end) =>
    Effect.gen(function* () {
      const answer = yield* Effect.fork(answerOf(`${url}/slow`))
      yield* Deferred.await(arrived)
      const ending = yield* Effect.fork(end)
      while (
        yield* Effect.promise(() =>
          fetch(`${url}/health`, { headers: { connection: "close" } }).then(
            () => true,
            () => false
          )
        )
      )
        yield* Effect.sleep("10 millis")
      yield* Deferred.succeed(go, undefined)
      expect(yield* Effect.flatMap(Effect.flatten(answer.await), (answer) => Effect.promise(() => answer.text()))).toBe("to its end")
      yield* ending.await
    })
  )
})

it("A route that dies is answered with a number that stands in the log, and not with what it said", () =>
  withServer(HttpRouter.empty.pipe(HttpRouter.get("/dies", Effect.die(new Error("the password is hunter2")))), (url) =>
    Effect.gen(function* () {
      const answer = yield* answerOf(`${url}/dies`)
      expect(answer.status).toBe(500)
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff")
      const body = yield* Effect.promise(() => answer.json())
      expect(body).toEqual({ code: "internal", message: expect.stringMatching(/error [0-9a-f]{8} in its log/) })
    })
  ))

const whoAsks = Effect.map(HttpServerRequest.HttpServerRequest, ({ headers, remoteAddress }) =>
  HttpServerResponse.unsafeJson({
    client: Option.getOrNull(remoteAddress),
    claimed: headers["x-forwarded-for"] ?? null,
    proto: headers["x-forwarded-proto"] ?? null
  })
)
const claims = { headers: { "x-forwarded-for": "198.51.100.1", "x-forwarded-proto": "https" } }

it("A route sees the client's address, and no word of strangers about it", async () => {
  const routes = HttpRouter.empty.pipe(HttpRouter.get("/who", whoAsks))
  const asked = (url: string) => Effect.flatMap(answerOf(`${url}/who`, claims), (answer) => Effect.promise(() => answer.json()))
  expect(await withServer(routes, asked)).toEqual({ client: "127.0.0.1", claimed: null, proto: null })
  expect(await withServer(routes, asked, { trustedProxies: parse("127.0.0.1") as TrustedProxies })).toEqual({
    client: "198.51.100.1",
    claimed: "198.51.100.1",
    proto: "https"
  })
})

it("A body that is longer than the server takes is refused, whether it says so before or not, and the server goes on", () => {
  const length = Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ text }) =>
    Effect.map(text, (text) => HttpServerResponse.unsafeJson({ length: text.length }))
  )
  return withServer(
    HttpRouter.empty.pipe(HttpRouter.post("/length", length)),
    (url, port) =>
      Effect.gen(function* () {
        const said = yield* Effect.promise(() => ask(port, { path: "/length", method: "POST", body: "a".repeat(1001) }))
        expect(said).toMatchObject({ status: 413, text: '{"code":"too_large","message":"a request may hold 1000 bytes"}' })
        const chunked = yield* Effect.promise(() =>
          ask(port, { path: "/length", method: "POST", headers: { "transfer-encoding": "chunked" }, body: "a".repeat(3000) })
        )
        expect(chunked.status).toBe(413)
        const good = yield* answerOf(`${url}/length`, { method: "POST", body: "a".repeat(1000) })
        expect(yield* Effect.promise(() => good.json())).toEqual({ length: 1000 })
      }),
    { maxBodyBytes: 1000 }
  )
})

it("Addresses that are none are answered like others", () =>
  withServer(HttpRouter.empty, (_, port) =>
    Effect.gen(function* () {
      for (const path of ["//", "//host", "/%E0%A4%A", "/%", "/?%", "/../health/..", `/${"a".repeat(5000)}`]) {
        const { headers, status, text } = yield* Effect.promise(() => ask(port, { path }))
        expect([path, status, headers["x-content-type-options"], JSON.parse(text).code]).toEqual([
          path,
          expect.toBeOneOf([400, 404]),
          "nosniff",
          expect.any(String)
        ])
      }
    })
  ))

it("An address that somebody else has is an error that names it", () =>
  withServer(HttpRouter.empty, (_, port) =>
    Effect.gen(function* () {
      const second = Layer.provide(TeamServer.layer({ host: "127.0.0.1", port }), freshPgStore())
      const error = yield* Effect.flip(Effect.scoped(Layer.build(second)))
      expect(error.message).toContain(String(port))
    }).pipe(Effect.orDie)
  ))
