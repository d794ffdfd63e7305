import { expect, it } from "vitest"
import { marksOf } from "../../src/pages/landmarks.ts"
import { filterOf, orderOf, sessionsSearch } from "../../src/pages/sessionsSearch.ts"

it("An address is read as filters, and what is none of them is left out", () => {
  const read = (search: Record<string, unknown>) => JSON.parse(JSON.stringify(sessionsSearch(search)))
  expect(read({ q: "fix", state: "active", since: "7d", errors: true, sort: "cost", up: "true" })).toEqual({
    q: "fix",
    state: "active",
    since: "7d",
    errors: true,
    sort: "cost",
    up: true
  })
  expect(read({ q: 42, state: "sleeping", since: "1y", errors: "no", sort: { a: 1 }, other: "x" })).toEqual({ q: "42" })
})

it("Filters and orders become those of the server", () => {
  const now = Date.parse("2026-12-01T12:00:00Z")
  expect(filterOf({ since: "24h", errors: true, branch: "main" }, now)).toEqual({
    gitBranch: { _eq: "main" },
    updatedAt: { _gte: "2026-11-30T12:00:00.000Z" },
    toolErrorCount: { _gt: 0 }
  })
  expect(filterOf({ q: "Fix" }, now)._or).toEqual([{ title: { _contains: "Fix" } }, { title: { _contains: "fix" } }])
  expect([orderOf({}), orderOf({ up: true }), orderOf({ sort: "messages" })]).toEqual([null, { updatedAt: "ASC" }, { messageCount: "DESC" }])
})

it("Failures between two prompts are one mark, which leads to the first of them", () => {
  const mark = (messageId: string, kind: string, text = "") => ({ messageId, kind, at: null, text })
  expect(
    marksOf([
      mark("a", "PROMPT", "Do it\nnow"),
      mark("b", "TOOL_RESULT"),
      mark("c", "TOOL_RESULT"),
      mark("d", "COMPACTION"),
      mark("e", "TOOL_RESULT"),
      mark("f", "INTERRUPT")
    ]).map(({ count, id, kind, text }) => [id, kind, count, text])
  ).toEqual([
    ["a", "prompt", 1, "Do it"],
    ["b", "error", 2, "2 calls failed"],
    ["d", "compaction", 1, "context compacted"],
    ["e", "error", 1, "a call failed"],
    ["f", "prompt", 1, "interrupted"]
  ])
})
