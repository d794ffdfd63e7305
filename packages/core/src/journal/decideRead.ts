import type { TranscriptInfo } from "./Journal.ts"
import type { TranscriptFile } from "./Transcripts.ts"

/** The work that one look at a file asks for, next to what the journal has of it. */
export type Decision =
  /** Nothing: it is as it was. */
  | { readonly _tag: "Unchanged" }
  /** Its facts are to be noted; its lines are as they were. Nothing is read. */
  | { readonly _tag: "Note" }
  /** Read from the cursor on, if what was kept still stands in the file. `compare`: all of it is to be compared, not only its ends. */
  | { readonly _tag: "Continue"; readonly compare: boolean }
  /** Read from the start, as a generation of its own. */
  | { readonly _tag: "Begin" }

/** `known`: what the journal has of this file; undefined when it has nothing. */
export const decideRead = (known: Pick<TranscriptInfo, "bytes" | "file" | "missingSince"> | undefined, file: TranscriptFile): Decision => {
  if (known === undefined) return { _tag: "Begin" }
  // Fewer bytes than were kept: it was cut off or written anew.
  if (file.size < known.bytes) return { _tag: "Begin" }
  const before = known.file
  // Its lines came from elsewhere; whether this is the file they stood in, only they can tell.
  if (before === null) return { _tag: "Continue", compare: true }
  if (file.size !== before.size) return { _tag: "Continue", compare: false }
  const samePlace = file.path === before.path && file.root === before.root
  const sameTime = file.mtimeMs === before.mtimeMs
  const sameFile = file.inode === before.inode
  if (sameTime && samePlace && sameFile) return known.missingSince === null && file.device === before.device ? { _tag: "Unchanged" } : { _tag: "Note" }
  // Moved: the time of the last write went with it. (Another file of the same length and time is another file.)
  if (sameTime && !samePlace && sameFile) return { _tag: "Note" }
  return { _tag: "Continue", compare: true }
}
