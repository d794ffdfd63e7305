/**
 * Takes the words out of transcript lines for a server that gets metadata only.
 *
 * @example
 * ```ts
 * import { type Entry, entryText } from "han-core/Entry"
 * import { mask } from "han-core/Mask"
 *
 * const said: Entry = { line: 0, offset: 0, bytes: new TextEncoder().encode('{"type":"user","uuid":"u","message":{"role":"user","content":"Fix it"}}') }
 *
 * entryText(mask({ kind: "main" }, said)) // '{"type":"user","uuid":"u","message":{"role":"user","content":"> …"}}'
 * ```
 */

import { piecesIn } from "../harness/promptParts.ts"
import { readRecords } from "../harness/record.ts"
import { type Entry, entryText, type Transcript } from "../journal/Entry.ts"
import { isObject, type JsonObject } from "../text/json.ts"
import { clientPaths, hanPaths, type MaskedPaths } from "./maskedPaths.ts"

/**
 * Gives an entry back without what people, models and tools wrote: types, ids, times, usage, models, names of tools, paths and counts stay, and so does the number of lines of
 * patches and of written files. Everything that is not known to be such goes, so a field that a client begins to write is masked until it is listed here. What the line means is
 * the same but for its words: no mood is read from them.
 */
export const mask = ({ kind }: Pick<Transcript, "kind">, entry: Entry): Entry => {
  const paths = kind === "han" ? hanPaths : clientPaths
  const bytes = encoder.encode(maskedLine(paths, entry))
  return entry.payload === undefined ? { ...entry, bytes } : { ...entry, bytes, payload: encoder.encode(maskedLine(paths, { ...entry, bytes: entry.payload })) }
}

const encoder = new TextEncoder()

const maskedLine = (paths: MaskedPaths, entry: Entry): string => {
  const { fault, records } = readRecords(entry)
  const masked = records.map((record) => JSON.stringify(maskedValue(paths, record, "", { lines: new Map(), isCommand: record.isCommand === true })))
  if (fault === null) return masked.join("")
  return damaged(entryText(entry), fault, masked)
}

/** A line that is damaged in the same way, so that it is reported as it was. */
const damaged = (line: string, fault: string, masked: ReadonlyArray<string>): string => {
  if (masked.length > 1) return masked.join("")
  if (masked.length === 1) return fault.startsWith("NUL") ? `\0${masked[0]}` : `{"${masked[0]}`
  const json = /^a JSON (\w+)/.exec(fault)?.[1]
  if (json !== undefined) return { null: "null", array: "[]", string: '""', number: "0", boolean: "false" }[json] ?? "null"
  if (fault.startsWith("only NUL")) return "\0"
  if (fault.startsWith("an empty")) return ""
  return line.trimStart().startsWith("{") ? "{" : "-"
}

/** The length up to which a prompt tells how long somebody wrote on it. */
const maxLength = 240
/** Gives marks in the place of words: as many characters, as far as that counts. A quotation tells no mood. */
const maskOf = (text: string): string => `> ${"…".repeat(Math.max(1, Math.min(text.length, maxLength) - 2))}`

/** The known facts of the record. */
interface Context {
  /** The numbers of its lines: the same for the same line. */
  readonly lines: Map<string, number>
  /** Its text is a command with its name first. */
  readonly isCommand: boolean
}

const maskedValue = (paths: MaskedPaths, value: unknown, path: string, context: Context): unknown => {
  if (Array.isArray(value)) return value.map((item) => maskedValue(paths, item, `${path}[]`, context))
  if (isObject(value)) return maskedObject(paths, value, path, context)
  if (typeof value === "string") return maskedString(paths, value, path, context)
  return value
}

const maskedObject = (paths: MaskedPaths, value: JsonObject, path: string, context: Context): JsonObject => {
  const isFree = paths.free.some((free) => path === free || path.startsWith(`${free}.`) || path.startsWith(`${free}[]`))
  const kept: Record<string, unknown> = {}
  for (const [key, part] of Object.entries(value)) {
    const at = `${path}.${key}`
    // What anybody may write there has keys of anybody's.
    if (!isFree || paths.known.has(at)) kept[key] = maskedValue(paths, part, at, context)
    else if (paths.named.has(path)) kept[key] = null
  }
  return kept
}

