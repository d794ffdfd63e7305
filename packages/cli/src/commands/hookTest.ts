import * as Effect from "effect/Effect"
import type { HookAnswer } from "han-core/HookAnswer"
import { ask, print } from "../Asking.ts"
import { brokenFiles } from "../BrokenFiles.ts"
import { followedRun } from "../FollowedRun.ts"
import { type HandCall, handCall, toolOf } from "../HookCalls.ts"
import { decisionText } from "../HookDecisionText.ts"
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
      const call = handCall(options, host, "hook test")
      const { answer, outcomes } = yield* followedRun(call, host, options.json)
      const decision = decisionText(call.event ?? "", toolOf(call), answer)
      const style = styleOf(host.terminal)
      const broken = options.json ? "" : yield* brokenFiles(host)
      const told = `${broken}${summaryText(outcomes)}\n${style.bold("Claude Code")} ${decision}\n${answerText(answer, style)}`
      yield* print(host.out, options.json ? `${toJson({ outcomes, answer, decision })}\n` : told)
      return hasFailed(outcomes) ? 1 : 0
    })
  )

const answerText = ({ exitCode, stderr, stdout }: HookAnswer, style: Style): string =>
  [
    `${style.bold("It would be told:")} exit code ${exitCode}${stdout === "" && stderr === "" ? ", and nothing else" : ""}\n`,
    stdout === "" ? "" : `${style.dim("standard output")}\n${plain(stdout)}\n`,
    stderr === "" ? "" : `${style.dim("standard error")}\n${plain(stderr)}\n`
  ].join("")
