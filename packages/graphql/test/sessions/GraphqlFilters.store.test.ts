import { Effect } from "effect"
import * as fc from "fast-check"
import { DirectoryWriter } from "han-core/Directories"
import { SessionId } from "han-core/Entry"
import { typeOf } from "han-core/Message"
import { type MessageField, MessageQueries } from "han-core/MessageQueries"
import { type MessageLine, Messages } from "han-core/Messages"
import type { Session } from "han-core/Session"
import { type SessionField, SessionQueries } from "han-core/SessionQueries"
import { Sessions } from "han-core/Sessions"
import { holds, type Scalar, type Where } from "han-core/Where"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { runs } from "../../../../test/runs.ts"
import { corpus, indexingCase, scenario } from "../../../../test/transcriptFiles.ts"
import { answer, call, log, noted, result, session, text, user } from "../../../../test/transcriptLines.ts"
import { type Answer, type Asking, open, stores } from "../graphqlAsking.ts"

/** Sessions that differ in what they can be chosen by. */
const some = [
  { id: "s-none" },
  { id: "s-upper", slug: "Alpha", pr: 1, cwd: "/work/app" },
  { id: "s-lower", slug: "alpha", pr: 2, cwd: "/work/app" },
  { id: "s-percent", slug: "a%a", pr: 3, cwd: "/work/app-wt" },
  { id: "s-score", slug: "a_a", cwd: "/work/lib" },
  { id: "s-plain", slug: "aXa", cwd: "/work/lib" },
  { id: "s-quote", slug: `a'"\\{}`, cwd: "/work/lib" },
  { id: "s-wide", slug: "日本👩‍👩‍👧", pr: 7, cwd: "/work/lib" }
]
const linesOf = ({ cwd, id, pr, slug }: (typeof some)[number], place: number) => {
  const line = { ...user(`${id}-1`, place, `line of ${id}`), ...(slug !== undefined && { slug }), ...(cwd === undefined ? { cwd: undefined } : { cwd }) }
  return pr === undefined ? [line] : [line, { type: "pr-link", prNumber: pr, prUrl: `https://github.com/a/b/pull/${pr}`, timestamp: line.timestamp }]
}

