import * as Effect from "effect/Effect"
import type { Hook } from "han-core/Hook"
import type { HookAnswer } from "han-core/HookAnswer"
import { waitingInVain } from "han-core/unstable/HookCallers"
import { ask, print } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { brokenFiles } from "../../hook/BrokenFiles.ts"
import { callsShape, situationOf } from "../../hook/CallerText.ts"
import { followedRun } from "../../hook/FollowedRun.ts"
import { type HandCall, handCall, toolOf } from "../../hook/HookCalls.ts"
import { decisionText } from "../../hook/HookDecisionText.ts"
import { hasFailed, summaryText } from "../../hook/HookProgressText.ts"
import { hookQuery } from "../../hook/ProjectFolder.ts"
import { plain, plainLine, toJson } from "../../terminal/PlainText.ts"
import { type Style, styleOf } from "../../terminal/Style.ts"

export interface Options extends HandCall {
  readonly json: boolean
}

/** Exit code 1 when something did not pass. */
export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const call = handCall(options, host, "hook test")
      const { answer, outcomes } = yield* followedRun(call, host, options.json)
      const decision = decisionText(call.event ?? "", toolOf(call), answer)
      const style = styleOf(host.terminal)
      const list = yield* situationOf(hookQuery(undefined, host).projectPath, host)
      const isTested = (hook: Hook) => outcomes.some((outcome) => outcome.hook === hook.id)
      const uncalled = waitingInVain(list, { of: isTested }).map((note) => `${style.yellow("note")}  ${plainLine(note)}\n`)
      const broken = options.json ? "" : yield* brokenFiles(host)
      const told = `${broken}${summaryText(outcomes)}\n${style.bold("Claude Code")} ${decision}\n${answerText(answer, style)}${uncalled.join("")}`
      const calls = list.hooks.filter(isTested).map((hook) => ({ hook: hook.id, calls: callsShape(hook, list) }))
      yield* print(host.out, options.json ? `${toJson({ outcomes, answer, decision, calls })}\n` : told)
      return hasFailed(outcomes) ? 1 : 0
    })
  )

const answerText = ({ exitCode, stderr, stdout }: HookAnswer, style: Style): string =>
  [
    `${style.bold("It would be told:")} exit code ${exitCode}${stdout === "" && stderr === "" ? ", and nothing else" : ""}\n`,
    stdout === "" ? "" : `${style.dim("standard output")}\n${plain(stdout)}\n`,
    stderr === "" ? "" : `${style.dim("standard error")}\n${plain(stderr)}\n`
  ].join("")
