import { Buffer } from "node:buffer"
import type { SessionEvent } from "../SessionEvent.ts"
import type { ToolOutputPointer } from "../ToolOutput.ts"
import { isObject } from "./json.ts"
import { isOutputName, outputFolder } from "./transcriptNames.ts"

const folder = Buffer.from(outputFolder)
const persisted = Buffer.from("ersistedOutputPath")
const tag = "<persisted-output>"
const tagBytes = Buffer.from(tag)

/** Longer strings are content, not paths. */
const longestPath = 4096
const deepest = 8

/** The words of the client that stand before the path of a file with the rest. */
const taggedPath = /^<persisted-output>\s[^\n]*?saved to:? *([^\n]+)/
const savedPath = /saved to:? +([^\n"'<>]*?[\\/]tool-results[\\/][^\s"'<>\\/[\](){},;]+)/g

/** Whose value is a file that the line is about, not where its own text goes on. */
const otherPaths: ReadonlySet<string> = new Set(["filePath", "file_path", "notebook_path", "path", "worktreePath"])

/** Every line that points to a file has one of these byte strings. */
const mayPoint = (bytes: Uint8Array): boolean => {
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return line.includes(folder) || line.includes(persisted) || line.includes(tagBytes)
}

export const pointersIn = (sessionId: string, bytes: Uint8Array, events: ReadonlyArray<SessionEvent>): ReadonlyArray<ToolOutputPointer> => {
  if (!mayPoint(bytes)) return none
  const found = new Map<string, ToolOutputPointer>()
  const add = (path: string, sure: boolean): void => {
    const pointer = pointerTo(sessionId, path.trim())
    // What only looks like a path of the client's, as in a text that quotes another session's, is no pointer.
    if (pointer.own || sure) found.set(pointer.own ? pointer.name : pointer.path, pointer)
  }
  for (const event of events) {
    switch (event._tag) {
      case "ToolReturned":
        fromText(event.text, add)
        fromRecord(event.structured, add)
        break
      case "Attached":
      case "MetaAdded":
      case "CommandPrinted":
      case "SystemNoted":
        fromText(event.text, add)
        break
      default:
    }
  }
  return [...found.values()]
}
const none: ReadonlyArray<ToolOutputPointer> = []

const fromText = (text: string, add: (path: string, sure: boolean) => void): void => {
  const tagged = text.startsWith(tag) ? taggedPath.exec(text)?.[1] : undefined
  if (tagged !== undefined) add(tagged, true)
  else if (text.includes(outputFolder)) for (const [, path] of text.matchAll(savedPath)) if (path !== undefined) add(path.replace(/\.+$/, ""), false)
}

const fromRecord = (value: unknown, add: (path: string, sure: boolean) => void): void => {
  const visit = (part: unknown, key: string, depth: number): void => {
    if (typeof part === "string") {
      if (part === "" || part.length > longestPath || otherPaths.has(key)) return
      if (key === "persistedOutputPath") add(part, true)
      else if (part.includes(outputFolder)) {
        if (wholePath.test(part)) add(part, key === "blobSavedTo")
        else fromText(part, add)
      }
    } else if (depth >= deepest) return
    else if (Array.isArray(part)) for (const item of part) visit(item, key, depth + 1)
    else if (isObject(part)) for (const name in part) visit(part[name], name, depth + 1)
  }
  visit(value, "", 0)
}
const wholePath = /^[^\n]*[\\/]tool-results[\\/][^\\/\n]+$/

/** Only names count: where the folder of a session lies now is for the file system to say, and nothing outside of it is ever opened. */
const pointerTo = (own: string, path: string): ToolOutputPointer => {
  const names = path.split(/[\\/]/)
  const name = names.at(-1) ?? ""
  const inFolder = names.at(-2) === outputFolder && isOutputName(name)
  const sessionId = inFolder ? (names.at(-3) ?? own) : null
  return { path, name, own: sessionId === own, sessionId }
}
