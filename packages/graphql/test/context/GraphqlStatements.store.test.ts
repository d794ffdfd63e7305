import { Database } from "bun:sqlite"
import { AgentId } from "han-core/Entry"
import type { Append } from "han-core/JournalWriter"
import pg from "pg"
import { describe, expect, it } from "vitest"
import { answer, call, log, noted, result, session, text, user } from "../../../../test/transcriptLines.ts"
import { schema } from "../fullSchema.ts"
import { open, stores } from "../graphqlAsking.ts"
import { everything, rootDocument } from "../graphqlDocuments.ts"

/** Sessions with something of everything, each in a directory of its own. */
const world = (sessions: number, turns: number): ReadonlyArray<Append> =>
  Array.from({ length: sessions }, (_, n): ReadonlyArray<Append> => {
    const id = `session-${n}`
    const cwd = `/work/project-${n}`
    const own = (name: string) => `${name}-${n}`
    const minute = (turn: number, second: number) => n * 3600 + turn * 60 + second
    const lines = Array.from({ length: turns }, (_, turn) => {
      const one = (name: string) => `${own(name)}-${turn}`
      return [
        user(one("u"), minute(turn, 0), "I hate this, just stop. Forget it.", { cwd, slug: own("slug") }),
        answer(
          one("a"),
          minute(turn, 1),
          [
            { type: "thinking", thinking: "well" },
            text("Sure."),
            call(one("w"), "Write", { file_path: `${cwd}/a.ts`, content: "x" }),
            call(one("t"), "TaskCreate", { subject: "Fix it" }),
            call(one("d"), "TodoWrite", { todos: [{ content: "one", status: "in_progress", activeForm: "x" }] }),
            call(one("g"), "Agent", { subagent_type: "Explore" })
          ],
          { input: 1, output: 2, read: 3, cwd }
        ),
        user(one("r"), minute(turn, 2), [result(one("w"), "done"), result(one("t"), "Task"), result(one("g"), "explored")], { cwd }),
        {
          type: "system",
          subtype: "compact_boundary",
          uuid: one("c"),
          timestamp: "2026-03-11T13:00:00.000Z",
          content: "Compacted",
          compactMetadata: { trigger: "auto", preTokens: 1 }
        }
      ]
    }).flat()
    return [
      session(id, lines),
      {
        ...session(id, [user(own("s"), minute(0, 5), "sub", { cwd })], { kind: "agent", agentId: AgentId.make(own("agent")) }),
        source: { meta: JSON.stringify({ agentType: "Explore", toolUseId: own("g-0").replace(/-0$/, "-0") }) }
      },
      log(
        id,
        Array.from({ length: turns }, (_, turn) => [
          noted("hook_run", `${own("hr")}-${turn}`, minute(turn, 10), { plugin: "p", hook: "lint" }, { cwd }),
          noted(
            "hook_result",
            `${own("he")}-${turn}`,
            minute(turn, 11),
            { plugin: "p", hook: "lint", success: true, duration_ms: 1 },
            { cwd, hookRunId: `${own("hr")}-${turn}` }
          ),
          noted(
            "hook_validation_cache",
            `${own("hv")}-${turn}`,
            minute(turn, 12),
            { plugin: "p", hook: "lint", directory: ".", files: { [`${cwd}/a.ts`]: "x" } },
            { cwd }
          ),
          noted("mcp_tool_call", `${own("mc")}-${turn}`, minute(turn, 13), { tool: "t", call_id: `${own("m")}-${turn}` }, { cwd }),
          noted("mcp_tool_result", `${own("mr")}-${turn}`, minute(turn, 14), { tool: "t", call_id: `${own("m")}-${turn}`, success: true }, { cwd }),
          noted("task_start", `${own("ht")}-${turn}`, minute(turn, 15), { task_id: `t-${turn}`, description: "x", task_type: "fix" }, { cwd })
        ]).flat()
      )
    ]
  }).flat()

const type = (name: string) => {
  const found = schema.getType(name)
  if (found === undefined || !("getFields" in found)) throw new Error(`there is no type ${name}`)
  return found as Parameters<typeof everything>[0]
}
// A list shows no messages of its sessions, not the ways through them, and not the results of all their calls.
const listFields = everything(type("Session"), { "Session.messages": null, "Session.landmarks": null, "Session.toolResults": null }, ["Project"])
const documents: Readonly<Record<string, string>> = {
  "the session list with all list fields": `{ sessions(first: 50) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node ${listFields} } } }`,
  "a session's page": `{ session(id: "session-0") ${everything(type("Session"), { "Session.messages": "first: 50", "Session.searchMessages": 'query: "hate"' })} }`,
  "the dashboard": `{
    sessions(first: 5) { edges { node ${listFields} } } projects(first: 100) { id name totalSessions sessionCount lastActivity repoId worktrees { id } subdirs { id } }
    activity(days: 730) ${everything(type("ActivityData"))} metrics(period: MONTH) ${everything(type("MetricsData"))}
    dashboardAnalytics(days: 3650) ${everything(type("DashboardAnalytics"))} pluginStats { totalPlugins } pluginCategories { count }
  }`,
  "the project list": rootDocument("projects", { "Query.projects": "first: 100" }),
  "the repository list": rootDocument("repos", { "Query.repos": "first: 100" }),
  "the team page": rootDocument("teamMetrics"),
  "the cache page": "{ cacheEntries { id path fileCount } cacheStats { totalEntries } }",
  "a search": `{ search(text: "hate", first: 50) { totalCount edges { node { messageId excerpt session { name } } } } }`
}

/** How many statements both drivers are asked to run. */
const counting = () => {
  let statements = 0
  const { query } = Database.prototype
  Database.prototype.query = function (this: Database, sql: string) {
    statements++
    return query.call(this, sql)
  } as typeof query
  const ask = pg.Client.prototype.query
  pg.Client.prototype.query = function (this: pg.Client, ...args: ReadonlyArray<unknown>) {
    // Each operation is a transaction there, whose beginning and end are not what is counted.
    if (!/^(BEGIN|COMMIT|ROLLBACK)\b/.test(String(args[0]))) statements++
    return Reflect.apply(ask, this, args)
  } as typeof ask
  return {
    take: () => {
      const taken = statements
      statements = 0
      return taken
    },
    end: () => {
      Database.prototype.query = query
      pg.Client.prototype.query = ask
    }
  }
}

describe.each(stores)("%s: the number of statements does not depend on the number of rows", (store, fresh) => {
  it("A page of any kind costs as many statements with many rows as with few", async () => {
    const few = await open(fresh())
    const many = await open(fresh())
    const counted = counting()
    try {
      await few.append(...world(1, 1))
      await many.append(...world(30, 10))
      const rows: Array<number> = []
      for (const [name, document] of Object.entries(documents)) {
        counted.take()
        const small = JSON.stringify(await few.ask(document)).length
        const less = counted.take()
        const large = JSON.stringify(await many.ask(document)).length
        const more = counted.take()
        // Over a network it is a matter of moments whether two questions of one kind meet in a batch: a few more, whatever the rows.
        expect([name, more > less + (store === "PgStore" ? 5 : 0) ? more : less]).toEqual([name, less])
        expect(less).toBeGreaterThan(0)
        // PostgreSQL reads a range in parts: the whole hours and days of it, and its edges.
        expect(less).toBeLessThan(store === "PgStore" ? 70 : 60)
        rows.push(large / small)
      }
      // Many rows were shown where few were.
      expect(Math.max(...rows)).toBeGreaterThan(10)
    } finally {
      counted.end()
      await few.close()
      await many.close()
    }
  })
})
