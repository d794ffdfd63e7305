import type { HookProgress } from "han-core/HookCall"
import { type HookEnd, type HookOutcome, hasPassed, verdictOf, whyNotRun } from "han-core/HookOutcome"
import { counted, duration } from "../terminal/Figures.ts"
import { plain, plainLine } from "../terminal/PlainText.ts"
import type { Style } from "../terminal/Style.ts"

/** Describes progress of hooks in a line; empty where none is needed. */
export const progressText = (style: Style): ((progress: HookProgress) => string) => {
  const names = new Map<string, string>()
  return (progress) => {
    switch (progress._tag) {
      case "Started": {
        const name = `${plainLine(progress.hook)} in ${plainLine(progress.directory)}`
        names.set(progress.runId, name)
        return `${style.cyan("run")}    ${style.bold(name)}  ${style.dim(plainLine(progress.command))}\n`
      }
      case "Line":
        return `       ${names.size > 1 ? style.dim(`${names.get(progress.runId) ?? ""}: `) : ""}${plain(progress.text)}\n`
      case "Ended":
        return `${outcomeText(progress.outcome, style)}\n`
      case "Answered":
        return ""
    }
  }
}

const outcomeText = (outcome: HookOutcome, style: Style): string => {
  const name = style.bold(`${plainLine(outcome.hook)}${outcome.directory === null ? "" : ` in ${plainLine(outcome.directory)}`}`)
  const took = outcome.end === null ? "" : ` after ${duration(outcome.durationMs)}`
  const flaky = outcome.flaky ? ` ${style.yellow("(flaky: it ended otherwise before, with the same content)")}` : ""
  const whole = outcome.outputFile === null ? "" : `\n       all of its output: ${plainLine(outcome.outputFile)}`
  switch (outcome.status) {
    case "passed":
      if (outcome.said !== null)
        return `${outcome.said.verdict === "changed" ? style.yellow("changed") : style.red(outcome.said.verdict)} ${name}${took}${outcome.said.reason === null ? "" : `: ${plainLine(outcome.said.reason)}`}${flaky}${whole}`
      return outcome.cached ? `${style.green("passed")} ${name}: ${plainLine(outcome.reason.text)}` : `${style.green("passed")} ${name}${took}${flaky}${whole}`
    case "skipped":
      return `${style.dim("not run")} ${name}: ${plainLine(outcome.reason.text)}`
    case "broken":
      return `${style.red("broken")} ${name}${took}: ${plainLine(outcome.end === null ? outcome.reason.text : endText(outcome.end))}${whole}`
    default:
      return `${style.red("failed")} ${name}${took}: ${outcome.end === null ? plainLine(outcome.reason.text) : endText(outcome.end)}${flaky}${whole}`
  }
}

const endText = (end: HookEnd): string => {
  switch (end._tag) {
    case "Exited":
      return `exit code ${end.code}${whyNotRun(end.code) === null ? "" : `, ${whyNotRun(end.code)}`}`
    case "Signalled":
      return `ended by ${plainLine(end.signal)}`
    case "TimedOut":
      return end.idle ? `it printed nothing for ${duration(end.limitMs)}, and was ended` : `it ran into its limit of ${duration(end.limitMs)}, and was ended`
    case "NotStarted":
      return plainLine(end.message)
  }
}

/** One line for all of them. */
export const summaryText = (outcomes: ReadonlyArray<HookOutcome>): string => {
  const of = (test: (outcome: HookOutcome) => boolean) => outcomes.filter(test).length
  const parts = [
    [of((outcome) => hasPassed(outcome) && !outcome.cached), "passed"],
    [of((outcome) => hasPassed(outcome) && outcome.cached), "passed before"],
    [of(({ status }) => status === "failed" || status === "blocked"), "failed"],
    ...(["denied", "asked", "deferred", "stopped", "changed"] as const).map((verdict) => [of((outcome) => verdictOf(outcome) === verdict), verdict] as const),
    [of(({ status }) => status === "broken"), "broken"],
    [of(({ status }) => status === "skipped"), "not run"]
  ] as const
  const said = parts.flatMap(([number, word]) => (number === 0 ? [] : [`${number} ${word}`]))
  return said.length === 0 ? "No hook is for this.\n" : `${counted(outcomes.length, "check")}: ${said.join(", ")}\n`
}

export const hasFailed = (outcomes: ReadonlyArray<HookOutcome>): boolean => outcomes.some((outcome) => !hasPassed(outcome) && outcome.status !== "skipped")
