import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { runs } from "../../../../test/runs.ts"
import { analyse, analysedLength, type Sentiment, type Signal } from "../../src/sentiment/Sentiment.ts"
import { isObject } from "../../src/text/json.ts"

const analysed = (text: string): Sentiment => {
  const sentiment = analyse(text)
  if (sentiment === null) throw new Error(`${JSON.stringify(text)} counts as blank`)
  return sentiment
}

const close = (actual: number, expected: number) => expect(Math.abs(actual - expected), `${actual} instead of ${expected}`).toBeLessThan(1e-9)

const listOf = (value: unknown, ...path: ReadonlyArray<string>): ReadonlyArray<Record<string, unknown>> => {
  const found = path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), value)
  return Array.isArray(found) ? found.filter(isObject) : []
}

interface FixtureRow {
  readonly id: string
  readonly text: string
  readonly row: Readonly<Record<string, unknown>>
}

/** The rows that an earlier product wrote of a case's user lines. */
const fixtureRows = (name: string): ReadonlyArray<FixtureRow> => {
  const parsed: unknown = JSON.parse(readFileSync(fileURLToPath(new URL(`../../../../fixtures/indexing/${name}.json`, import.meta.url)), "utf8"))
  return listOf(parsed, "expected", "release", "rows", "messages").flatMap((row) =>
    typeof row["id"] === "string" && typeof row["content"] === "string" ? [{ id: row["id"], text: row["content"], row }] : []
  )
}

describe("F10", () => {
  // u-10g is text that the client added and u-10h a command: nobody asks how they sound.
  const rows = fixtureRows("F10-sentiment").filter(({ id }) => id !== "u-10g" && id !== "u-10h")
  // A mere "no", numbers, and joy are no frustration.
  const repaired = ["u-10e", "u-10i", "u-10j"]

  it("The table of F10 has all its rows", () => {
    expect(rows).toHaveLength(10)
  })

  it.each(rows.map(({ id, row, text }) => [id, text, row] as const))("The row %s of F10 has its sentiment: %s", (id, text, row) => {
    const sentiment = analyse(text)
    if (typeof row["sentiment_score"] !== "number") return expect(sentiment).toBeNull()
    close(sentiment?.score ?? Number.NaN, row["sentiment_score"])
    expect(sentiment?.level).toBe(row["sentiment_level"])
    if (repaired.includes(id) || row["frustration_score"] === null) return expect(sentiment?.frustration).toBeNull()
    close(sentiment?.frustration?.score ?? Number.NaN, Number(row["frustration_score"]))
    expect(sentiment?.frustration?.level).toBe(row["frustration_level"])
  })

  it.each([
    ["Please add tests", 1.59105498385621],
    ["and this?\nsecond", -0.23212843729146443],
    ["hello world", 0]
  ])("The score of %j is the expected one", (text, score) => close(analysed(text).score, score))
})

describe("valence", () => {
  // What the authors of VADER print for these sentences, to four digits.
  it.each([
    ["VADER is smart, handsome, and funny.", 0.8316],
    ["VADER is smart, handsome, and funny!", 0.8439],
    ["VADER is not smart, handsome, nor funny.", -0.7424],
    ["The book was good.", 0.4404],
    ["At least it isn't a horrible book.", 0.431],
    ["The book was only kind of good.", 0.3832],
    ["The plot was good, but the characters are uncompelling and the dialog is not great.", -0.7042],
    ["Today SUX!", -0.5461],
    ["Make sure you :) or :D today!", 0.8633],
    ["Not bad at all", 0.431]
  ])('The valence of "%s" is what VADER\'s authors print', (text, compound) => expect(analysed(text).score / 5).toBeCloseTo(compound, 4))

  /** The sum of valences behind a score. */
  const sumOf = (text: string): number => {
    const compound = analysed(text).score / 5
    return compound * Math.sqrt(15 / (1 - compound * compound))
  }
  it.each<[string, string, number]>([
    ["a word", "good", 1.9],
    ["in any case", "Good", 1.9],
    ["of words that differ in case alone the last one", "lol", 1.8],
    ["capitals among others", "it works GOOD", 1.9 + 0.733],
    ["capitals alone", "IT WORKS GOOD", 1.9],
    ["a booster", "very good", 1.9 + 0.293],
    ["a booster in capitals", "VERY good", 1.9 + 0.293 + 0.733],
    ["a booster of something bad", "very bad", -2.5 - 0.293],
    ["a booster two words away", "very uh good", 1.9 + 0.293 * 0.95],
    ["a booster three words away counts twice", "very uh uh good", 1.9 + 0.293 * 0.9 + 0.293],
    ["a booster within a word", "some uh uh good", 1.9 + 0.293],
    ["and of boosters that hold each other all", "almost uh uh good", 1.9 - 0.293 * 0.9 - 0.293 + 0.293],
    ["a negation", "not good", 1.9 * -0.74],
    ["a negation of one's own making", "shan'n't good", 1.9 * -0.74],
    ["a negation three words away", "not uh uh good", 1.9 * -0.74],
    ["a negation four words away", "not uh uh uh good", 1.9],
    ["never so", "never so good", (1.9 + 0.293) * 1.25],
    ["never this", "never this good", 1.9 * 1.25],
    ["least", "least good", 1.9 * -0.74],
    ["at least", "at least good", 1.9],
    ["kind of is no kindness", "kind of", 0],
    ["but", "good but bad", 1.9 * 0.5 - 2.5 * 1.5],
    ["an idiom", "oh look it is the bomb", 3],
    ["of two idioms the first of the table", "was it kiss of death the bomb", 1.8 + 3 + 3],
    ["one exclamation mark", "good!", 1.9 + 0.292],
    ["five of them", "good!!!!!", 1.9 + 4 * 0.292],
    ["three question marks", "bad???", -2.5 - 3 * 0.18],
    ["four of them", "bad????", -2.5 - 0.96],
    ["punctuation alone", "?!", -0.18 - 0.292],
    ["an emoticon", ":)", 2],
    ["punctuation around a word", "*(good)*", 1.9],
    ["one letter", "k", 0],
    ["an emoji", "😀", 1.5],
    ["emoji and words without a space", "good🚀😀good", 2 * 1.9 + 1.5],
    ["an emoji with its variation selector", "☺️", 2],
    ["half an emoji", "\ud83d", 0],
    ["nothing but NUL", "\0\0", 0]
  ])("The valences of a text add up: %s", (_, text, sum) => close(sumOf(text), sum))

  it("The valence ends within 5 either way", () => {
    expect(analysed("great ".repeat(1500)).score).toBeCloseTo(5, 3)
    expect(analysed("horrible ".repeat(1000)).score).toBeCloseTo(-5, 3)
  })
})

