import * as Effect from "effect/Effect"
import type { HookAnswer } from "han-core/HookAnswer"
import { ask, print } from "../Asking.ts"
import { followedRun } from "../FollowedRun.ts"
import { type HandCall, handCall } from "../HookCalls.ts"
import { hasFailed, summaryText } from "../HookProgressText.ts"
import type { Host } from "../Host.ts"
import { plain, toJson } from "../terminal/PlainText.ts"
import { type Style, styleOf } from "../terminal/Style.ts"

export interface Options extends HandCall {
  readonly json: boolean
}

/** Exit code 1 when something did not pass. */
export const run = (options: Options, host: Host): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const { answer, outcomes } = yield* followedRun(handCall(options, host, "hook test"), host, options.json)
      const told = `${summaryText(outcomes)}\n${answerText(answer, styleOf(host.terminal))}`
      yield* print(host.out, options.json ? `${toJson({ outcomes, answer })}\n` : told)
      return hasFailed(outcomes) ? 1 : 0
    })
  )

const answerText = ({ exitCode, stderr, stdout }: HookAnswer, style: Style): string =>
  [
    `${style.bold("Claude Code would be told:")} exit code ${exitCode}${stdout === "" && stderr === "" ? ", and nothing else" : ""}\n`,
    stdout === "" ? "" : `${style.dim("standard output")}\n${plain(stdout)}\n`,
    stderr === "" ? "" : `${style.dim("standard error")}\n${plain(stderr)}\n`
  ].join("")
