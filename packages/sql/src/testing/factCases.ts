import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Transcript } from "han-core/Entry"
import type { Append } from "han-core/JournalWriter"
import { MessageQueries } from "han-core/MessageQueries"
import { Metrics } from "han-core/Metrics"
import { Search } from "han-core/Search"
import { SessionQueries } from "han-core/SessionQueries"
import { Sessions } from "han-core/Sessions"
import { Usage } from "han-core/Usage"
import { assert } from "./assertions.ts"
import type { Asked, Case } from "./cases.ts"
import { allOf, sessionId } from "./readEverything.ts"
import { lines, transcript } from "./transcriptLines.ts"
import { wholeJournal } from "./wholeJournal.ts"

/** A minute before the test, so that sessions that are not ended are active. */
let start = 0
const at = (second: number) => new Date(start + second * 1000).toISOString()
const line = (type: string, uuid: string, second: number, more: object) => ({ type, uuid, timestamp: at(second), cwd: "/work/app", ...more })
const user = (uuid: string, second: number, content: unknown, more: object = {}) => line("user", uuid, second, { message: { role: "user", content }, ...more })
const answer = (uuid: string, second: number, content: ReadonlyArray<unknown>, stop: string | null = "end_turn") =>
  line("assistant", uuid, second, { message: { id: `msg-${uuid}`, role: "assistant", model: "claude-opus-4-5", content, stop_reason: stop } })
const said = (text: string) => [{ type: "text", text }]
const account = { type: "cost-state", totalCostUSD: 0, modelUsage: {} }
const interrupted = (uuid: string, second: number, more = "") => user(uuid, second, said(`[Request interrupted by user${more}]`))
const main = (id: string, records: ReadonlyArray<object>, more: Partial<Transcript> = {}): Append => ({
  transcript: transcript(id, more),
  entries: lines(records)
})
const log = (id: string, records: ReadonlyArray<object>, source = "han"): Append => main(id, records, { kind: "han", source })
const gate = (uuid: string, second: number, output = "") =>
  line("hook_result", uuid, second, { data: { plugin: "quality", hook: "style", verdict: "blocked", success: false, duration_ms: 413, output } })

const appendAll = (appends: ReadonlyArray<Append>) =>
  Effect.flatMap(wholeJournal, (journal) => Effect.forEach(appends, (append) => journal.appendAll([append]), { discard: true }))
const listed = Effect.gen(function* () {
  const sessions = yield* Sessions
  const all = yield* allOf((page) => sessions.list({}, page))
  const queries = yield* SessionQueries
  const sorted = yield* allOf((page) => queries.find({ orderBy: [{ field: "id", descending: false }] }, page))
  const projects = yield* sessions.projects
  return {
    ids: all.map(({ id }) => id as string),
    sorted: sorted.map(({ id }) => id as string),
    counts: [
      yield* sessions.count({}),
      yield* sessions.count({ project: "app" }),
      yield* queries.countFound({}),
      (yield* (yield* wholeJournal).totals).sessions,
      projects.reduce((sum, project) => sum + project.sessions, 0)
    ]
  }
})

const test = (title: string, body: Effect.Effect<void, unknown, Asked>): Case => ({
  title,
  run: () =>
    Effect.suspend(() => {
      start = Date.now() - 60_000
      return body
    })
})

