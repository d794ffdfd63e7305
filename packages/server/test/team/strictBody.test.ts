import * as fc from "fast-check"
import { expect, it } from "vitest"
import { strictBody } from "../../src/team/strictBody.ts"

const limits = { maxDepth: 64, maxValues: 1000 }
const parsed = (text: string | Uint8Array, more: Partial<typeof limits> = {}) =>
  strictBody(typeof text === "string" ? Buffer.from(text) : text, { ...limits, ...more })
const problemOf = (text: string | Uint8Array, more?: Partial<typeof limits>) => {
  const answer = parsed(text, more)
  return "problem" in answer ? answer.problem : answer
}

it("JSON is what it is to everybody else", () =>
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(parsed(text)).toEqual({ value: JSON.parse(text) })
    })
  ))

it("One key twice in one object is refused, in whatever spelling and depth, and keys of others and values are none of it", () => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '[{"b":{"a" : 1, "x":[{"a":2}], "a"\n:3}}]',
    '{"":1,"":2}',
    '{"\\"":1,"\\"":2}',
    '{"a":[],"a":{}}'
  ])
    expect(problemOf(text)).toMatch(/^an object has the key .* twice$/)
  for (const text of [
    '{"a":"a","b":"a"}',
    '[{"a":1},{"a":1}]',
    '{"a":{"a":{"a":1}}}',
    '{"a":"\\"a\\":1","b":["a","a"]}',
    '{"a\\\\":1,"a":2}',
    '{"a":"}","A":1}'
  ])
    expect(parsed(text)).toEqual({ value: JSON.parse(text) })
})

it("Depth and number of values are bounded before anything is built, and what stands in strings counts for neither", () => {
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`
  expect(parsed(nested(64))).toHaveProperty("value")
  expect(problemOf(nested(65))).toBe("the body is deeper than 64 levels")
  expect(problemOf("[".repeat(1_000_000))).toBe("the body is deeper than 64 levels")
  expect(parsed(JSON.stringify({ text: nested(1000) }))).toHaveProperty("value")
  expect(parsed(JSON.stringify(Array.from({ length: 999 }, () => 0)))).toHaveProperty("value")
  for (const text of [`[${"0,".repeat(1000)}0]`, `[${"[],".repeat(600)}[]]`, `{${Array.from({ length: 1000 }, (_, n) => `"k${n}":0`).join()}}`])
    expect(problemOf(text)).toBe("the body has more than 1000 values")
  expect(parsed(JSON.stringify({ text: ",[{".repeat(1000) }))).toHaveProperty("value")
})

it("What is no JSON, or no UTF-8, is refused and never thrown", () => {
  for (const text of ["", "{", "[1,]", '{"a"}', '"open', '"\\', "nul", "{]", "]}", "\ufeff{}", "{} {}", "'a'", '{"a":1}}', '"\n"'])
    expect(problemOf(text)).toMatch(/^the body is no JSON/)
  for (const bytes of [[0xff], [0x22, 0xed, 0xa0, 0x80, 0x22], [0xc0, 0x80], [0x22, 0xe2, 0x82]])
    expect(problemOf(Uint8Array.from(bytes))).toBe("the body is not UTF-8")
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void expect(Object.keys(parsed(bytes))).toHaveLength(1)))
})
