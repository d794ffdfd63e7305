/**
 * The agents whose transcripts a program finds and decodes.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import type { Harness } from "han-core/Harness"
 * import { Harnesses, known } from "han-core/Harnesses"
 *
 * // The program, with one agent more than those that han knows by itself.
 * const including =
 *   (harness: Harness) =>
 *   <A, E, R>(program: Effect.Effect<A, E, R>) =>
 *     Effect.provideService(program, Harnesses, [...known, harness])
 * ```
 */

import * as Context from "effect/Context"
import type { Transcript } from "../journal/Entry.ts"
import { claudeCode } from "./claude/ClaudeCode.ts"
import type { Harness } from "./Harness.ts"
import { hanLog } from "./han/HanLog.ts"

/** The agents whose transcripts han reads by itself. */
export const known: ReadonlyArray<Harness> = [claudeCode]

/**
 * The agents whose transcripts are found and decoded; `known` when nothing is provided. It is read wherever lines are decoded, so provide it to the whole program:
 * to the layers of the store and of `TranscriptFiles` as well as to what runs on them.
 */
export class Harnesses extends Context.Reference<Harnesses>()("han-core/Harnesses", { defaultValue: () => known }) {}

/** The agent of that name. Any other name is a bridge's or a person's own, whose files are laid out and written as Claude Code's; lines that are not are `Unrecognized`. */
export const harnessNamed = (harnesses: ReadonlyArray<Harness>, source: string): Harness => harnesses.find((harness) => harness.source === source) ?? claudeCode

/** Whoever wrote the lines of that transcript: han itself, or the agent that is its source. */
export const harnessOf = (harnesses: ReadonlyArray<Harness>, { kind, source }: Pick<Transcript, "kind" | "source">): Harness =>
  kind === "han" ? hanLog : harnessNamed(harnesses, source)
