import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { createClient } from "graphql-ws"
import { hookKey } from "han-core/unstable/HookKey"
import { enable, putPlugin, sessionId } from "../../../../test/hookProject.ts"
import { place, started } from "../coordinators.ts"
import { ask, json, until } from "../httpClient.ts"

/** A coordinator's program that serves HTTP, with a plugin `gate` that has these hooks and a project. */
const coordinator = Effect.fn(function* (hooks: string) {
  const here = yield* place
  const root = Path.dirname(here.claude)
  const project = Path.join(root, "project")
  Fs.mkdirSync(project)
  putPlugin(root, hooks)
  enable(root)
  yield* started(here)
  const port = Number(Fs.readFileSync(Path.join(here.home, "port"), "utf8"))
  const token = Fs.readFileSync(Path.join(here.home, "token"), "utf8").trim()
  const input = (event: string, more: object = {}) => JSON.stringify({ session_id: sessionId, cwd: project, hook_event_name: event, ...more })
  const post = (event: string, more: { readonly headers?: Record<string, string>; readonly body?: string; readonly method?: string } = {}) =>
    Effect.promise(() =>
      ask(port, {
        path: `/hooks/${event}`,
        method: more.method ?? "POST",
        headers: { ...json, authorization: `Bearer ${hookKey(token)}`, ...more.headers },
        ...(more.method === "GET" ? {} : { body: more.body ?? input(event) })
      })
    )
  const graphql = (query: string) =>
    Effect.promise(() =>
      ask(port, { path: "/graphql", method: "POST", headers: { ...json, authorization: `Bearer ${token}` }, body: JSON.stringify({ query }) })
    ).pipe(Effect.map(({ text }) => JSON.parse(text)))
  return { here, root, project, port, token, input, post, graphql }
})

