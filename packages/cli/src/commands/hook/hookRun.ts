import * as Effect from "effect/Effect"
import { ask, print } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { followedRun } from "../../hook/FollowedRun.ts"
import { type HandCall, handCall } from "../../hook/HookCalls.ts"
import { hasFailed, summaryText } from "../../hook/HookProgressText.ts"
import { toJson } from "../../terminal/PlainText.ts"

export interface Options extends HandCall {
  readonly json: boolean
}

/** Exit code 1 when something did not pass. */
export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const { outcomes } = yield* followedRun(handCall(options, host, "hook run"), host, options.json)
      yield* print(host.out, options.json ? `${toJson({ outcomes })}\n` : summaryText(outcomes))
      return hasFailed(outcomes) ? 1 : 0
    })
  )
