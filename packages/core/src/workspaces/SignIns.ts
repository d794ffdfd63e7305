/**
 * Sign-ins of a team server: what is between a person's browser or command line and the server, from the first page to the last refresh.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 * import { SignIns } from "han-core/SignIns"
 *
 * const refreshed = (token: string) =>
 *   Effect.map(
 *     Effect.flatMap(SignIns, (signIns) => signIns.refresh(Redacted.make(token))),
 *     ({ refreshToken }) => Redacted.value(refreshToken)
 *   )
 * ```
 */

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { StoreError } from "../store/StoreError.ts"
import type { PersonId } from "../store/Viewer.ts"

/** What a sign-in at a provider is for: a page of this server, or a command line that listens at a loopback address with a challenge of its own (RFC 8252, RFC 7636). */
export const Intent = Schema.Union(
  Schema.Struct({ kind: Schema.Literal("web"), returnTo: Schema.String }),
  Schema.Struct({ kind: Schema.Literal("cli"), redirectUri: Schema.String, state: Schema.String, challenge: Schema.String, client: Schema.String })
)
export type Intent = typeof Intent.Type

/** A sign-in of a command line that was begun, or went on. */
export interface Grant {
  readonly sid: string
  readonly person: PersonId
  /** Good once; the next refresh gives another one. */
  readonly refreshToken: Redacted.Redacted
}

/** A device that asks to be let in, as its person sees it before they say yes. */
export interface DeviceRequest {
  readonly client: string
  readonly address: string
  /** Milliseconds since 1970. */
  readonly askedAt: number
}

/**
 * A code or a token does not let in. The names are those of OAuth (RFC 6749 5.2, RFC 8628 3.5). `replayed`: something that is good once came twice, and the sign-in that it belongs
 * to was ended.
 */
export class GrantRefused extends Schema.TaggedError<GrantRefused>("han-core/GrantRefused")("GrantRefused", {
  code: Schema.Literal("invalid_grant", "authorization_pending", "slow_down", "access_denied", "expired_token"),
  replayed: Schema.Boolean
}) {}

/** Seconds that things are good for. */
export const lifetimes = {
  state: 600,
  code: 60,
  device: 900,
  deviceInterval: 5,
  predecessor: 60,
  web: 30 * 86_400,
  idle: 90 * 86_400,
  grant: 365 * 86_400
} as const

/** Secrets of sign-ins. The store keeps digests alone; each is 256 random bits but for the code that a person types. */
export class SignIns extends Context.Tag("han-core/SignIns")<
  SignIns,
  {
    /** Begins a sign-in at a provider for one browser, which is known by a secret of its own. Gives the `state`. */
    readonly begin: (asked: {
      readonly provider: string
      readonly browser: Redacted.Redacted
      readonly intent: Intent
    }) => Effect.Effect<Redacted.Redacted, StoreError>
    /** Takes a `state` back, once; null for one that was never given, is used up or too old, or is another browser's. */
    readonly take: (asked: {
      readonly provider: string
      readonly browser: Redacted.Redacted
      readonly state: Redacted.Redacted
    }) => Effect.Effect<Intent | null, StoreError>
    /** Opens a session of a browser. The secret is the value of its cookie. */
    readonly open: (person: PersonId, client: string) => Effect.Effect<{ readonly sid: string; readonly secret: Redacted.Redacted }, StoreError>
    /** The id of a browser's session by its secret; null when there is none that goes on. */
    readonly sessionOf: (secret: Redacted.Redacted) => Effect.Effect<string | null, StoreError>
    /** A code for a command line, which only whoever has the verifier of the challenge can use, once, within 60 seconds. */
    readonly issueCode: (asked: {
      readonly person: PersonId
      readonly intent: Extract<Intent, { readonly kind: "cli" }>
    }) => Effect.Effect<Redacted.Redacted, StoreError>
    /** Begins a sign-in by a code. A code that comes twice ends the sign-in that it began. */
    readonly redeem: (asked: {
      readonly code: Redacted.Redacted
      readonly verifier: string
      readonly redirectUri: string
    }) => Effect.Effect<Grant, GrantRefused | StoreError>
    /**
     * Gives a token's successor. The token that was good before is answered with the same one for 60 seconds more; one that is older was stolen, or its successor was, and ends the sign-in.
     */
    readonly refresh: (token: Redacted.Redacted) => Effect.Effect<Grant, GrantRefused | StoreError>
    /** Begins a sign-in of a device without a browser. */
    readonly beginDevice: (asked: {
      readonly client: string
      readonly address: string
    }) => Effect.Effect<{ readonly deviceCode: Redacted.Redacted; readonly userCode: string }, StoreError>
    /** The device whose code a person typed; null for a wrong one. */
    readonly device: (userCode: string) => Effect.Effect<DeviceRequest | null, StoreError>
    /** Says yes or no to a device, as a person. False when nobody waits with this code any more. */
    readonly decide: (asked: { readonly userCode: string; readonly person: PersonId; readonly approve: boolean }) => Effect.Effect<boolean, StoreError>
    /** Asks for a device whether its person has said yes. Whoever asks more often than it was told has to wait five seconds longer each time. */
    readonly poll: (deviceCode: Redacted.Redacted) => Effect.Effect<Grant, GrantRefused | StoreError>
    /** Ends a sign-in. */
    readonly end: (sid: string) => Effect.Effect<void, StoreError>
    /** Ends the sign-in of a refresh token. */
    readonly endGrant: (token: Redacted.Redacted) => Effect.Effect<void, StoreError>
    /** Ends all sign-ins of a person. Gives how many there were. */
    readonly endAll: (person: PersonId) => Effect.Effect<number, StoreError>
  }
>() {}
