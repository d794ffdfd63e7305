import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Yaml from "yaml"
import { isObject, type JsonObject } from "../text/json.ts"

/** Names of keys, and places in lists. */
export type YamlPath = ReadonlyArray<string | number>

/** A YAML document of names with values; one without content is empty. */
export interface YamlFile {
  readonly path: string
  readonly value: JsonObject
  /** The line of this key; of the nearest key above it when it is not there. */
  readonly lineOf: (path: YamlPath) => number | null
}

export interface YamlBroken {
  readonly line: number | null
  readonly why: string
}

/** The parser is loaded when the first file is found. */
export const parseYaml = (path: string, bytes: Uint8Array): Effect.Effect<Either.Either<YamlFile, YamlBroken>> =>
  Effect.map(
    Effect.promise(() => import("yaml")),
    (yaml) => {
      try {
        const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
        if (isNestedTooDeeply(text)) return Either.left({ line: null, why: "it is nested too deeply" })
        const lines = new yaml.LineCounter()
        const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: true, logLevel: "error" })
        const [error] = document.errors
        if (error !== undefined) {
          const why = (error.message.split("\n", 1)[0] ?? error.message).replace(/ at line \d+, column \d+:?$/, "")
          return Either.left({ line: error.linePos?.[0].line ?? null, why })
        }
        if (hasOtherNames(yaml, document)) return Either.left({ line: null, why: "every name must be a text" })
        // A document of aliases of aliases would fill the memory: the parser refuses more than this.
        const value: unknown = document.toJS({ maxAliasCount: 100 })
        if (value === null || value === undefined) return Either.right({ path, value: {}, lineOf: () => null })
        if (!isObject(value)) return Either.left({ line: 1, why: "names with values are expected" })
        return Either.right({ path, value, lineOf: (keys: YamlPath) => lineOf(yaml, document.contents, lines, keys) })
      } catch (cause) {
        return Either.left({ line: null, why: cause instanceof TypeError ? "it is not UTF-8" : cause instanceof Error ? cause.message : String(cause) })
      }
    }
  )

/** Files of any repository are parsed, and the parser takes a time that grows with the square of some of them: more than anybody writes by hand is refused. */
export const maxYamlBytes = 1 << 16
const deepest = 64

const isNestedTooDeeply = (text: string): boolean => {
  if (/(?:[-?:][ \t]+){64}/.test(text)) return true
  let depth = 0
  for (const character of text) {
    if (character === "[" || character === "{") depth++
    else if (character === "]" || character === "}") depth = Math.max(0, depth - 1)
    if (depth > deepest) return true
  }
  return false
}

/** Lists and objects may be names in YAML; to make texts of them takes the parser for ever. */
const hasOtherNames = (yaml: typeof Yaml, document: Yaml.Document): boolean => {
  let found = false
  yaml.visit(document, {
    Pair: (_, { key }) => {
      if (yaml.isScalar(key)) return undefined
      found = true
      return yaml.visit.BREAK
    }
  })
  return found
}

const lineOf = (yaml: typeof Yaml, contents: unknown, lines: Yaml.LineCounter, keys: YamlPath): number | null => {
  let at: unknown = contents
  let offset: number | null = null
  for (const key of keys) {
    if (yaml.isMap(at)) {
      const pair = at.items.find((item) => yaml.isScalar(item.key) && String(item.key.value) === String(key))
      if (pair === undefined) break
      if (yaml.isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset
      at = pair.value
    } else if (yaml.isSeq(at) && typeof key === "number") {
      const item: unknown = at.items[key]
      if (yaml.isNode(item)) offset = item.range?.[0] ?? offset
      at = item
    } else break
  }
  return offset === null ? null : lines.linePos(offset).line
}
