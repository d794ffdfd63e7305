import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { StoreError } from "han-core/StoreError"
import type { KeyRefused } from "han-core/Workspaces"
import { type RateLimit, tokenBuckets } from "../tokenBuckets.ts"
import type { Asking } from "./authenticate.ts"
import { originOf } from "./browser.ts"
import { html, page } from "./html.ts"

/** A request that is answered with a page of its own, or for programs with an object. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly status: number
  /** Of OAuth, for programs. */
  readonly error: string
  readonly message: string
  readonly retryAfterMs?: number
}> {}

export const refuse = (status: number, error: string, message: string) => new Refused({ status, error, message })

const fromKey = ({ code, message }: KeyRefused) => refuse(code === "not_member" || code === "forged_request" ? 403 : 401, code, message)
const fromStore = ({ message, retryAfterMs }: StoreError) =>
  new Refused({ status: 503, error: "temporarily_unavailable", message, retryAfterMs: retryAfterMs ?? 1000 })

const headersOf = ({ retryAfterMs, status }: Refused) => ({
  "cache-control": "no-store",
  ...(status === 401 && { "www-authenticate": "Bearer" }),
  ...(retryAfterMs !== undefined && { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) })
})

/** What a route may fail with. */
export type Failure = Refused | KeyRefused | StoreError

const refusedBy = (error: Failure): Refused => (error._tag === "KeyRefused" ? fromKey(error) : error._tag === "StoreError" ? fromStore(error) : error)

/** Answers people with a page when they are refused. */
export const asPage = <R>(effect: Effect.Effect<HttpServerResponse.HttpServerResponse, Failure, R>) =>
  Effect.catchAll(effect, (error) => {
    const refused = refusedBy(error)
    return Effect.succeed(HttpServerResponse.setHeaders(page("This did not work", html`<p>${refused.message}</p>`, refused.status), headersOf(refused)))
  })

/** Answers programs with an object as OAuth has it (RFC 6749 5.2). */
export const asJson = <R>(effect: Effect.Effect<HttpServerResponse.HttpServerResponse, Failure, R>) =>
  Effect.catchAll(effect, (error) => {
    const refused = refusedBy(error)
    return Effect.succeed(json({ error: refused.error, error_description: refused.message }, refused.status, headersOf(refused)))
  })

export const json = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.unsafeJson(body, { status, headers: { "cache-control": "no-store", ...headers } })

/** The address that somebody has for certain: of IPv6 the network, of which each household has one. */
const addressOf = (request: HttpServerRequest.HttpServerRequest): string => {
  const address = Option.getOrElse(request.remoteAddress, () => "")
  return address.includes(":") ? address.split(":").slice(0, 4).join(":") : address
}

export const clientAddress = Effect.map(HttpServerRequest.HttpServerRequest, (request) => Option.getOrElse(request.remoteAddress, () => ""))

/** Lets an address do something so often and no more. */
export const limiter = (limit: RateLimit) => {
  const take = tokenBuckets(limit)
  return Effect.gen(function* () {
    const retryAfterMs = yield* take(addressOf(yield* HttpServerRequest.HttpServerRequest))
    if (retryAfterMs > 0)
      return yield* new Refused({ status: 429, error: "rate_limited", message: "there were too many attempts from your address; wait a little", retryAfterMs })
  })
}
export type Limiter = ReturnType<typeof limiter>

/** The request as whoever finds out who asks wants it. */
export const asking: Effect.Effect<Asking, never, HttpServerRequest.HttpServerRequest> = Effect.map(
  HttpServerRequest.HttpServerRequest,
  ({ headers, method }) => ({ headers: new Headers({ ...headers }), method })
)

/** Where this server is for whoever asks. */
export const originHere = (publicUrl: URL | undefined) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) => {
    const origin = originOf(publicUrl, headers["host"])
    return origin === null ? Effect.fail(refuse(421, "invalid_request", "this server has no address of this name; set HAN_PUBLIC_URL")) : Effect.succeed(origin)
  })

const maxForm = 16 * 1024
const formMs = 10_000

/** The fields of a form. */
export const form = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase()
  if (type !== "application/x-www-form-urlencoded") return yield* refuse(415, "invalid_request", "the body is application/x-www-form-urlencoded")
  const chunks: Array<Uint8Array> = []
  let size = 0
  yield* Stream.runForEach(request.stream, (chunk) => {
    chunks.push(chunk)
    size += chunk.length
    return size > maxForm ? refuse(413, "invalid_request", `a form has at most ${maxForm} bytes`) : Effect.void
  }).pipe(
    Effect.catchTag("RequestError", () => refuse(400, "invalid_request", "the body broke off")),
    Effect.timeoutFail({ duration: formMs, onTimeout: () => refuse(408, "invalid_request", "the body did not come in time") })
  )
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"))
})

/** A field that has to be there, and once: one that comes twice means two things (RFC 6749 3.1). */
export const field = (fields: URLSearchParams, name: string): Effect.Effect<string, Refused> => {
  const [value, ...more] = fields.getAll(name)
  return value === undefined || value === "" || more.length > 0 || value.length > 4096
    ? Effect.fail(refuse(400, "invalid_request", `${name} is missing, there more than once, or too long`))
    : Effect.succeed(value)
}

/** The parameters of the request's address. */
export const query = Effect.map(HttpServerRequest.HttpServerRequest, ({ url }) => new URL(url, "http://localhost").searchParams)
