import { describe, expect, it } from "@effect/vitest"
import * as fc from "fast-check"
import { runs } from "../../../../../test/runs.ts"
import { brokenGlobs, literals, matcher } from "../../../src/hooks/definition/hookGlobs.ts"

const files = [
  "a.ts",
  "a.d.ts",
  "src/a.ts",
  "src/.b/c.ts",
  ".env",
  "src/.env",
  "pages/[id].tsx",
  "a\nb.ts",
  "x/y/z/é.md",
  "srcs/a.ts",
  "c++/x.h",
  "@types/x.d.ts"
]
const matched = (...patterns: ReadonlyArray<string>) => files.filter(matcher(patterns))

describe("matcher", () => {
  it("A matcher takes globs as a shell does, names with dots and line breaks among them", () => {
    expect(matched("*.ts")).toEqual(["a.ts", "a.d.ts", "a\nb.ts"])
    expect(matched("**/*.ts")).toEqual(["a.ts", "a.d.ts", "src/a.ts", "src/.b/c.ts", "a\nb.ts", "srcs/a.ts", "@types/x.d.ts"])
    expect(matched("src/**")).toEqual(["src/a.ts", "src/.b/c.ts", "src/.env"])
    expect(matched("**/.env")).toEqual([".env", "src/.env"])
    expect(matched("{src,srcs}/*.ts", "x/**/?.md")).toEqual(["src/a.ts", "x/y/z/é.md", "srcs/a.ts"])
    expect(matched("!(a|b).d.ts")).toEqual([])
    expect(matched("**")).toEqual(files)
    expect(matched()).toEqual([])
  })

  it("A matcher takes a name for all below it, and a name with brackets for itself, too", () => {
    expect(matched("src")).toEqual(["src/a.ts", "src/.b/c.ts", "src/.env"])
    expect(matched("./src/")).toEqual(matched("src"))
    expect(matched("{src,srcs}")).toEqual(["src/a.ts", "src/.b/c.ts", "src/.env", "srcs/a.ts"])
    expect(matched("s*/")).toEqual(["src/a.ts", "src/.b/c.ts", "src/.env", "srcs/a.ts"])
    expect(matched("c++", "@types", "pages/[id].tsx")).toEqual(["pages/[id].tsx", "c++/x.h", "@types/x.d.ts"])
    expect(matched(".")).toEqual(files)
    expect(matched("./")).toEqual(files)
    // A glob means what it says, no more.
    expect(matched("s*")).toEqual([])
  })

  it("A matcher lets a pattern with ! take away what came before it", () => {
    expect(matched("**/*.ts", "!**/*.d.ts", "!src")).toEqual(["a.ts", "a\nb.ts", "srcs/a.ts"])
    expect(matched("**/*.ts", "!**/*.d.ts", "a.d.ts")).toContain("a.d.ts")
    expect(matched("!a.ts")).toEqual([])
    expect(matched("!a.ts", "*.d.ts")).toEqual(["a.d.ts"])
    expect(matched("\\!a.ts")).toEqual([])
  })
})

describe("literals", () => {
  it("Literals are the names that are given outright and not taken away", () => {
    expect(literals([".env", "./dist/", "src/*.ts", "{a,b}", "a\\*", "../up.json", "@types/x.d.ts", "!no"])).toEqual([
      ".env",
      "dist",
      "../up.json",
      "@types/x.d.ts"
    ])
    expect(literals([".env", "dist", "!dist", "a", "!.*"])).toEqual(["a"])
    expect(literals(["dist", "!dist", "dist"])).toEqual(["dist"])
  })
})

describe("broken globs", () => {
  const broken = ["a[", "b{", "(c", "d)", "f]", "[z-a]", "", "!", "!/a", "/abs", "../**/x", "*\0", "x".repeat(70_000)]

  it("Broken globs match nothing and are told", () => {
    expect(brokenGlobs(["a", ...broken, "*", "!b", "../x"])).toEqual(broken)
    expect(matched(...broken)).toEqual([])
    expect(matched("a.ts", ...broken)).toEqual(["a.ts"])
    expect(literals(broken)).toEqual([])
  })

  it("Broken globs never throw, whatever they are", () => {
    const piece = fc.constantFrom(
      "*",
      "**",
      "/",
      "[",
      "]",
      "{",
      "}",
      "(",
      ")",
      "!",
      "?",
      "+",
      "@",
      "|",
      "\\",
      "a",
      "-",
      ",",
      "..",
      ".",
      "^",
      "$",
      "é",
      "\n",
      ":"
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 8 }), (pieces) => {
        const pattern = pieces.join("")
        const isBroken = brokenGlobs([pattern]).length > 0
        const found = matched(pattern)
        return !isBroken || (found.length === 0 && literals([pattern]).length === 0)
      }),
      { numRuns: runs(2000, 200) }
    )
  })

  it("A name as a pattern means itself", () => {
    const name = fc.string({ unit: "binary", minLength: 1, maxLength: 8 }).filter((text) => !/[\0/\\*?[\]{}()|!]/.test(text) && !/^\.+$/.test(text))
    fc.assert(
      fc.property(name, (text) => matcher([text])(text) && matcher([text])(`${text}/below`) && literals([text])[0] === text && !matcher([text])(`${text}x`))
    )
  })
})
