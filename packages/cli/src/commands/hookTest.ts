import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { HookAnswer } from "han-core/HookAnswer"
import type { HookOutcome } from "han-core/HookOutcome"
import { HookRunner } from "han-core/HookRunner"
import { ask, print } from "../Asking.ts"
import { type HandCall, handCall } from "../HookCalls.ts"
import { hasFailed, progressText, summaryText } from "../HookProgressText.ts"
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
      const runner = yield* HookRunner
      const call = handCall(options, host, "hook test")
      const style = styleOf(host.terminal)
      const text = progressText(style)
      const outcomes: Array<HookOutcome> = []
      let answer: HookAnswer = { exitCode: 0, stdout: "", stderr: "" }
      yield* Stream.runForEach(runner.run(call), (progress) => {
        if (progress._tag === "Ended") outcomes.push(progress.outcome)
        if (progress._tag === "Answered") answer = progress.answer
        const shown = options.json ? "" : text(progress)
        return shown === "" ? Effect.void : print(host.out, shown)
      })
      yield* print(host.out, options.json ? `${toJson({ outcomes, answer })}\n` : `${summaryText(outcomes)}\n${answerText(answer, style)}`)
      return hasFailed(outcomes) ? 1 : 0
    })
  )

const answerText = ({ exitCode, stderr, stdout }: HookAnswer, style: Style): string =>
  [
    `${style.bold("Claude Code would be told:")} exit code ${exitCode}${stdout === "" && stderr === "" ? ", and nothing else" : ""}\n`,
    stdout === "" ? "" : `${style.dim("standard output")}\n${plain(stdout)}\n`,
    stderr === "" ? "" : `${style.dim("standard error")}\n${plain(stderr)}\n`
  ].join("")
