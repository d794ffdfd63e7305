import { createHash, randomUUID } from "node:crypto"
import { clipped } from "../../text/Clip.ts"
import { redactor } from "../../text/redaction/Redaction.ts"
import type { HookContent, HookDecision, HookTarget } from "../decision/hookDecision.ts"
import type { HookPayload } from "../decision/hookPayload.ts"
import { type HookOutcome, hasPassed, verdictOf } from "../HookOutcome.ts"
import { endText } from "./hookCommand.ts"
import type { HanLine } from "./hookLog.ts"

/** One call, as its lines name it. */
export interface LoggedCall {
  readonly payload: HookPayload
  /** Shared by all lines of one call. */
  readonly orchestrationId: string
  readonly environment: Readonly<Record<string, string>>
  /** False: the client keeps nothing of the session, and han does not either. */
  readonly isKept: boolean
}

/** Characters of output that a line keeps. */
const maxOutput = 10_000
const maxFiles = 500

/** The line for the start of a run. */
export const startLine = (
  call: LoggedCall,
  target: HookTarget,
  decision: HookDecision,
  { cached, runId }: { readonly cached: boolean; readonly runId: string }
): ReadonlyArray<HanLine> => lines(call, { uuid: runId, type: "hook_run", hookRunId: null, data: { ...factsOf(call, target), cached, ...askedOf(decision) } })

/** The line for its end. */
export const endLine = (call: LoggedCall, target: HookTarget, decision: HookDecision, outcome: HookOutcome): ReadonlyArray<HanLine> => {
  const redacted = redactor(call.environment).text
  const shown = (text: string) => clipped(redacted(text), maxOutput)
  const { end } = outcome
  const passed = hasPassed(outcome)
  const ran = outcome.status === "passed"
  const error =
    end === null ? (ran ? null : outcome.reason.text) : end._tag !== "Exited" || outcome.status === "broken" ? endText(end) : (outcome.said?.reason ?? null)
  const data = {
    ...factsOf(call, target),
    ...askedOf(decision),
    cached: outcome.cached,
    duration_ms: Math.round(outcome.durationMs),
    ...(end === null ? (ran ? { exit_code: 0 } : {}) : end._tag === "Exited" ? { exit_code: end.code } : {}),
    success: passed,
    verdict: verdictOf(outcome),
    ...(outcome.flaky ? { flaky: true } : {}),
    ...(outcome.stdout.text === "" && outcome.stderr.text === "" ? {} : { output: shown(joined(outcome)) }),
    ...(error === null ? {} : { error: shown(error) }),
    ...(outcome.outputFile === null ? {} : { output_file: outcome.outputFile })
  }
  return lines(call, { uuid: randomUUID(), type: "hook_result", hookRunId: outcome.runId, data })
}

/** Both lines for a hook that was not run: it passed before, or another call ran it. */
export const wholeLines = (call: LoggedCall, target: HookTarget, decision: HookDecision, outcome: HookOutcome): ReadonlyArray<HanLine> => [
  ...(outcome.runId === null ? [] : startLine(call, target, decision, { runId: outcome.runId, cached: outcome.cached })),
  ...endLine(call, target, decision, outcome)
]

/** The end line for a run whose caller went away before it ended. */
export const cancelledLine = (call: LoggedCall, target: HookTarget, decision: HookDecision, runId: string, durationMs: number): ReadonlyArray<HanLine> =>
  lines(call, {
    uuid: randomUUID(),
    type: "hook_result",
    hookRunId: runId,
    data: {
      ...factsOf(call, target),
      ...askedOf(decision),
      cached: false,
      duration_ms: Math.round(durationMs),
      success: false,
      verdict: "cancelled",
      error: "who waited for it went away, or the coordinator ended"
    }
  })

/** The content that passed, file by file. */
export const validationLine = (call: LoggedCall, target: HookTarget, content: HookContent): ReadonlyArray<HanLine> =>
  lines(call, {
    uuid: randomUUID(),
    type: "hook_validation_cache",
    hookRunId: null,
    data: {
      plugin: target.hook.plugin,
      hook: target.hook.name,
      directory: directoryOf(target),
      command_hash: createHash("sha256").update(target.hook.command).digest("hex"),
      files: Object.fromEntries(content.reads.slice(0, maxFiles).map((file) => [file.path, file.digest]))
    }
  })

const joined = ({ stderr, stdout }: HookOutcome): string => [stderr.text, stdout.text].filter((text) => text !== "").join("\n")

const directoryOf = (target: HookTarget): string => (target.directory === "" ? target.tree.root : `${target.tree.root}/${target.directory}`)

const factsOf = ({ orchestrationId, payload }: LoggedCall, target: HookTarget) => ({
  plugin: target.hook.plugin,
  marketplace: target.hook.marketplace,
  hook: target.hook.name,
  hook_type: payload.event ?? "manual",
  directory: directoryOf(target),
  command: target.hook.command,
  ...(target.hook.ifChanged.length === 0 ? {} : { if_changed: target.hook.ifChanged }),
  orchestration_id: orchestrationId,
  ...(payload.toolUseId === null ? {} : { tool_use_id: payload.toolUseId })
})

const askedOf = (decision: HookDecision) => ({
  reason: decision.reason.code,
  reason_text: decision.reason.text,
  files: decision.files.slice(0, 100),
  file_count: decision.files.length,
  ...(decision.key === null ? {} : { content_key: decision.key })
})

const lines = ({ isKept, payload }: LoggedCall, line: Pick<HanLine, "uuid" | "type" | "hookRunId" | "data">): ReadonlyArray<HanLine> =>
  payload.sessionId === null || !isKept ? [] : [{ ...line, sessionId: payload.sessionId, agentId: payload.agentId, cwd: payload.cwd }]
