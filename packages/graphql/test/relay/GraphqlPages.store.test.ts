import type { Append } from "han-core/JournalWriter"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { corpus } from "../../../../test/transcriptFiles.ts"
import { answer, call, log, noted, result, session, user } from "../../../../test/transcriptLines.ts"
import { type Answer, type Asking, open, stores } from "../graphqlAsking.ts"

/** A list: how to ask for a page of it, where it stands in the answer, and what tells its rows apart. */
interface List {
  readonly name: string
  readonly ask: (args: string) => string
  readonly of: (answer: Answer) => Answer
  readonly row: string
  readonly key: (node: Answer) => string
}
const ofSession = (id: string, name: string, row: string, more = ""): List => ({
  name,
  ask: (args) =>
    `{ session(id: "${id}") { ${name}(${args}${more}) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { ${row} } } } } }`,
  of: (found) => found.session[name],
  row,
  key: (node) => node[row]
})
const root = (name: string, row: string, more = ""): List => ({
  ...ofSession("", name, row),
  ask: (args) => `{ ${name}(${args}${more}) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { ${row} } } } }`,
  of: (found) => found[name]
})
const lists: ReadonlyArray<List> = [
  root("sessions", "sessionId"),
  root("sessions", "sessionId", ", orderBy: { slug: DESC, id: ASC }"),
  root("search", "messageId", ', text: "needle"'),
  root("search", "messageId", ', text: "needle", order: RANK'),
  ofSession("busy", "messages", "uuid"),
  ofSession("busy", "messages", "uuid", ", orderBy: { role: ASC, lineNumber: DESC }"),
  ofSession("busy", "messages", "uuid", ', filter: { timestamp: { _contains: "T12:0" } }'),
  ofSession("busy", "fileChanges", "id"),
  ofSession("busy", "tasks", "taskId"),
  ofSession("busy", "tasks", "taskId", ", orderBy: { taskId: DESC }"),
  ofSession("busy", "activeTasks", "taskId"),
  ofSession("busy", "todos", "content"),
  ofSession("busy", "activeTodos", "content"),
  ofSession("busy", "hookExecutions", "hookName")
]

