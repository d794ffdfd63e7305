import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { parse } from "../../src/bin/serveOptions.ts"
import { place, run, started } from "../coordinators.ts"
import { ask, until } from "../httpClient.ts"

const portOf = (home: string) => Number(Fs.readFileSync(Path.join(home, "port"), "utf8"))

/** A program that holds a port and answers as it is told. */
const holding = (answer: string) =>
  Effect.acquireRelease(
    Effect.async<{ readonly port: number; readonly server: Net.Server }>((resume) => {
      const server = Net.createServer((socket) => {
        socket.on("error", () => socket.destroy())
        if (answer !== "") socket.end(answer)
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed({ port: typeof address === "object" && address !== null ? address.port : 0, server }))
      })
    }),
    ({ server }) => Effect.sync(() => server.close())
  ).pipe(Effect.map(({ port }) => port))

describe("the port", () => {
  it.scopedLive("The port is told in a file, in the status and in /health, and is free again after the end", () =>
    Effect.gen(function* () {
      const here = yield* place
      const { han, running } = yield* started(here, { argv: ["serve", "--port", "0"], environment: { HAN_PORT: "1" } })
      const port = portOf(here.home)
      yield* Effect.promise(async () => {
        assert.deepStrictEqual((await han.coordinator.status()).http, { state: "listening", port, url: `http://127.0.0.1:${port}` })
        const { status, text } = await ask(port, { path: "/health" })
        assert.strictEqual(status, 200)
        assert.deepInclude(JSON.parse(text), { name: "han", status: "ok", pid: running.process.pid, version: "0.0.0" })
        assert.isTrue((await han.coordinator.openUrl()).startsWith(`http://127.0.0.1:${port}/open?token=`))
        assert.include(running.output(), `http://127.0.0.1:${port}`)
        const token = Fs.readFileSync(Path.join(here.home, "token"), "utf8")
        assert.notInclude(Fs.readFileSync(Path.join(here.home, "logs", "coordinator.log"), "utf8") + running.output(), token.trim())
        running.process.kill("SIGTERM")
        assert.deepStrictEqual(await running.exited, { code: 0, signal: null })
        assert.deepStrictEqual(
          ["port", "http.sock", "token"].map((name) => Fs.existsSync(Path.join(here.home, name))),
          [false, false, true]
        )
      })
      const again = yield* started(here, { environment: { HAN_PORT: `${port}` } })
      assert.strictEqual(portOf(here.home), port)
      // What a killed coordinator left does not mislead anybody.
      again.running.process.kill("SIGKILL")
      yield* Effect.promise(() => again.running.exited)
      assert.isTrue(Fs.existsSync(Path.join(here.home, "port")))
      Fs.writeFileSync(Path.join(here.home, "config.json"), '{ "port": 0 }')
      yield* started(here, { environment: { HAN_PORT: "" } })
      yield* Effect.promise(async () => assert.strictEqual((await ask(portOf(here.home), { path: "/health" })).status, 200))
    })
  )

  it.scopedLive("A port that another han has ends a foreground coordinator and leaves a background one without HTTP", () =>
    Effect.gen(function* () {
      const first = yield* place
      const { running: owner } = yield* started(first)
      const port = portOf(first.home)

      const second = yield* place
      const foreground = yield* run(second, { argv: ["serve", `--port=${port}`] })
      assert.deepStrictEqual(yield* Effect.promise(() => foreground.exited), { code: 1, signal: null })
      assert.include(foreground.output(), `the port ${port} is taken by another han (process ${owner.process.pid}, version 0.0.0)`)
      assert.include(foreground.output(), "--port")
      assert.isFalse(Fs.existsSync(Path.join(second.home, "coordinator.sock")))

      const { han } = yield* started(second, { argv: ["serve", "--background"], environment: { HAN_PORT: `${port}` } })
      yield* Effect.promise(async () => {
        const { http } = await han.coordinator.status()
        assert.strictEqual(http.state, "off")
        const reason = http.state === "off" ? http.reason : ""
        assert.include(reason, `the port ${port} is taken by another han (process ${owner.process.pid}`)
        assert.include((await han.coordinator.doctor()).warnings, reason)
        const refused = await han.coordinator.openUrl().catch((error: unknown) => error)
        assert.deepInclude(refused, { _tag: "HttpOff", message: reason })
        assert.strictEqual(await han.sessions.count(), 0)
        assert.isFalse(Fs.existsSync(Path.join(second.home, "port")))
        assert.strictEqual((await ask(port, { path: "/health" })).status, 200)
      })
    })
  )

  it.scopedLive("A port that something else has is said to be another program's", () =>
    Effect.gen(function* () {
      const here = yield* place
      for (const answer of [
        "",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"ok"}',
        `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(100_000)}`,
        "HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n"
      ]) {
        const port = yield* holding(answer)
        const { exited, output } = yield* run(here, { argv: ["serve", "--port", `${port}`] })
        assert.deepStrictEqual(yield* Effect.promise(() => exited), { code: 1, signal: null })
        assert.include(output(), `the port ${port} is taken by another program; end it, or choose another port`)
      }
    })
  )

  it.scopedLive("The port is not what keeps two coordinators of one home apart", () =>
    Effect.gen(function* () {
      const here = yield* place
      yield* started(here)
      const second = yield* run(here)
      assert.deepStrictEqual(yield* Effect.promise(() => second.exited), { code: 1, signal: null })
      assert.include(second.output(), "a coordinator is already running")
      yield* Effect.promise(() => until("the first one answers", async () => (await ask(portOf(here.home), { path: "/health" })).status === 200))
    })
  )
})

