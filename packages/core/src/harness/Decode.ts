import type { Entry, Transcript } from "../journal/Entry.ts"
import type { DecodedLine } from "../journal/SessionEvent.ts"
import * as ClaudeCode from "./claude/ClaudeCode.ts"
import * as HanLog from "./han/HanLog.ts"

/** What a line means, whatever wrote it. Pure, and never throws. */
export const decodeEntry = (transcript: Transcript, entry: Entry): DecodedLine =>
  transcript.kind === "han" ? HanLog.decode(transcript, entry) : ClaudeCode.decode(transcript, entry)
