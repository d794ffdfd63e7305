/**
 * Takes secrets out of texts and transcript lines before they are stored, logged, shown or sent.
 *
 * @example
 * ```ts
 * import { redactor } from "han-core/Redaction"
 *
 * const redact = redactor({ DEPLOY_TOKEN: "correct-horse-battery", HOME: "/home/dev" })
 *
 * redact.text("curl -H 'x-key: correct-horse-battery' https://example.org")
 * // "curl -H 'x-key: [REDACTED:DEPLOY_TOKEN]' https://example.org"
 * ```
 */

import { isObject } from "../json.ts"
import { isBlank, type JsonString, pointerAt, withStrings } from "./jsonStrings.ts"
import { namesSecret } from "./ownRules.ts"
import { isValue, type SecretRule } from "./secretForms.ts"
import { isSecret } from "./secretNames.ts"
import { secretRules, strictRules } from "./secretRules.ts"
import { type FindSecrets, type Looked, type RuleScan, ruleScan, type SecretSpan, type SecretValue, secretFinder } from "./secretSpans.ts"

export interface RedactionOptions {
  /** A folder that is written as `~` wherever it stands in a path, such as `/home/dev`. */
  readonly home?: string
  /** Takes also whatever looks random behind a name that tells of a secret, which finds much that is none. False if absent. */
  readonly strict?: boolean
  /** Told the rule of each secret that is found. */
  readonly found?: (rule: string) => void
}

/** A secret that was found. Its characters are not in here. */
export interface SecretFinding {
  /** 1 for the first. */
  readonly line: number
  /** 1 for the first character: of the secret, or of the string that holds it where that is written with escapes. */
  readonly column: number
  /** The JSON pointer of the string that holds it; null in a line that is no JSON object. */
  readonly pointer: string | null
  /** The name in the mark in its place: the id of a rule, or the name of a variable. */
  readonly rule: string
}

/**
 * Writes a mark like `[REDACTED:github-pat]` in the place of each secret. What stands around a secret stays, the name of a setting included. Redacting twice gives the
 * same as once, and where nothing is found the answer is what was given. The time grows with the length.
 */
export interface Redactor {
  /** Redacts a text of any kind. */
  readonly text: (text: string) => string
  /**
   * Redacts a line of a transcript. Of a JSON object the strings are redacted, without its keys, and JSON in strings, too; everything else stays as it is written. Any
   * other line is redacted as text.
   */
  readonly line: (bytes: Uint8Array) => Uint8Array
  /** Redacts the line of an entry and its payload. */
  readonly entry: <E extends { readonly bytes: Uint8Array; readonly payload?: Uint8Array | undefined }>(entry: E) => E
  /** Redacts a text of several lines: each that is a JSON object as `line` does, and what is between them as text. */
  readonly lines: (text: string) => string
  /** Redacts the strings of a value as `line` does those of a line. What is no array and no object with values of its own stays as it is. */
  readonly value: <A>(value: A) => A
  /** Says where in a text of several lines `lines` finds secrets. */
  readonly findings: (text: string) => ReadonlyArray<SecretFinding>
}

/**
 * Makes a redactor. It finds the values (8 characters and more) of those variables of `environment` whose names say that they hold a secret, also as JSON and
 * URLs write them, and everything that has the form of a known kind of secret.
 */
export const redactor = (environment: Readonly<Record<string, string>>, options: RedactionOptions = {}): Redactor => {
  const find = telling(secretFinder(options.strict === true ? strict() : standard(), valuesOf(environment)), options.found)
  const homeless = withoutHome(options.home)
  const redactedText = (text: string): string => homeless(withMarks(text, secretsIn(find, text)))
  const inString = stringRedactor(find, homeless)
  const redactedPart = (text: string): string => {
    if (!isJsonObject(text)) return redactedText(text)
    return withStrings(
      text,
      inString(() => {})
    )
  }
  const line = (bytes: Uint8Array): Uint8Array => {
    const text = utf8.decode(bytes)
    const redacted = redactedPart(text)
    return redacted === text ? bytes : encoder.encode(redacted)
  }
  return {
    text: redactedText,
    line,
    entry: (entry) => {
      const bytes = line(entry.bytes)
      const payload = entry.payload === undefined ? undefined : line(entry.payload)
      return bytes === entry.bytes && payload === entry.payload ? entry : { ...entry, bytes, ...(payload === undefined ? {} : { payload }) }
    },
    lines: (text) =>
      partsOf(text)
        .map((part) => redactedPart(part.text))
        .join(""),
    value: <A>(value: A) => valueRedactor(inString(() => {}))(value, null) as A,
    findings: (text) => partsOf(text).flatMap((part) => findingsIn(find, inString, text, part))
  }
}

const telling = (find: FindSecrets, found: RedactionOptions["found"]): FindSecrets =>
  found === undefined
    ? find
    : (text, looked) => {
        const spans = find(text, looked)
        for (const { rule } of spans) found(rule)
        return spans
      }

