import * as path from "node:path"
import { clipped } from "../../text/Clip.ts"
import { shellWord } from "../../text/ShellWord.ts"
import { withoutAnsi } from "../../text/terminal.ts"
import { type HookOutcome, whyNotRun } from "../HookOutcome.ts"
import type { Section } from "./textBudget.ts"

/** Tells whether a gate did not do what it is there for, and stops what it guards. What the user has written is erased by no accident: by exit code 2, or when it is closed. */
export const isShut = ({ onError, status }: HookOutcome, erases: boolean): boolean =>
  (status === "failed" && !erases) || status === "blocked" || (status === "broken" && onError === "closed")

/** Tells whether a gate failed and stops nothing, because that would erase what the user has written. */
export const isSpared = ({ status }: HookOutcome, erases: boolean): boolean => status === "failed" && erases

/** It could not be run, and that stops nothing. */
export const isLeftOpen = ({ onError, status }: HookOutcome): boolean => status === "broken" && onError === "open"

/** Names the hook and its directory. */
export const subjectOf = ({ directory, name, plugin, tree }: HookOutcome): string =>
  clipped(oneLine(directory === null ? `${plugin} ${name}` : `${plugin} ${name} in ${path.join(tree, directory)}`), 400)

/** Tells the model of a gate that is shut: which and where, what happened, what it printed, how to run it again. `program`: what its shell calls han by. */
export const shutSection = (outcome: HookOutcome, program: string): Section => ({
  head: `${subjectOf(outcome)}: ${clipped(happened(outcome), 600)}`,
  body: [outcome.stderr.text, outcome.stdout.text]
    .map(readable)
    .filter((text) => text !== "")
    .join("\n"),
  tail: [
    ...(outcome.outputFile === null ? [] : [`All of its output: ${outcome.outputFile}`]),
    `Run it again: ${program} hook run ${shellWord(outcome.plugin)} ${shellWord(outcome.name)}`
  ].join("\n"),
  file: null
})

/** One line for the user. */
export const openLine = (outcome: HookOutcome): string =>
  `${subjectOf(outcome)}: ${clipped(oneLine(happened(outcome)), 300)}${missing(outcome)}; it blocks nothing (on_error: open).`

/** Takes what the shell said of a program that it could not run. */
const missing = ({ end, stderr }: HookOutcome): string => {
  const said = end?._tag === "Exited" ? readable(stderr.text).split("\n").at(-1) : undefined
  return said === undefined || said === "" ? "" : ` (${clipped(oneLine(said), 200)})`
}

/** The output of a command, for a reader. */
export const readable = (text: string): string => withoutAnsi(text).trim()

const happened = (outcome: HookOutcome): string => `${ending(outcome)}${outcome.flaky ? " (the same content passed before)" : ""}`

const ending = ({ end, reason, status }: HookOutcome): string => {
  switch (end?._tag) {
    case undefined:
      return readable(reason.text)
    case "Exited":
      return status === "broken"
        ? `could not be run: ${whyNotRun(end.code) ?? "it ended"} (exit code ${end.code})`
        : `${status === "blocked" ? "blocked" : "failed"} with exit code ${end.code}`
    case "Signalled":
      return `was ended by ${end.signal}`
    case "TimedOut":
      return end.idle ? `gave no sign of life for ${seconds(end.limitMs)}` : `ran into its limit of ${seconds(end.limitMs)}`
    case "NotStarted":
      return `could not be started: ${readable(end.message)}`
  }
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`
const oneLine = (text: string): string => text.replace(/\s+/g, " ")