for (const [name, fresh] of stores)
  describe(`${name}: pages`, () => {
    let asking: Asking
    beforeAll(async () => {
      asking = await open(fresh())
      const many = (count: number) => Array.from({ length: count }, (_, n) => n)
      await asking.append(
        ...many(11).map((n) => session(`other-${n}`, [user(`o-${n}`, n % 3, `needle ${"needle ".repeat(n % 4)}in a stack of hay`)])),
        session("busy", [
          user("b-0", 20, "needle"),
          ...many(9).flatMap((n) => [
            answer(`b-c${n}`, 21 + n, [call(`w-${n}`, "Write", { file_path: `/work/app/${n % 4}.ts`, content: "x" })]),
            user(`b-r${n}`, 21 + n, [result(`w-${n}`, "done")])
          ]),
          answer("b-t", 40, [
            call("todo", "TodoWrite", {
              todos: many(8).map((n) => ({ content: `todo ${n}`, status: ["pending", "in_progress", "completed"][n % 3], activeForm: "x" }))
            })
          ])
        ]),
        log(
          "busy",
          many(7).flatMap((n) => [
            noted("hook_run", `h-${n}`, 50 + n, { hook: `hook ${n}` }),
            noted("task_start", `t-${n}`, 60 + n, { task_id: `task ${n}`, description: "x", task_type: "fix" }),
            ...(n % 2 === 0 ? [] : [noted("task_complete", `u-${n}`, 70 + n, { task_id: `task ${n}`, outcome: "success" })])
          ])
        )
      )
    })
    afterAll(() => asking.close())
    const page = async (list: List, args: string) => list.of(await asking.ask(list.ask(args)))
    const keys = (list: List, found: Answer): ReadonlyArray<string> => found.edges.map((edge: Answer) => list.key(edge.node))
    const quoted = (cursor: string) => JSON.stringify(cursor)

    it.each(lists.map((list, n) => [`${list.name} (${n})`, list] as const))("Pages of %s go to the end in both directions", async (_, list) => {
      const whole = await page(list, "first: 1000")
      const all = keys(list, whole)
      expect(all.length).toBeGreaterThan(3)
      expect(new Set(all).size).toBe(all.length)
      expect(whole.pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: false, startCursor: whole.edges[0].cursor, endCursor: whole.edges.at(-1).cursor })
      expect(new Set(whole.edges.map((edge: Answer) => edge.cursor)).size).toBe(all.length)
      for (const size of [Math.ceil(all.length / 4), all.length - 1, all.length]) {
        const forward: Array<string> = []
        for (let after = ""; ; ) {
          const found = await page(list, `first: ${size}, after: ${quoted(after)}`)
          forward.push(...keys(list, found))
          expect([found.totalCount, found.pageInfo.hasPreviousPage, found.pageInfo.hasNextPage]).toEqual([
            all.length,
            after !== "",
            forward.length < all.length
          ])
          expect([found.pageInfo.startCursor, found.pageInfo.endCursor]).toEqual([found.edges[0].cursor, found.edges.at(-1).cursor])
          after = found.pageInfo.endCursor
          if (!found.pageInfo.hasNextPage) break
        }
        expect(forward).toEqual(all)
        const backward: Array<string> = []
        for (let before = ""; ; ) {
          const found = await page(list, `last: ${size}, before: ${quoted(before)}`)
          backward.unshift(...keys(list, found))
          expect([found.totalCount, found.pageInfo.hasPreviousPage, found.pageInfo.hasNextPage]).toEqual([
            all.length,
            backward.length < all.length,
            before !== ""
          ])
          before = found.pageInfo.startCursor
          if (!found.pageInfo.hasPreviousPage) break
        }
        expect(backward).toEqual(all)
      }
      const [first, second, third] = whole.edges
      expect(keys(list, await page(list, `first: 2, before: ${quoted(third.cursor)}`))).toEqual(all.slice(0, 2))
      expect(keys(list, await page(list, `first: 5, after: ${quoted(first.cursor)}, before: ${quoted(third.cursor)}`))).toEqual([list.key(second.node)])
      expect(keys(list, await page(list, `last: 2, after: ${quoted(first.cursor)}`))).toEqual(all.slice(-2))
      const nothing = { startCursor: null, endCursor: null }
      expect(await page(list, "first: 0")).toEqual({ edges: [], totalCount: all.length, pageInfo: { ...nothing, hasNextPage: true, hasPreviousPage: false } })
      expect(await page(list, "last: 0")).toEqual({ edges: [], totalCount: all.length, pageInfo: { ...nothing, hasNextPage: false, hasPreviousPage: true } })
      for (const name of ["first", "last"]) {
        const [error] = await asking.errors(list.ask(`${name}: -1`))
        expect([error?.extensions["code"], error?.message]).toEqual(["CountInvalid", `${name} is -1; it should be 0 or more`])
      }
      expect(keys(list, await page(list, "first: 2147483647"))).toEqual(all)
      const behind = await page(list, `first: 4, after: ${quoted(whole.pageInfo.endCursor)}`)
      expect([behind.edges, behind.pageInfo.hasNextPage, behind.pageInfo.hasPreviousPage]).toEqual([[], false, true])
      expect(keys(list, await page(list, "first: 2, after: null, last: null, before: null"))).toEqual(all.slice(0, 2))
    })

    it("Pages of lists without cursors refuse negative counts, too", async () => {
      for (const [argument, document] of [
        ["first", "{ projects(first: -1) { id } }"],
        ["first", "{ repos(first: -1) { id } }"],
        ["first", "{ indexProblems(first: -1) { line } }"],
        ["limit", '{ session(id: "busy") { searchMessages(query: "needle", limit: -1) { messageId } } }']
      ] as const) {
        const [error] = await asking.errors(document)
        expect([document, error?.message]).toEqual([document, `${argument} is -1; it should be 0 or more`])
      }
    })

    it("Pages refuse the cursors of other lists, and say which", async () => {
      const firsts = await Promise.all(lists.map(async (list) => (await page(list, "first: 1")).pageInfo.endCursor as string))
      for (const list of lists)
        for (const [m, cursor] of [...firsts, "nonsense", "MC:2026|x", "e30", "0", "\0"].entries()) {
          const other = lists[m]
          // Lists of the same rows in another order, or with fewer of them, may know them.
          if (other !== undefined && other.name.toLowerCase().replace("active", "") === list.name.toLowerCase().replace("active", "")) continue
          const [error] = await asking.errors(list.ask(`first: 2, ${m % 2 === 0 ? "after" : "before"}: ${quoted(cursor)}`))
          expect([list.name, cursor, error?.extensions["code"], error?.message]).toEqual([
            list.name,
            cursor,
            "PageCursorInvalid",
            `"${cursor}" is not a cursor of this list; start again without it`
          ])
        }
    })
  })

/** Rows that tell when lines come in any order, old and new sessions, and lines older than those that are there. */
const arriving = (appends: ReadonlyArray<Append>) => {
  const before = appends.flatMap((append, n) =>
    n % 5 === 4 ? [] : [{ ...append, entries: append.entries.slice(0, Math.ceil(append.entries.length * (n % 3 === 0 ? 1 : 0.5))) }]
  )
  let step = 0
  const later = appends.filter(
    (append, n) => n % 5 === 4 || before.find((one) => one.transcript === append.transcript)?.entries.length !== append.entries.length
  )
  // A few lines of one transcript after another, from all places of the list.
  const next = (): ReadonlyArray<Append> => {
    const chosen = [later[(step * 7) % later.length], later[(step * 3 + 1) % later.length]]
    step++
    return chosen.flatMap((append) =>
      append === undefined ? [] : [{ ...append, entries: append.entries.slice(0, Math.ceil(append.entries.length * Math.min(1, 0.5 + step / 40))) }]
    )
  }
  return { before, next }
}