const valueRedactor = (inString: (string: JsonString) => string) => {
  const redacted = (value: unknown, key: string | null): unknown => {
    if (typeof value === "string") return inString({ value, key, from: 0, escaped: false })
    if (Array.isArray(value)) return value.map((item) => redacted(item, key))
    if (!isObject(value) || ArrayBuffer.isView(value)) return value
    const parts = Object.entries(value).map(([name, part]) => [name, redacted(part, name)])
    return parts.length === 0 ? value : Object.assign(Object.create(Object.getPrototypeOf(value)), Object.fromEntries(parts))
  }
  return redacted
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })
const encoder = new TextEncoder()

const once = (rules: () => ReadonlyArray<SecretRule>): (() => RuleScan) => {
  let made: RuleScan | undefined
  return () => (made ??= ruleScan(rules()))
}
const standard = once(() => secretRules)
const strict = once(() => strictRules)

const isJsonObject = (text: string): boolean => {
  const from = text.charCodeAt(0) === 0xfeff ? 1 : 0
  let at = from
  while (isBlank(text.charCodeAt(at))) at++
  return text.charCodeAt(at) === 0x7b && isJson(from === 0 ? text : text.slice(from))
}
const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const markBegin = "[REDACTED:"
const marks = /\[REDACTED:[\w.-]{1,64}\]/g
const markOf = (rule: string): string => `${markBegin}${rule}]`
/** No rule finds anything in less: `://:x@` is the shortest. */
const minMatch = 6
/** A text in which each secret shows only when the one before it is gone ends with some of them. */
const maxPasses = 64

/** The secrets of a text that may have marks, which nothing touches any more. What was glued to a secret may show as one when that is gone, and is found as well. */
export const secretsIn = (find: FindSecrets, text: string, looked?: Looked): ReadonlyArray<SecretSpan> => {
  if (text.length < minMatch) return none
  const whole = text.includes(markBegin) ? null : find(text, looked)
  if (whole !== null && whole.length === 0) return none
  const found: Array<SecretSpan> = []
  let open = betweenMarks(text)
  for (let pass = 0; pass < maxPasses && open.length > 0; pass++) {
    const next: Array<readonly [number, number]> = []
    for (const [from, to] of open) {
      if (to - from < minMatch) continue
      const spans = pass === 0 && whole !== null ? whole : find(text.slice(from, to), looked)
      let at = from
      for (const span of spans) {
        const there = { from: from + span.from, to: from + span.to, rule: span.rule }
        found.push(there)
        next.push([at, there.from])
        at = there.to
      }
      if (spans.length > 0) next.push([at, to])
    }
    open = next
  }
  return found.length < 2 ? found : found.sort((a, b) => a.from - b.from)
}

const none: ReadonlyArray<SecretSpan> = []

const betweenMarks = (text: string): Array<readonly [number, number]> => {
  const open: Array<readonly [number, number]> = []
  let from = 0
  for (const match of text.matchAll(marks)) {
    open.push([from, match.index])
    from = match.index + match[0].length
  }
  open.push([from, text.length])
  return open
}

const withMarks = (text: string, secrets: ReadonlyArray<SecretSpan>): string => {
  if (secrets.length === 0) return text
  const parts: Array<string> = []
  let at = 0
  for (const { from, rule, to } of secrets) {
    parts.push(text.slice(at, from), markOf(rule))
    at = to
  }
  parts.push(text.slice(at))
  return parts.join("")
}

/** A folder of that name elsewhere, or one whose name goes on, is another one. */
const withoutHome = (home: string | undefined): ((text: string) => string) => {
  if (home === undefined || home.length < 2) return (text) => text
  const pattern = new RegExp(`(?<![\\w.~-])${home.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\w.-])`, "g")
  return (text) => (text.includes(home) ? text.replace(pattern, "~") : text)
}

type Report = (rule: string, at: number) => void
/** JSON in JSON in JSON …: each level doubles the backslashes of the one in it. */
const maxNesting = 8
/** The lengths of a value that is taken for a secret as a whole because of its key. */
const minKeyed = 4
const maxKeyed = 512