/** Cases of lists, searches and pages of sessions. */
export const factCases: ReadonlyArray<Case> = [
  test(
    "lines of han alone make no session in lists, and stay reachable",
    Effect.gen(function* () {
      const bridged = log("bridged", [gate("b1", 3)], "omp")
      yield* appendAll([
        log("gone", [gate("g1", 1)]),
        log("beside", [gate("n1", 1)], "claude-code"),
        log("early", [gate("e1", 1)]),
        main("plain", [user("p1", 2, "hello")]),
        bridged
      ])
      const none = { ids: ["bridged", "plain"], sorted: ["bridged", "plain"], counts: [2, 2, 2, 2, 2] }
      assert.deepStrictEqual(yield* listed, none)
      const sessions = yield* Sessions
      assert.strictEqual((yield* sessions.get("gone")).id, "gone")
      assert.strictEqual((yield* sessions.messages({ sessionId: sessionId("gone") }, { first: 5 })).items.length, 1)
      assert.include(yield* (yield* wholeJournal).forgettable({ before: Date.parse(at(59)) }), sessionId("gone"))
      // The transcript comes behind the first gates of a session.
      yield* appendAll([main("early", [user("m1", 5, "now")])])
      const more = { ids: ["early", "bridged", "plain"], sorted: ["bridged", "early", "plain"], counts: [3, 3, 3, 3, 3] }
      assert.deepStrictEqual(yield* listed, more)
      yield* Stream.runDrain((yield* wholeJournal).rebuild)
      assert.deepStrictEqual(yield* listed, more)
    })
  ),

  test(
    "a search finds han's own lines for who asks for them",
    Effect.gen(function* () {
      yield* appendAll([main("s", [user("p1", 1, "the needle"), answer("a1", 2, said("a needle"))]), log("s", [gate("g1", 3, "needle missing")])])
      const search = yield* Search
      const kindsOf = (query: object) =>
        Effect.gen(function* () {
          const hits = yield* allOf((page) => search.messages({ text: "needle", ...query }, page))
          assert.strictEqual(yield* search.count({ text: "needle", ...query }), hits.length)
          return hits.map(({ kind }) => kind)
        })
      assert.deepStrictEqual(yield* kindsOf({}), ["answer", "prompt"])
      assert.deepStrictEqual((yield* kindsOf({ order: "rank" })).length, 2)
      assert.deepStrictEqual(yield* kindsOf({ sessionId: sessionId("s") }), ["answer", "prompt"])
      assert.deepStrictEqual(yield* kindsOf({ kinds: ["han"] }), ["han"])
      assert.deepStrictEqual(yield* kindsOf({ kinds: ["han", "prompt"] }), ["han", "prompt"])
      assert.deepStrictEqual(yield* kindsOf({ role: "user" }), ["prompt"])
    })
  ),

  test(
    "a session is ended while nobody goes on behind the client's account",
    Effect.gen(function* () {
      const begun = [user("p", 1, "go"), answer("c", 2, [{ type: "tool_use", id: "t", name: "Bash", input: { command: "make" } }], "tool_use")]
      const refused = user("r", 4, [{ type: "tool_result", tool_use_id: "t", content: "The user doesn't want to proceed", is_error: true }], {
        toolDenialKind: "user-rejected"
      })
      const attached = line("attachment", "x", 5, { attachment: { type: "prompt_snapshot" } })
      yield* appendAll([
        main("ended", [...begun, account]),
        // As the client wrote them when it was sent SIGINT: within an answer, and within a call of a tool.
        main("speaking", [...begun, account, answer("half", 4, said("I begin "), null), interrupted("i", 5)]),
        main("working", [...begun, account, refused, attached, interrupted("i", 6, " for tool use")]),
        main("resumed", [...begun, account, attached, user("p2", 7, "and now")]),
        main("accounted", [...begun, account, answer("next", 8, said("done"))]),
        main("again", [...begun, account, user("p3", 9, "once more"), answer("n", 10, said("yes")), account, attached])
      ])
      const statuses = yield* Effect.map(
        allOf((page) => Effect.flatMap(Sessions, (sessions) => sessions.list({}, page))),
        (all) => Object.fromEntries(all.map(({ id, status }) => [id, status]))
      )
      assert.deepStrictEqual(statuses, {
        ended: "completed",
        speaking: "completed",
        working: "completed",
        resumed: "active",
        accounted: "active",
        again: "completed"
      })
      const active = { _tag: "Field", field: "status", op: "eq", value: "active" } as const
      assert.strictEqual(yield* Effect.flatMap(SessionQueries, (sessions) => sessions.countFound({ where: active })), 2)
    })
  ),

  test(
    "a session of slash commands alone is titled by them",
    Effect.gen(function* () {
      const command = (uuid: string, second: number, name: string, args = "") =>
        user(uuid, second, `<command-name>${name}</command-name>\n<command-message>${name.slice(1)}</command-message>\n<command-args>${args}</command-args>`)
      yield* appendAll([
        main("commands", [command("c1", 1, "/context"), command("c2", 2, "/model", "sonnet")]),
        main("asked", [command("c3", 3, "/clear"), user("p", 4, "mend it")]),
        main("silent", [answer("a", 5, said("hello"))])
      ])
      const sessions = yield* Sessions
      const titles = yield* Effect.forEach(["commands", "asked", "silent"], (id) => Effect.map(sessions.get(id), ({ displayTitle }) => displayTitle))
      assert.deepStrictEqual(titles, ["/context", "mend it", "silent"])
      const { rows } = yield* (yield* Usage).report({ by: "session" })
      assert.deepStrictEqual(rows, [])
    })
  ),

  test(
    "lines of an edit are those of the client's patch, or the difference of its texts",
    Effect.gen(function* () {
      const before = "one\ntwo\nthree\nfour\n"
      const edit = { file_path: "/work/app/a.ts", old_string: before, new_string: before.replace("two", "zwei") }
      const written = { file_path: "/work/app/b.ts", content: "a\nb\nc\n" }
      const call = (id: string, second: number, tool: string, input: object) =>
        answer(`call-${id}`, second, [{ type: "tool_use", id, name: tool, input }], "tool_use")
      const result = (id: string, second: number, structured: object) =>
        user(`result-${id}`, second, [{ type: "tool_result", tool_use_id: id, content: "ok" }], { toolUseResult: structured })
      const patch = (...all: ReadonlyArray<string>) => [{ oldStart: 1, oldLines: 1, newStart: 1, newLines: 1, lines: all }]
      const records = [
        call("plain", 1, "Edit", edit),
        result("plain", 2, {}),
        // Of all occurrences, which only the patch knows.
        call("all", 3, "Edit", { ...edit, old_string: "x", new_string: "y", replace_all: true }),
        result("all", 4, { structuredPatch: patch(" a", "-x", "+y", "-x", "+y", "\\ No newline at end of file") }),
        call("new", 5, "Write", written),
        result("new", 6, { type: "create", structuredPatch: [] }),
        call("over", 7, "Write", written),
        result("over", 8, { type: "update", structuredPatch: patch(" a", "-x", "+b", " c") })
      ]
      const expected = [
        ["plain", "modified", 1, 1],
        ["all", "modified", 2, 2],
        ["new", "created", 3, 0],
        ["over", "modified", 1, 1]
      ]
      const read = Effect.gen(function* () {
        const changes = yield* (yield* Sessions).fileChanges(sessionId("edits"))
        const days = yield* (yield* Metrics).days({ timeZone: "UTC" })
        const messages = yield* allOf((page) =>
          Effect.flatMap(MessageQueries, (all) =>
            all.find({ sessionId: sessionId("edits"), where: { _tag: "Field", field: "linesRemoved", op: "gt", value: 0 } }, page)
          )
        )
        assert.deepStrictEqual(
          changes.map(({ action, id, linesAdded, linesRemoved }) => [id, action, linesAdded, linesRemoved]),
          expected
        )
        assert.deepStrictEqual(
          days.reduce(([added, removed], day) => [added + day.linesAdded, removed + day.linesRemoved] as const, [0, 0] as readonly [number, number]),
          [7, 4]
        )
        assert.deepStrictEqual(messages.map(({ message }) => message.id).sort(), ["call-all", "call-over", "call-plain"])
      })
      const { entries, ...of } = main("edits", records)
      // A line at a time: the patch comes behind the call.
      for (const entry of entries) yield* (yield* wholeJournal).appendAll([{ ...of, entries: [entry] }])
      yield* read
      yield* Stream.runDrain((yield* wholeJournal).rebuild)
      yield* read
    })
  )
]
