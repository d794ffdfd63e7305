import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { StoreError } from "han-core/StoreError"
import { protocol, version } from "han-rpc/Version"
import { fakeGit, mode } from "../../../test/temporary.ts"
import { client, id, place, run, started, write } from "./coordinators.ts"

const until = async (what: string, done: () => Promise<boolean>): Promise<void> => {
  for (let attempt = 0; attempt < 800; attempt++) {
    if (await done()) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  assert.fail(`never: ${what}`)
}

describe("a coordinator", () => {
  it.scopedLive("A coordinator indexes, answers, follows, and says how it is", () =>
    Effect.gen(function* () {
      const here = yield* place
      write(here, id(1), ["find the needle", "thanks, né \u{1F9EA}"])
      const { han } = yield* started(here)
      yield* Effect.promise(async () => {
        const report = await han.index()
        assert.deepInclude(report, { transcripts: 1, entries: 2, unreadable: 0, unrecognized: 0, problems: [] })
        assert.deepStrictEqual(
          (await han.sessions.list()).items.map(({ node }) => [node.id as string, node.messages]),
          [[id(1), 2]]
        )
        assert.strictEqual(await han.search.count({ text: "needle" }), 1)

        const changes = han.journal.changes()[Symbol.asyncIterator]()
        const next = changes.next()
        const path = write(here, id(1), ["one more"])
        const { value } = await next
        assert.deepStrictEqual(
          value?.entries.map(({ line }: { line: number }) => line),
          [2]
        )
        await changes.return?.()
        const [transcript] = await han.journal.transcripts()
        const pieces: Array<Uint8Array> = []
        for await (const piece of han.journal.bytes(transcript?.id ?? "")) pieces.push(piece)
        assert.isTrue(Buffer.concat(pieces).equals(Fs.readFileSync(path)))

        const status = await han.coordinator.status()
        assert.deepInclude(status, { version, protocol, home: here.home, socket: here.socket, rebuilding: null })
        assert.deepInclude(status.database, { engine: "sqlite", location: Path.join(here.home, "han.db") })
        assert.isTrue(status.indexer.following)
      })
    })
  )

  it.scopedLive("The doctor tells totals, problems, and when Claude Code deletes what", () =>
    Effect.gen(function* () {
      const here = yield* place
      const old = write(here, id(1), ["hello"])
      Fs.appendFileSync(old, "{broken\n")
      write(here, id(2), ["newer"])
      const at = Date.UTC(2026, 9, 1) / 1000
      Fs.utimesSync(old, at, at)
      Fs.writeFileSync(Path.join(here.claude, "settings.json"), JSON.stringify({ cleanupPeriodDays: 99 }))
      const { han } = yield* started(here)
      yield* Effect.promise(async () => {
        await han.index()
        const doctor = await han.coordinator.doctor()
        assert.deepInclude(doctor.totals, { transcripts: 2, entries: 3, unreadable: 1, sessions: 2 })
        assert.deepStrictEqual(
          doctor.problems.map(({ kind, line, path }) => [kind, line, path]),
          [["unreadable", 1, old]]
        )
        assert.deepInclude(doctor.claudeCleanup, {
          root: here.claude,
          cleanupPeriodDays: 99,
          oldestTranscriptAt: at * 1000,
          nextDeletionAt: at * 1000 + 99 * 86_400_000
        })
        assert.isTrue(
          doctor.warnings.some((warning) => warning.includes("1 line is no JSON object")),
          doctor.warnings.join("\n")
        )
        Fs.writeFileSync(Path.join(here.claude, "settings.json"), "{")
        const [cleanup] = (await han.coordinator.doctor()).claudeCleanup.filter(({ root }) => root === here.claude)
        assert.strictEqual(cleanup?.cleanupPeriodDays, 30)
      })
    })
  )

  it.scopedLive("A coordinator lets nobody else in", () =>
    Effect.gen(function* () {
      const here = yield* place
      Fs.mkdirSync(here.home, { mode: 0o755 })
      Fs.chmodSync(here.home, 0o755)
      write(here, id(1), ["hello"])
      const { han } = yield* started(here)
      yield* Effect.promise(() => han.index())
      assert.strictEqual(mode(here.home), "700")
      const open = Fs.readdirSync(here.home, { recursive: true, encoding: "utf8" }).map((name) => [name, Fs.statSync(Path.join(here.home, name))] as const)
      for (const [name, stat] of open) assert.strictEqual(stat.mode & 0o077, 0, name)
      assert.strictEqual(mode(here.socket), "600")
      assert.strictEqual(mode(Path.join(here.home, "logs", "coordinator.log")), "600")
      assert.notInclude(Fs.readFileSync(Path.join(here.home, "logs", "coordinator.log"), "utf8"), "hello")
    })
  )

  it.scopedLive("A coordinator indexes the folders of its configuration and of its options as well", () =>
    Effect.gen(function* () {
      const here = yield* place
      const [second, third] = [
        { ...here, claude: Path.join(here.claude, "..", "second") },
        { ...here, claude: Path.join(here.claude, "..", "third") }
      ]
      for (const [one, session] of [
        [here, id(1)],
        [second, id(2)],
        [third, id(3)]
      ] as const)
        write(one, session, ["hello"])
      Fs.mkdirSync(here.home)
      Fs.writeFileSync(Path.join(here.home, "config.json"), JSON.stringify({ roots: [Path.resolve(second.claude)] }))
      const { han } = yield* started(here, { argv: ["serve", "--root", third.claude] })
      yield* Effect.promise(async () => {
        await han.index()
        assert.deepStrictEqual((await han.sessions.list()).items.map(({ node }) => node.id as string).sort(), [id(1), id(2), id(3)])
      })
    })
  )

  it.scopedLive("A coordinator asks git about the directories in the background", () =>
    Effect.gen(function* () {
      const here = yield* place
      const work = Path.join(here.claude, "..", "work")
      Fs.mkdirSync(work)
      const bin = fakeGit(Path.join(here.claude, ".."), { [work]: { root: work, remote: "https://me:secret@github.com/owner/name.git" } })
      write(here, id(1), ["hello"], work)
      const { han } = yield* started(here, { environment: { PATH: `${bin}:/bin:/usr/bin` } })
      yield* Effect.promise(async () => {
        await han.index()
        await until("the repository is known", async () => (await han.sessions.get(id(1))).repo === "github.com/owner/name")
      })
    })
  )
})

describe("one coordinator for a home", () => {
  it.scopedLive("A second coordinator of a home is refused, and the first goes on", () =>
    Effect.gen(function* () {
      const here = yield* place
      const { han } = yield* started(here)
      const second = yield* run(here)
      yield* Effect.promise(async () => {
        assert.deepStrictEqual(await second.exited, { code: 1, signal: null })
        assert.include(second.output(), "a coordinator is already running")
        assert.include(second.output(), "han coordinator stop")
        assert.strictEqual(await han.sessions.count(), 0)
      })
    })
  )

  it.scopedLive("One coordinator stays of many that start at once", () =>
    Effect.gen(function* () {
      const here = yield* place
      const all = yield* Effect.forEach([1, 2, 3, 4], () => run(here))
      yield* Effect.promise(async () => {
        let ended = 0
        for (const { exited } of all) void exited.then(() => ended++)
        await until("all but one ended", async () => ended === 3)
        await new Promise((resolve) => setTimeout(resolve, 100))
        assert.strictEqual(ended, 3)
      })
      const winner = all.find(({ process }) => process.exitCode === null)
      assert.isDefined(winner)
      const han = yield* client(here, winner ?? (yield* Effect.dieMessage("none")))
      assert.strictEqual((yield* Effect.promise(() => han.coordinator.status())).pid, winner?.process.pid)
    })
  )

  it.scopedLive("The next coordinator takes over the socket that a killed one left, again and again", () =>
    Effect.gen(function* () {
      const here = yield* place
      write(here, id(1), ["hello", "world"])
      for (let round = 0; round < 3; round++) {
        const { han, running } = yield* started(here)
        yield* Effect.promise(async () => {
          if (round === 0) await han.index()
          assert.strictEqual((await han.index()).entries, 2)
          running.process.kill("SIGKILL")
          assert.strictEqual((await running.exited).signal, "SIGKILL")
          assert.isTrue(Fs.lstatSync(here.socket).isSocket())
        })
      }
    })
  )

  it.scopedLive("A file in the socket's place that is no socket is not removed", () =>
    Effect.gen(function* () {
      const here = yield* place
      Fs.mkdirSync(here.home)
      Fs.writeFileSync(here.socket, "precious")
      const { exited, output } = yield* run(here)
      assert.deepStrictEqual(yield* Effect.promise(() => exited), { code: 1, signal: null })
      assert.include(output(), `${here.socket} is in the way and is no socket`)
      assert.strictEqual(Fs.readFileSync(here.socket, "utf8"), "precious")
    })
  )
})

describe("the end", () => {
  it.scopedLive("A coordinator that is asked to end answers, ends its work, removes its socket and lets another one start", () =>
    Effect.gen(function* () {
      const here = yield* place
      write(here, id(1), ["hello"])
      const { han, running } = yield* started(here)
      yield* Effect.promise(async () => {
        await han.index()
        const changes = han.journal.changes()[Symbol.asyncIterator]()
        const next = changes.next().then(
          () => assert.fail("nothing was to come"),
          (error: unknown) => error
        )
        await new Promise((resolve) => setTimeout(resolve, 50))
        await han.coordinator.stop()
        assert.deepStrictEqual(await running.exited, { code: 0, signal: null })
        const error = await next
        assert.isTrue(error instanceof StoreError && error.reason === "unreachable")
        assert.isFalse(Fs.existsSync(here.socket))
        assert.deepStrictEqual(
          Fs.readdirSync(here.home).filter((name) => name.endsWith("-wal")),
          []
        )
        const after = await han.sessions.count().catch((error: unknown) => error)
        assert.isTrue(after instanceof StoreError && after.reason === "unreachable")
      })
      const again = yield* started(here)
      assert.strictEqual((yield* Effect.promise(() => again.han.journal.totals())).entries, 1)
      assert.strictEqual(yield* Effect.promise(() => han.sessions.count()), 1, "the old client finds the new coordinator")
    })
  )

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it.scopedLive(`An index run that ${signal} interrupts loses and doubles nothing`, () =>
      Effect.gen(function* () {
        const here = yield* place
        for (let session = 0; session < 30; session++)
          write(
            here,
            id(session),
            Array.from({ length: 200 }, (_, index) => `text ${index} ${"x".repeat(500)}`)
          )
        const { running } = yield* started(here)
        running.process.kill(signal)
        assert.deepStrictEqual(yield* Effect.promise(() => running.exited), { code: 0, signal: null })
        assert.isFalse(Fs.existsSync(here.socket))
        const again = yield* started(here)
        assert.deepInclude(yield* Effect.promise(() => again.han.index()), { transcripts: 30, entries: 6000, unreadable: 0 })
      })
    )
  }

  it.scopedLive("The end of a coordinator is not held up by a client that does not read", () =>
    Effect.gen(function* () {
      const here = yield* place
      write(
        here,
        id(1),
        Array.from({ length: 400 }, (_, index) => `${index} ${"x".repeat(20_000)}`)
      )
      const { han, running } = yield* started(here)
      yield* Effect.promise(async () => {
        await han.index()
        const deaf = Net.createConnection({ path: here.socket })
        deaf.pause()
        await new Promise((resolve) => deaf.once("connect", resolve))
        const request = { _tag: "Request", id: "1", tag: "Sessions.messages", payload: { of: { sessionId: id(1) }, page: { first: 400 } }, headers: [] }
        for (let number = 1; number <= 5; number++) deaf.write(`${JSON.stringify({ ...request, id: String(number) })}\n`)
        await new Promise((resolve) => setTimeout(resolve, 300))
        running.process.kill("SIGTERM")
        assert.deepStrictEqual(await running.exited, { code: 0, signal: null })
        deaf.destroy()
      })
    })
  )
})