/** Redacts strings of JSON, each with what its key says of it. `report` is told of each secret, with its place in the string, or 0 for one in JSON in it. */
const stringRedactor = (find: FindSecrets, homeless: (text: string) => string) => {
  const keys = keyFacts(find)
  const redacted = (value: string, key: string | null, report: Report, depth: number): string => {
    if (value.length < minKeyed) return value
    const { isSpoken, namesOne } = key === null ? noKey : keys(key)
    if (namesOne && value.length <= maxKeyed && isValue(value) && !isMark(value)) {
      const [own] = secretsIn(find, value)
      const rule = own !== undefined && own.from === 0 && own.to === value.length ? own.rule : "assigned-secret"
      report(rule, 0)
      return markOf(rule)
    }
    if (value.length < minMatch) return value
    const text =
      depth < maxNesting && mayBeJson(value) && isJson(value)
        ? withStrings(value, (inner) => redacted(inner.value, inner.key, (rule) => report(rule, 0), depth + 1))
        : value
    const before = isSpoken ? `${key}":"` : ""
    const secrets = secretsIn(find, before === "" ? text : before + text)
    if (secrets.length === 0) return homeless(text)
    const own = secrets.flatMap(({ from, rule, to }) => (to > before.length ? [{ from: Math.max(0, from - before.length), to: to - before.length, rule }] : []))
    for (const { from, rule } of own) report(rule, text === value ? from : 0)
    return homeless(withMarks(text, own))
  }
  return (report: (rule: string, string: JsonString, at: number) => void) =>
    (string: JsonString): string =>
      redacted(string.value, string.key, (rule, at) => report(rule, string, at), 0)
}

const isMark = (text: string): boolean => text.startsWith(markBegin) && new RegExp(`^${marks.source}$`).test(text)
const mayBeJson = (text: string): boolean => {
  let at = 0
  while (isBlank(text.charCodeAt(at))) at++
  const first = text.charCodeAt(at)
  return (first === 0x7b || first === 0x5b || first === 0x22) && text.includes('"', at)
}

/** Tells what a key says of its value. */
interface KeyFacts {
  /** The value is a secret as a whole. */
  readonly namesOne: boolean
  /** The key may be what tells a secret: only then is the value looked at with it. */
  readonly isSpoken: boolean
}
const noKey: KeyFacts = { namesOne: false, isSpoken: false }
const maxKeys = 10_000

/** Keys come again and again. */
const keyFacts = (find: FindSecrets) => {
  const known = new Map<string, KeyFacts>()
  return (key: string): KeyFacts => {
    let facts = known.get(key)
    if (facts === undefined) {
      const looked = { characters: 0 }
      find(`${key}":"`, looked)
      facts = { namesOne: namesSecret(key), isSpoken: looked.characters > 0 }
      if (known.size < maxKeys) known.set(key, facts)
    }
    return facts
  }
}

interface TextPart {
  readonly from: number
  readonly text: string
}

/** The JSON objects of a text, each on a line or one on all of them, and what is between them: a key in PEM has many lines. */
const partsOf = (text: string): ReadonlyArray<TextPart> => {
  if (isJsonObject(text)) return [{ from: 0, text }]
  const parts: Array<TextPart> = []
  let plain = 0
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf("\n", from)
    const end = newline < 0 ? text.length : newline
    const line = text.slice(from, end)
    if (isJsonObject(line)) {
      if (plain < from) parts.push({ from: plain, text: text.slice(plain, from) })
      parts.push({ from, text: line })
      plain = end
    }
    from = end + 1
  }
  if (plain < text.length) parts.push({ from: plain, text: text.slice(plain) })
  return parts
}

const findingsIn = (find: FindSecrets, inString: ReturnType<typeof stringRedactor>, whole: string, part: TextPart): ReadonlyArray<SecretFinding> => {
  const findings: Array<SecretFinding> = []
  const add = (rule: string, at: number, pointer: string | null) => findings.push({ ...placeOf(whole, part.from + at), pointer, rule })
  if (!isJsonObject(part.text)) for (const { from, rule } of secretsIn(find, part.text)) add(rule, from, null)
  else
    withStrings(
      part.text,
      inString((rule, { escaped, from }, at) => add(rule, escaped ? from : from + at, pointerAt(part.text, from)))
    )
  return findings
}

const placeOf = (text: string, at: number): { readonly line: number; readonly column: number } => {
  const begin = text.lastIndexOf("\n", at - 1) + 1
  let line = 1
  for (let newline = text.indexOf("\n"); newline >= 0 && newline < begin; newline = text.indexOf("\n", newline + 1)) line++
  return { line, column: at - begin + 1 }
}

const shortest = 8
/** A line of a value of several lines counts by itself from here on. */
const minLine = 16

/** The longest first, so that of a value in another one nothing is left. */
const valuesOf = (environment: Readonly<Record<string, string>>): ReadonlyArray<SecretValue> => {
  const values = new Map<string, string>()
  for (const [name, given] of Object.entries(environment)) {
    const value = given.trim()
    if (value.length < shortest || !isSecret(name, value)) continue
    const rule = /^\w{1,64}$/.test(name) && !name.includes(value) ? name : "secret"
    const lines = value.includes("\n") ? value.split(/\r?\n/).filter((line) => line.length >= minLine) : []
    for (const form of [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value.toWellFormed()), ...lines])
      if (!values.has(form)) values.set(form, rule)
  }
  return [...values].map(([value, rule]) => ({ value, rule })).sort((a, b) => b.value.length - a.value.length)
}
