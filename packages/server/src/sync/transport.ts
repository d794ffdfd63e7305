import { promisify } from "node:util"
import { gzip as gzipWith } from "node:zlib"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { SyncFailure, type SyncPayload, SyncResponse, syncLimits } from "han-core/Sync"
import type { SyncRemote } from "./settings.ts"

/**
 * A request did not do what it should. `retry`: as often as it takes, each time after longer · `wait`: the server said when · `hourly` · `never`: until a person does something · `rebuild`:
 * three times, then hourly · `split`: in smaller parts.
 */
export class SendFailed extends Schema.TaggedError<SendFailed>("han-server/SendFailed")("SendFailed", {
  state: Schema.Literal("BACKING_OFF", "OFFLINE", "PAUSED_AUTH", "PAUSED_PLAN", "PAUSED_CONFIG"),
  remedy: Schema.Literal("retry", "wait", "hourly", "never", "rebuild", "split"),
  code: Schema.String,
  message: Schema.String,
  retryAfterMs: Schema.NullOr(Schema.Number)
}) {}

const gzip = promisify(gzipWith)
const maxRetryAfterMs = 3_600_000
const maxAnswerBytes = 16 * 1024 * 1024

/** The bytes of a request as they go. */
export const wireBytes = (payload: SyncPayload): Effect.Effect<Uint8Array> => Effect.promise(() => gzip(JSON.stringify(payload)))

/** Sends a payload and gives the server's answer, whichever of its sessions it took. One request, no redirects; it ends after 60 seconds and one for each 256 kB. */
export const send = (
  client: HttpClient.HttpClient,
  remote: SyncRemote,
  payload: SyncPayload
): Effect.Effect<{ readonly response: SyncResponse; readonly bytes: number }, SendFailed> =>
  Effect.gen(function* () {
    const body = yield* wireBytes(payload)
    if (body.length > syncLimits.wireBytes) return yield* failed("BACKING_OFF", "split", "too_large", "the request is larger than a server takes")
    const request = HttpClientRequest.post(`${remote.endpoint.replace(/\/+$/, "")}/api/sync`).pipe(
      HttpClientRequest.setHeader("content-encoding", "gzip"),
      HttpClientRequest.bearerToken(Redacted.value(remote.apiKey)),
      HttpClientRequest.bodyUint8Array(body, "application/json")
    )
    const answer = yield* Effect.gen(function* () {
      const response = yield* client.execute(request)
      if (Number(response.headers["content-length"] ?? 0) > maxAnswerBytes) return { status: response.status, headers: response.headers, text: "" }
      return { status: response.status, headers: response.headers, text: yield* response.text }
    }).pipe(
      Effect.scoped,
      Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
      Effect.timeoutFail({
        duration: 60_000 + Math.ceil(body.length / 256_000) * 1000,
        onTimeout: () => failed("OFFLINE", "retry", "timeout", "the server did not answer in time")
      }),
      Effect.mapError((error) => (error instanceof SendFailed ? error : failed("OFFLINE", "retry", "network", "the server cannot be reached")))
    )
    return { response: yield* read(answer.status, answer.headers["retry-after"], answer.text), bytes: body.length }
  })

const failed = (state: SendFailed["state"], remedy: SendFailed["remedy"], code: string, message: string, retryAfterMs: number | null = null) =>
  new SendFailed({ state, remedy, code, message, retryAfterMs })

const decodeResponse = Schema.decodeUnknownOption(Schema.parseJson(SyncResponse))
const decodeFailure = Schema.decodeUnknownOption(Schema.parseJson(SyncFailure))

const read = (status: number, retryAfter: string | undefined, text: string): Effect.Effect<SyncResponse, SendFailed> => {
  if (status === 200 || status === 422) {
    const response = decodeResponse(text)
    if (Option.isSome(response)) return Effect.succeed(response.value)
    return failed("BACKING_OFF", "retry", "invalid_answer", "the server's answer is not one of sync; is the address that of a han server?")
  }
  const told = Option.getOrUndefined(decodeFailure(text))
  const code = told?.code ?? `http_${status}`
  // A body that is none of ours is shown to nobody: it may hold anything.
  const message = told?.message ?? `the server answered with status ${status}`
  const inSeconds = Number(retryAfter)
  const waitMs = Math.min(maxRetryAfterMs, told?.retryAfterMs ?? (retryAfter !== undefined && Number.isFinite(inSeconds) ? inSeconds * 1000 : Number.NaN))
  // At once is no answer to how long.
  const wait = waitMs > 0 ? waitMs : null
  if (status === 401) return failed("PAUSED_AUTH", "never", code, message)
  if (status === 402) return failed("PAUSED_PLAN", "hourly", code, message)
  if (status === 403) return failed("PAUSED_AUTH", "never", code, message)
  if (status === 413) return failed("BACKING_OFF", "split", code, message)
  if (status === 429) return failed("BACKING_OFF", wait === null ? "retry" : "wait", code, message, wait)
  if (status === 400 && code === "checksum_mismatch") return failed("BACKING_OFF", "rebuild", code, message)
  if (status === 400 || status === 415 || status === 426) return failed("PAUSED_CONFIG", "hourly", code, message)
  if (status === 404 || status === 405 || (status >= 300 && status < 400))
    return failed("PAUSED_CONFIG", "hourly", "endpoint", `there is no sync at this address (status ${status}); check the endpoint`)
  return failed("BACKING_OFF", wait === null ? "retry" : "wait", code, message, wait)
}
