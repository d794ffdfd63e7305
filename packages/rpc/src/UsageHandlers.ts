import * as Effect from "effect/Effect"
import { Usage } from "han-core/Usage"
import { UsageRpcs } from "./UsageRpcs.ts"

export const layer = UsageRpcs.toLayer(
  Effect.map(Usage, (usage) =>
    UsageRpcs.of({
      "Usage.report": ({ query }) => usage.report(query),
      "Usage.reconcile": (options) => usage.reconcile(options)
    })
  )
)
