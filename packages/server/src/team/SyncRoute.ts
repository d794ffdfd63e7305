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
 * const server = TeamServer.layer({ host: "127.0.0.1", port: 41957, routes: syncRoute })
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
import { type SyncFailure, SyncPayload, type SyncResponse, syncLimits } from "han-core/Sync"
import { SyncReceiver, type SyncRefused } from "han-core/SyncReceiver"
import { ApiKeys, type KeyRefused } from "han-core/Workspaces"
import { gunzipOne } from "./gunzipOne.ts"
import { strictBody } from "./strictBody.ts"

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

/**
 * The route. It asks who it is before it reads the body, and reads that in order: size, compression, JSON, shape. Answers 200 with a `SyncResponse`, 422 with one of which nothing was
 * stored, and otherwise `SyncFailure`: 400, 401, 403, 413, 415, 503.
 */
export const syncRoute: HttpRouter.HttpRouter<never, ApiKeys | SyncReceiver> = HttpRouter.empty.pipe(
  HttpRouter.post(
    "/api/sync",
    Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const principal = yield* authenticated(request)
      const payload = yield* payloadOf(yield* bodyOf(request))
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
    }).pipe(
      Effect.catchTags({
        KeyRefused: (error: KeyRefused) => failure(refuse(error.code === "not_member" ? 403 : 401, error.code, error.message)),
        SyncRefused: (error: SyncRefused) => failure(refuse(statusOf[error.code] ?? 400, error.code, error.message)),
        StoreError: (error) =>
          failure(new Refusal({ status: 503, code: "storage", message: error.message, retryAfterMs: error.retryAfterMs ?? defaultRetryMs })),
        Refusal: failure,
        HttpBodyError: Effect.die
      })
    )
  )
)
const defaultRetryMs = 1000

const authenticated = Effect.fnUntraced(function* ({ headers }: HttpServerRequest.HttpServerRequest) {
  const type = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase()
  if (type !== "application/json") return yield* refuse(415, "encoding", "the body is application/json, gzipped")
  const key = /^Bearer +(\S+)$/i.exec(headers["authorization"] ?? "")?.[1]
  if (key === undefined) return yield* refuse(401, "invalid_key", "the header Authorization says `Bearer` and an API key")
  return yield* Effect.flatMap(ApiKeys, ({ authenticate }) => authenticate(Redacted.make(key)))
})

/** The JSON of the body, decompressed. */
const bodyOf = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "identity"
  if (encoding !== "gzip" && encoding !== "identity") return yield* refuse(415, "encoding", "the body is gzipped, or not compressed")
  const tooLarge = refuse(
    413,
    "too_large",
    `a request has at most ${syncLimits.wireBytes} bytes, and ${syncLimits.jsonBytes} when it is decompressed; send it in parts`
  )
  if (Number(request.headers["content-length"] ?? 0) > syncLimits.wireBytes) return yield* tooLarge
  const raw = new Uint8Array(yield* Effect.mapError(request.arrayBuffer, () => refuse(400, "malformed", "the body broke off")))
  if (raw.length > syncLimits.wireBytes) return yield* tooLarge
  if (encoding === "identity") return raw
  return yield* Effect.mapError(gunzipOne(raw, syncLimits.jsonBytes), (problem) =>
    problem === "too_large" ? tooLarge : refuse(400, "malformed", "the body is no whole gzip file of one member")
  )
})

const payloadOf = Effect.fnUntraced(function* (body: Uint8Array) {
  const parsed = strictBody(body, syncLimits.depth)
  if ("problem" in parsed) return yield* refuse(400, "malformed", parsed.problem)
  // A payload of another version may have another shape: that it is another version is the thing to say.
  const said = typeof parsed.value === "object" && parsed.value !== null && "version" in parsed.value ? parsed.value.version : undefined
  if (typeof said === "string" && !said.startsWith("1.")) return yield* refuse(400, "unsupported_version", "this server speaks version 1.0 of sync; update han")
  return yield* Effect.mapError(Schema.decodeUnknown(SyncPayload)(parsed.value, { errors: "all" }), (error) =>
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
