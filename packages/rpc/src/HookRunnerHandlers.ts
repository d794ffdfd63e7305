import * as Effect from "effect/Effect"
import { HookRunner } from "han-core/HookRunner"
import { HookRunnerRpcs } from "./HookRunnerRpcs.ts"

export const layer = HookRunnerRpcs.toLayer(
  Effect.map(HookRunner, (runner) =>
    HookRunnerRpcs.of({
      "HookRunner.answer": ({ call }) => runner.answer(call),
      "HookRunner.run": ({ call }) => runner.run(call),
      "HookRunner.explain": ({ call }) => runner.explain(call)
    })
  )
)
