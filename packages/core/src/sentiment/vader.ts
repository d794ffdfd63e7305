import { emojiNames } from "./emojiNames.ts"
import { vaderLexicon } from "./vaderLexicon.ts"

/** Both from -1 to 1. */
export interface Valence {
  /** The score of the words. */
  readonly words: number
  /** The same with the emphasis that `!` and `?` give; of words that say nothing they make something unpleasant. */
  readonly text: number
}

/**
 * The valence of an English text, by the rules of VADER (Hutto & Gilbert, 2014): the words' valences, shifted by what stands near them, added up and brought
 * between -1 and 1. The work grows with the text's length, and no faster.
 */
export const valenceOf = (text: string): Valence => {
  const words = wordsOf(text)
  const valences = words.keys.map((_, at) => valenceAt(words, at))
  const but = words.keys.indexOf("but")
  const sum = valences.reduce((total, valence, at) => total + (but < 0 || at === but ? 1 : at < but ? 0.5 : 1.5) * valence, 0)
  const emphasis = emphasisOf(text)
  return { words: normalized(sum), text: normalized(sum > 0 ? sum + emphasis : sum - emphasis) }
}

const boostBy = 0.293
const capsShift = 0.733
const negatedBy = -0.74
const neverBy = 1.25
/** The share of a booster that is left, by the number of words between. */
const damping = [0, 1, 0.95, 0.9]

// The word lists are VADER's too (see vaderLexicon.ts).
const raising =
  "absolutely amazingly awfully completely considerably decidedly deeply effing enormously entirely especially exceptionally extremely fabulously flipping " +
  "flippin fricking frickin frigging friggin fully fucking greatly hella highly hugely incredibly intensely majorly more most particularly purely quite really " +
  "remarkably so substantially thoroughly totally tremendously uber unbelievably unusually utterly very"
const lowering =
  "almost barely hardly just_enough kind_of kinda kindof kind-of less little marginally occasionally partly scarcely slightly somewhat sort_of sorta sortof sort-of"
const boosters: ReadonlyMap<string, number> = new Map([
  ...raising.split(" ").map((word): [string, number] => [word, boostBy]),
  ...lowering.split(" ").map((word): [string, number] => [word.replace("_", " "), -boostBy])
])
const negations: ReadonlySet<string> = new Set(
  (
    "aint arent cannot cant couldnt darent didnt doesnt dont hadnt hasnt havent isnt mightnt mustnt neednt oughtnt shant shouldnt wasnt werent wont wouldnt " +
    "neither never none nope nor not nothing nowhere uhuh uh-uh without rarely seldom despite"
  ).split(" ")
)
/** The first that is met holds. */
const idioms: ReadonlyArray<readonly [string, number]> = [
  ["the shit", 3],
  ["the bomb", 3],
  ["bad ass", 1.5],
  ["yeah right", -2],
  ["cut the mustard", 2],
  ["kiss of death", -1.5],
  ["hand to mouth", -2]
]

/**
 * Words of the lexicon that are figures: codes of pagers and of chats, emoticons. In what is written to an agent they are numbers of errors, issues and versions, ports,
 * times, ranges and names of machines, and say nothing of how somebody feels. So is every word that is nothing but digits.
 */
const figures: ReadonlySet<string> = new Set(
  "0:03 14aa41 4q 4col 5fs 10q 8d d8 g1 n1 m8 k4y aug-00 hho1/2k 0-8 0-| |-0 8-o o-8 8-d 8) (8 =3 =-3 (:0 (-:0 (^;0 0;^)".split(" ")
)
const isFigure = (word: string): boolean => /^[\d.,:/-]+$/.test(word) || figures.has(word)

/** Read at the first text: most programs that import this never analyse one. */
let lexicon: ReadonlyMap<string, number> | undefined
const lexiconRead = (): ReadonlyMap<string, number> =>
  (lexicon ??= new Map(
    vaderLexicon.flatMap(([valence, words]) => words.split(" ").flatMap((word): Array<[string, number]> => (isFigure(word) ? [] : [[word, valence]])))
  ))

let names: ReadonlyMap<string, string> | undefined
const namesRead = (): ReadonlyMap<string, string> => {
  if (names !== undefined) return names
  const pairs = emojiNames
    .flatMap((line) => line.split("|"))
    .map((each): [string, string] => {
      const emoji = String.fromCodePoint(each.codePointAt(0) ?? 0)
      return [emoji, each.slice(emoji.length)]
    })
  return (names = new Map(pairs))
}

