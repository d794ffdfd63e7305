/**
 * The meaning of transcript lines, whichever agent wrote them.
 *
 * @example
 * ```ts
 * import { decodeEntry } from "han-core/Decode"
 * import { type Entry, SessionId, type Transcript } from "han-core/Entry"
 *
 * const sessionId = SessionId.make("5b701211-d820-4a2b-a533-715b28c0132f")
 * const transcript: Transcript = { machine: "laptop", source: "claude-code", sessionId, kind: "main", agentId: null, generation: 1 }
 * const entry: Entry = { line: 0, offset: 0, bytes: new TextEncoder().encode('{"type":"summary","summary":"Fix the tests"}') }
 *
 * for (const event of decodeEntry(transcript, entry).events) if (event._tag === "Summarized") console.log(event.text)
 * ```
 */

import * as Effect from "effect/Effect"
import type { Entry, Transcript } from "../journal/Entry.ts"
import type { DecodedLine } from "../journal/SessionEvent.ts"
import { Harnesses, harnessOf, known } from "./Harnesses.ts"
import { withheldLine } from "./withheldLine.ts"

/** Says what a line means, whichever of the `harnesses` wrote it, or that it is withheld. Pure, and never throws. */
export const decodeEntry = (transcript: Transcript, entry: Entry, harnesses: typeof Harnesses.Service = known): DecodedLine =>
  withheldLine(entry) ?? harnessOf(harnesses, transcript).decode(transcript, entry)

/** `decodeEntry` for the harnesses of the program that runs it. */
export const decoder: Effect.Effect<(transcript: Transcript, entry: Entry) => DecodedLine> = Effect.map(
  Harnesses,
  (harnesses) => (transcript, entry) => decodeEntry(transcript, entry, harnesses)
)
