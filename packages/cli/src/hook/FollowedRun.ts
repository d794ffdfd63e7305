import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { HookAnswer } from "han-core/HookAnswer"
import type { HookCall } from "han-core/HookCall"
import type { HookOutcome } from "han-core/HookOutcome"
import { HookRunner } from "han-core/HookRunner"
import { print } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { styleOf } from "../terminal/Style.ts"
import { progressText } from "./HookProgressText.ts"

/** Runs hooks and shows what happens while it does, unless it is to be `silent`. Gives what became of each, and what the agent would be told. */
export const followedRun = Effect.fnUntraced(function* (call: HookCall, host: CliEnvironment, silent: boolean) {
  const runner = yield* HookRunner
  const outcomes: Array<HookOutcome> = []
  let answer: HookAnswer = { exitCode: 0, stdout: "", stderr: "" }
  const text = progressText(styleOf(host.terminal))
  yield* Stream.runForEach(runner.run(call), (progress) => {
    if (progress._tag === "Ended") outcomes.push(progress.outcome)
    if (progress._tag === "Answered") answer = progress.answer
    const shown = silent ? "" : text(progress)
    return shown === "" ? Effect.void : print(host.out, shown)
  })
  return { outcomes, answer }
})
