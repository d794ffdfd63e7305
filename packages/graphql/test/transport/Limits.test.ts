import { getIntrospectionQuery } from "graphql"
import { holdsMoreThan, standard } from "han-graphql/Limits"
import * as Documents from "han-graphql/unstable/Documents"
import { describe, expect, it } from "vitest"
import { transport } from "../../../../test/transportSchema.ts"

const repeated = (count: number, of: (index: number) => string) => Array.from({ length: count }, (_, index) => of(index)).join(" ")
const nested = (levels: number, field: string, innermost: string) => `${`${field} { `.repeat(levels)}${innermost}${" }".repeat(levels)}`

const refusalOf = (query: string, variables?: Record<string, unknown>) => {
  const prepared = transport().execution.prepare({ query, variables })
  return "execute" in prepared ? null : (prepared[0]?.message ?? "")
}

describe("the limits", () => {
  it("The limits let pass what a large page needs", () => {
    const pages = repeated(12, (page) => `p${page}: nodes(first: 50) { ...F${page} }`)
    const fragments = repeated(12, (page) => `fragment F${page} on Node { ${nested(9, "child", `__isNode: __typename ${repeated(20, () => "name")}`)} }`)
    expect(refusalOf(`{ ${pages} } ${fragments}`)).toBeNull()
    expect(refusalOf(getIntrospectionQuery())).toBeNull()
    expect(refusalOf("query ($n: Int) { nodes(first: $n) { children(last: 100) { name } } }", { n: 1000 })).toBeNull()
  })

  const fan = (levels: number) =>
    `{ node { ...F0 } } ${repeated(levels, (level) => `fragment F${level} on Node { a: child { ...F${level + 1} } b: child { ...F${level + 1} } }`)} fragment F${levels} on Node { name }`

  for (const [what, query, words] of [
    ["deep", `{ ${nested(31, "node: __schema", "a")} }`, "deeply"],
    [
      "deep, through fragments",
      `{ node { ...A } } fragment A on Node { ${nested(16, "child", "...B")} } fragment B on Node { ${nested(16, "child", "name")} }`,
      "deeply"
    ],
    ["deeper than a parser's stack", `{ ${"a{".repeat(6600)}a${"}".repeat(6600)} }`, "deeply"],
    ["a deep value", `{ echo(text: ${"[".repeat(9500)}${"]".repeat(9500)}) }`, "deeply"],
    ["wide", `{ node { ${repeated(4001, () => "name")} } }`, "too many fields"],
    ["batched by aliases", `{ ${repeated(51, (i) => `a${i}: echo`)} }`, "fields at its root"],
    [
      "batched by aliases in fragments",
      `{ ...A ...B } fragment A on Query { ${repeated(30, (i) => `a${i}: echo`)} } fragment B on Query { ${repeated(30, (i) => `b${i}: echo`)} }`,
      "fields at its root"
    ],
    ["full of aliases", `{ node { ${repeated(201, (i) => `a${i}: name`)} } }`, "too many aliases"],
    ["full of directives", `{ node { ${repeated(401, (i) => `a${i}: __typename @skip(if: true)`)} } }`, "too many directives"],
    ["long", `{ ${"__typename ".repeat(20_001)} }`, "tokens"],
    ["full of comments", `{ __typename } ${"#\n".repeat(20_001)}`, "comments"],
    ["many pages within pages", "{ nodes(first: 1000) { children(first: 1000) { name } } }", "asks for too much"],
    ["pages of unknown size", `{ nodes { ${nested(4, "children", "name")} } }`, "asks for too much"],
    ["a doubling at each level", fan(25), "asks for too much"],
    ["an infinite page", "{ nodes(first: 1e999) { name } }", ""],
    ["a cycle of fragments", "{ node { ...A } } fragment A on Node { child { ...B } } fragment B on Node { child { ...A } }", "itself"],
    ["a fragment in itself", "{ node { ...A } } fragment A on Node { ...A }", "itself"],
    ["deep introspection", `{ __schema { types { ${nested(4, "fields { type", "name")} }${" }".repeat(5)} }`, ""]
  ] as const)
    it(`The limits refuse a document that is ${what}`, () => {
      expect(refusalOf(query)).toContain(words)
    })

  it("The limits weigh pages by the variables of the request", () => {
    const query = "query ($n: Int = 5) { nodes(first: $n) { children(last: $n) { name } } }"
    expect(refusalOf(query)).toBeNull()
    expect(refusalOf(query, { n: 100 })).toBeNull()
    expect(refusalOf(query, { n: 1000 })).toContain("asks for too much: about 1001001 fields")
  })

  it("The limits hold for the variables, too", () => {
    expect(refusalOf("{ __typename }", { a: Array.from({ length: 10_000 }, () => 1) })).toContain("variables")
    let deep: unknown = 1
    for (let level = 0; level < 20_000; level++) deep = [deep]
    expect(refusalOf("{ __typename }", { deep })).toContain("variables")
    expect(holdsMoreThan({ a: [1, 2, { b: null }] }, 6)).toBe(false)
    expect(holdsMoreThan({ a: [1, 2, { b: null }] }, 5)).toBe(true)
  })
})

describe("documents", () => {
  it("The documents asked for last are remembered, and never without bound", () => {
    const documents = Documents.make(transport().execution.schema, standard)
    const text = (index: number) => `query Q${index} { __typename }`
    const first = documents.accept(text(0))
    expect(documents.accept(text(0))).toBe(first)
    for (let index = 1; index < 1000; index++) {
      documents.accept(text(index))
      if (index % 100 === 0) expect(documents.accept(text(0))).toBe(first)
    }
    expect(documents.size()).toBe(256)
    for (let index = 0; index < 100; index++) documents.accept(`{ echo(text: "${index} ${"x".repeat(60_000)}") }`)
    expect(documents.size()).toBeLessThan(10)
    const size = documents.size()
    documents.accept(`{ echo(text: "${"x".repeat(70_000)}") }`)
    documents.accept("{ nobody }")
    expect(documents.size()).toBe(size)
  })
})