describe("the command line", () => {
  it.scopedLive("The command line opens the server to more names and origins, as the configuration does", () =>
    Effect.gen(function* () {
      const here = yield* place
      Fs.mkdirSync(here.home)
      Fs.writeFileSync(Path.join(here.home, "config.json"), JSON.stringify({ allowHosts: ["Config.example"], allowOrigins: ["https://config.example/"] }))
      yield* started(here, { argv: ["serve", "--allow-host", "front.example:8443", "--allow-origin=https://FRONT.example"] })
      yield* Effect.promise(async () => {
        const health = async (headers: Record<string, string>) => (await ask(portOf(here.home), { path: "/health", headers })).status
        assert.deepStrictEqual(
          [
            await health({ host: "front.example:8443", origin: "https://front.example" }),
            await health({ host: "config.example:1", origin: "https://config.example" }),
            await health({ host: "other.example" }),
            await health({ origin: "https://other.example" })
          ],
          [200, 200, 403, 403]
        )
      })
    })
  )

  it("The command line is understood, or refused with the reason", () => {
    const none = { roots: [], port: undefined, allowHosts: [], allowOrigins: [], background: false }
    for (const [argv, environment, asked] of [
      [["serve"], {}, none],
      [[], { HAN_PORT: "" }, none],
      [["serve", "--port", "0"], { HAN_PORT: "nonsense" }, { ...none, port: 0 }],
      [["serve", "--background"], { HAN_PORT: "65535" }, { ...none, port: 65_535, background: true }],
      [["--root=/a", "--root", "/b"], {}, { ...none, roots: ["/a", "/b"] }],
      [["--allow-host=A.b", "--allow-origin", "http://X:80/"], {}, { ...none, allowHosts: ["a.b"], allowOrigins: ["http://x"] }]
    ] as const)
      assert.deepStrictEqual(parse(argv, environment), { _tag: "Serve", ...asked })
    for (const [argv, environment, words] of [
      [["--port", "65536"], {}, '--port "65536" is no port'],
      [["--port=-1"], {}, "is no port"],
      [["--port=0x10"], {}, "is no port"],
      [["--port"], {}, "--port needs a value"],
      [["--port="], {}, "--port needs a value"],
      [["serve"], { HAN_PORT: "x" }, 'HAN_PORT "x" is no port'],
      [["--allow-host", "http://a"], {}, "is no host"],
      [["--allow-host", "a/b"], {}, "is no host"],
      [["--allow-origin", "a.b"], {}, "is no origin"],
      [["--allow-origin", "https://a/b"], {}, "is no origin"],
      [["--allow-origin", "null"], {}, "is no origin"],
      [["--allow-origin", "file:///a"], {}, "is no origin"],
      [["--what"], {}, '"--what" is no option'],
      [["what"], {}, '"what" is no option']
    ] as const) {
      const asked = parse(argv, environment)
      assert.include(asked._tag === "Wrong" ? asked.message : "", words)
    }
  })
})
