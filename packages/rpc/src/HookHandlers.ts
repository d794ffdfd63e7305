import * as Effect from "effect/Effect"
import { Hooks } from "han-core/Hooks"
import { HookRpcs } from "./HookRpcs.ts"

export const layer = HookRpcs.toLayer(
  Effect.map(Hooks, (hooks) =>
    HookRpcs.of({
      "Hooks.list": ({ query }) => hooks.list(query),
      "Hooks.trust": ({ query }) => hooks.trust(query),
      "Hooks.revoke": ({ projectPath }) => hooks.revoke(projectPath),
      "Hooks.decisions": () => hooks.decisions
    })
  )
)