for (const [name, fresh] of stores)
  describe(`${name}: while rows arrive`, () => {
    const { appends } = corpus({ seed: 81, sessions: 30, lines: 30, chaos: true })
    const { before, next } = arriving(appends)
    let asking: Asking
    beforeAll(async () => {
      asking = await open(fresh())
      await asking.append(...before)
    })
    afterAll(() => asking.close())
    /** Pages through a list while lines arrive; the rows that were there before, in the order in which they were met. */
    const walk = async (list: List, size: number, backward: boolean): Promise<readonly [old: ReadonlyArray<string>, met: ReadonlyArray<string>]> => {
      const keys = (found: Answer): ReadonlyArray<string> => found.edges.map((edge: Answer) => list.key(edge.node))
      const old = keys(list.of(await asking.ask(list.ask("first: 1000"))))
      const met: Array<string> = []
      for (let cursor = "", more = true; more; ) {
        const found = list.of(
          await asking.ask(list.ask(backward ? `last: ${size}, before: ${JSON.stringify(cursor)}` : `first: ${size}, after: ${JSON.stringify(cursor)}`))
        )
        if (backward) met.unshift(...keys(found))
        else met.push(...keys(found))
        cursor = backward ? found.pageInfo.startCursor : found.pageInfo.endCursor
        more = backward ? found.pageInfo.hasPreviousPage : found.pageInfo.hasNextPage
        await asking.append(...next())
      }
      return [old, met.filter((key) => old.includes(key))]
    }

    it.each([
      ["forward", 4, false],
      ["forward, one by one", 1, false],
      ["backward", 3, true]
    ] as const)("each session is met once, where it was: %s", async (_, size, backward) => {
      const [old, met] = await walk(root("sessions", "sessionId"), size, backward)
      expect(old.length).toBeGreaterThan(15)
      expect(met).toEqual(old)
    })

    it("Each message is met once while rows arrive, where it was", async () => {
      const { sessions } = await asking.ask(
        "{ sessions(first: 1000) { edges { node { sessionId subagents { agentId } messages(first: 0) { totalCount } } } } }"
      )
      const chosen = sessions.edges
        .map((edge: Answer) => edge.node)
        .sort((a: Answer, b: Answer) => b.subagents.length - a.subagents.length || b.messages.totalCount - a.messages.totalCount)
        .slice(0, 4)
      for (const [n, { sessionId }] of chosen.entries()) {
        const [old, met] = await walk(ofSession(sessionId, "messages", "uuid"), 5, n % 2 === 1)
        expect(old.length).toBeGreaterThan(5)
        expect(met).toEqual(old)
      }
    })

    it("Each hit of a search is met once while rows arrive, where it was", async () => {
      const [old, met] = await walk(root("search", "messageId", ', text: "token"'), 5, false)
      expect(old.length).toBeGreaterThan(10)
      expect(met).toEqual(old)
    })

    it("one session that is written to without end neither hides the others nor comes again", async () => {
      const quiet = await open(fresh())
      try {
        const count = 12
        await quiet.append(...Array.from({ length: count }, (_, n) => session(`q-${n}`, [user(`q-${n}-0`, n, "quiet")])))
        const lines = [user("q-0-0", 0, "quiet")]
        const met: Array<string> = []
        for (let after = "", more = true; more; ) {
          const { sessions } = await quiet.ask(
            `{ sessions(first: 2, after: ${JSON.stringify(after)}) { pageInfo { hasNextPage endCursor } edges { node { sessionId } } } }`
          )
          met.push(...sessions.edges.map((edge: Answer) => edge.node.sessionId))
          after = sessions.pageInfo.endCursor
          more = sessions.pageInfo.hasNextPage
          for (let n = 0; n < 3; n++) lines.push(user(`q-0-${lines.length}`, 100 + lines.length, "loud"))
          await quiet.append(session("q-0", lines))
          // And every other one once.
          await quiet.append(session(`q-${met.length}`, [user(`q-${met.length}-0`, met.length, "quiet"), user(`q-${met.length}-1`, 90, "awake")]))
        }
        const expected = Array.from({ length: count }, (_, n) => `q-${count - 1 - n}`)
        expect(met).toEqual(expected)
        // A list that is begun now has them as they are now.
        expect((await quiet.ask("{ sessions(first: 1) { edges { node { sessionId } } } }")).sessions.edges[0].node.sessionId).toBe("q-0")
      } finally {
        await quiet.close()
      }
    })
  })
