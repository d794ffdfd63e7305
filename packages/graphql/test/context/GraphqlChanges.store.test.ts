import { Effect, Fiber } from "effect"
import { DirectoryWriter } from "han-core/Directories"
import { JournalWriter } from "han-core/JournalWriter"
import { afterAll, afterEach, assert, beforeAll, describe, expect, it } from "vitest"
import { runs } from "../../../../test/runs.ts"
import { answer, at, call, log, noted, result, session, text, user } from "../../../../test/transcriptLines.ts"
import { type Asking, open, type Subscription, stores } from "../graphqlAsking.ts"

const added = "subscription ($id: ID!) { sessionMessageAdded(sessionId: $id) { sessionId messageIndex newMessageEdge { cursor node { id timestamp } } } }"
const ids = (events: ReadonlyArray<{ readonly sessionMessageAdded: { readonly newMessageEdge: { readonly node: { readonly id: string } } } }>) =>
  events.map((event) => event.sessionMessageAdded.newMessageEdge.node.id)

for (const [name, fresh] of stores)
  describe(`${name}: subscriptions`, () => {
    let asking: Asking
    const begun: Array<Subscription> = []
    beforeAll(async () => {
      asking = await open(fresh())
    })
    afterEach(async () => {
      for (const one of begun.splice(0)) await one.end()
    })
    afterAll(() => asking.close())
    const to = async (source: string, variables?: Readonly<Record<string, unknown>>) => {
      const subscription = await asking.subscribe(source, variables)
      begun.push(subscription)
      return subscription
    }
    /** Ends what a test subscribed to, when it is shown that these were told nothing more than what was taken: what comes after them has come. */
    const nothingElseFor = async (...silent: ReadonlyArray<Subscription>) => {
      const last = await to("subscription { memoryUpdated { path } }")
      const line = { ...user(`last-${++made}`, "2026-03-11T08:00:00.000Z", "the end"), cwd: "/work/last" }
      await asking.append(session(`last-${made}`, [line]))
      while ((await last.next()).memoryUpdated.path !== "/work/last");
      for (const one of silent) {
        const told = await Promise.race([one.next(), new Promise((resolve) => setImmediate(() => resolve("nothing")))])
        expect(told).toBe("nothing")
      }
      for (const one of begun.splice(0)) await one.end()
      expect(asking.feeds.subscribers()).toBe(0)
    }
    let made = 0
    const another = () => `session-${++made}`

    it("Subscriptions tell of every message of an append, in its order, each with the cursor that the page gives it", async () => {
      const id = another()
      const lines = [user("m1", 1, "one"), answer("m2", 2, [text("two")]), user("m3", 3, "three")]
      await asking.append(session(id, lines.slice(0, 1)))
      const one = await to(added, { id })
      const all = await to(added, { id: "*" })
      const other = await to(added, { id: another() })
      await asking.append(session(id, lines))
      const told = await one.take(2)
      expect(ids(told)).toEqual(["Message:m2", "Message:m3"])
      expect(told[1].sessionMessageAdded).toMatchObject({ sessionId: id, messageIndex: 3 })
      expect(ids(await all.take(2))).toEqual(["Message:m2", "Message:m3"])
      const page = await asking.ask("query ($id: String!) { session(id: $id) { messages { edges { cursor node { id timestamp } } } } }", { id })
      expect(told.map((event) => event.sessionMessageAdded.newMessageEdge).reverse()).toEqual(page.session.messages.edges.slice(0, 2))
      // By the long id, too; and nobody was told of another's message.
      const long = await to(added, { id: `Session:/work/app:${id}` })
      await asking.append(session(id, [...lines, user("m4", 4, "four")]))
      expect(ids([await long.next()])).toEqual(["Message:m4"])
      expect(ids([await one.next()])).toEqual(["Message:m4"])
      await asking.append(session(`session-${made}`, [user("o1", 1, "elsewhere")]))
      expect(ids([await other.next()])).toEqual(["Message:o1"])
      expect(ids(await all.take(2))).toEqual(["Message:m4", "Message:o1"])
      await nothingElseFor(one, long, other)
    })

    it("Subscriptions tell of a line without a time the same as the page", async () => {
      const id = another()
      const lines = [user("t1", 1, "one"), { type: "summary", summary: "what it was about", leafUuid: "nobody" }, user("t2", 3, "three")]
      await asking.append(session(id, lines.slice(0, 1)))
      const one = await to(added, { id })
      await asking.append(session(id, lines))
      const told = await one.take(2)
      const page = await asking.ask("query ($id: String!) { session(id: $id) { messages(first: 2) { edges { cursor node { id timestamp } } } } }", { id })
      expect(told.map((event) => event.sessionMessageAdded.newMessageEdge).reverse()).toEqual(page.session.messages.edges)
      await nothingElseFor(one)
    })

    it("Subscriptions tell of a changed session once for lines that came together, under the id that pages have", async () => {
      const id = another()
      await asking.append(session(id, [user("n1", 1, "one")]))
      const source = "subscription ($id: ID!) { nodeUpdated(id: $id) { id typename node { id ... on Session { messageCount } } } }"
      const short = await to(source, { id: `Session:${id}` })
      const long = await to(source, { id: `Session:/work/app:${id}` })
      const clock = await to("subscription { memoryUpdated { type action path timestamp } }")
      await asking.append(session(id, [user("n1", 1, "one"), user("n2", 2, "two"), user("n3", 3, "three")]))
      const emitted = { id: `Session:/work/app:${id}`, typename: "Session", node: { id: `Session:/work/app:${id}`, messageCount: 3 } }
      expect(await short.next()).toEqual({ nodeUpdated: emitted })
      expect(await long.next()).toEqual({ nodeUpdated: emitted })
      expect(await clock.next()).toEqual({ memoryUpdated: { type: "SESSION", action: "UPDATED", path: "/work/app", timestamp: at(3) } })
      await asking.append(session(id, [user("n1", 1, "one"), user("n2", 2, "two"), user("n3", 3, "three"), user("n4", 4, "four")]))
      expect((await short.next()).nodeUpdated.node.messageCount).toBe(4)
      expect((await long.next()).nodeUpdated.node.messageCount).toBe(4)
      expect((await clock.next()).memoryUpdated.timestamp).toBe(at(4))
      await nothingElseFor(short, long)
    })

    it("Subscriptions tell of new sessions once, with their project, repository and place in the list", async () => {
      const source = "subscription ($project: ID) { sessionAdded(projectId: $project) { sessionId parentId projectId newSessionEdge { cursor node { id } } } }"
      const [first, second, third] = [another(), another(), another()]
      const all = await to(source)
      const none = await to(source, { project: "" })
      // han's own log may come before the transcript, and a subagent's before both.
      await asking.append(session(first, [user("a1", 1, "sub")], { kind: "agent", agentId: "a1" as never }))
      await asking.append(log(first, [noted("hook_run", "h1", 1, { hook: "lint" })]))
      await asking.append(session(first, [user("s1", 2, "one")]))
      const [earliest] = await all.take(1)
      const here = await asking.ask("query ($id: String!) { session(id: $id) { projectId } }", { id: first })
      const project = await to(source, { project: here.session.projectId })
      const prefixed = await to(source, { project: `Project:${here.session.projectId}` })
      const elsewhere = await to(source, { project: "nowhere" })
      await asking.run(
        Effect.flatMap(JournalWriter, (journal) =>
          journal.appendAll([
            session(second, [user("s2", "2026-03-11T13:00:00.000Z", "two")]),
            session(third, [{ ...user("s3", "2026-03-11T14:00:00.000Z", "three"), cwd: "/work/other" }])
          ])
        )
      )
      const told = [earliest, ...(await all.take(2))]
      expect(told.map((event) => event.sessionAdded.sessionId)).toEqual([first, second, third])
      expect((await none.take(3)).map((event) => event.sessionAdded.sessionId)).toEqual([first, second, third])
      expect(told[1].sessionAdded).toMatchObject({
        parentId: null,
        projectId: here.session.projectId,
        newSessionEdge: { node: { id: `Session:/work/app:${second}` } }
      })
      expect((await project.next()).sessionAdded.sessionId).toBe(second)
      expect((await prefixed.next()).sessionAdded.sessionId).toBe(second)
      // The edge's cursor is one of the list.
      const behind = await asking.ask("query ($after: String) { sessions(first: 1, after: $after) { edges { node { sessionId } } } }", {
        after: told[2].sessionAdded.newSessionEdge.cursor
      })
      expect(behind.sessions.edges[0].node.sessionId).toBe(second)
      await asking.append(session(another(), [{ ...user("s4", 4, "four"), cwd: "nowhere" }]))
      expect((await all.next()).sessionAdded.sessionId).toBe(`session-${made}`)
      // A fork tells whose history it carries.
      const parent = await to("subscription ($id: ID) { sessionAdded(parentId: $id) { sessionId parentId } }", { id: first })
      await asking.append(session(another(), [user("s1", 2, "one", { forkedFrom: { sessionId: first, messageUuid: "s1" } }), user("f2", 9, "forked")]))
      expect(await parent.next()).toEqual({ sessionAdded: { sessionId: `session-${made}`, parentId: first } })
      expect((await project.next()).sessionAdded.sessionId).toBe(`session-${made}`)
      await nothingElseFor(project, elsewhere, parent)
    })

    it("Subscriptions tell of projects and repositories at the first session there, or when git has told", async () => {
      const projects = await to("subscription { projectAdded { projectId parentId } }")
      const repos = await to("subscription { repoAdded { repoId } }")
      const id = another()
      await asking.append(session(id, [{ type: "summary", summary: "no directory yet", leafUuid: "x" }]))
      await asking.append(
        session(id, [
          { type: "summary", summary: "no directory yet", leafUuid: "x" },
          { ...user("p1", 1, "one"), cwd: `/work/${id}` }
        ])
      )
      const project = (await projects.next()).projectAdded
      const found = await asking.ask("query ($id: String!) { project(id: $id) { path } }", { id: project.projectId })
      expect([found.project.path, project.parentId]).toEqual([`/work/${id}`, null])
      await asking.run(
        Effect.flatMap(DirectoryWriter, (directories) =>
          directories.note(
            { machine: "test", path: `/work/${id}` },
            { remote: `git.example/me/${id}`, root: `/work/${id}`, worktreeOf: null, defaultBranch: "main" }
          )
        )
      )
      const { repoId } = (await repos.next()).repoAdded
      expect((await asking.ask("query ($id: String!) { repo(id: $id) { remote } }", { id: repoId })).repo.remote).toBe(`git.example/me/${id}`)
      // A session of the repository is announced to whoever looks at the repository.
      const ofRepo = await to("subscription ($repo: ID) { sessionAdded(projectId: $repo) { sessionId } }", { repo: repoId })
      await asking.append(session(another(), [{ ...user("p2", 2, "two"), cwd: `/work/${id}` }]))
      expect((await ofRepo.next()).sessionAdded.sessionId).toBe(`session-${made}`)
      await nothingElseFor()
    })

    it("Subscriptions tell of results of tools and hooks, of to-dos, files and hooks, when they come", async () => {
      const id = another()
      const calls = answer("c1", 1, [
        call("toolu-bash", "Bash", { command: "ls" }),
        call("toolu-edit", "Edit", { file_path: "/work/app/a.ts", old_string: "a", new_string: "b" }),
        call("toolu-todo", "TodoWrite", {
          todos: [
            { content: "one", status: "completed", activeForm: "doing one" },
            { content: "two", status: "in_progress", activeForm: "doing two" },
            { content: "three", status: "pending", activeForm: "doing three" }
          ]
        })
      ])
      const early = await to("subscription ($id: ID!) { sessionTodosChanged(sessionId: $id) { sessionId todoCount inProgressCount completedCount } }", { id })
      await asking.append(session(id, [user("c0", 0, "go"), calls]))
      expect(await early.next()).toEqual({ sessionTodosChanged: { sessionId: id, todoCount: 3, inProgressCount: 1, completedCount: 1 } })
      await nothingElseFor()
      // Nobody was there when the calls were made.
      const tool = "subscription ($call: String!) { toolResultAdded(callId: $call) { sessionId callId type success durationMs } }"
      const bash = await to(tool, { call: "toolu-bash" })
      const edit = await to(tool, { call: "toolu-edit" })
      const nobody = await to(tool, { call: "" })
      const files = await to("subscription ($id: ID!) { sessionFilesChanged(sessionId: $id) { sessionId fileCount toolName } }", { id })
      const hooks = await to("subscription ($id: ID!) { sessionHooksChanged(sessionId: $id) { sessionId pluginName hookName eventType } }", { id })
      const hook = await to(
        "subscription ($run: String!) { hookResultAdded(hookRunId: $run) { sessionId hookRunId pluginName hookName success durationMs } }",
        { run: "run-1" }
      )
      const exposed = await to(tool, { call: "call-1" })
      const done = [
        user("c0", 0, "go"),
        calls,
        user("c2", 4, [result("toolu-bash", "no such file", { is_error: true })]),
        user("c3", 5.5, [result("toolu-edit", "done")])
      ]
      await asking.append(session(id, done))
      expect(await bash.next()).toEqual({ toolResultAdded: { sessionId: id, callId: "toolu-bash", type: "tool_result", success: false, durationMs: 3000 } })
      expect(await edit.next()).toEqual({ toolResultAdded: { sessionId: id, callId: "toolu-edit", type: "tool_result", success: true, durationMs: 4500 } })
      // The failed call changed nothing.
      expect(await files.next()).toEqual({ sessionFilesChanged: { sessionId: id, fileCount: 1, toolName: "Edit" } })
      await asking.append(
        log(id, [
          noted("hook_run", "run-1", 6, { plugin: "biome", hook: "lint", hook_type: "Stop" }),
          noted("hook_result", "res-1", 7, { plugin: "biome", hook: "lint", success: true, duration_ms: 12 }, { hookRunId: "run-1" }),
          noted("exposed_tool_call", "call-1", 8, { server: "s", tool: "t", arguments: {} }),
          noted("exposed_tool_result", "res-2", 9, { server: "s", tool: "t", call_id: "call-1", success: false, duration_ms: 7 }),
          noted("hook_validation", "val-1", 10, { plugin: "biome", hook: "lint", success: true, duration_ms: 1 }),
          noted("hook_file_change", "file-1", 11, { session_id: id, tool_name: "Write", file_path: "/work/app/b.ts" })
        ])
      )
      const ran = { sessionId: id, pluginName: "biome", hookName: "lint" }
      expect((await hooks.take(3)).map((event) => event.sessionHooksChanged)).toEqual([
        { ...ran, eventType: "hook_run" },
        { ...ran, eventType: "hook_result" },
        { ...ran, eventType: "hook_validation" }
      ])
      expect(await hook.next()).toEqual({ hookResultAdded: { ...ran, hookRunId: "run-1", success: true, durationMs: 12 } })
      expect(await exposed.next()).toEqual({ toolResultAdded: { sessionId: id, callId: "call-1", type: "exposed_tool_result", success: false, durationMs: 7 } })
      expect(await files.next()).toEqual({ sessionFilesChanged: { sessionId: id, fileCount: 2, toolName: "Write" } })
      await nothingElseFor(bash, edit, nobody, files, hooks, hook, exposed)
    })

    it("Subscriptions tell nothing of lines told before: a rewritten file, a history that a fork carries", async () => {
      const id = another()
      const lines = [
        user("g1", 1, "one"),
        answer("g2", 2, [call("toolu-g", "Write", { file_path: "/work/app/g.ts", content: "x" })]),
        user("g3", 3, [result("toolu-g", "done")]),
        answer("g4", 4, [call("toolu-h", "TodoWrite", { todos: [{ content: "a", status: "pending", activeForm: "a" }] })])
      ]
      await asking.append(session(id, lines))
      const subscriptions = [
        await to(added, { id }),
        await to("subscription ($id: ID!) { nodeUpdated(id: $id) { id } }", { id: `Session:${id}` }),
        await to('subscription { toolResultAdded(callId: "toolu-g") { callId } }'),
        await to("subscription ($id: ID!) { sessionTodosChanged(sessionId: $id) { todoCount } }", { id }),
        await to("subscription ($id: ID!) { sessionFilesChanged(sessionId: $id) { fileCount } }", { id }),
        await to("subscription { sessionAdded { sessionId } }")
      ]
      const all = await to(added, { id: "*" })
      await asking.append(session(id, lines, { generation: 2 }))
      const fork = another()
      await asking.append(
        session(
          fork,
          lines.map((line) => ({ ...line, forkedFrom: { sessionId: id, messageUuid: line.uuid } }))
        )
      )
      // The fork's own page gets its messages; it is new itself; and nothing else was told.
      expect((await all.take(4)).map((event) => event.sessionMessageAdded.sessionId)).toEqual([fork, fork, fork, fork])
      expect((await subscriptions.at(-1)!.next()).sessionAdded.sessionId).toBe(fork)
      const more = [...lines, user("g5", 5, [result("toolu-h", "done")]), answer("g6", 6, [call("toolu-i", "TodoWrite", { todos: [] })])]
      await asking.append(session(id, more, { generation: 2 }))
      expect(ids(await subscriptions[0]!.take(2))).toEqual(["Message:g5", "Message:g6"])
      expect((await subscriptions[1]!.next()).nodeUpdated.id).toBe(`Session:/work/app:${id}`)
      expect((await subscriptions[3]!.next()).sessionTodosChanged.todoCount).toBe(0)
      await asking.append(
        session(
          id,
          [...more, answer("g7", 7, [call("toolu-j", "Write", { file_path: "/work/app/j.ts", content: "x" })]), user("g8", 8, [result("toolu-j", "done")])],
          { generation: 2 }
        )
      )
      expect((await subscriptions[4]!.next()).sessionFilesChanged.fileCount).toBe(2)
      expect(ids(await subscriptions[0]!.take(2))).toEqual(["Message:g7", "Message:g8"])
      expect((await subscriptions[1]!.next()).nodeUpdated.id).toBe(`Session:/work/app:${id}`)
      await nothingElseFor(...subscriptions.slice(0, 5))
    })

    it("Subscriptions miss nothing that is appended before they begin, and begin again without a gap", async () => {
      const id = another()
      const line = (n: number) => user(`r${n}`, n, `line ${n}`)
      let count = 1
      await asking.append(session(id, [line(0)]))
      const grow = () =>
        asking.append(
          session(
            id,
            Array.from({ length: ++count }, (_, n) => line(n))
          )
        )
      for (let round = 0; round < 10; round++) {
        const one = await asking.subscribe(added, { id })
        await grow()
        await grow()
        expect(ids(await one.take(2))).toEqual([`Message:r${count - 2}`, `Message:r${count - 1}`])
        await one.end()
        expect(asking.feeds.subscribers()).toBe(0)
        // Nobody is told of this one.
        await grow()
      }
    })

    it("Subscriptions leave neither subscribers nor fibers behind, however often they are begun and ended", async () => {
      const fibers = () => asking.run(Effect.map(Fiber.roots, (roots) => Array.from(roots).length))
      const cycle = async () => {
        const one = await asking.subscribe(added, { id: "*" })
        const waiting = one.next()
        await one.end()
        assert.isUndefined(await waiting)
      }
      await cycle()
      const before = await fibers()
      for (let n = 0; n < runs(1000, 100); n++) await cycle()
      expect(asking.feeds.subscribers()).toBe(0)
      expect(await fibers()).toBeLessThanOrEqual(before)
      const kept = await asking.subscribe(added, { id: "*" })
      for (let n = 0; n < runs(100, 20); n++) await cycle()
      expect(asking.feeds.subscribers()).toBe(1)
      await kept.end()
    })

    it("Subscriptions end a client that does not read with an error that says so, and go on for the others", async () => {
      const narrow = await open(fresh(), { maxWaiting: 10 })
      try {
        const slow = await narrow.subscribe(added, { id: "*" })
        const quick = await narrow.subscribe(added, { id: "*" })
        const lines = Array.from({ length: 30 }, (_, n) => user(`w${n}`, n, "x"))
        for (let count = 1; count <= lines.length; count++) {
          await narrow.append(session("slow", lines.slice(0, count)))
          expect(ids([await quick.next()])).toEqual([`Message:w${count - 1}`])
        }
        const failed = await slow.next().then(
          () => undefined,
          (error: unknown) => error
        )
        expect(failed).toMatchObject({ extensions: { code: "SubscriberTooSlow" } })
        expect(await slow.next()).toBeUndefined()
        expect(narrow.feeds.subscribers()).toBe(1)
        // What ends all tells each why.
        const waiting = quick.next().then(
          () => undefined,
          (error: unknown) => error
        )
        await narrow.feeds.close()
        expect(await waiting).toMatchObject({ extensions: { code: "Stopping" } })
      } finally {
        await narrow.close()
      }
    })
  })
