import * as Effect from "effect/Effect"
import { HookCache } from "han-core/HookCache"
import { HookCacheRpcs } from "./HookCacheRpcs.ts"

export const layer = HookCacheRpcs.toLayer(
  Effect.map(HookCache, (cache) =>
    HookCacheRpcs.of({
      "HookCache.use": ({ at, key }) => cache.use(key, at),
      "HookCache.find": ({ key }) => cache.find(key),
      "HookCache.passedFiles": ({ files, gate }) => cache.passedFiles(gate, files),
      "HookCache.lastReads": ({ gate, tree }) => cache.lastReads(gate, tree),
      "HookCache.record": ({ passed }) => cache.record(passed),
      "HookCache.list": ({ filter }) => cache.list(filter),
      "HookCache.clear": ({ filter }) => cache.clear(filter)
    })
  )
)