interface Words {
  /** In lower case. */
  readonly keys: ReadonlyArray<string>
  readonly caps: ReadonlyArray<boolean>
  /** False when all is in capitals, which then emphasize nothing. */
  readonly mixed: boolean
}

const emoji = /([\p{Extended_Pictographic}\p{Emoji_Modifier}])\uFE0F?/gu

const wordsOf = (text: string): Words => {
  const named = text.replace(emoji, (_, each: string) => ` ${namesRead().get(each) ?? ""} `)
  const words = named.split(/\s+/).filter(isLong).map(withoutPunctuation)
  const keys = words.map((word) => word.toLowerCase())
  const caps = words.map((word, at) => word !== keys[at] && word === word.toUpperCase())
  return { keys, caps, mixed: caps.includes(true) && caps.includes(false) }
}

/** More than one byte of UTF-8. */
const isLong = (word: string): boolean => word.length > 1 || word > "\x7f"

/** An emoticon, of which hardly anything else is left, keeps its punctuation. */
const withoutPunctuation = (word: string): string => {
  let from = 0
  let to = word.length
  while (from < to && isPunctuation(word.charCodeAt(from))) from++
  while (to > from && isPunctuation(word.charCodeAt(to - 1))) to--
  const inner = word.slice(from, to)
  return isLong(inner) ? inner : word
}

const isPunctuation = (code: number): boolean =>
  (code >= 33 && code <= 47) || (code >= 58 && code <= 64) || (code >= 91 && code <= 96) || (code >= 123 && code <= 126)

const valenceAt = (words: Words, at: number): number => {
  const { caps, keys, mixed } = words
  const known = lexiconRead()
  const key = keys[at] ?? ""
  const own = known.get(key)
  if (own === undefined || boosters.has(key) || (key === "kind" && keys[at + 1] === "of")) return 0
  let valence = mixed && caps[at] ? shifted(own, own) : own
  for (let back = 1; back <= 3 && back <= at; back++) {
    if (known.has(keys[at - back] ?? "")) continue
    valence += boostAt(words, at - back, valence) * (damping[back] ?? 0)
    valence *= negationOf(keys, at, back)
    if (back === 3) valence = phrased(keys, at, valence)
  }
  return isLeast(keys, at) ? valence * negatedBy : valence
}

const shifted = (by: number, valence: number): number => (valence > 0 ? by + capsShift : by - capsShift)

const boostAt = ({ caps, keys, mixed }: Words, at: number, valence: number): number => {
  const boost = boosters.get(keys[at] ?? "")
  if (boost === undefined) return 0
  const by = valence < 0 ? -boost : boost
  return mixed && caps[at] ? shifted(by, valence) : by
}

const negationOf = (keys: ReadonlyArray<string>, at: number, back: number): number => {
  const before = keys[at - back] ?? ""
  const next = isSo(keys[at - 1])
  // Three words back VADER does not ask for `never` when `so` or `this` stands directly before the word.
  const strengthens = back === 2 ? before === "never" && next : back === 3 && (next || (before === "never" && isSo(keys[at - 2])))
  return strengthens ? neverBy : negations.has(before) || before.includes("n't") ? negatedBy : 1
}

const isSo = (key: string | undefined): boolean => key === "so" || key === "this"

/** Weighs a word by the phrase around it. Boosters count within other words (`so` in `person`) and whatever the valence's sign: so does VADER. */
const phrased = (keys: ReadonlyArray<string>, at: number, valence: number): number => {
  const around = keys.slice(at - 3, at + 3).join(" ")
  let result = idioms.find(([idiom]) => around.includes(idiom))?.[1] ?? valence
  const before = keys.slice(at - 3, at).join(" ")
  for (const [booster, boost] of boosters) if (before.includes(booster)) result += boost
  return result
}

const isLeast = (keys: ReadonlyArray<string>, at: number): boolean => keys[at - 1] === "least" && keys[at - 2] !== "at" && keys[at - 2] !== "very"

const emphasisOf = (text: string): number => {
  let exclamations = 0
  let questions = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 33) exclamations++
    else if (code === 63) questions++
  }
  return 0.292 * Math.min(exclamations, 4) + (questions > 3 ? 0.96 : 0.18 * questions)
}

const normalized = (sum: number): number => sum / Math.sqrt(sum * sum + 15)
