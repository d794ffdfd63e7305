/**
 * The receiving end of sync: what a team server does with a payload of somebody whom it knows.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 * import type { SyncPayload } from "han-core/Sync"
 * import { SyncReceiver } from "han-core/SyncReceiver"
 * import { ApiKeys } from "han-core/Workspaces"
 *
 * const received = (key: string, payload: SyncPayload) =>
 *   Effect.gen(function* () {
 *     const principal = yield* (yield* ApiKeys).authenticate(Redacted.make(key))
 *     return yield* (yield* SyncReceiver).receive(principal, payload)
 *   })
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StoreError } from "../store/StoreError.ts"
import type { Principal } from "../workspaces/Workspaces.ts"
import type { SyncPayload, SyncResponse } from "./Sync.ts"

/**
 * The payload as a whole is refused; nothing of it is stored. `unsupported_version`, `schema`, `checksum_mismatch`: it is not what it should be · `scope`: the key may not send ·
 * `user_mismatch`: it names another person than the key's · `client_taken`: the client, or its machine, is another person's here · `too_large`: it has more than `syncLimits`.
 */
export class SyncRefused extends Schema.TaggedError<SyncRefused>("han-core/SyncRefused")("SyncRefused", {
  code: Schema.Literal("unsupported_version", "schema", "checksum_mismatch", "scope", "user_mismatch", "client_taken", "too_large"),
  message: Schema.String
}) {}

/** Takes what clients send. */
export class SyncReceiver extends Context.Tag("han-core/SyncReceiver")<
  SyncReceiver,
  {
    /**
     * Stores lines that follow what is stored, session by session in a transaction each, and answers when all are committed. What was stored before has no second effect, so a payload
     * may come any number of times, in any order: the positions in the answer say where to go on.
     */
    readonly receive: (principal: Principal, payload: SyncPayload) => Effect.Effect<SyncResponse, SyncRefused | StoreError>
  }
>() {}
