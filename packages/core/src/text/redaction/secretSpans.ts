import { keywordScan } from "./keywordScan.ts"
import { privateKeys } from "./privateKeys.ts"
import { maxWindow, type SecretRule, standardContext } from "./secretForms.ts"

/** A secret in a text, and the rule that found it. */
export interface SecretSpan {
  readonly from: number
  readonly to: number
  readonly rule: string
}

/** Counts the characters that expressions were given to look at. */
export interface Looked {
  characters: number
}

/** A text that is a secret wherever it stands, with the name for its mark. */
export interface SecretValue {
  readonly value: string
  readonly rule: string
}

/** Finds the secrets of a text, in their order and apart from each other. */
export type FindSecrets = (text: string, looked?: Looked) => ReadonlyArray<SecretSpan>

interface Ranked extends SecretSpan {
  /** The lowest of those that overlap gives the name. */
  readonly rank: number
}

/** Makes the search for secrets with these rules and for these values. The time grows with the length of the text. */
export const secretFinder = (scan: RuleScan, values: ReadonlyArray<SecretValue>): FindSecrets => {
  return (text, looked = { characters: 0 }) => {
    const found: Array<Ranked> = []
    for (const { rule, value } of values)
      for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length)) found.push({ from: at, to: at + value.length, rule, rank: 0 })
    if (scan(text, found, looked)) for (const [from, to] of privateKeys(text)) found.push({ from, to, rule: "private-key", rank: 1 })
    return found.length < 2 ? found : apart(found)
  }
}

/** Of those that overlap one is made: nothing of any of them is left. */
const apart = (found: Array<Ranked>): ReadonlyArray<SecretSpan> => {
  found.sort((a, b) => a.from - b.from || b.to - a.to)
  const kept: Array<Ranked> = []
  for (const span of found) {
    const last = kept.at(-1)
    if (last === undefined || span.from >= last.to) kept.push(span)
    else kept[kept.length - 1] = { ...(span.rank < last.rank ? span : last), from: last.from, to: Math.max(last.to, span.to) }
  }
  return kept
}

/** Appends what rules find in a text. True when there may be keys in PEM, too. */
export type RuleScan = (text: string, found: Array<Ranked>, looked: Looked) => boolean

const keyBegin = "-----begin "

/** Makes one pass for all rules: their keywords are looked for, and an expression runs only where one of its own is. */
export const ruleScan = (rules: ReadonlyArray<SecretRule>): RuleScan => {
  const keywords = [...new Set([keyBegin, ...rules.flatMap((rule) => rule.keywords)])]
  const rulesOf = keywords.map((keyword) => rules.flatMap((rule, number) => (rule.keywords.includes(keyword) ? [{ rule, number }] : [])))
  const scan = keywordScan(keywords)
  return (text, found, looked) => {
    /** Where each rule goes on: behind its last secret, and behind the last place where it was tried. */
    let next: Map<number, number> | undefined
    let hasKeys = false
    scan(text, (keyword, end) => {
      next ??= new Map()
      if (keyword === 0) hasKeys = true
      const begin = end - (keywords[keyword] as string).length
      // Of a long token every piece may look like another one.
      const last = found.at(-1)
      if (last !== undefined && last.rank === 2 && begin > last.from && last.to - begin > maxOverlap) return
      for (const { number, rule } of rulesOf[keyword] ?? []) {
        const at = begin - (rule.before ?? 0)
        const open = next.get(number) ?? 0
        if (rule.around === true) next.set(number, lookAround(rule, text, at, open, found, looked))
        else if (at >= open) next.set(number, lookAt(rule, text, at, found, looked))
      }
    })
    return hasKeys
  }
}

/** A token that begins in another one, so near to its end, may go on behind it. */
const maxOverlap = 64
/** A secret of so many characters may go on where its expression could not look. */
const longSecret = 256

/** Tries a rule at one place; says where it may be tried next. */
const lookAt = (rule: SecretRule, text: string, at: number, found: Array<Ranked>, looked: Looked): number => {
  const context = rule.context ?? standardContext
  const from = Math.max(0, at - context)
  const until = at + Math.min(rule.reach ?? maxWindow, maxWindow - context)
  const window = text.slice(from, until)
  for (const pattern of rule.head === undefined ? [] : [rule.head]) {
    looked.characters += window.length
    pattern.lastIndex = at - from
    if (!pattern.test(window)) return at + 1
  }
  for (const { accepts, pattern } of rule.forms) {
    looked.characters += window.length
    pattern.lastIndex = at - from
    const match = pattern.exec(window)
    if (match === null) continue
    const secret = match[0].slice(match[1]?.length ?? 0)
    const to = at + match[0].length
    if (!accepts(secret, text.charAt(to))) continue
    const end = to === until || secret.length >= longSecret ? endOfRun(text, to, looked) : to
    found.push({ from: to - secret.length, to: end, rule: rule.id, rank: rule.rank === "token" ? 2 : 3 })
    return end
  }
  return at + 1
}

/** The characters of long tokens. */
const run = /[\w+/=.~-]*/y
/** A token that goes on where the expression could not look. */
const endOfRun = (text: string, at: number, looked: Looked): number => {
  run.lastIndex = at
  run.test(text)
  looked.characters += run.lastIndex - at
  return run.lastIndex
}

/** Tries a rule around one place, and not again where it was tried before. */
const lookAround = (rule: SecretRule, text: string, at: number, tried: number, found: Array<Ranked>, looked: Looked): number => {
  const from = Math.max(tried, at - maxWindow / 2)
  const context = Math.min(from, standardContext)
  const until = Math.min(text.length, at + maxWindow / 2 - standardContext)
  if (until <= from) return tried
  const window = text.slice(from - context, until)
  let next = until
  for (const { accepts, pattern } of rule.forms) {
    looked.characters += window.length
    pattern.lastIndex = context
    for (let match = pattern.exec(window); match !== null; match = pattern.exec(window)) {
      const begin = from - context + match.index
      const end = begin + match[0].length
      if (accepts(match[0], text.charAt(end))) found.push({ from: begin, to: end, rule: rule.id, rank: 2 })
    }
    // What began near the end may go on behind it.
    next = Math.min(next, Math.max(from + 1, until - 128))
  }
  return next
}
