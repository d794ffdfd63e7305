/**
 * `POST /api/sync` for a team server.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 * import { syncRoute } from "han-server/SyncRoute"
 * import * as TeamServer from "han-server/TeamServer"
 * import * as PgStore from "han-sql/PgStore"
 *
 * const store = PgStore.layer({ url: Redacted.make(process.env.DATABASE_URL ?? "") })
 * const server = TeamServer.layer({ host: "127.0.0.1", port: 41957, routes: syncRoute() })
 *
 * await Effect.runPromise(Layer.launch(Layer.provide(server, store)))
 * ```
 */

import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type SyncFailure, SyncPayload, type SyncResponse, syncLimits, syncVersion } from "han-core/Sync"
import { SyncReceiver, type SyncRefused } from "han-core/SyncReceiver"
import { ApiKeys, type KeyRefused } from "han-core/Workspaces"
import { gunzipOne } from "./gunzipOne.ts"
import { strictBody } from "./strictBody.ts"
import { type RateLimit, tokenBuckets } from "./tokenBuckets.ts"

/** An answer other than a `SyncResponse`. */
class Refusal extends Schema.TaggedError<Refusal>("han-server/Refusal")("Refusal", {
  status: Schema.Int,
  code: Schema.String,
  message: Schema.String,
  retryAfterMs: Schema.optional(Schema.Int),
  errors: Schema.optional(Schema.Array(Schema.String))
}) {}

const refuse = (status: number, code: string, message: string, errors?: ReadonlyArray<string>) =>
  new Refusal({ status, code, message, ...(errors !== undefined && { errors }) })

/** Where the statuses of refusals are not 400. */
const statusOf: { readonly [Code in SyncRefused["code"]]?: number } = { scope: 403, user_mismatch: 403, client_taken: 403, too_large: 413 }

const uncached = { headers: { "cache-control": "no-store" } }

const failure = ({ code, errors, message, retryAfterMs, status }: Refusal) =>
  Effect.orDie(
    HttpServerResponse.json(
      {
        code,
        message,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
        ...(errors !== undefined && { errors })
      } satisfies SyncFailure,
      {
        status,
        headers: {
          ...uncached.headers,
          ...(status === 401 && { "www-authenticate": "Bearer" }),
          ...(retryAfterMs !== undefined && { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) })
        }
      }
    )
  )

/** The limits of one key. */
export interface SyncRouteOptions {
  /** Requests of one key, in this process; 60 at once and 20 a second if absent. */
  readonly rate?: RateLimit | undefined
  /** Milliseconds in which the body of a request has to come; 60,000 if absent. */
  readonly bodyMs?: number | undefined
}

/** Bodies that are decompressed and parsed at one time: each may need many times the bytes that came. */
const bodiesAtOnce = 1

/**
 * The route. It asks who it is before it reads the body, and reads that in order: size, compression, JSON, shape. Answers 200 with a `SyncResponse`, 422 with one of which nothing was
 * stored, and otherwise `SyncFailure`: 400, 401, 403, 408 (`timeout`), 413, 415, 429 (`rate_limited`), 503.
 */
export const syncRoute = ({
  bodyMs = 60_000,
  rate = { burst: 60, perSecond: 20 }
}: SyncRouteOptions = {}): HttpRouter.HttpRouter<never, ApiKeys | SyncReceiver> => {
  const takeToken = tokenBuckets(rate)
  const bodies = Effect.unsafeMakeSemaphore(bodiesAtOnce)
  const received = Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const principal = yield* authenticated(request)
    const waitMs = yield* takeToken(principal.via.kind === "key" ? principal.via.keyId : principal.person)
    if (waitMs > 0)
      return yield* new Refusal({ status: 429, code: "rate_limited", message: "this API key has sent too many requests; wait", retryAfterMs: waitMs })
    const body = yield* bodyOf(request).pipe(
      Effect.timeoutFail({ duration: bodyMs, onTimeout: () => refuse(408, "timeout", "the body did not come in time; send it again") })
    )
    const payload = yield* bodies.withPermits(1)(payloadOf(body))
    const receiver = yield* SyncReceiver
    const started = performance.now()
    const response = yield* receiver.receive(principal, payload)
    yield* Effect.annotateLogs(Effect.logInfo("sync.batch"), {
      batchId: payload.batchId ?? "",
      workspace: principal.workspace.slug,
      sessions: payload.sessions.length,
      messages: payload.sessions.reduce((sum, { messages }) => sum + messages.length, 0),
      ms: Math.round(performance.now() - started),
      outcome: response.status
    })
    return yield* HttpServerResponse.json(response satisfies SyncResponse, { status: response.status === "error" ? 422 : 200, ...uncached })
  })
  const answered = Effect.catchTags(received, {
    KeyRefused: (error: KeyRefused) => failure(refuse(error.code === "not_member" ? 403 : 401, error.code, error.message)),
    SyncRefused: (error: SyncRefused) => failure(refuse(statusOf[error.code] ?? 400, error.code, error.message)),
    StoreError: (error) => failure(new Refusal({ status: 503, code: "storage", message: error.message, retryAfterMs: error.retryAfterMs ?? defaultRetryMs })),
    Refusal: failure,
    HttpBodyError: Effect.die
  })
  return HttpRouter.empty.pipe(HttpRouter.post("/api/sync", answered))
}
const defaultRetryMs = 1000

