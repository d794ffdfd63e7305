/**
 * Who is let in to a team server's GraphQL, and how.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 * import { ApiKeys, KeyRefused } from "han-core/Workspaces"
 * import type { Authenticate } from "han-server/Entrance"
 *
 * const byOwnHeader: Authenticate<ApiKeys> = ({ headers }) => {
 *   const key = headers.get("x-key")
 *   return key === null ? Effect.fail(new KeyRefused({ code: "invalid_key" })) : Effect.flatMap(ApiKeys, (keys) => keys.authenticate(Redacted.make(key)))
 * }
 * ```
 */

import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { StoreError } from "han-core/StoreError"
import { ApiKeys, KeyRefused, type Principal } from "han-core/Workspaces"
import type { Standing } from "./openConnections.ts"

/** A request, or a WebSocket, that wants to be let in. */
export interface Asking {
  readonly headers: Headers
  /** `token` of a WebSocket's `connection_init`. */
  readonly token?: string | undefined
  /** The address of the client. */
  readonly client: string
}

/** Tells who asks. It is asked again while a connection stays open: nothing may be remembered between two calls for longer than a second or two. */
export type Authenticate<R = never> = (asking: Asking) => Effect.Effect<Principal, KeyRefused | StoreError, R>

/** Lets in whoever has an API key: in the header `Authorization: Bearer`, or as `token` of `connection_init`. */
export const byApiKey: Authenticate<ApiKeys> = ({ headers, token }) => {
  const key = token ?? /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1]
  return key === undefined
    ? Effect.fail(new KeyRefused({ code: "invalid_key" }))
    : Effect.flatMap(ApiKeys, ({ authenticate }) => authenticate(Redacted.make(key)))
}

/** Someone who was let in. */
export interface Viewing extends Standing {
  readonly client: string
  /** Ends the stream of a request; absent for those that come by a WebSocket. */
  readonly endStream?: (() => void) | undefined
}

/** Lets in those who are somebody, and may do anything at all here. */
export const entrance =
  (authenticate: Authenticate) =>
  (asking: Asking): Effect.Effect<Viewing, Refusal> => {
    const principal = authenticate(asking)
    return principal.pipe(
      Effect.mapError(refusalOf),
      Effect.filterOrFail(
        ({ scopes }) => scopes.some((scope) => scope !== "sync:write"),
        () => ({ status: 403, code: "scope", message: "this API key may only send sessions; ask for one with the scope read" })
      ),
      Effect.map((first) => ({
        principal: first,
        credential: credentialOf(asking),
        client: asking.client,
        again: principal.pipe(Effect.catchTags({ KeyRefused: () => Effect.succeed(null), StoreError: () => Effect.succeed(undefined) }))
      }))
    )
  }

/** An answer to whoever is not let in. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
}

const refusalOf = (error: KeyRefused | StoreError): Refusal =>
  error._tag === "StoreError"
    ? { status: 503, code: "storage", message: error.message }
    : { status: error.code === "not_member" || error.code === "forged_request" ? 403 : 401, code: error.code, message: error.message }

/** What somebody came with, by a digest: it names them in memory, and is nothing that could be used. */
const credentialOf = ({ headers, token }: Asking): string =>
  createHash("sha256")
    .update(JSON.stringify([token, headers.get("authorization"), headers.get("cookie"), headers.get("han-workspace")]))
    .digest("base64")

export const answerOf = ({ code, message, status }: Refusal): Response =>
  Response.json(
    { errors: [{ message, extensions: { code } }] },
    { status, headers: { "cache-control": "no-store", ...(status === 401 && { "www-authenticate": "Bearer" }) } }
  )
