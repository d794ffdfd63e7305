import { gunzipSync } from "node:zlib"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SyncError, SyncMessage, SyncPayload, SyncPosition, SyncResponse, SyncSession } from "han-core/Sync"
import { chained, digestOf, noChain } from "han-core/unstable/SyncChain"
import { Slug, type Workspace } from "han-core/Workspaces"
import type { VirtualTime } from "./virtualTime.ts"

/** What comes of a request: what a server would say, something else, or nothing. */
export type Answer =
  | "well"
  | "no connection"
  | "no answer"
  | "no whole answer"
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  /** The right answer, changed. */
  | ((right: SyncResponse) => unknown)

/** Says what comes of the request with this number, from 0. */
export type Script = (request: number, payload: SyncPayload) => Answer

export const acme: Workspace = {
  slug: Slug.make("acme"),
  name: "Acme",
  kind: "shared",
  owners: [{ host: "github.com", owner: "acme" }],
  logins: [],
  allowPersonal: false,
  contentAllowed: true,
  encryption: "off"
}

type Refusal = Pick<SyncError, "code" | "messageIds">

interface Kept {
  messages: ReadonlyArray<SyncMessage>
  chain: string
}

/** A server of the protocol that says what its script tells it to, and keeps the lines of those requests that it answers well. */
export const scriptedServer = (time: VirtualTime) => {
  const kept = new Map<string, Kept>()
  const server = {
    script: ((): Answer => "well") as Script,
    /** The error of a session that is not taken. */
    refusal: ((): Refusal | undefined => undefined) as (session: SyncSession) => Refusal | undefined,
    workspace: acme,
    asked: [] as Array<{ readonly at: number; readonly payload: SyncPayload; readonly url: string; readonly key: string }>,
    /** The most requests that were open at one time. */
    mostOpen: 0,
    /** The texts that are kept of a session, in the order of its generations. */
    textsOf: (sessionId: string): ReadonlyArray<string> =>
      [...kept]
        .filter(([id]) => id.startsWith(`${sessionId} `))
        .flatMap(([, { messages }]) => messages.map(({ text, withheld }) => text ?? `withheld: ${withheld?.reason}`)),
    /** Loses everything, as a server does whose backup is older. */
    forget: () => kept.clear(),
    layer: Layer.sync(HttpClient.HttpClient, () => HttpClient.make((request) => execute(request)))
  }
  let open = 0
  const execute = (request: HttpClientRequest.HttpClientRequest): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> =>
    Effect.suspend((): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> => {
      open++
      server.mostOpen = Math.max(server.mostOpen, open)
      const payload = payloadOf(request)
      server.asked.push({ at: time.now, payload, url: request.url, key: request.headers["authorization"] ?? "" })
      const answer = server.script(server.asked.length - 1, payload)
      if (answer === "no connection") return Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport" }))
      if (answer === "no answer") return Effect.never
      if (answer === "no whole answer") return Effect.succeed(response(request, 200, "{", {}, true))
      if (answer !== "well" && typeof answer !== "function") return Effect.succeed(response(request, answer.status, answer.body, answer.headers))
      const right = receive(kept, server, payload)
      return Effect.succeed(response(request, right.status === "error" ? 422 : 200, answer === "well" ? right : answer(right)))
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          open--
        })
      )
    )
  return server
}

const payloadOf = ({ body }: HttpClientRequest.HttpClientRequest): SyncPayload => {
  if (body._tag !== "Uint8Array") throw new Error("the body is no bytes")
  return JSON.parse(gunzipSync(body.body).toString("utf8"))
}

/** `isCut`: the connection ends within the body. */
const response = (
  request: HttpClientRequest.HttpClientRequest,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  isCut = false
) => {
  const text = typeof body === "string" ? body : JSON.stringify(body ?? null)
  const made = HttpClientResponse.fromWeb(request, new Response(text, { status, headers }))
  const cut = new HttpClientError.ResponseError({ request, response: made, reason: "Decode", description: "the connection was closed" })
  // At once, so that nothing but the sender itself takes time.
  Object.defineProperty(made, "text", { value: isCut ? Effect.fail(cut) : Effect.succeed(text) })
  return made
}

interface Rules {
  readonly workspace: Workspace
  readonly refusal: (session: SyncSession) => Refusal | undefined
}

const receive = (kept: Map<string, Kept>, { refusal, workspace }: Rules, payload: SyncPayload): SyncResponse => {
  const errors: Array<SyncError> = []
  const positions = payload.sessions.map((session): SyncPosition => {
    const { agentId = null, chainBefore = noChain, file = "main", fromLine = 0, generationId = "1", id, messages, source = "claude-code" } = session
    const place = `${id} ${file} ${generationId}`
    const before = kept.get(place) ?? { messages: [], chain: noChain }
    const refused = refusal(session)
    if (refused !== undefined) errors.push({ sessionId: id, message: `${refused.code}, said the server`, ...refused })
    else if (messages.length > 0) {
      if (fromLine === before.messages.length && chainBefore === before.chain)
        kept.set(place, { messages: [...before.messages, ...messages], chain: chainOf(session, before.chain) })
      else if (fromLine + messages.length !== before.messages.length || chainOf(session, chainBefore) !== before.chain)
        errors.push({ sessionId: id, code: "position", message: "these lines do not follow what is stored", retryable: true })
    }
    const { chain, messages: have } = kept.get(place) ?? before
    return { sessionId: id, source, agentId, file: file ?? "main", generationId, lines: have.length, chain }
  })
  const stored = positions.length - errors.length
  return {
    status: errors.length === 0 ? "success" : stored === 0 ? "error" : "partial",
    cursor: payload.cursor,
    processed: stored,
    errors,
    positions,
    ...(payload.batchId !== undefined && { batchId: payload.batchId }),
    ...(payload.verify === true && {
      digest: digestOf(
        [...kept].map(([place, { chain, messages }]) => ({ generationId: place.slice(place.lastIndexOf(" ") + 1), lines: messages.length, chain }))
      )
    }),
    ...(payload.sessions.length === 0 && { person: { id: "ann", name: "Ann" }, workspace })
  }
}

const chainOf = ({ messages }: SyncSession, before: string): string => messages.reduce((chain, { contentHash }) => chained(chain, contentHash), before)
