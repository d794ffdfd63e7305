import { Database } from "bun:sqlite"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { StoreError } from "han-core/StoreError"
import { earlierMachine, happened, putEarlierStore } from "../../../../test/earlierStore.ts"
import { enable, putPlugin, sessionId } from "../../../../test/hookProject.ts"
import { mode } from "../../../../test/temporary.ts"
import { client, type Place, place, run, started } from "../coordinators.ts"

const stepped = fileURLToPath(new URL("./steppedCoordinator.ts", import.meta.url))

/** A home with the store of an earlier build. */
const earlierPlace = Effect.map(place, (here) => {
  Fs.mkdirSync(here.home, { mode: 0o700 })
  Fs.writeFileSync(Path.join(here.home, "machine"), `${earlierMachine}\n`)
  putEarlierStore(Path.join(here.home, "han.db"))
  return here
})

type Han = Effect.Effect.Success<ReturnType<typeof client>>

const until = async (what: string, done: () => Promise<boolean>): Promise<void> => {
  for (let attempt = 0; attempt < 800; attempt++) {
    if (await done()) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  assert.fail(`never: ${what}`)
}
const remade = (han: Han) => until("the store is made anew", async () => (await han.coordinator.status()).remaking === null)

const databases = (here: Place) => Fs.readdirSync(here.home).filter((name) => name.startsWith("han.db"))
const migrations = (file: string): ReadonlyArray<string> => {
  const database = new Database(file, { readonly: true })
  const rows = database.query<{ name: string }, []>("SELECT name FROM han_migration ORDER BY id").all()
  database.close()
  return rows.map(({ name }) => name)
}

const answers = async (han: Han) => ({
  totals: await han.journal.totals(),
  sessions: (await han.sessions.list({}, { first: 100 })).items.map(({ node }) => [node.id as string, node.messages, node.displayTitle]),
  usage: (await han.usage.report({ by: "session" })).totals,
  found: await han.search.count({ text: "other words" }),
  forgotten: await han.journal.isForgotten(happened.forgotten)
})

describe("the store of an earlier build", () => {
  it.scopedLive("A coordinator makes the store of an earlier build anew, and keeps the earlier one", () =>
    Effect.gen(function* () {
      const here = yield* earlierPlace
      const { han, running } = yield* started(here)
      yield* Effect.promise(async () => {
        await remade(han)
        const found = await answers(han)
        assert.deepInclude(found.totals, { transcripts: 18, entries: 484 })
        assert.deepInclude(found, { found: 3, forgotten: true })
        const status = await han.coordinator.status()
        assert.isNull(status.cannotWrite)
        await han.index()
        await han.coordinator.stop()
        assert.deepStrictEqual(await running.exited, { code: 0, signal: null })
        assert.deepStrictEqual(databases(here).sort(), ["han.db", "han.db.before-5"])
        for (const name of databases(here)) assert.strictEqual(mode(Path.join(here.home, name)), "600", name)
        assert.strictEqual(migrations(Path.join(here.home, "han.db.before-5"))[0], "journal")
        assert.strictEqual(migrations(Path.join(here.home, "han.db"))[0], "tenant journal")
      })
    })
  )

  it.scopedLive(
    "A coordinator that is killed at any step begins anew, or finishes, and gives the same store",
    () =>
      Effect.gen(function* () {
        const plain = yield* earlierPlace
        const other = yield* started(plain)
        yield* Effect.promise(() => remade(other.han))
        const expected = yield* Effect.promise(() => answers(other.han))

        const here = yield* earlierPlace
        const file = Path.join(here.home, "han.db")
        const kill = Effect.fnUntraced(function* (phase: string, nth: number) {
          const { exited, output } = yield* run(here, { program: stepped, argv: ["kill", phase, String(nth)] })
          const { signal } = yield* Effect.promise(() => exited)
          assert.strictEqual(signal, "SIGKILL", output())
        })
        for (const [phase, nth] of [
          ["copying", 0],
          ["copying", 2],
          ["copying", 3],
          ["comparing", 0],
          ["comparing", 7],
          ["swapping", 0],
          ["swapping", 1]
        ] as const) {
          yield* kill(phase, nth)
          assert.strictEqual(migrations(file).length, 5, `${phase} ${nth}`)
          assert.deepStrictEqual(
            databases(here).filter((name) => name.includes("before")),
            []
          )
        }
        // Between the two renames.
        yield* kill("swapping", 2)
        assert.isFalse(Fs.existsSync(file))
        assert.deepStrictEqual(databases(here).sort(), ["han.db.before-5", "han.db.new"])

        const { han } = yield* started(here)
        assert.isNull((yield* Effect.promise(() => han.coordinator.status())).remaking)
        assert.deepStrictEqual(yield* Effect.promise(() => answers(han)), expected)
        assert.deepStrictEqual(
          databases(here)
            .filter((name) => !/-(wal|shm)$/.test(name))
            .sort(),
          ["han.db", "han.db.before-5"]
        )
      }),
    240_000
  )

  it.scopedLive("Hooks are answered while the store is made anew, and what they log is in the history afterwards", () =>
    Effect.gen(function* () {
      const here = yield* earlierPlace
      const root = Path.dirname(here.claude)
      const project = Path.join(root, "project")
      Fs.mkdirSync(project)
      putPlugin(root, `  check:\n    event: Stop\n    command: "echo ran >> ../log; exit 2"\n`)
      enable(root)
      const running = yield* run(here, { program: stepped, argv: ["hold", "comparing", "3"] })
      const han = yield* client(here, running)
      yield* Effect.promise(async () => {
        await until("it holds", async () => running.output().includes("holds"))
        const { remaking } = await han.coordinator.status()
        assert.deepInclude(remaking, { phase: "comparing", version: 5, total: 484, message: null })
        assert.isAbove(remaking?.lines ?? 0, 0)
        const refused = await han.sessions.list().catch((error: unknown) => error)
        assert.instanceOf(refused, StoreError)
        assert.strictEqual(refused instanceof StoreError && refused.reason, "busy")
        assert.include(String(refused), "is being made anew (comparing,")
        for (const word of ["one", "two"]) {
          const answer = await han.hookRunner.answer({
            event: "Stop",
            input: JSON.stringify({ session_id: sessionId, cwd: project, hook_event_name: "Stop", prompt: word }),
            cwd: project,
            environment: { PATH: process.env["PATH"] ?? "" },
            only: null,
            cache: true,
            answerAs: "command"
          })
          assert.strictEqual(answer.exitCode, 2)
        }
        running.process.stdin?.write("go on\n")
        await remade(han)
        assert.strictEqual((await han.journal.totals()).transcripts >= 18, true)
        await until("the history has both runs", async () => (await han.sessionDetails.hookRuns([sessionId])).get(sessionId as never)?.length === 2)
      })
    })
  )

  it.scopedLive("Too little space on the disk is said before anything is made", () =>
    Effect.gen(function* () {
      const here = yield* earlierPlace
      const file = Path.join(here.home, "han.db")
      // Holes take no space, and SQLite does not look behind its last page.
      const size = 8e12
      Fs.truncateSync(file, size)
      const { exited, output } = yield* run(here)
      assert.deepStrictEqual(yield* Effect.promise(() => exited), { code: 1, signal: null })
      assert.match(output(), /is made anew beside it: that takes 9\.6 TB, and [\d.]+ \w+ are free; free [\d.]+ TB on that disk/)
      assert.deepStrictEqual(databases(here), ["han.db"])
      assert.strictEqual(Fs.statSync(file).size, size)
    })
  )

  it.scopedLive("A copy that is not the same leaves the earlier store in its place, and says what differs", () =>
    Effect.gen(function* () {
      const here = yield* earlierPlace
      const file = Path.join(here.home, "han.db")
      const database = new Database(file)
      database.run("UPDATE transcript SET lines = lines + 1 WHERE no = 1")
      database.close()
      const before = Fs.readFileSync(file)
      const { han } = yield* started(here)
      yield* Effect.promise(async () => {
        await until("it gave up", async () => (await han.coordinator.status()).remaking?.phase === "failed")
        const { remaking } = await han.coordinator.status()
        assert.match(remaking?.message ?? "", /transcript earlier\/claude-code\/\S+ has 29 lines, 28 in the copy/)
        const refused = await han.sessions.list().catch((error: unknown) => error)
        assert.include(String(refused), "could not be made anew, nothing of it was changed")
        assert.isTrue(Fs.readFileSync(file).equals(before))
        assert.isFalse(databases(here).some((name) => /new|before/.test(name)))
      })
    })
  )

  it.scopedLive("A store that a newer han wrote is refused by name, and not touched", () =>
    Effect.gen(function* () {
      const here = yield* earlierPlace
      const file = Path.join(here.home, "han.db")
      const database = new Database(file)
      database.run("INSERT INTO han_migration (id, name) VALUES (6, 'of tomorrow')")
      database.close()
      const before = Fs.readFileSync(file)
      const { exited, output } = yield* run(here)
      assert.deepStrictEqual(yield* Effect.promise(() => exited), { code: 1, signal: null })
      assert.include(output(), `${file} was written by a newer han`)
      assert.isTrue(Fs.readFileSync(file).equals(before))
      assert.deepStrictEqual(databases(here), ["han.db"])
    })
  )
})
