import { spawnSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { soak } from "../../../../../test/runs.ts"
import { maxWindow, type SecretRule } from "../../../src/text/redaction/secretForms.ts"
import { strictRules } from "../../../src/text/redaction/secretRules.ts"
import { ruleScan } from "../../../src/text/redaction/secretSpans.ts"

const patternsOf = ({ forms, head }: SecretRule) => [...(head === undefined ? [] : [head]), ...forms.map(({ pattern }) => pattern)]

/** The characters that expressions are given of a text. */
const given = (rule: SecretRule, text: string): number => {
  const looked = { characters: 0 }
  ruleScan([rule])(text, [], looked)
  return looked.characters
}

/** What may follow a keyword, so that an expression goes far before it fails. */
const tails = ["", "a", " ", "=", '="', ": ", "a1_-", "-A1b2C3d4", ".eyJaaaa", "a".repeat(40), "/a:b", "\\n"]

describe("rules for secrets", () => {
  it("There are two hundred rules at least, each with keywords in lower case and a name in kebab-case", () => {
    expect(new Set(strictRules.map(({ id }) => id)).size).toBeGreaterThanOrEqual(200)
    for (const { id, keywords } of strictRules) {
      expect(id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
      expect(keywords.length, id).toBeGreaterThan(0)
      for (const keyword of keywords) expect(keyword, id).toMatch(/^[\x20-\x40\x5b-\x7e\n]{2,}$/)
    }
  })

  it("Every expression is sticky, and ends where its window ends", () => {
    for (const rule of strictRules) for (const { flags } of patternsOf(rule)) expect(flags, rule.id).toMatch(rule.around === true ? /g/ : /y/)
  })

  it("No expression begins with a run whose length is open, or with a lazy one", () => {
    for (const rule of strictRules)
      for (const { source } of patternsOf(rule)) expect(source, rule.id).not.toMatch(/^(?:\\b)?(?:\[[^\]]*\]|\\?.)(?:\*|\+|\{\d+,\}|\{\d+,\d*\}\?|\?\?)/)
  })

  it("Every expression is understood by Node, too", () => {
    const patterns = strictRules.flatMap(patternsOf).map(({ flags, source }) => [source, flags])
    const program = `let text = ""; process.stdin.on("data", (part) => { text += part }).on("end", () => { for (const [source, flags] of JSON.parse(text)) new RegExp(source, flags).test(""); console.log("all") })`
    const { stderr, stdout } = spawnSync("node", ["-e", program], { input: JSON.stringify(patterns), encoding: "utf8" })
    expect(stderr).toBe("")
    expect(stdout).toBe("all\n")
  })

  it("An expression is given 4 kB at most at once", () => {
    for (const rule of strictRules)
      for (const keyword of rule.keywords.slice(0, 1)) {
        const padding = " ".repeat(10_000)
        const times = rule.forms.length + (rule.head === undefined ? 0 : 1)
        expect(given(rule, `${padding}${keyword}${padding}`), rule.id).toBeLessThanOrEqual(maxWindow * times)
      }
  })

  it.each(tails.slice(0, soak ? tails.length : 1).map((tail) => [JSON.stringify(tail), tail]))(
    "What expressions are given grows with the length of a text at most: each keyword with %s behind it, again and again",
    (_, tail) => {
      for (const rule of strictRules) {
        const unit = `${rule.keywords[0]}${tail}`
        const [small, large] = [256, 512].map((size) => given(rule, unit.repeat(Math.ceil((size * 1024) / unit.length))))
        expect((large ?? 0) / Math.max(1, small ?? 0), rule.id).toBeLessThanOrEqual(2.2)
      }
    }
  )
})
