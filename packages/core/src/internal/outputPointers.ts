import type { SessionEvent } from "../SessionEvent.ts"
import type { ToolOutputPointer } from "../ToolOutput.ts"
import { filled, isObject } from "./json.ts"
import { isOutputName, outputFolder } from "./transcriptNames.ts"

const tag = "<persisted-output>"

/** The words of the client that stand before the path of a file with the rest. */
const taggedPath = /^<persisted-output>\s[^\n]*?saved to:? *([^\n]+)/
const savedPath = /saved to:? +([^\n"'<>]*?[\\/]tool-results[\\/][^\s"'<>\\/[\](){},;]+)/g

export const pointersIn = (sessionId: string, events: ReadonlyArray<SessionEvent>): ReadonlyArray<ToolOutputPointer> => {
  let found: Map<string, ToolOutputPointer> | null = null
  const add = (path: string, sure: boolean): void => {
    const pointer = pointerTo(sessionId, path.trim())
    // What only looks like a path of the client's, as in a text that quotes another session's, is no pointer.
    if (pointer.own || sure) (found ??= new Map()).set(pointer.own ? pointer.name : pointer.path, pointer)
  }
  for (const event of events) {
    switch (event._tag) {
      case "ToolReturned":
        fromText(event.text, add)
        fromRecord(event.structured, add)
        break
      // What the client says of a hook, a command or itself; a person and a model may say anything.
      case "Attached":
      case "MetaAdded":
      case "CommandPrinted":
      case "SystemNoted":
        fromText(event.text, add)
        break
      default:
    }
  }
  return found === null ? none : [...(found as Map<string, ToolOutputPointer>).values()]
}
const none: ReadonlyArray<ToolOutputPointer> = []

const fromText = (text: string, add: (path: string, sure: boolean) => void): void => {
  const tagged = text.startsWith(tag) ? taggedPath.exec(text)?.[1] : undefined
  if (tagged !== undefined) add(tagged, true)
  else if (text.includes(outputFolder)) for (const [, path] of text.matchAll(savedPath)) if (path !== undefined) add(path.replace(/\.+$/, ""), false)
}

/** The client's record of a result names the file in one field, and those of a server's resources in another. */
const fromRecord = (record: unknown, add: (path: string, sure: boolean) => void): void => {
  if (!isObject(record)) return
  if (filled(record.persistedOutputPath) !== null) add(String(record.persistedOutputPath), true)
  if (!Array.isArray(record.contents)) return
  for (const part of record.contents) {
    const path = isObject(part) ? filled(part.blobSavedTo) : null
    if (path !== null) add(path, true)
  }
}

/** Goes by names alone: where the folder of a session lies now is for the file system to say, and nothing outside of it is ever opened. */
const pointerTo = (own: string, path: string): ToolOutputPointer => {
  const names = path.split(/[\\/]/)
  const name = names.at(-1) ?? ""
  const inFolder = names.at(-2) === outputFolder && isOutputName(name)
  const sessionId = inFolder ? (names.at(-3) ?? own) : null
  return { path, name, own: sessionId === own, sessionId }
}