describe("hooks over HTTP", () => {
  it.scopedLive("Hooks over HTTP are answered with JSON when they block, and with an empty body when they say nothing", () =>
    Effect.gen(function* () {
      const { input, post, root } = yield* coordinator(
        `  check:\n    event: [Stop, PreToolUse]\n    command: "cat > ../input; test ! -e ../fail || { echo not good >&2; exit 2; }"\n`
      )
      const passed = yield* post("Stop")
      assert.deepStrictEqual([passed.status, passed.text, passed.headers["content-type"]], [200, "", "application/json"])
      assert.strictEqual(Fs.readFileSync(Path.join(root, "input"), "utf8"), input("Stop"))
      Fs.writeFileSync(Path.join(root, "fail"), "")
      const blocked = JSON.parse((yield* post("Stop")).text)
      assert.strictEqual(blocked.decision, "block")
      assert.include(blocked.reason, "not good")
      const denied = JSON.parse((yield* post("PreToolUse", { body: input("PreToolUse", { tool_name: "Bash", tool_input: {} }) })).text)
      assert.strictEqual(denied.hookSpecificOutput.permissionDecision, "deny")
    })
  )

  it.scopedLive("Hooks over HTTP need their own key, which opens nothing else, and a POST of JSON", () =>
    Effect.gen(function* () {
      const { port, post, root, token } = yield* coordinator(`  check:\n    event: Stop\n    command: "touch ../ran"\n`)
      const statuses = yield* Effect.all([
        post("Stop", { headers: { authorization: "" } }),
        post("Stop", { headers: { authorization: "Bearer 0" } }),
        post("Stop", { headers: { authorization: "", cookie: `han_token=${token}` } }),
        post("Stop", { headers: { "content-type": "text/plain" } }),
        post("Stop", { headers: { origin: "https://evil.example" } }),
        post("Stop", { headers: { host: "evil.example" } }),
        post("Stop", { method: "GET" }),
        post("../graphql"),
        post("Stop", { body: "no json" }),
        post("Stop", { body: JSON.stringify({ cwd: "/", hook_event_name: "PreToolUse" }) })
      ])
      assert.deepStrictEqual(
        statuses.map(({ status }) => status),
        [401, 401, 401, 415, 403, 403, 405, 401, 200, 200]
      )
      const other = yield* Effect.promise(() =>
        ask(port, {
          path: "/graphql",
          method: "POST",
          headers: { ...json, authorization: `Bearer ${hookKey(token)}` },
          body: JSON.stringify({ query: "{ __typename }" })
        })
      )
      assert.strictEqual(other.status, 401)
      assert.isFalse(Fs.existsSync(Path.join(root, "ran")))
      // What the client does not take for an answer it passes over in silence: the user is told in one.
      const messages = statuses.slice(-2).map(({ text }) => JSON.parse(text).systemMessage)
      assert.match(messages[0], /^han: no hooks were run: what came on standard input is not one JSON object/)
      assert.match(messages[1], /^han: no hooks were run: it was called for Stop, but standard input tells of "PreToolUse"/)
    })
  )

  it.scopedLive("The user is told of hooks that cannot be run: at the end of each turn, else once in a session", () =>
    Effect.gen(function* () {
      const { input, post, project } = yield* coordinator(`  check:\n    event: [Stop, PostToolUse]\n    command: "true"\n`)
      const bad = (event: string, session: string) => input(event, { session_id: session, cwd: "not/absolute" })
      const saidAt = (event: string, session: string) =>
        Effect.map(post(event, { body: bad(event, session) }), ({ status, text }) => [status, text !== "" && JSON.parse(text).systemMessage !== undefined])
      const said = yield* Effect.forEach(["Stop", "Stop", "PostToolUse", "PostToolUse"], (event) => saidAt(event, "one"))
      assert.deepStrictEqual(
        [...said, yield* saidAt("PostToolUse", "two")],
        [
          [200, true],
          [200, true],
          [200, true],
          [200, false],
          [200, true]
        ]
      )
      const long = yield* post("Stop", { body: input("Stop", { cwd: project, text: "x".repeat(33 * 1024 * 1024) }) })
      assert.deepStrictEqual(
        [long.status, JSON.parse(long.text).systemMessage],
        [200, "han: the request for this hook is longer than 32 MB, so no hooks were run"]
      )
    })
  )

  it.scopedLive("Hooks run once when the client calls both ways, and end when it hangs up", () =>
    Effect.gen(function* () {
      const { here, input, port, post, project, root, token } = yield* coordinator(
        `  check:\n    event: Stop\n    command: "echo ran >> ../log"\n  slow:\n    event: PreCompact\n    command: "echo $$ > ../pid; sleep 60"\n`
      )
      const { connect } = yield* Effect.promise(() => import("node:net"))
      yield* post("Stop")
      // The same event as the command form tells it, over the socket.
      const frame = {
        _tag: "Request",
        id: "1",
        tag: "HookRunner.answer",
        headers: [],
        payload: {
          call: {
            event: "Stop",
            input: input("Stop"),
            cwd: project,
            environment: { PATH: process.env["PATH"] ?? "" },
            only: null,
            cache: true,
            answerAs: "command"
          }
        }
      }
      const reply = yield* Effect.promise(
        () =>
          new Promise<string>((resolve) => {
            const socket = connect({ path: here.socket })
            socket.on("data", (chunk) => resolve(chunk.toString()))
            socket.write(`${JSON.stringify(frame)}\n`)
          })
      )
      assert.deepStrictEqual(JSON.parse(reply).exit.value, { exitCode: 0, stdout: "", stderr: "" })
      assert.strictEqual(Fs.readFileSync(Path.join(root, "log"), "utf8"), "ran\n")

      const pidFile = Path.join(root, "pid")
      const socket = connect({ host: "127.0.0.1", port })
      const body = input("PreCompact")
      socket.write(
        `POST /hooks/PreCompact HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\nauthorization: Bearer ${hookKey(token)}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
      )
      yield* Effect.promise(() => until("it has started", () => Fs.existsSync(pidFile) && Fs.readFileSync(pidFile, "utf8") !== ""))
      const pid = Number(Fs.readFileSync(pidFile, "utf8"))
      socket.destroy()
      yield* Effect.promise(() => until("it is gone", () => !Fs.existsSync(`/proc/${pid}`) || Fs.readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")))
    })
  )
})

describe("GraphQL over what hooks did", () => {
  it.scopedLive("GraphQL shows runs, their numbers and the files that passed, and tells of the end of a run as it happens", () =>
    Effect.gen(function* () {
      const { graphql, port, post, project, root, token } = yield* coordinator(
        `  check:\n    event: Stop\n    command: "test ! -e ../fail || { echo not good; exit 3; }"\n    if_changed: ['*.txt']\n` +
          `  slow:\n    event: PreCompact\n    command: "while test ! -e ../go; do sleep 0.05; done"\n`
      )
      Fs.writeFileSync(Path.join(project, "a.txt"), "")
      Fs.writeFileSync(Path.join(root, "fail"), "")
      yield* post("Stop")
      Fs.rmSync(Path.join(root, "fail"))
      yield* post("Stop")
      const session = () =>
        graphql(
          `{ session(id: "${sessionId}") { hookStats { totalHooks passedHooks failedHooks } hookExecutions(first: 20) { edges { node { hookName hookType exitCode passed cached output } } } } }`
        )
      let found = yield* session()
      for (let i = 0; i < 100 && found.data?.session?.hookStats?.totalHooks !== 2; i++) {
        yield* Effect.sleep(50)
        found = yield* session()
      }
      assert.deepStrictEqual(found.data.session.hookStats, { totalHooks: 2, passedHooks: 1, failedHooks: 1 })
      const nodes = found.data.session.hookExecutions.edges.map(({ node }: { readonly node: { readonly output: string | null } }) => node)
      assert.deepStrictEqual(nodes.map(({ exitCode, passed }: { readonly exitCode: number; readonly passed: boolean }) => [exitCode, passed]).sort(), [
        [0, true],
        [3, false]
      ])
      assert.include(JSON.stringify(nodes), "not good")

      const client = createClient({ url: `ws://127.0.0.1:${port}/graphql`, connectionParams: { token } })
      const running = post("PreCompact")
      const fiber = yield* Effect.fork(running)
      let runId: string | undefined
      yield* Effect.promise(() =>
        until("its beginning is in the journal", async () => {
          const { text } = await ask(port, {
            path: "/graphql",
            method: "POST",
            headers: { ...json, authorization: `Bearer ${token}` },
            body: JSON.stringify({
              query: `{ session(id: "${sessionId}") { messages(first: 50) { edges { node { __typename ... on HookRunMessage { hook hookRunId } } } } } }`
            })
          })
          const edges = JSON.parse(text).data?.session?.messages?.edges ?? []
          runId = edges
            .map(({ node }: { readonly node: { readonly hook?: string; readonly hookRunId?: string } }) => node)
            .find(({ hook }: { readonly hook?: string }) => hook === "slow")?.hookRunId
          return runId !== undefined
        })
      )
      const events = client.iterate({ query: `subscription { hookResultAdded(hookRunId: "${runId}") { hookName pluginName } }` })
      const next = events.next()
      yield* Effect.sleep(200)
      Fs.writeFileSync(Path.join(root, "go"), "")
      assert.deepStrictEqual((yield* Effect.promise(() => next)).value?.data, { hookResultAdded: { hookName: "slow", pluginName: "gate" } })
      yield* fiber
      yield* Effect.promise(async () => client.dispose())
    })
  )
})
