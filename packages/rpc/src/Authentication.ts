/**
 * Tells whose data a request may read: a middleware that turns the headers of a request into its `Viewer`.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import { OwnerId } from "han-core/Viewer"
 * import { Authentication, Unauthorized } from "han-rpc/Authentication"
 *
 * // Lets in whoever sends a known token.
 * const layerTokens = (owners: ReadonlyMap<string, string>) =>
 *   Layer.succeed(
 *     Authentication,
 *     Authentication.of(({ headers }) => {
 *       const owner = owners.get(headers["authorization"] ?? "")
 *       return owner === undefined ? Effect.fail(new Unauthorized()) : Effect.succeed({ owner: OwnerId.make(owner), person: null })
 *     })
 *   )
 * ```
 */

import * as RpcMiddleware from "@effect/rpc/RpcMiddleware"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Viewer } from "han-core/Viewer"

/** The far end does not know who asks. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>("han-rpc/Unauthorized")("Unauthorized", {}) {
  override get message() {
    return "the far end does not accept these credentials; sign in again"
  }
}

/** Turns the headers of a request into its `Viewer`. */
export class Authentication extends RpcMiddleware.Tag<Authentication>()("han-rpc/Authentication", { provides: Viewer, failure: Unauthorized }) {}

/** Everyone who can reach the socket is the one person of this machine. */
export const layerLocal = Layer.succeed(
  Authentication,
  Authentication.of(() => Effect.succeed(Viewer.local))
)