describe("a start that cannot be", () => {
  const refusal = (prepare: (here: { readonly home: string }) => void, argv?: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const here = yield* place
      Fs.mkdirSync(here.home)
      prepare(here)
      const { exited, output } = yield* run(here, argv === undefined ? {} : { argv })
      const { code } = yield* Effect.promise(() => exited)
      return { code, output: output(), home: here.home }
    })

  it.scopedLive("A start that is impossible says which file, why and what to do, and touches nothing", () =>
    Effect.gen(function* () {
      const config = yield* refusal(({ home }) => Fs.writeFileSync(Path.join(home, "config.json"), '{"root": []}'))
      assert.strictEqual(config.code, 1)
      assert.include(config.output, `${Path.join(config.home, "config.json")} is not what han expects: root:`)
      const text = "no database at all, but a text that somebody wrote here for a reason".repeat(100)
      const corrupt = yield* refusal(({ home }) => Fs.writeFileSync(Path.join(home, "han.db"), text))
      assert.strictEqual(corrupt.code, 1)
      assert.include(corrupt.output, Path.join(corrupt.home, "han.db"))
      assert.strictEqual(Fs.readFileSync(Path.join(corrupt.home, "han.db"), "utf8"), text)
      const option = yield* refusal(() => {}, ["serve", "--wrong"])
      assert.strictEqual(option.code, 2)
      assert.include(option.output, '"--wrong" is no option')
    })
  )
})