for (const [name, fresh] of stores)
  describe(`${name}: filters`, () => {
    let asking: Asking
    const project: Record<string, string> = {}
    beforeAll(async () => {
      // Long after all of it, when no session is active any more.
      vi.useFakeTimers({ now: Date.parse("2026-06-01T00:00:00.000Z"), toFake: ["Date"] })
      asking = await open(fresh())
      await asking.append(
        ...some.map((one, place) => session(one.id, linesOf(one, place))),
        { ...log("bridged", [noted("hook_run", "br-1", 100, {})]), transcript: { ...log("bridged", []).transcript, source: "omp" } },
        ...indexingCase("F09-native-tasks"),
        log("s-upper", [
          noted("hook_run", "h-1", 1, { plugin: "p", hook: "lint", hook_type: "Stop", directory: "/work/app", command: "biome check" }),
          noted("hook_result", "h-1r", 2, { plugin: "p", hook: "lint", success: true, exit_code: 0, duration_ms: 10, output: "fine" }, { hookRunId: "h-1" }),
          noted("hook_run", "h-2", 3, { plugin: "p", hook: "test", hook_type: "PostToolUse" }),
          noted(
            "hook_result",
            "h-2r",
            4,
            { plugin: "p", hook: "test", success: false, exit_code: 2, duration_ms: 30, error: "2 failed" },
            { hookRunId: "h-2" }
          ),
          noted("hook_run", "h-3", 5, { plugin: "q", hook: "build" }),
          noted("task_start", "t-1", 6, { task_id: "one", description: "Fix it", task_type: "fix" }),
          noted("task_complete", "t-2", 7, { task_id: "one", outcome: "success", confidence: 0.75, tests_added: 2 }),
          noted("task_start", "t-3", 8, { task_id: "two", description: "Find out", task_type: "research" })
        ]),
        session("talk", [
          user("t1", 1, "This is terrible and I hate it"),
          answer("t2", 2, [text("So sorry."), call("t-e", "Edit", { file_path: "/a", old_string: "a", new_string: "a\nb" })], {
            input: 10,
            output: 20,
            read: 30,
            write5m: 40
          }),
          user("t3", 3, [result("t-e", "done")], { parentUuid: "t2" }),
          user("t4", 4, "Thanks"),
          { type: "system", uuid: "t5", timestamp: "2026-03-11T12:00:05.000Z", subtype: "note", content: "noted" },
          { type: "attachment", uuid: "t6", timestamp: "2026-03-11T12:00:06.000Z", attachment: { type: "date", date: "x" } }
        ]),
        session("talk", [user("ag1", 10, "sub"), answer("ag2", 11, [text("sub answer")], { input: 1, output: 2 })], {
          kind: "agent",
          agentId: "agent-1" as never
        }),
        log("talk", [
          noted("hook_run", "th1", 20, { hook: "lint" }),
          noted("hook_result", "th2", 21, { hook: "lint", success: true }),
          noted("mcp_tool_result", "th3", 22, { tool: "t" }),
          noted("exposed_tool_result", "th4", 23, { tool: "t" }),
          noted("sentiment_analysis", "th5", 24, { message_id: "t1" })
        ])
      )
      await asking.run(
        Effect.flatMap(DirectoryWriter, (all) =>
          Effect.all([
            all.note({ machine: "test", path: "/work/app" }, { remote: "git.example/me/app", root: "/work/app", worktreeOf: null, defaultBranch: "main" }),
            all.note(
              { machine: "test", path: "/work/app-wt" },
              { remote: "git.example/me/app", root: "/work/app-wt", worktreeOf: "/work/app", defaultBranch: null }
            )
          ])
        )
      )
      for (const one of (await asking.ask("{ projects { projectId path } }")).projects) project[one.path] = one.projectId
    })
    afterAll(async () => {
      await asking.close()
      vi.useRealTimers()
    })

    /** The sessions with `s-` in front that a filter takes, in order of their ids. */
    const sessions = async (filter: string): Promise<ReadonlyArray<string>> => {
      const { sessions: found } = await asking.ask(
        `{ sessions(first: 100, filter: { _and: [{ id: { _startsWith: "s-" } }, ${filter}] }) { totalCount edges { node { sessionId } } } }`
      )
      expect(found.totalCount).toBe(found.edges.length)
      return found.edges.map((edge: Answer) => edge.node.sessionId.slice(2)).sort()
    }
    const all = some.map(({ id }) => id.slice(2)).sort()
    const without = (...left: ReadonlyArray<string>) => all.filter((id) => !left.includes(id))

    it("Filters on texts take what they say, by case, and without wildcards", async () => {
      const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
        ['_eq: "alpha"', ["lower"]],
        ['_ne: "alpha"', without("lower", "none")],
        ['_contains: "LPHA"', []],
        ['_contains: "lpha"', ["lower", "upper"]],
        ['_contains: "%"', ["percent"]],
        ['_contains: "_"', ["score"]],
        ['_contains: ""', without("none")],
        ['_startsWith: "a"', ["lower", "percent", "plain", "quote", "score"]],
        ['_startsWith: "a_"', ["score"]],
        ['_startsWith: "日本👩"', ["wide"]],
        ['_endsWith: "_a"', ["score"]],
        ['_endsWith: "a"', ["lower", "percent", "plain", "score", "upper"]],
        ['_endsWith: "longer than any of them"', []],
        ['_in: ["alpha", "Alpha", "nobody"]', ["lower", "upper"]],
        ["_in: []", []],
        ['_notIn: ["alpha", "Alpha"]', without("lower", "upper", "none")],
        ["_notIn: []", all],
        ["_isNull: true", ["none"]],
        ["_isNull: false", without("none")],
        ["_eq: null", all],
        ["_in: null, _ne: null, _isNull: null", all],
        ['_startsWith: "a", _endsWith: "a", _ne: "aXa"', ["lower", "percent", "score"]],
        ["", all]
      ]
      for (const [condition, expected] of cases) expect([condition, await sessions(`{ slug: { ${condition} } }`)]).toEqual([condition, expected])
      expect(await sessions(`{ slug: { _eq: ${JSON.stringify(`a'"\\{}`)} } }`)).toEqual(["quote"])
      expect(await sessions(`{ slug: { _in: [${JSON.stringify(`a'"\\{}`)}] } }`)).toEqual(["quote"])
      expect(await sessions(`{ slug: { _contains: ${JSON.stringify(`'"\\{`)} } }`)).toEqual(["quote"])
    })

    it("Filters on numbers compare as they say", async () => {
      const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
        ["_eq: 2", ["lower"]],
        ["_ne: 2", ["percent", "upper", "wide"]],
        ["_gt: 2", ["percent", "wide"]],
        [`_gt: 2, _lt: ${2 ** 40}, _ne: ${2 ** 52}`, ["percent", "wide"]],
        ["_gte: 2", ["lower", "percent", "wide"]],
        ["_lt: 2", ["upper"]],
        ["_lte: 2, _gt: 1", ["lower"]],
        ["_in: [1, 7, 9]", ["upper", "wide"]],
        ["_in: []", []],
        ["_isNull: true", ["none", "plain", "quote", "score"]],
        ["_isNull: false", ["lower", "percent", "upper", "wide"]],
        ["_eq: null", all]
      ]
      for (const [condition, expected] of cases) expect([condition, await sessions(`{ prNumber: { ${condition} } }`)]).toEqual([condition, expected])
    })

    it("Filters are joined as logic wants, with nulls as SQL has them", async () => {
      const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
        ["{ _or: [] }", []],
        ["{ _or: [{}] }", all],
        ["{ _and: [] }", all],
        ["{ _not: {} }", []],
        ["{ _not: { _or: [] } }", all],
        ["{}", all],
        ['{ _not: { slug: { _eq: "alpha" } } }', without("lower", "none")],
        ["{ _not: { slug: { _isNull: true } } }", without("none")],
        ['{ _or: [{ slug: { _isNull: true } }, { slug: { _startsWith: "a" }, prNumber: { _gt: 2 } }] }', ["none", "percent"]],
        ['{ _and: [{ slug: { _contains: "a" } }, { _not: { prNumber: { _in: [1, 2] } } }] }', ["percent"]],
        ['{ _or: [{ slug: { _eq: "Alpha" } }], _and: [{ prNumber: { _isNull: false } }] }', ["upper"]],
        ['{ _not: { _or: [{ slug: { _eq: "Alpha" } }, { _not: { prNumber: { _gte: 2 } } }] } }', ["lower", "percent", "wide"]],
        ["{ slug: null, prNumber: null, _and: null, _or: null, _not: null }", all]
      ]
      for (const [filter, expected] of cases) expect([filter, await sessions(filter)]).toEqual([filter, expected])
    })

    it("Filters of sessions know their ids in every form, their projects, harness and state", async () => {
      for (const id of ["s-upper", "Session:s-upper", "Session:/work/app:s-upper"]) expect(await sessions(`{ id: { _eq: "${id}" } }`)).toEqual(["upper"])
      expect(await sessions('{ id: { _in: ["s-upper", "Session:/work/lib:s-plain"] } }')).toEqual(["plain", "upper"])
      const app = project["/work/app"]
      const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
        [`{ projectId: { _eq: "${app}" } }`, ["lower", "upper"]],
        [`{ projectId: { _eq: "Project:${app}" } }`, ["lower", "upper"]],
        [`{ projectId: { _ne: "${app}" } }`, without("lower", "upper", "none")],
        [`{ projectId: { _in: ["${app}", "${project["/work/lib"]}"] } }`, without("none", "percent")],
        [`{ projectId: { _notIn: ["${app}"] } }`, without("lower", "upper", "none")],
        ["{ projectId: { _notIn: [] } }", all],
        ["{ projectId: { _isNull: true } }", ["none"]],
        ["{ projectId: { _isNull: false } }", without("none")],
        [`{ _not: { projectId: { _eq: "${app}" } } }`, without("lower", "upper", "none")],
        ['{ projectId: { _eq: "" } }', []],
        ['{ project: { name: { _eq: "app" } } }', ["lower", "percent", "upper"]],
        ["{ project: { isWorktree: { _eq: true } } }", ["percent"]],
        ["{ project: { isWorktree: { _isNull: true } } }", []],
        ["{ project: { repoId: { _isNull: true } } }", ["plain", "quote", "score", "wide"]],
        ['{ project: { path: { _endsWith: "-wt" }, _not: { name: { _eq: "lib" } } } }', ["percent"]],
        ["{ project: {} }", without("none")],
        ["{ project: { _or: [] } }", []],
        ["{ project: null }", all],
        ['{ harness: { _eq: "claude-code" } }', all],
        ['{ status: { _eq: "completed" } }', all],
        ['{ status: { _in: ["active", "idle"] } }', []],
        ["{ teamName: { _isNull: false } }", []],
        ['{ title: { _contains: "of s-u" } }', ["upper"]],
        ["{ estimatedCostUsd: { _gt: 0.01 } }", []],
        ["{ messageCount: { _eq: 1 } }", all],
        ["{ toolErrorCount: { _gt: 0 } }", []],
        ["{ model: { _isNull: true } }", all],
        ['{ startedAt: { _gte: "2026-03-11T12:00:02.000Z", _lt: "2026-03-11T12:00:04Z" } }', ["lower", "percent"]],
        ['{ startedAt: { _lt: "2026-03-11" } }', []],
        ['{ updatedAt: { _gte: "2026-03-11" } }', all]
      ]
      for (const [filter, expected] of cases) expect([filter, await sessions(filter)]).toEqual([filter, expected])
      const { repos } = await asking.ask("{ repos { id repoId } }")
      for (const id of [repos[0].id, repos[0].repoId])
        expect(await sessions(`{ project: { repoId: { _eq: "${id}" } } }`)).toEqual(["lower", "percent", "upper"])
      const bridged = await asking.ask('{ sessions(filter: { harness: { _eq: "omp" } }) { edges { node { sessionId harness } } } }')
      expect(bridged.sessions.edges).toEqual([{ node: { sessionId: "bridged", harness: "omp" } }])
      // What a client sends for none.
      expect((await asking.ask("{ sessions(filter: null, orderBy: null, after: null) { totalCount } }")).sessions.totalCount).toBe(some.length + 3)
    })

    it("Filters order sessions by columns, the first of the type first, with nulls as the smallest", async () => {
      const ordered = async (orderBy: string) =>
        (await asking.ask(`{ sessions(filter: { id: { _startsWith: "s-" } }, orderBy: ${orderBy}) { edges { node { sessionId } } } }`)).sessions.edges.map(
          (edge: Answer) => edge.node.sessionId.slice(2)
        )
      expect(await ordered("{ id: ASC }")).toEqual(all)
      expect(await ordered("{ id: DESC }")).toEqual([...all].reverse())
      expect(await ordered("{ startedAt: ASC }")).toEqual(some.map(({ id }) => id.slice(2)))
      expect(await ordered("{ startedAt: DESC }")).toEqual(some.map(({ id }) => id.slice(2)).reverse())
      expect(await ordered("{ slug: ASC }")).toEqual(["none", "upper", "percent", "quote", "plain", "score", "lower", "wide"])
      expect(await ordered("{ prNumber: DESC, slug: ASC }")).toEqual(["none", "upper", "percent", "quote", "plain", "score", "lower", "wide"])
      expect((await ordered("{ prNumber: DESC }")).slice(0, 4)).toEqual(["wide", "percent", "lower", "upper"])
      // The latest first where all are equal: han's log of one of them goes on behind the others.
      const latest = [
        "upper",
        ...some
          .map(({ id }) => id.slice(2))
          .filter((id) => id !== "upper")
          .reverse()
      ]
      expect(await ordered("{ harness: DESC }")).toEqual(latest)
      expect(await ordered("{}")).toEqual(latest)
    })

    it("Filters choose and order projects and repositories", async () => {
      const projects = async (args: string) =>
        (await asking.ask(`{ projects(${args}) { path } }`)).projects.map((one: Answer) => one.path.replace("/work/", ""))
      expect(await projects('filter: { isWorktree: { _eq: false }, path: { _startsWith: "/work" } }, orderBy: { path: ASC }')).toEqual(["app", "lib"])
      expect(await projects("filter: { relativePath: { _isNull: false } }, orderBy: { isWorktree: DESC }")).toEqual(["app-wt", "app"])
      expect(await projects('filter: { slug: { _eq: "-work-app-wt" } }')).toEqual(["app-wt"])
      expect(await projects('filter: { createdAt: { _startsWith: "2026-03-11T12:00:01" } }')).toEqual(["app"])
      expect(await projects("filter: { _or: [] }")).toEqual([])
      expect(await projects("filter: { _not: { repoId: { _isNull: true } } }, first: 1, orderBy: { path: DESC }")).toEqual(["app-wt"])
      const repos = async (filter: string) => (await asking.ask(`{ repos(filter: ${filter}) { name } }`)).repos.length
      expect(await repos('{ defaultBranch: { _eq: "main" }, remote: { _contains: "/me/" } }')).toBe(1)
      expect(await repos("{ defaultBranch: { _isNull: true } }")).toBe(0)
      expect(await repos('{ name: { _ne: "app" } }')).toBe(0)
    })

    it("Filters choose tasks and runs of hooks", async () => {
      const of = async (field: string, path: (answer: Answer) => ReadonlyArray<Answer>, id = "s-upper") =>
        path((await asking.ask(`query ($id: String!) { session(id: $id) { ${field} } }`, { id })).session)
      const tasks = (args: string) =>
        of(
          `nativeTasks(${args}) { subject status }`,
          (found) => found.nativeTasks.map((task: Answer) => `${task.subject} ${task.status}`),
          "11111111-1111-4111-8111-111111111109"
        )
      expect(await tasks('filter: { status: { _eq: "completed" } }, orderBy: { subject: ASC, lineNumber: DESC }')).toEqual([
        "Build completed",
        "Test completed"
      ])
      expect(await tasks("filter: { owner: { _isNull: false } }")).toEqual(["Build in_progress"])
      expect(await tasks("filter: { lineNumber: { _gte: 2 } }, orderBy: { lineNumber: DESC }")).toEqual(["Build completed", "Test completed"])
      const [{ id }] = await of("nativeTasks { id }", (found) => found.nativeTasks, "11111111-1111-4111-8111-111111111109")
      expect(await tasks(`filter: { id: { _eq: "${id}" } }`)).toEqual(["Build in_progress"])
      const announced = (args: string) =>
        of(`tasks(${args}) { totalCount edges { node { taskId } } }`, (found) => [
          found.tasks.totalCount,
          ...found.tasks.edges.map((edge: Answer) => edge.node.taskId)
        ])
      expect(await announced("filter: { confidence: { _gt: 0.7, _lte: 0.75 } }")).toEqual([1, "one"])
      expect(await announced("filter: { confidence: { _isNull: true } }")).toEqual([1, "two"])
      expect(await announced('filter: { outcome: { _ne: "failure" }, testsAdded: { _in: [2] } }')).toEqual([1, "one"])
      expect(await announced("orderBy: { taskType: DESC }")).toEqual([2, "two", "one"])
      const runs = (args: string) =>
        of(`hookExecutions(${args}) { totalCount edges { node { hookName } } }`, (found) => [
          found.hookExecutions.totalCount,
          ...found.hookExecutions.edges.map((edge: Answer) => edge.node.hookName)
        ])
      expect(await runs("filter: { passed: { _eq: false } }")).toEqual([1, "test"])
      expect(await runs("filter: { passed: { _isNull: true } }")).toEqual([1, "build"])
      expect(await runs('filter: { status: { _in: ["abandoned", "passed"] } }, orderBy: { hookName: ASC }')).toEqual([2, "build", "lint"])
      expect(await runs("filter: { durationMs: { _gte: 10 }, exitCode: { _ne: 0 } }")).toEqual([1, "test"])
      expect(await runs('filter: { command: { _contains: "biome" }, directory: { _eq: "/work/app" }, output: { _eq: "fine" } }')).toEqual([1, "lint"])
      expect(await runs('filter: { hookType: { _eq: "PostToolUse" }, error: { _startsWith: "2" } }')).toEqual([1, "test"])
      expect(await runs("orderBy: { durationMs: DESC }")).toEqual([3, "test", "lint", "build"])
    })

    const talk = async (args: string): Promise<ReadonlyArray<string>> => {
      const { session: found } = await asking.ask(`{ session(id: "talk") { messages(${args}) { totalCount edges { node { uuid } } } } }`)
      expect(found.messages.totalCount).toBe(found.messages.edges.length)
      return found.messages.edges.map((edge: Answer) => edge.node.uuid)
    }

    it("Filters of messages know what the client sends, and every column", async () => {
      // Subagents' lines are there for who asks for them.
      const newest = ["th5", "th4", "th3", "th2", "th1", "t5", "t4", "t3", "t2", "t1"]
      const all = ["th5", "th4", "th3", "th2", "th1", "ag2", "ag1", "t5", "t4", "t3", "t2", "t1"]
      expect(await talk("first: 100")).toEqual(newest)
      expect(await talk("filter: { _or: [{ agentId: { _isNull: true } }, { agentId: { _isNull: false } }] }")).toEqual(all)
      expect(await talk('filter: { agentId: { _isNull: false }, role: { _eq: "assistant" } }')).toEqual(["ag2"])
      expect(
        await talk(
          'filter: { _or: [{ toolName: { _isNull: true } }, { toolName: { _notIn: ["hook_result", "mcp_tool_result", "exposed_tool_result", "sentiment_analysis"] } }] }'
        )
      ).toEqual(newest.filter((id) => !["th2", "th3", "th4", "th5"].includes(id)))
      const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
        ['id: { _eq: "Message:t1" }', ["t1"]],
        ['id: { _in: ["t1", "Message:t2"] }', ["t2", "t1"]],
        ['sessionId: { _eq: "talk" }', newest],
        ['sessionId: { _eq: "Session:/work/app:talk" }', newest],
        ['sessionId: { _ne: "talk" }', []],
        ['agentId: { _eq: "agent-1" }', ["ag2", "ag1"]],
        ["agentId: { _isNull: true }", newest],
        ['parentId: { _eq: "Message:t2" }', ["t3"]],
        ['messageType: { _eq: "han_event" }', ["th5", "th4", "th3", "th2", "th1"]],
        ['messageType: { _in: ["assistant", "system"] }', ["t5", "t2"]],
        ['role: { _eq: "assistant" }', ["t2"]],
        ["role: { _isNull: true }", ["th5", "th4", "th3", "th2", "th1"]],
        ['toolName: { _endsWith: "_result" }', ["th4", "th3", "th2"]],
        ['timestamp: { _startsWith: "2026-03-11T12:00:0" }', ["t5", "t4", "t3", "t2", "t1"]],
        ["lineNumber: { _eq: 1 }", ["th2", "t2"]],
        ["sentimentScore: { _lt: -3 }", ["t1"]],
        ['sentimentLevel: { _eq: "positive" }', ["t4"]],
        ["frustrationScore: { _gte: 2 }", ["t1"]],
        ['frustrationLevel: { _eq: "moderate" }', ["t1"]],
        ["inputTokens: { _isNull: false }", ["t2"]],
        ["outputTokens: { _gt: 2 }", ["t2"]],
        ["cacheReadTokens: { _eq: 30 }", ["t2"]],
        ["cacheCreationTokens: { _eq: 40 }", ["t2"]],
        ["linesAdded: { _gt: 0 }", ["t2"]],
        ["linesRemoved: { _eq: 0 }", ["t2"]],
        ["filesChanged: { _in: [1] }", ["t2"]]
      ]
      for (const [filter, expected] of cases) expect([filter, await talk(`filter: { ${filter} }`)]).toEqual([filter, expected])
      expect(await talk("orderBy: { timestamp: ASC }")).toEqual([...newest].reverse())
      expect(await talk("orderBy: { sessionId: ASC }")).toEqual(newest)
      expect((await talk("orderBy: { outputTokens: DESC, id: ASC }")).slice(0, 2)).toEqual(["t1", "t2"])
      expect(await talk("orderBy: { messageType: ASC, role: ASC }, filter: { agentId: { _isNull: true } }")).toEqual([
        "t2",
        "th5",
        "th4",
        "th3",
        "th2",
        "th1",
        "t5",
        "t4",
        "t3",
        "t1"
      ])
      expect(await talk("filter: {}, first: 100")).toEqual(newest)
    })
  })

/** What a test reads of rows without the help of the store. */
const ofSession = (one: Session, field: SessionField): Scalar =>
  ({
    id: one.id,
    path: one.cwd,
    directory: one.cwd === null ? null : `${one.machine}:${one.cwd}`,
    status: one.status,
    slug: one.slug,
    pullRequest: one.pullRequest?.number ?? null,
    team: one.team,
    source: one.source,
    author: one.author,
    title: one.title ?? one.firstPrompt,
    branch: one.branch,
    model: one.model,
    startedAt: one.startedAt,
    updatedAt: one.updatedAt,
    cost: one.costNanoUsd,
    messages: one.messages,
    toolErrors: one.toolErrors
  })[field]
const ofMessage = ({ message }: MessageLine, field: "id" | "agentId" | "type" | "role" | "toolName" | "line" | "parentId" | "at"): Scalar =>
  ({
    id: message.id,
    agentId: message.agentId,
    type: typeOf(message.kind),
    role: message.role,
    toolName: message.events.find((event) => event._tag === "HanNoted")?.name ?? null,
    line: message.line,
    parentId: message.envelope.parentUuid,
    at: message.at === null ? null : new Date(message.at).toISOString()
  })[field]

/** Any condition on these fields, with values that occur, parts of them, and some that nobody has. */
const conditions = <Field extends string>(
  texts: Readonly<Record<string, ReadonlyArray<string>>>,
  numbers: Readonly<Record<string, ReadonlyArray<number>>>,
  odder: ReadonlyArray<string> = []
): fc.Arbitrary<Where<Field>> => {
  const odd = ["", "%", "_", "a%", "A", "\\", "'", '"', "{}", "\u{1F600}", "\u2028", ...odder]
  const textual = fc.constantFrom(...Object.keys(texts)).chain((field) => {
    const known = texts[field]?.length === 0 ? [""] : (texts[field] ?? [""])
    const value = fc.oneof(
      fc.constantFrom(...known),
      fc.constantFrom(...odd),
      fc.tuple(fc.constantFrom(...known), fc.nat(8), fc.nat(8)).map(([whole, from, length]) => [...whole].slice(from, from + length).join("")),
      fc.constantFrom(...known).map((whole) => whole.toUpperCase())
    )
    return fc
      .oneof(
        fc.record({ op: fc.constantFrom("eq", "ne", "gt", "gte", "lt", "lte", "contains", "startsWith", "endsWith" as const), value }),
        fc.record({ op: fc.constantFrom("in", "notIn" as const), value: fc.array(value, { maxLength: 4 }) }),
        fc.record({ op: fc.constant("isNull" as const), value: fc.boolean() })
      )
      .map((comparison) => ({ _tag: "Field", field, ...comparison }) as unknown as Where<Field>)
  })
  const numeric = fc.constantFrom(...Object.keys(numbers)).chain((field) => {
    const value = fc.oneof(fc.constantFrom(...(numbers[field] ?? [0])), fc.integer({ min: -3, max: 60 }))
    return fc
      .oneof(
        fc.record({ op: fc.constantFrom("eq", "ne", "gt", "gte", "lt", "lte" as const), value }),
        fc.record({ op: fc.constantFrom("in", "notIn" as const), value: fc.array(value, { maxLength: 4 }) }),
        fc.record({ op: fc.constant("isNull" as const), value: fc.boolean() })
      )
      .map((comparison) => ({ _tag: "Field", field, ...comparison }) as unknown as Where<Field>)
  })
  return fc.letrec<{ where: Where<Field> }>((tie) => ({
    where: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      textual,
      numeric,
      fc.record({ _tag: fc.constantFrom("And", "Or" as const), of: fc.array(tie("where"), { maxLength: 3 }) }) as fc.Arbitrary<Where<Field>>,
      fc.record({ _tag: fc.constant("Not" as const), of: tie("where") }) as fc.Arbitrary<Where<Field>>
    )
  })).where
}

