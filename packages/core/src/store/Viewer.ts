import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

/** Whose data it is. One person on a coordinator (`local`), many on a team server. */
export const OwnerId = Schema.NonEmptyString.pipe(Schema.maxLength(256), Schema.brand("OwnerId"))
export type OwnerId = typeof OwnerId.Type

/** On whose behalf a command or a query runs. Reads and writes never leave `owner`. */
export class Viewer extends Context.Tag("han-core/Viewer")<Viewer, { readonly owner: OwnerId }>() {
  static readonly local: Context.Tag.Service<typeof Viewer> = { owner: OwnerId.make("local") }
  /** The one person of this machine. */
  static readonly layerLocal = Layer.succeed(Viewer, Viewer.local)
}
