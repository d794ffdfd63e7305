/** The Rpcs that carry `Search` over a wire. */

import * as Rpc from "@effect/rpc/Rpc"
import * as RpcGroup from "@effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { Page, PageCursorInvalid, PageRequest } from "han-core/Page"
import { SearchHit, SearchQuery } from "han-core/Search"
import { StoreError } from "han-core/StoreError"
import { Authentication } from "./Authentication.ts"

/** `Search`: messages by their words. */
export class SearchRpcs extends RpcGroup.make(
  Rpc.make("Search.messages", {
    payload: { query: SearchQuery, page: PageRequest },
    success: Page(SearchHit),
    error: Schema.Union(PageCursorInvalid, StoreError)
  }),
  Rpc.make("Search.count", { payload: { query: SearchQuery }, success: Schema.Int, error: StoreError })
).middleware(Authentication) {}