describe("frustration", () => {
  it.each<[string, ReadonlyArray<Signal>, number | null]>([
    ["add a button to the page", [], null],
    ["this is broken", ["negative wording"], 5 * (2.1 / Math.sqrt(2.1 ** 2 + 15))],
    ["DO IT please work", [], null],
    ["DO IT with the page", ["caps run"], 2.5],
    ["DO IT NOW with the page", ["caps run"], 3],
    ["WHY IS THIS NOT WORKING", ["caps run"], 4],
    ["read EVERYTHING on the page", ["caps word"], 2],
    ["ÉCRIS CELA dans la page", ["caps run"], 2.5],
    ["read the HTML of the page", [], null],
    ["run 10 20 30 now", [], null],
    ["take 4K UHD of the page", ["caps run"], 2.5],
    ["10 20 30 10 10 10 here", [], null],
    ["set MAX_SIZE and __A_B2__ and $C_D", [], null],
    ["set MAX_SIZE=10 NOW PLEASE in the page", [], null],
    ["YES PERFECT, amazing!!", [], null],
    ["which page?!", ["punctuation"], null],
    ["which! page?", [], null],
    ["page", ["terse"], null],
    ["pagepagepagepag", [], null],
    ["ページを直す", [], null],
    ["直す", ["terse"], null],
    ["no", ["negative wording"], null],
    ["No.", ["negative wording"], null],
    ["no!!", ["negative wording", "punctuation"], 1 + 5 * (1.784 / Math.sqrt(1.784 ** 2 + 15))],
    ["the the page, Page the", ["repeated word"], 2],
    ["- - - the page = =", [], null],
    ["stop it. STOP! with the page", ["negative wording", "stop"], 4 + 5 * ((1.2 + 1.2 + 0.733 + 0.292) / Math.sqrt(3.425 ** 2 + 15))],
    ["the nonstop stopwatch of stop_it", [], null],
    ["a page to quit from", ["quit"], 2],
    ["Never mind the page", ["never mind"], 2],
    ["forget it for the page", ["negative wording", "forget it"], 2 + 5 * (0.9 / Math.sqrt(0.9 ** 2 + 15))],
    ["i give up on the page", ["give up"], 2]
  ])("The frustration in %j has its signals and score", (text, signals, score) => {
    const sentiment = analysed(text)
    expect(sentiment.signals).toEqual(signals)
    if (score === null) expect(sentiment.frustration).toBeNull()
    else close(sentiment.frustration?.score ?? Number.NaN, score)
  })

  it.each<[string, "low" | "moderate" | "high"]>([
    ["give up on the page", "low"],
    ["DO IT NOW with the page", "moderate"],
    ["give up, give up, give up", "high"],
    // Unpleasant enough without a signal.
    ["this is horrible, awful and terrible", "high"]
  ])("The frustration in %j is %s", (text, level) => expect(analysed(text).frustration?.level).toBe(level))
})

