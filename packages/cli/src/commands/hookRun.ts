import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { HookOutcome } from "han-core/HookOutcome"
import { HookRunner } from "han-core/HookRunner"
import { ask, print } from "../Asking.ts"
import { type HandCall, handCall } from "../HookCalls.ts"
import { hasFailed, progressText, summaryText } from "../HookProgressText.ts"
import type { Host } from "../Host.ts"
import { toJson } from "../terminal/PlainText.ts"
import { styleOf } from "../terminal/Style.ts"

export interface Options extends HandCall {
  readonly json: boolean
}

/** Exit code 1 when something did not pass. */
export const run = (options: Options, host: Host): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const runner = yield* HookRunner
      const call = handCall(options, host, "hook run")
      const outcomes: Array<HookOutcome> = []
      const text = progressText(styleOf(host.terminal))
      yield* Stream.runForEach(runner.run(call), (progress) => {
        if (progress._tag === "Ended") outcomes.push(progress.outcome)
        const shown = options.json ? "" : text(progress)
        return shown === "" ? Effect.void : print(host.out, shown)
      })
      yield* print(host.out, options.json ? `${toJson({ outcomes })}\n` : summaryText(outcomes))
      return hasFailed(outcomes) ? 1 : 0
    })
  )
