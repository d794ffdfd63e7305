import * as Effect from "effect/Effect"
import { HookHistory } from "han-core/HookHistory"
import { HookHistoryRpcs } from "./HookHistoryRpcs.ts"

export const layer = HookHistoryRpcs.toLayer(
  Effect.map(HookHistory, (history) => HookHistoryRpcs.of({ "HookHistory.runs": ({ filter }) => history.runs(filter) }))
)
