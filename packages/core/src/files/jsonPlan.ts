import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { createScanner, findNodeAtLocation, parse, parseTree } from "jsonc-parser"
import { isObject, type JsonObject } from "../text/json.ts"
import { unreadable } from "./fileFacts.ts"
import type { JsonChange, JsonPath } from "./JsonChange.ts"
import { brokenAt, edit, type JsonFileBroken, type JsonFileUnreadable, type JsonFileUnwritable, read, unreadableFile } from "./JsonFile.ts"
import { type Conflict, changed } from "./jsonEdits.ts"
import { readWhole, targetOf } from "./wholeFile.ts"

/** Changes of a JSON text of which each is made on what those before it have left. */
export class JsonPlan {
  readonly #changes: Array<JsonChange> = []
  #text: string
  #conflict: Conflict | null = null
  #value: JsonObject | null = null

  constructor(text: string) {
    this.#text = text
  }

  get changes(): ReadonlyArray<JsonChange> {
    return this.#changes
  }

  /** The text as the changes so far leave it. */
  get text(): string {
    return this.#text
  }

  /** The reason why a change could not be made, of the first such change. */
  get conflict(): Conflict | null {
    return this.#conflict
  }

  get value(): JsonObject {
    if (this.#value === null) {
      const value: unknown = parse(this.#text, [], { allowTrailingComma: true })
      this.#value = isObject(value) ? value : {}
    }
    return this.#value
  }

  /** False when it cannot be made; writing it then fails, and says why. */
  apply(change: JsonChange): boolean {
    this.#changes.push(change)
    const next = changed(this.#text, change)
    if (Either.isLeft(next)) {
      this.#conflict ??= next.left
      return false
    }
    this.#text = next.right
    this.#value = null
    return true
  }

  /** Tells whether a list or an object is empty, without a comment in it. */
  isBare(path: JsonPath): boolean {
    const within = this.#within(path)
    return within !== null && within.trim() === ""
  }

  hasComments(path: JsonPath): boolean {
    const within = this.#within(path)
    if (within === null) return false
    const scanner = createScanner(within, false)
    for (let token: number = scanner.scan(); token !== endToken; token = scanner.scan()) {
      if (token === lineCommentToken || token === blockCommentToken) return true
    }
    return false
  }

  #within(path: JsonPath): string | null {
    const root = parseTree(this.#text, [], { allowTrailingComma: true })
    const node = root === undefined ? undefined : findNodeAtLocation(root, [...path])
    return node === undefined || node.children === undefined ? null : this.#text.slice(node.offset + 1, node.offset + node.length - 1)
  }
}

const lineCommentToken = 12
const blockCommentToken = 13
const endToken = 17

const mark = "\ufeff"

/** A byte order mark, and the text after it as `JsonFile` changes it: one that says nothing is an empty object. */
export const planOf = (whole: string | null): { readonly mark: string; readonly plan: JsonPlan } => {
  const text = whole?.startsWith(mark) === true ? whole.slice(mark.length) : (whole ?? "")
  return { mark: whole?.startsWith(mark) === true ? mark : "", plan: new JsonPlan(text.trim() === "" ? "{}\n" : text) }
}

type FileError = JsonFileBroken | JsonFileUnreadable | JsonFileUnwritable

/** The whole text of a file of JSON, which is sound; null when there is none. */
export const wholeText = (path: string): Effect.Effect<string | null, JsonFileBroken | JsonFileUnreadable> => Effect.zipRight(read(path), textAt(path))

const textAt = (path: string): Effect.Effect<string | null, JsonFileUnreadable> =>
  Effect.tryPromise({ try: () => targetOf(path), catch: unreadable(path) }).pipe(
    Effect.flatMap((target) => readWhole(target, 1 << 24)),
    Effect.mapBoth({
      onFailure: unreadableFile,
      onSuccess: (found) => (found === null ? null : new TextDecoder("utf-8", { ignoreBOM: true }).decode(found.bytes))
    })
  )

/**
 * `JsonFile.edit` for changes that depend on how the file is written. `make` is asked again when another program wrote meanwhile.
 * With `dry` nothing is written; whether it would be is the answer all the same.
 */
export const editPlanned = <A extends object, E, R>(
  path: string,
  dry: boolean,
  make: (plan: JsonPlan, whole: string | null, mark: string) => Effect.Effect<A, E, R>
): Effect.Effect<{ readonly changes: boolean; readonly made: A }, E | FileError, R> => {
  const planned = Effect.fnUntraced(function* (whole: string | null) {
    const { mark, plan } = planOf(whole)
    const before = plan.text
    const made = yield* make(plan, whole, mark)
    return { plan, made, changes: plan.text !== before }
  })
  return Effect.gen(function* () {
    if (dry) {
      const { changes, made, plan } = yield* Effect.flatMap(wholeText(path), planned)
      return plan.conflict === null ? { changes, made } : yield* brokenAt(path, plan.text, plan.conflict.offset, plan.conflict.why)
    }
    const rounds: Array<A> = []
    const { written } = yield* edit(path, () =>
      // What was read a moment before `edit` read it is the same file, or nothing is written.
      Effect.flatMap(textAt(path), (whole) =>
        Effect.map(planned(whole), ({ made, plan }) => {
          rounds.splice(0, 1, made)
          return plan.changes
        })
      )
    )
    const [made] = rounds
    return made === undefined ? yield* Effect.dieMessage(`${path} was changed without being asked for`) : { changes: written, made }
  })
}
