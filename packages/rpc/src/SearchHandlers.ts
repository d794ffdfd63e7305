import * as Effect from "effect/Effect"
import { Search } from "han-core/Search"
import { SearchRpcs } from "./SearchRpcs.ts"

export const layer = SearchRpcs.toLayer(
  Effect.map(Search, (search) =>
    SearchRpcs.of({
      "Search.messages": ({ page, query }) => search.messages(query, page),
      "Search.count": ({ query }) => search.count(query)
    })
  )
)
