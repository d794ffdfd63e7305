/**
 * The settings of sync, as `config.json` has them under its key `sync`.
 *
 * @example
 * ```ts
 * import * as Schema from "effect/Schema"
 * import { SyncConfig } from "han-core/SyncConfig"
 *
 * const config = Schema.decodeUnknownSync(SyncConfig)({ enabled: true, endpoint: "https://han.example", forceExclude: ["acme/secret"] })
 * ```
 */

import * as Schema from "effect/Schema"

/** The settings of sync: the key `sync` of `config.json`. */
export const SyncConfig = Schema.Struct({
  /** False if absent. */
  enabled: Schema.optional(Schema.Boolean),
  /** `https://han.example`, without the path of the protocol; `http:` for this machine alone. */
  endpoint: Schema.optional(Schema.String),
  apiKey: Schema.optional(Schema.String),
  /** Seconds between two looks when nothing happens; 300 if absent. */
  interval: Schema.optional(Schema.Int.pipe(Schema.between(5, 86_400))),
  /** Lines of one request; 1,000 if absent. */
  batchSize: Schema.optional(Schema.Int.pipe(Schema.between(1, 5000))),
  /** Tells whether sessions of the person's own repositories go; false if absent. */
  includePersonal: Schema.optional(Schema.Boolean),
  /** Patterns, as `patternOf` reads them. */
  forceInclude: Schema.optional(Schema.Array(Schema.String)),
  forceExclude: Schema.optional(Schema.Array(Schema.String)),
  /** Tells whether texts go, and not numbers and names alone; true if absent. */
  includeContent: Schema.optional(Schema.Boolean)
})
export type SyncConfig = typeof SyncConfig.Type
