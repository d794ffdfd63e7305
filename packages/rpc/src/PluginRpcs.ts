/** The Rpcs that carry `Plugins` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import {
  PluginChange,
  PluginFileError,
  PluginList,
  PluginManaged,
  PluginNameInvalid,
  PluginNotFound,
  PluginPlace,
  PluginPlaceUnclear,
  PluginQuery
} from "han-core/Plugins"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"

/** `Plugins`: Claude Code's plugins on the machine. */
export class PluginRpcs extends RpcGroup.make(
  Rpc.make("Plugins.list", { payload: { query: PluginQuery }, success: PluginList, error: StoreError }),
  Rpc.make("Plugins.toggle", {
    payload: { place: Schema.Struct({ ...PluginPlace.fields, enabled: Schema.Boolean }) },
    success: PluginChange,
    error: Schema.Union(PluginNameInvalid, PluginPlaceUnclear, PluginManaged, PluginFileError, StoreError)
  }),
  Rpc.make("Plugins.remove", {
    payload: { place: PluginPlace },
    success: PluginChange,
    error: Schema.Union(PluginNameInvalid, PluginPlaceUnclear, PluginNotFound, PluginFileError, StoreError)
  })
).middleware(Authentication) {}
