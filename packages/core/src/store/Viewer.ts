/**
 * The owner on whose behalf session data is read and written. Every service that touches session data requires a `Viewer`.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Search } from "han-core/Search"
 * import { OwnerId, Viewer } from "han-core/Viewer"
 *
 * const matchesOf = (user: string, text: string) =>
 *   Effect.flatMap(Search, (search) => search.count({ text })).pipe(
 *     Effect.provideService(Viewer, { owner: OwnerId.make(user), person: null })
 *   )
 * ```
 */

import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

/** The owner of stored rows, 1 to 256 characters: `local` on a coordinator, one of many on a team server. */
export const OwnerId = Schema.NonEmptyString.pipe(Schema.maxLength(256), Schema.brand("OwnerId"))
export type OwnerId = typeof OwnerId.Type

/** A person of a workspace, 1 to 256 characters. */
export const PersonId = Schema.NonEmptyString.pipe(Schema.maxLength(256), Schema.brand("PersonId"))
export type PersonId = typeof PersonId.Type

/**
 * The owner whose rows a command or a query sees: reads and writes never leave `owner`. `person` says who asks: what is appended is theirs (`author`); it never decides which rows
 * are seen. Null on a machine with one person.
 */
export class Viewer extends Context.Tag("han-core/Viewer")<Viewer, { readonly owner: OwnerId; readonly person: PersonId | null }>() {
  static readonly local: Context.Tag.Service<typeof Viewer> = { owner: OwnerId.make("local"), person: null }
  /** The one person of this machine. */
  static readonly layerLocal = Layer.succeed(Viewer, Viewer.local)
}
