import type * as Redacted from "effect/Redacted"
import type { PrivacyRules } from "han-core/Privacy"

/** The server to which a client sends, and as whom. */
export interface SyncRemote {
  /** `https://han.example`; the protocol's path is added. `http:` for this machine alone. */
  readonly endpoint: string
  readonly apiKey: Redacted.Redacted
  /** Made once for an endpoint, and kept outside of the store: with both a store that was lost goes on where it was. */
  readonly clientId: string
  /** 32 bytes: the key of `contentHash`. */
  readonly clientSecret: Redacted.Redacted<Uint8Array>
  /** Nothing was ever sent under this id. */
  readonly isNewClient: boolean
}

/** Settings as they are at one moment: they are asked for anew before each request. */
export interface SyncSettings {
  readonly enabled: boolean
  readonly remote: SyncRemote | null
  /** The reason that nothing is sent, with the place and what to do; null where nothing does. */
  readonly problem: string | null
  readonly rules: PrivacyRules
  /** Tells whether texts go, and not numbers and names alone. */
  readonly includeContent: boolean
  readonly intervalMs: number
  /** Lines of one request. */
  readonly batchSize: number
  /** Settings that were left out, and why. */
  readonly notices: ReadonlyArray<string>
}
