/**
 * Takes secrets out of a text before it is stored, logged or shown.
 *
 * @example
 * ```ts
 * import { redactor } from "han-core/Redaction"
 *
 * const redact = redactor({ DEPLOY_TOKEN: "correct-horse-battery", HOME: "/home/dev" })
 *
 * redact("curl -H 'x-key: correct-horse-battery' https://example.org")
 * // "curl -H 'x-key: [redacted: DEPLOY_TOKEN]' https://example.org"
 * ```
 */

import { privateKeys } from "./privateKeys.ts"
import { isSecret } from "./secretNames.ts"
import { type SecretShape, secretShapes } from "./secretShapes.ts"

/** Gives a text back with a mark like `[redacted: GitHub token]` in the place of each secret. */
export type Redactor = (text: string) => string

/**
 * Makes a redactor. It finds the values (8 characters and more) of those variables of `environment` whose names say that they hold a secret, also as JSON and
 * URLs write them, and everything that has the shape of a known kind of secret. The text around a secret stays, the name of a setting included.
 * Redacting twice gives the same as once. The time grows with the length of the text.
 */
export const redactor = (environment: Readonly<Record<string, string>>): Redactor => {
  const values = valuesOf(environment)
  const rules: ReadonlyArray<Rule> = [
    ...values.map(
      ({ mark, value }): Rule =>
        (text, parts) =>
          withoutValue(text, value, mark, parts)
    ),
    withoutKeys,
    ...secretShapes.map(
      (shape): Rule =>
        (text, parts) =>
          withoutShape(text, shape, parts)
    )
  ]
  const once: Redactor = (text) => {
    let parts = marked(text)
    for (const rule of rules) {
      const next: Array<Part> = []
      for (const part of parts) {
        if (part.isMark || part.text.length < minMatch) next.push(part)
        else rule(part.text, next)
      }
      parts = next
    }
    return parts.map((part) => part.text).join("")
  }
  return (text) => {
    let [before, after] = [text, once(text)]
    // Text that was glued to a secret may show as one when that is gone.
    for (let time = 0; time < 3 && after !== before; time++) [before, after] = [after, once(after)]
    return after
  }
}

/** A piece of the text, or a mark, which nothing touches any more. */
interface Part {
  readonly text: string
  readonly isMark: boolean
}
/** Appends what it makes of an open piece. */
type Rule = (text: string, parts: Array<Part>) => void

/** No rule finds anything in less: `://:x@` is the shortest. */
const minMatch = 6
const open = (text: string): Part => ({ text, isMark: false })
const markOf = (kind: string): Part => ({ text: `[redacted: ${kind}]`, isMark: true })

const marks = /\[redacted: [\w .-]{1,64}\]/g

const marked = (text: string): ReadonlyArray<Part> => {
  const parts: Array<Part> = []
  let from = 0
  for (const match of text.matchAll(marks)) {
    parts.push(open(text.slice(from, match.index)), { text: match[0], isMark: true })
    from = match.index + match[0].length
  }
  parts.push(open(text.slice(from)))
  return parts
}

interface SecretValue {
  readonly value: string
  readonly mark: Part
}

const shortest = 8
/** A line of a value of several lines counts by itself from here on. */
const minLine = 16

/** The longest first, so that of a value in another one nothing is left. */
const valuesOf = (environment: Readonly<Record<string, string>>): ReadonlyArray<SecretValue> => {
  const values = new Map<string, Part>()
  for (const [name, given] of Object.entries(environment)) {
    const value = given.trim()
    if (value.length < shortest || !isSecret(name, value)) continue
    const mark = markOf(/^\w{1,64}$/.test(name) && !name.includes(value) ? name : "secret")
    const lines = value.includes("\n") ? value.split(/\r?\n/).filter((line) => line.length >= minLine) : []
    for (const form of [value, JSON.stringify(value).slice(1, -1), encoded(value), ...lines]) if (!values.has(form)) values.set(form, mark)
  }
  return [...values].map(([value, mark]) => ({ value, mark })).sort((a, b) => b.value.length - a.value.length)
}

const encoded = (value: string): string => encodeURIComponent(value.toWellFormed())

const withoutValue = (text: string, value: string, mark: Part, parts: Array<Part>): void => {
  let at = 0
  for (let found = text.indexOf(value); found >= 0; found = text.indexOf(value, at)) {
    parts.push(open(text.slice(at, found)), mark)
    at = found + value.length
  }
  parts.push(open(text.slice(at)))
}

const withoutKeys: Rule = (text, parts) => {
  let at = 0
  for (const [from, to] of privateKeys(text)) {
    parts.push(open(text.slice(at, from)), markOf("private key"))
    at = to
  }
  parts.push(open(text.slice(at)))
}

const withoutShape = (text: string, { from, is, kind, pattern }: SecretShape, parts: Array<Part>): void => {
  let at = 0
  pattern.lastIndex = 0
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const whole = match[0]
    const kept = from === undefined ? (match[1]?.length ?? 0) : whole.indexOf(from)
    const end = match.index + whole.length
    if (is !== undefined && !is(whole.slice(kept), text.charAt(end))) continue
    parts.push(open(text.slice(at, match.index + kept)), markOf(kind))
    at = end
  }
  parts.push(open(text.slice(at)))
}
