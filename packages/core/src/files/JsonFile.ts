import { statSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser"
import { canonicalJson, isObject, type JsonObject } from "../text/json.ts"
import { laxityOf } from "../text/strictJson.ts"
import type { FileUnreadable } from "./FileUnreadable.ts"
import { errorCode, unreadable } from "./fileFacts.ts"
import type { JsonChange, JsonPath } from "./JsonChange.ts"
import { changed } from "./jsonEdits.ts"
import { oneAtATime } from "./oneAtATime.ts"
import { readWhole, replaceWhole, targetOf, type WholeFile } from "./wholeFile.ts"

/** A file that should hold one JSON object and does not, or not where it is to be changed. Nothing was written. `line` and `column` begin with 1. */
export class JsonFileBroken extends Schema.TaggedError<JsonFileBroken>("han-core/JsonFileBroken")("JsonFileBroken", {
  path: Schema.String,
  line: Schema.Int,
  column: Schema.Int,
  message: Schema.String
}) {}

/** A file that is there and cannot be read, or is no file, or too long. */
export class JsonFileUnreadable extends Schema.TaggedError<JsonFileUnreadable>("han-core/JsonFileUnreadable")("JsonFileUnreadable", {
  path: Schema.String,
  reason: Schema.Literal("denied", "failed"),
  message: Schema.String
}) {}

/** A file that cannot be written. It is as it was. */
export class JsonFileUnwritable extends Schema.TaggedError<JsonFileUnwritable>("han-core/JsonFileUnwritable")("JsonFileUnwritable", {
  path: Schema.String,
  /** `denied`: no right to · `full`: no space · `busy`: others write it all the time · `failed`: anything else. */
  reason: Schema.Literal("denied", "full", "busy", "failed"),
  message: Schema.String
}) {}

const settingsBytes = 1 << 24
const attempts = 5

/**
 * The object in a JSON file that people edit, too: comments and trailing commas are allowed, an empty file is an empty object. Null when there is no file.
 * At most `maxBytes`, 16 MiB if absent.
 */
export const read = Effect.fn("JsonFile.read")(function* (path: string, maxBytes: number = settingsBytes) {
  return (yield* whole(path, maxBytes))?.value ?? null
})

/** `read`, with the first thing in the file that a strict parser refuses; null when there is none. */
export const readNoting = Effect.fn("JsonFile.readNoting")(function* (path: string) {
  const found = yield* whole(path, settingsBytes)
  return found === null ? null : { value: found.value, laxity: laxityOf(found.text) }
})

const whole = Effect.fnUntraced(function* (path: string, maxBytes: number) {
  if (isMissing(path)) return null
  const found = yield* Effect.mapError(readWhole(path, maxBytes), unreadableFile)
  return found === null ? null : yield* parsed(path, found)
})

/** Most files that are asked for are not there, and a question to the system itself is far quicker than one through the thread pool. */
const isMissing = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined
  } catch {
    // Whatever is wrong, reading it says what.
    return false
  }
}

/**
 * Changes a JSON file and leaves every other byte of it as it is: unknown keys, order, comments, indentation. `change` sees the object (an empty one when there is
 * no file: then it is made, with its folder) and says what to do; nothing is written when that comes to nothing. A symbolic link is followed to what it names.
 * The file is replaced in one step. Changes of one file within this process wait for each other; when another process wrote meanwhile, `change` is asked again.
 */
export const edit = <E, R>(
  path: string,
  change: (current: JsonObject) => Effect.Effect<ReadonlyArray<JsonChange>, E, R>
): Effect.Effect<{ readonly written: boolean; readonly value: JsonObject }, E | JsonFileBroken | JsonFileUnreadable | JsonFileUnwritable, R> =>
  Effect.flatMap(Effect.mapError(Effect.tryPromise({ try: () => targetOf(path), catch: unreadable(path) }), unreadableFile), (target) =>
    oneAtATime(target)(editing(target, change))
  )

const editing = Effect.fn("JsonFile.edit")(function* <E, R>(path: string, change: (current: JsonObject) => Effect.Effect<ReadonlyArray<JsonChange>, E, R>) {
  for (let round = 0; round < attempts; round++) {
    const found = yield* Effect.mapError(readWhole(path, settingsBytes), unreadableFile)
    const { mark, text, value } = found === null ? empty : yield* parsed(path, found)
    const wanted = yield* change(value)
    const next = yield* applied(path, text, wanted)
    if (next === text) return { written: false, value }
    const now = valueIn(next)
    if (!isObject(now) || canonicalJson(now) !== canonicalJson(wanted.reduce(valueAfter, value))) {
      return yield* Effect.dieMessage(`a change of ${path} would have damaged it; nothing was written`)
    }
    const bytes = new TextEncoder().encode(mark + next)
    const replace = Effect.tryPromise({ try: () => replaceWhole(path, bytes, found?.stats ?? null), catch: unwritable(path) })
    if (yield* Effect.uninterruptible(replace)) return { written: true, value: now }
  }
  return yield* new JsonFileUnwritable({ path, reason: "busy", message: `${path} is written by another program again and again; try again later` })
})

/** Says the same of a file of JSON. */
export const unreadableFile = ({ message, path, reason }: FileUnreadable) =>
  new JsonFileUnreadable({ path, reason: reason === "denied" ? "denied" : "failed", message })