const authenticated = Effect.fnUntraced(function* ({ headers }: HttpServerRequest.HttpServerRequest) {
  const type = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase()
  if (type !== "application/json") return yield* refuse(415, "encoding", "the body is application/json, gzipped")
  const key = /^Bearer +(\S+)$/i.exec(headers["authorization"] ?? "")?.[1]
  if (key === undefined) return yield* refuse(401, "invalid_key", "the header Authorization says `Bearer` and an API key")
  return yield* Effect.flatMap(ApiKeys, ({ authenticate }) => authenticate(Redacted.make(key)))
})

/** A body as it came, and whether it is compressed. */
interface Body {
  readonly bytes: Uint8Array
  readonly isGzipped: boolean
}

const tooLarge = refuse(
  413,
  "too_large",
  `a request has at most ${syncLimits.wireBytes} bytes, and ${syncLimits.jsonBytes} when it is decompressed; send it in parts`
)

const bodyOf = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest): Effect.fn.Return<Body, Refusal> {
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "identity"
  if (encoding !== "gzip" && encoding !== "identity") return yield* refuse(415, "encoding", "the body is gzipped, or not compressed")
  if (Number(request.headers["content-length"] ?? 0) > syncLimits.wireBytes) return yield* tooLarge
  const chunks: Array<Uint8Array> = []
  let size = 0
  yield* Stream.runForEach(request.stream, (chunk) => {
    chunks.push(chunk)
    size += chunk.length
    return size > syncLimits.wireBytes ? tooLarge : Effect.void
  }).pipe(Effect.catchTag("RequestError", () => refuse(400, "malformed", "the body broke off")))
  return { bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), isGzipped: encoding === "gzip" }
})

const payloadOf = Effect.fnUntraced(function* ({ bytes, isGzipped }: Body): Effect.fn.Return<SyncPayload, Refusal> {
  const json = isGzipped
    ? yield* Effect.mapError(gunzipOne(bytes, syncLimits.jsonBytes), (problem) =>
        problem === "too_large" ? tooLarge : refuse(400, "malformed", "the body is no whole gzip file of one member")
      )
    : bytes
  const parsed = strictBody(json, { maxDepth: syncLimits.depth, maxValues: syncLimits.values })
  if ("problem" in parsed) return yield* refuse(400, "malformed", parsed.problem)
  // A payload of another version may have another shape: that it is another version is the thing to say.
  const said = typeof parsed.value === "object" && parsed.value !== null && "version" in parsed.value ? parsed.value.version : undefined
  if (typeof said === "string" && said.split(".")[0] !== syncVersion.split(".")[0])
    return yield* refuse(400, "unsupported_version", `this server speaks version ${syncVersion} of sync; update han`)
  // The first thing that is wrong: a body may have more of them than anybody would read.
  return yield* Effect.mapError(Schema.decodeUnknown(SyncPayload)(parsed.value), (error) =>
    refuse(
      400,
      "schema",
      "the body is no SyncPayload",
      ParseResult.ArrayFormatter.formatErrorSync(error)
        .slice(0, 20)
        .map(({ message, path }) => `${path.join(".")}: ${message.slice(0, 200)}`)
    )
  )
})
