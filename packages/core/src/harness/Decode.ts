import * as Effect from "effect/Effect"
import type { Entry, Transcript } from "../journal/Entry.ts"
import type { DecodedLine } from "../journal/SessionEvent.ts"
import { Harnesses, harnessOf, known } from "./Harnesses.ts"

/** Says what a line means, whichever of the `harnesses` wrote it. Pure, and never throws. */
export const decodeEntry = (transcript: Transcript, entry: Entry, harnesses: typeof Harnesses.Service = known): DecodedLine =>
  harnessOf(harnesses, transcript).decode(transcript, entry)

/** `decodeEntry` for the harnesses of the program that runs it. */
export const decoder: Effect.Effect<(transcript: Transcript, entry: Entry) => DecodedLine> = Effect.map(
  Harnesses,
  (harnesses) => (transcript, entry) => decodeEntry(transcript, entry, harnesses)
)