describe("what is no feeling", () => {
  it.each([
    "86",
    "fix issue #86 and #187",
    "it ends with code 182, see ORA-00187",
    "version 1.86.0 of 1432",
    "start it at 0:03 on d8, then n1 (see 7, 8)",
    "range 0-8, where n =3",
    "why does it print `fatal: cannot kill process`",
    "why does it print\n```\nERROR FATAL: terrible awful crash!!\n```",
    "~~~\nhate\n~~~\nwhat is that",
    'the page says "I hate this horrible thing" to me',
    "the page says \u201cterrible failure\u201d to me",
    "> this is horrible\n\nwhat does that mean",
    "Why this:\n    at killAll (/a/b.ts:1:2)\n    at die (/a.ts:3)",
    "look at ENOENT and SIGKILL of it"
  ])("The text %j shows no feeling", (text) => {
    const { frustration, level, score } = analysed(text)
    expect([score, level, frustration]).toEqual([0, "neutral", null])
  })

  it("A text of nothing but quotes has no sentiment", () => {
    expect(analyse("```\nhate\n```")).toBeNull()
    expect(analyse("> hate")).toBeNull()
  })

  it("Quotes and numbers beside one's own words do not change what these say", () => {
    close(analysed("this is broken, see #86").score, analysed("this is broken, see #1").score)
    expect(analysed("it says `great success` but this is broken").level).toBe("negative")
    expect(analysed('5" of it and 6" of that are horrible').level).toBe("negative")
  })
})

describe("any text", () => {
  it.each(["", " ", "\n\t\u00a0\ufeff ", " ".repeat(100_000)])("A blank text has no sentiment", (text) => expect(analyse(text)).toBeNull())

  const levelOf = (score: number) => (score > 0.5 ? "positive" : score < -0.5 ? "negative" : "neutral")
  const holds = (text: string): void => {
    const sentiment = analyse(text)
    // Of what only quotes there is nothing to say either.
    if (sentiment === null) {
      expect(text.trim() === "" || /[`~>"\u201c-\u201f\u00ab\u2026]/.test(text)).toBe(true)
      return
    }
    expect(Number.isFinite(sentiment.score)).toBe(true)
    expect(Math.abs(sentiment.score)).toBeLessThanOrEqual(5)
    expect(sentiment.level).toBe(levelOf(sentiment.score))
    expect(new Set(sentiment.signals).size).toBe(sentiment.signals.length)
    expect(sentiment.frustration === null).toBe((sentiment.frustration?.score ?? 0) < 2)
    if (sentiment.score <= -2) expect(sentiment.frustration?.score).toBeGreaterThanOrEqual(-sentiment.score)
    if (sentiment.frustration !== null) {
      expect(Number.isFinite(sentiment.frustration.score)).toBe(true)
      expect(sentiment.signals.length > 0 || sentiment.score < 0).toBe(true)
    }
  }

  it("The analysis holds for whatever characters", () => {
    const character = fc.oneof(fc.string({ unit: "binary", maxLength: 3 }), fc.integer({ min: 0, max: 0xffff }).map(String.fromCharCode))
    fc.assert(
      fc.property(
        fc.array(character).map((parts) => parts.join("")),
        holds
      ),
      { numRuns: runs(500, 150) }
    )
  })

  it("The analysis holds for whatever words", () => {
    const word = fc.constantFrom(
      ..."good BAD bad so SO very not never this but least kind of the bomb stop give up no NO A_B 10 !! ? 😀 ❤️ 👩‍💻 :) - don't".split(" ")
    )
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 40 }).map((words) => words.join(" ")),
        holds
      ),
      { numRuns: runs(500, 150) }
    )
  })

  it("The analysis does not look beyond the first characters, nor at half a word there", () => {
    const begun = "this is so bad ".repeat(analysedLength / 10).slice(0, analysedLength)
    expect(begun.endsWith("this is s")).toBe(false)
    expect(analyse(`${begun}${"good ".repeat(400_000)}`)).toEqual(analyse(begun.slice(0, begun.lastIndexOf(" "))))
    expect(analyse(`${"x".repeat(analysedLength - 6)} badly`)?.score).toBeLessThan(0)
    expect(analyse(`${"x".repeat(analysedLength - 4)} badly`)?.score).toBe(0)
    expect(analyse("é".repeat(2_000_000))).toEqual(analyse("é".repeat(analysedLength)))
  })

  it.each<[string, string]>([
    ["one word", "a".repeat(analysedLength)],
    ["one word in capitals", `${"A".repeat(analysedLength - 1)}a`],
    ["almost a variable", `${"A_".repeat(analysedLength / 2 - 1)}a`],
    ["marks", "!".repeat(analysedLength)],
    ["backticks", "`".repeat(analysedLength)],
    ["backticks apart", "``a `".repeat(analysedLength / 5)],
    ["fences", "```\n".repeat(analysedLength / 4)],
    ["quotes", '"a '.repeat(analysedLength / 4)],
    ["quotes of one kind", "\u201ca".repeat(analysedLength / 2)],
    ["punctuation before a letter", `${".".repeat(analysedLength - 1)}a`],
    ["spaces", `a${" ".repeat(analysedLength - 2)}a`],
    ["words at which everything is asked", "xx yy so great ".repeat(analysedLength / 15)],
    ["emoji", "☺".repeat(analysedLength)],
    ["words of giving up", "give ".repeat(analysedLength / 5)]
  ])("The analysis copes with a text of the greatest length: %s", (_, text) => {
    expect(text.length).toBeLessThanOrEqual(analysedLength)
    holds(text)
  })
})