const unwritable =
  (path: string) =>
  (cause: unknown): JsonFileUnwritable => {
    const code = errorCode(cause)
    const because = (reason: JsonFileUnwritable["reason"], what: string) =>
      new JsonFileUnwritable({ path, reason, message: `cannot write ${path}: ${what}; it is as it was` })
    switch (code) {
      case "EACCES":
      case "EPERM":
        return because("denied", "permission denied. Check the owner and mode of the file and its folder")
      case "EROFS":
        return because("denied", "it lies on a file system that is read-only")
      case "ENOSPC":
      case "EDQUOT":
        return because("full", "no space is left")
      default:
        return because("failed", `${code}, ${cause instanceof Error ? cause.message : String(cause)}`)
    }
  }

interface Parsed {
  /** A byte order mark, kept. */
  readonly mark: string
  readonly text: string
  readonly value: JsonObject
}
const empty: Parsed = { mark: "", text: "{}\n", value: {} }

const parsed = (path: string, { bytes }: WholeFile): Effect.Effect<Parsed, JsonFileBroken> =>
  Effect.suspend(() => {
    let whole: string
    try {
      whole = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
    } catch {
      return Effect.fail(brokenAt(path, "", 0, "it is not UTF-8"))
    }
    const mark = whole.startsWith("\ufeff") ? "\ufeff" : ""
    const text = whole.slice(mark.length)
    if (text.trim() === "") return Effect.succeed({ ...empty, mark })
    const errors: Array<ParseError> = []
    try {
      const value = valueIn(text, errors)
      const first = errors[0]
      if (first !== undefined) return Effect.fail(brokenAt(path, text, first.offset, inWords[printParseErrorCode(first.error)] ?? "this is no JSON"))
      return isObject(value) ? Effect.succeed({ mark, text, value }) : Effect.fail(brokenAt(path, text, 0, "one object is expected"))
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause
      return Effect.fail(brokenAt(path, text, 0, "it is nested too deeply"))
    }
  })

/** Parses JSON, first with the system's parser, which is fast. */
const valueIn = (text: string, errors: Array<ParseError> = []): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    const root = parseTree(text, errors, { allowTrailingComma: true })
    return root === undefined ? undefined : valueOfNode(root)
  }
}

/** Every name becomes a property of the object's own, `__proto__`, too. */
const valueOfNode = (node: Node): unknown => {
  const children = node.children ?? []
  if (node.type === "array") return children.map(valueOfNode)
  if (node.type !== "object") return node.value
  return Object.fromEntries(children.map(({ children: [name, value] = [] }) => [String(name?.value), value === undefined ? undefined : valueOfNode(value)]))
}

const inWords: Readonly<Record<string, string>> = {
  InvalidSymbol: "an unknown word",
  InvalidNumberFormat: "no number",
  PropertyNameExpected: "a name in double quotes is expected",
  ValueExpected: "a value is expected",
  ColonExpected: "a colon is expected",
  CommaExpected: "a comma is expected",
  CloseBraceExpected: "a closing brace is expected",
  CloseBracketExpected: "a closing bracket is expected",
  EndOfFileExpected: "something stands after the end",
  UnexpectedEndOfComment: "a comment does not end",
  UnexpectedEndOfString: "a string does not end",
  UnexpectedEndOfNumber: "a number does not end",
  InvalidUnicode: "an invalid \\u in a string",
  InvalidEscapeCharacter: "an invalid \\ in a string",
  InvalidCharacter: "an invalid character in a string"
}

/** The error at an offset of the text, with what to do. */
export const brokenAt = (path: string, text: string, offset: number, why: string): JsonFileBroken => {
  const before = text.slice(0, offset).split("\n")
  const line = before.length
  const column = (before.at(-1)?.length ?? 0) + 1
  return new JsonFileBroken({ path, line, column, message: `${path}, line ${line}, column ${column}: ${why}. Correct it there; nothing was changed` })
}

/** The text after all changes. */
const applied = (path: string, text: string, changes: ReadonlyArray<JsonChange>): Effect.Effect<string, JsonFileBroken> =>
  Effect.suspend(() => {
    let next = text
    for (const change of changes) {
      const result = changed(next, change)
      if (Either.isLeft(result)) return Effect.fail(brokenAt(path, next, result.left.offset, result.left.why))
      next = result.right
    }
    return Effect.succeed(next)
  })

/** Makes the same change on the value, with which the changed text is compared. */
const valueAfter = (value: JsonObject, change: JsonChange): JsonObject => {
  const after = (current: unknown, path: JsonPath): unknown => {
    const [segment, ...rest] = path
    if (segment === undefined) return "value" in change ? change.value : undefined
    if (typeof segment === "number") {
      const list = Array.isArray(current) ? [...current] : []
      if (rest.length === 0 && "remove" in change) list.splice(segment, 1)
      else if ("value" in change || segment < list.length) list[segment] = after(list[segment], rest)
      return list
    }
    const entries = Object.entries(isObject(current) ? current : {})
    const known = entries.some(([name]) => name === segment)
    if (!known) return "value" in change ? Object.fromEntries([...entries, [segment, after(undefined, rest)]]) : current
    return Object.fromEntries(
      entries.flatMap(([name, item]) => (name !== segment ? [[name, item]] : rest.length === 0 && "remove" in change ? [] : [[name, after(item, rest)]]))
    )
  }
  const next = after(value, change.path)
  return isObject(next) ? next : value
}
