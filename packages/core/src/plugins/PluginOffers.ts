import * as Schema from "effect/Schema"
import type { SettingsScope } from "../settings/ClaudeFolders.ts"

/** The place where plugins are switched on, and the facts known there. */
export interface InstallPlace {
  readonly scope: SettingsScope
  /** The configuration folder of Claude Code. */
  readonly folder: string
  /** For the scopes `project` and `local`; the marketplaces that its settings declare are known in every scope. */
  readonly projectPath: string
}

/** Not a place that plugins are taken from, or nothing usable is there. Nothing was written. */
export class MarketplaceUnusable extends Schema.TaggedError<MarketplaceUnusable>("han-core/MarketplaceUnusable")("MarketplaceUnusable", {
  message: Schema.String
}) {}

/** No marketplace that was asked has a plugin of this name, or several have one. `near`: what was probably meant. Nothing was written. */
export class PluginNotOffered extends Schema.TaggedError<PluginNotOffered>("han-core/PluginNotOffered")("PluginNotOffered", {
  name: Schema.String,
  near: Schema.Array(Schema.String),
  message: Schema.String
}) {}