const commandTexts = new Set([".message.content", ".message.content[].text", ".content"])
/** Texts of results, in which the address of a pull request is told from. */
const results = new Set([
  ".message.content[].content",
  ".message.content[].content[]",
  ".message.content[].content[].text",
  ".content[].content",
  ".content[].content[].text",
  ".result"
])
const id = /^[\w.:@/+~<>%-]{0,256}$/

const maskedString = ({ ids, lined, paths, patches, words }: MaskedPaths, value: string, path: string, { isCommand, lines: known }: Context): string => {
  if (ids.has(path)) return id.test(value) ? value : ""
  if (paths.has(path)) return value
  if (patches.has(path)) return /^[+\- ]/.exec(value)?.[0] ?? ""
  if (lined.has(path)) return numbered(value, known)
  if (isCommand && commandTexts.has(path)) {
    const name = /^\s*\/[\w:.-]+/.exec(value)?.[0] ?? ""
    return name + maskedText(value.slice(name.length), false)
  }
  return words.has(path) ? maskedText(value, results.has(path)) : ""
}

/** The same number for the same line of one record: how many lines an edit changes stays to be seen. */
const numbered = (value: string, lines: Map<string, number>): string =>
  value
    .split("\n")
    .map((line) => {
      if (line === "") return ""
      const number = lines.get(line) ?? lines.size + 1
      lines.set(line, number)
      return String(number)
    })
    .join("\n")

/** Texts that the client writes itself, and what follows from them. */
const clientWords = [
  "[Request interrupted by user for tool use",
  "[Request interrupted by user",
  "This session is being continued from a previous conversation",
  "Another Claude session sent a message:"
]
const pullRequest = /https:\/\/github\.com\/[\w.-]+\/[\w.-]+\/pull\/\d{1,9}(?!\d)/
const marker = /^\[(?:Image(?: #\d+)?|Pasted text #\d+|\.\.\.Truncated text #\d+)/

const maskedText = (text: string, isResult: boolean): string => {
  if (text.trim() === "") return text
  const begin = clientWords.find((words) => text.slice(0, 400).includes(words))
  if (begin !== undefined) return `${begin}${begin.startsWith("[") ? "]" : `\n${maskOf("")}`}`
  const pieces = piecesIn(text)
  if (pieces !== null) return pieces.map(({ name, text }) => (name === null ? maskedPiece(text, isResult) : maskedBlock(name, text))).join("")
  return maskedPiece(text, isResult)
}

const maskedPiece = (text: string, isResult: boolean): string => {
  if (text.trim() === "") return text
  const mark = marker.exec(text.trimStart())?.[0]
  // Only a short text is looked at for an address.
  const address = isResult && text.length < 2000 ? pullRequest.exec(text)?.[0] : undefined
  if (mark !== undefined) {
    const rest = text.slice(text.indexOf("]") + 1).trim()
    return `${mark}]${rest === "" ? "" : ` ${maskOf(rest)}`}`
  }
  return address === undefined ? maskOf(text) : `${maskOf("")} ${address}`
}

/** A block that a program put into a text: its tags stay, and the name of a command. */
const maskedBlock = (name: string, whole: string): string => {
  const open = /^\s*<[^\s<>]+/.exec(whole)?.[0] ?? ""
  const content = whole.slice(whole.indexOf(">") + 1)
  const close = `</${name}>`
  const isClosed = content.trimEnd().endsWith(close)
  const inner = isClosed ? content.trimEnd().slice(0, -close.length) : content
  const shown = inner.trim() === "" ? inner : (name === "command-name" || name === "command-message") && id.test(inner.trim()) ? inner : maskOf(inner)
  return `${open}>${shown}${isClosed ? close : ""}`
}
