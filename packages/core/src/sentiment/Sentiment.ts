/**
 * The sentiment of a text that a person wrote to an agent, and the signs of frustration in it.
 *
 * @example
 * ```ts
 * import { analyse } from "han-core/Sentiment"
 *
 * const prompt = "No! This is STILL WRONG, please stop guessing!!"
 * const sentiment = analyse(prompt)
 *
 * if (sentiment?.frustration?.level === "high") console.log(`a break may help: ${sentiment.signals.join(", ")}`)
 * ```
 */

import { Buffer } from "node:buffer"
import { ownWords } from "./ownWords.ts"
import { valenceOf } from "./vader.ts"

/**
 * A sign of frustration in a text:
 * - `negative wording`: the words themselves are unpleasant;
 * - `caps run`: two or more words in capitals one after the other; `caps word`: one of five capitals or more. Names of variables (`MAX_SIZE`) are none;
 * - `punctuation`: `!` or `?` twice or more in a row;
 * - `terse`: fewer than 15 bytes without a space, unless it is a mere "no";
 * - `repeated word`: a word directly after itself;
 * - `stop`, `quit`, `never mind`, `forget it`, `give up`: these words.
 *
 * Capitals and punctuation of a positive text are joy: they are no signals.
 */
export type Signal = "negative wording" | "caps run" | "caps word" | "punctuation" | "terse" | "repeated word" | GivingUp
type GivingUp = (typeof givingUp)[number]

/** The frustration that a text shows. */
export interface Frustration {
  /** At least 2; it grows with the signals and has no upper bound. */
  readonly score: number
  /** `high` from 6 on, or where the sentiment is -4 or less; `moderate` from 3 on. */
  readonly level: "low" | "moderate" | "high"
}

/** The sentiment of a text. */
export interface Sentiment {
  /** From -5, unpleasant, to 5, pleasant: five times VADER's compound. 0 also where no word is known, as in another language than English. */
  readonly score: number
  /** `positive` above 0.5, `negative` below -0.5. */
  readonly level: "positive" | "neutral" | "negative"
  /** Null below 2 points. */
  readonly frustration: Frustration | null
  /** Each at most once, in the order of `Signal`; also where they did not add up to a frustration. */
  readonly signals: ReadonlyArray<Signal>
}

/** The UTF-16 units of a text that count, from its beginning: people say there how they feel, and paste behind it. */
export const analysedLength = 10_000

/**
 * Rates the words of a text; null for a blank text, and for one that only quotes. Give it words of a human: in output and pasted files words mean something
 * else. Numbers do not count, nor do words in quotes, in code, in a quotation or a stack trace. Only the first `analysedLength` units count, so that the time
 * is bounded. Takes any string, lone surrogates and NUL included.
 */
export const analyse = (text: string): Sentiment | null => {
  const begun = beginning(text.trim())
  const own = ownWords(begun)
  if (own === "") return null
  const valence = valenceOf(own)
  const score = 5 * valence.text
  const level = levelOf(score)
  const { points, signals } = signalsOf(own, begun, level === "positive")
  const frustration = Math.max(0, -score) + points
  return {
    score,
    level,
    frustration: frustration < 2 ? null : { score: frustration, level: frustration >= 6 || score <= -4 ? "high" : frustration >= 3 ? "moderate" : "low" },
    signals: levelOf(5 * valence.words) === "negative" ? ["negative wording", ...signals] : signals
  }
}

const levelOf = (score: number): Sentiment["level"] => (score > 0.5 ? "positive" : score < -0.5 ? "negative" : "neutral")

/** Ends before a word rather than within it: half a word may be another one. */
const beginning = (text: string): string => {
  if (text.length <= analysedLength) return text
  let end = analysedLength
  while (end > 0 && !/\s/.test(text.charAt(end))) end--
  return text.slice(0, end === 0 ? analysedLength : end)
}

const givingUp = ["stop", "quit", "never mind", "forget it", "give up"] as const
const givingUpSaid = givingUp.map((words) => ({ words, pattern: new RegExp(`(?<![\\p{L}\\p{N}_])${words}(?![\\p{L}\\p{N}_])`, "giu") }))

const signalsOf = (text: string, whole: string, positive: boolean): { readonly points: number; readonly signals: ReadonlyArray<Signal> } => {
  const signals: Array<Signal> = []
  let points = 0
  const add = (signal: Signal, more: number) => {
    if (more === 0) return
    signals.push(signal)
    points += more
  }
  if (!positive) {
    const { longest, run } = capitals(text)
    if (run >= 2) add("caps run", run === 2 ? 2.5 : 3 + 0.5 * (run - 3))
    else if (longest >= 5) add("caps word", 2)
    add("punctuation", /[!?]{2}/.test(text) ? 1 : 0)
  }
  add("terse", isTerse(whole) ? 1 : 0)
  add("repeated word", repetitions(text))
  for (const { pattern, words } of givingUpSaid) add(words, 2 * (text.match(pattern)?.length ?? 0))
  return { points, signals }
}

const bare = (word: string): string => word.replace(/[^\p{L}\p{N}]+/gu, "")
const variableName = /\b_*[A-Z0-9]+(?:_+[A-Z0-9]+)+_*\b/g

/** Names of systems' errors and signals; other names of programs are hardly ever five capitals without a figure or an underscore. */
const errorName =
  /^(?:SIG[A-Z]{2,6}|E(?:ACCES|ADDRINUSE|ADDRNOTAVAIL|AGAIN|BADF|BUSY|CANCELED|CHILD|CONNABORTED|CONNREFUSED|CONNRESET|EXIST|FAULT|FBIG|HOSTDOWN|HOSTUNREACH|INTR|INVAL|ISDIR|LOOP|MFILE|NAMETOOLONG|NETDOWN|NETUNREACH|NFILE|NOENT|NOEXEC|NOMEM|NOSPC|NOSYS|NOTCONN|NOTDIR|NOTEMPTY|NOTFOUND|NOTSUP|PERM|PIPE|PROTO|RANGE|RESOLVE|ROFS|TIMEDOUT|TXTBSY|XDEV))$/

/** The most words in capitals that follow each other, and the most capitals of one word. Digits and punctuation do not make a word shouted. */
const capitals = (text: string): { readonly run: number; readonly longest: number } => {
  let longest = 0
  let run = 0
  let current = 0
  for (const word of text.replace(variableName, "").split(/\s+/)) {
    const letters = bare(word)
    const count = letters.length < 2 || errorName.test(letters) || /[\p{Ll}\p{Lt}\p{Lm}\p{Lo}]/u.test(letters) ? 0 : (letters.match(/\p{Lu}/gu)?.length ?? 0)
    current = count === 0 ? 0 : current + 1
    run = Math.max(run, current)
    longest = Math.max(longest, count)
  }
  return { run, longest }
}

const isTerse = (text: string): boolean => text.length < 15 && Buffer.byteLength(text) < 15 && !/\s/.test(text) && bare(text).toLowerCase() !== "no"

/** Counts the words that follow themselves. Numbers that do are a table. */
const repetitions = (text: string): number => {
  let count = 0
  let before = ""
  for (const word of text.split(/\s+/)) {
    const now = bare(word).toLowerCase()
    if (now === before && /\p{L}/u.test(now)) count++
    before = now
  }
  return count
}
