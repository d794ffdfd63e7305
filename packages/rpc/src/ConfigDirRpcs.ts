/** The Rpcs that carry `ConfigDirs` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { ConfigDir, ConfigDirFixed, ConfigDirInvalid, ConfigDirNotFound, ConfigFileError } from "han-core/ConfigDirs"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"

/** `ConfigDirs`: the folders under which the machine's coordinator looks for transcripts. */
export class ConfigDirRpcs extends RpcGroup.make(
  Rpc.make("ConfigDirs.list", { success: Schema.Array(ConfigDir), error: StoreError }),
  Rpc.make("ConfigDirs.register", {
    payload: { path: Schema.String, name: Schema.optional(Schema.String) },
    success: ConfigDir,
    error: Schema.Union(ConfigDirInvalid, ConfigFileError, StoreError)
  }),
  Rpc.make("ConfigDirs.unregister", {
    payload: { path: Schema.String },
    success: ConfigDir,
    error: Schema.Union(ConfigDirInvalid, ConfigDirFixed, ConfigDirNotFound, ConfigFileError, StoreError)
  })
).middleware(Authentication) {}
