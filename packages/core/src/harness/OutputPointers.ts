import type { Transcript } from "../journal/Entry.ts"
import type { DecodedLine, SessionEvent } from "../journal/SessionEvent.ts"
import type { ToolOutputPointer } from "../journal/ToolOutput.ts"
import { filled, isObject } from "../text/json.ts"
import { isOutputName, outputFolder } from "./fileNames.ts"

const tag = "<persisted-output>"

/** The words of the client that stand before the path of a file with the rest. */
const taggedPath = /^<persisted-output>\s[^\n]*?saved to:? *([^\n]+)/
const savedPath = /saved to:? +([^\n"'<>]*?[\\/]tool-results[\\/][^\s"'<>\\/[\](){},;]+)/g

/** The files that a line points to, each once. */
export const pointersOf = (transcript: Pick<Transcript, "sessionId">, decoded: DecodedLine): ReadonlyArray<ToolOutputPointer> =>
  pointersIn(transcript.sessionId, decoded.events)

const pointersIn = (sessionId: string, events: ReadonlyArray<SessionEvent>): ReadonlyArray<ToolOutputPointer> => {
  let found: Found | null = null
  for (const event of events) {
    switch (event._tag) {
      case "ToolReturned":
        found = fromRecord(sessionId, event.structured, fromText(sessionId, event.text, found))
        break
      // What the client says of a hook, a command or itself; a person and a model may say anything.
      case "Attached":
      case "MetaAdded":
      case "CommandPrinted":
      case "SystemNoted":
        found = fromText(sessionId, event.text, found)
        break
      default:
    }
  }
  return found === null ? none : [...found.values()]
}
const none: ReadonlyArray<ToolOutputPointer> = []

type Found = Map<string, ToolOutputPointer>

const withPath = (sessionId: string, path: string, sure: boolean, found: Found | null): Found | null => {
  const pointer = pointerTo(sessionId, path.trim())
  // What only looks like a path of the client's, as in a text that quotes another session's, is no pointer.
  return pointer.own || sure ? (found ?? new Map()).set(pointer.own ? pointer.name : pointer.path, pointer) : found
}

const fromText = (sessionId: string, text: string, before: Found | null): Found | null => {
  // Most texts have neither mark, and are not looked at twice.
  if (!text.includes(outputFolder) && !text.startsWith(tag)) return before
  const tagged = text.startsWith(tag) ? taggedPath.exec(text)?.[1] : undefined
  if (tagged !== undefined) return withPath(sessionId, tagged, true, before)
  let found = before
  for (const [, path] of text.matchAll(savedPath)) if (path !== undefined) found = withPath(sessionId, path.replace(/\.+$/, ""), false, found)
  return found
}

/** The client's record of a result names the file in one field, and those of a server's resources in another. */
const fromRecord = (sessionId: string, record: unknown, before: Found | null): Found | null => {
  if (!isObject(record)) return before
  const { contents, persistedOutputPath } = record
  let found = filled(persistedOutputPath) === null ? before : withPath(sessionId, String(persistedOutputPath), true, before)
  if (Array.isArray(contents))
    for (const part of contents) {
      const path = isObject(part) ? filled(part.blobSavedTo) : null
      if (path !== null) found = withPath(sessionId, path, true, found)
    }
  return found
}

/** Goes by names alone: where the folder of a session lies now is for the file system to say, and nothing outside of it is ever opened. */
const pointerTo = (own: string, path: string): ToolOutputPointer => {
  const names = path.split(/[\\/]/)
  const name = names.at(-1) ?? ""
  const inFolder = names.at(-2) === outputFolder && isOutputName(name)
  const sessionId = inFolder ? (names.at(-3) ?? own) : null
  return { path, name, own: sessionId === own, sessionId }
}