for (const [name, fresh] of stores)
  it(`${name}: any condition takes the same rows in the database as in memory`, async () => {
    const asking = await open(fresh())
    try {
      await asking.append(
        ...some.map((one, place) => session(one.id, linesOf(one, place))),
        ...indexingCase("F12-han-events"),
        ...indexingCase("F13-bridged"),
        ...indexingCase("F15-legacy-tools"),
        ...scenario("04-subagents"),
        ...corpus({ seed: 71, sessions: 5, lines: 20, chaos: true }).appends,
        session("odd", [{ ...user("odd\0-1", 1, "\0 \ud800 \u2028"), slug: "odd\0\ud800slug", cwd: "/work/\u2028" }])
      )
      const list = (await asking.run(Effect.flatMap(Sessions, (sessions) => sessions.list({}, { first: 1000 })))).items.map(({ node }) => node)
      const known = <A>(of: (one: Session) => A | null) => [...new Set(list.flatMap((one) => of(one) ?? []))] as Array<A>
      const sessionConditions = conditions<SessionField>(
        {
          id: known((one) => one.id as string),
          path: known((one) => one.cwd),
          status: ["active", "idle", "completed"],
          slug: known((one) => one.slug),
          team: known((one) => one.team),
          source: known((one) => one.source),
          title: known((one) => one.title ?? one.firstPrompt),
          branch: known((one) => one.branch),
          model: known((one) => one.model)
        },
        {
          pullRequest: known((one) => one.pullRequest?.number ?? null),
          startedAt: known((one) => one.startedAt),
          updatedAt: known((one) => one.updatedAt),
          cost: known((one) => one.costNanoUsd),
          messages: known((one) => one.messages),
          toolErrors: known((one) => one.toolErrors)
        },
        ["\0", "\ud800"]
      )
      // What is stored has no NUL and no half of a pair; conditions are told by what is stored.
      const stored = (value: Scalar): Scalar => (typeof value === "string" ? value.toWellFormed().replaceAll("\0", "\u2400") : value)
      const storedWhere = <Field extends string>(where: Where<Field>): Where<Field> =>
        JSON.parse(JSON.stringify(where), (key, value) => (key === "field" || key === "_tag" || key === "op" ? value : stored(value)))
      await fc.assert(
        fc.asyncProperty(sessionConditions, async (where) => {
          const [page, count] = await asking.run(
            Effect.flatMap(SessionQueries, (sessions) => Effect.all([sessions.find({ where }, { first: 1000 }), sessions.countFound({ where })]))
          )
          const expected = list.filter((one) => holds(storedWhere(where), (field) => stored(ofSession(one, field))))
          expect(page.items.map(({ node }) => node.id)).toEqual(expected.map((one) => one.id))
          expect(count).toBe(expected.length)
        }),
        { numRuns: runs(150, 40) }
      )
      for (const { id } of list.filter((one) => one.messages > 8).slice(0, 3)) {
        const whole = (await asking.run(Effect.flatMap(Messages, (messages) => messages.page({ sessionId: SessionId.make(id) }, { first: 1000 })))).items.map(
          ({ node }) => node
        )
        const of = (field: Parameters<typeof ofMessage>[1]) => [...new Set(whole.flatMap((line) => ofMessage(line, field) ?? []))].slice(0, 30).map(String)
        const indexed = conditions<MessageField>(
          { id: of("id"), agentId: of("agentId"), type: of("type"), role: of("role"), toolName: of("toolName") },
          { line: [0, 1, 5] }
        )
        // With these the store looks at the lines themselves.
        const read = conditions<MessageField>({ parentId: of("parentId"), at: of("at"), type: of("type"), toolName: of("toolName") }, { line: [0, 1, 5] })
        await fc.assert(
          fc.asyncProperty(fc.oneof(indexed, read), async (where) => {
            const query = { sessionId: SessionId.make(id), where }
            const [page, count] = await asking.run(
              Effect.flatMap(MessageQueries, (messages) => Effect.all([messages.find(query, { first: 1000 }), messages.countFound(query)]))
            )
            const expected = whole.filter((line) => holds(where, (field) => ofMessage(line, field as Parameters<typeof ofMessage>[1])))
            expect(page.items.map(({ node }) => node.message.id)).toEqual(expected.map(({ message }) => message.id))
            expect(count).toBe(expected.length)
          }),
          { numRuns: runs(60, 20) }
        )
      }
    } finally {
      await asking.close()
    }
  }, 60_000)
