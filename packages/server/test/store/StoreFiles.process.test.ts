import { Database } from "bun:sqlite"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { StoreFileRefused } from "han-core/StoreFiles"
import { checkStoreFile } from "han-sql/unstable/storeFile"
import { earlierMachine, putEarlierStore } from "../../../../test/earlierStore.ts"
import { mode } from "../../../../test/temporary.ts"
import { id, place, run, started, write } from "../coordinators.ts"

const refusal = async (asked: Promise<unknown>): Promise<string> => {
  const error = await asked.then(
    () => assert.fail("it was to be refused"),
    (error: unknown) => error
  )
  assert.instanceOf(error, StoreFileRefused)
  return (error as StoreFileRefused).message
}

describe("a backup", () => {
  it.scopedLive("A backup is a whole store of one moment, made while lines come and are indexed", () =>
    Effect.gen(function* () {
      const here = yield* place
      write(
        here,
        id(1),
        Array.from({ length: 400 }, (_, n) => `line ${n} of the first`)
      )
      const { han } = yield* started(here)
      const folder = Path.dirname(here.home)
      yield* Effect.promise(async () => {
        await han.index()
        let going = true
        let written = 0
        const load = (async () => {
          while (going) {
            write(here, id(2), [`more ${written++}`])
            await han.index()
          }
        })()
        const seen: Array<number> = []
        for (let round = 0; round < 5; round++) {
          const path = Path.join(folder, `backup-${round}.db`)
          const told = await han.storeFiles.backup(path)
          assert.strictEqual(mode(path), "600")
          assert.strictEqual(told.bytes, Fs.statSync(path).size)
          const facts = await Effect.runPromise(checkStoreFile(path))
          assert.deepStrictEqual([facts.sessions, facts.transcripts, facts.lines], [told.sessions, told.transcripts, told.lines])
          seen.push(told.lines)
        }
        going = false
        await load
        assert.isAbove(written, 0)
        assert.isAtLeast(seen[0] ?? 0, 400)
        assert.deepStrictEqual(
          seen,
          [...seen].sort((a, b) => a - b)
        )
        assert.strictEqual((await han.index()).entries, 400 + written)
        assert.deepStrictEqual(
          Fs.readdirSync(folder).filter((name) => name.endsWith(".part")),
          []
        )
      })
    })
  )

  it.scopedLive("A backup is refused where it cannot be, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const here = yield* place
      write(here, id(1), ["hello"])
      const { han } = yield* started(here)
      const folder = Path.dirname(here.home)
      const backup = (path: string) => refusal(han.storeFiles.backup(path))
      yield* Effect.promise(async () => {
        await han.index()
        const there = Path.join(folder, "there.db")
        Fs.writeFileSync(there, "precious")
        assert.include(await backup(there), `${there} is there already, and is not overwritten`)
        assert.strictEqual(Fs.readFileSync(there, "utf8"), "precious")
        Fs.symlinkSync(Path.join(folder, "nowhere"), Path.join(folder, "link.db"))
        assert.include(await backup(Path.join(folder, "link.db")), "is there already")
        assert.include(await backup("relative.db"), "relative.db is no absolute path")
        assert.include(await backup(folder), "is a folder; name a file in it")
        assert.include(await backup(Path.join(folder, "missing", "x.db")), `there is no folder ${Path.join(folder, "missing")}`)
        assert.include(await backup(Path.join(there, "x.db")), `${there} is no folder`)
        assert.include(await backup(Path.join(here.home, "han.db.new")), "keeps for its own files")
        Fs.writeFileSync(Path.join(folder, "cut.db.part"), "")
        assert.include(await backup(Path.join(folder, "cut.db")), "another backup is being made, or one was cut off")
        // Bun keeps a folder of its own in a home.
        const names = Fs.readdirSync(folder).filter((name) => !name.startsWith("."))
        assert.deepStrictEqual(names.sort(), ["claude", "cut.db.part", "home", "link.db", "there.db"])
      })
    })
  )
})

describe("former stores", () => {
  it.scopedLive("Former stores are listed and removed by their names, and nothing else is", () =>
    Effect.gen(function* () {
      const here = yield* place
      Fs.mkdirSync(here.home, { mode: 0o700 })
      Fs.writeFileSync(Path.join(here.home, "machine"), `${earlierMachine}\n`)
      putEarlierStore(Path.join(here.home, "han.db"))
      const { han } = yield* started(here)
      yield* Effect.promise(async () => {
        while ((await han.coordinator.status()).remaking !== null) await new Promise((resolve) => setTimeout(resolve, 20))
        const former = Path.join(here.home, "han.db.before-5")
        const [found, ...more] = await han.storeFiles.formers()
        assert.deepStrictEqual([found?.path, found?.bytes, more], [former, Fs.statSync(former).size, []])
        assert.deepStrictEqual(await han.storeFiles.removeFormers([Path.join(here.home, "han.db"), Path.join(here.home, "token")]), [])
        assert.deepStrictEqual(await han.storeFiles.removeFormers([former]), found === undefined ? [] : [found])
        assert.isFalse(Fs.existsSync(former))
        assert.isTrue(Fs.existsSync(Path.join(here.home, "han.db")))
      })
    })
  )

  it.scopedLive("Former stores stay, and there is no backup, while the store is of an earlier build", () =>
    Effect.gen(function* () {
      const here = yield* place
      Fs.mkdirSync(here.home, { mode: 0o700 })
      const file = Path.join(here.home, "han.db")
      putEarlierStore(file)
      putEarlierStore(`${file}.before-4`)
      // It cannot be made anew, so it stays in that state.
      const database = new Database(file)
      database.run("UPDATE transcript SET bytes = bytes + 1 WHERE no = 1")
      database.close()
      const { han } = yield* started(here)
      yield* Effect.promise(async () => {
        assert.include(await refusal(han.storeFiles.removeFormers([`${file}.before-4`])), "the former stores stay until that is done")
        assert.include(await refusal(han.storeFiles.backup(Path.join(here.claude, "x.db"))), "there is nothing to copy until that is done")
        assert.isTrue(Fs.existsSync(`${file}.before-4`))
      })
    })
  )
})

describe("a restored backup", () => {
  it.scopedLive("A backup that is restored ends the coordinator, and the former store is kept", () =>
    Effect.gen(function* () {
      const here = yield* place
      const transcript = write(here, id(1), ["kept in the backup"])
      const { han, running } = yield* started(here)
      const backup = Path.join(Path.dirname(here.home), "backup.db")
      yield* Effect.promise(async () => {
        await han.index()
        await han.storeFiles.backup(backup)
        await han.journal.totals()
      })
      // What only the former store has.
      Fs.rmSync(transcript)
      write(here, id(2), ["not in the backup"])
      yield* Effect.promise(() => han.index())
      const restore = yield* run(here, { argv: ["restore-backup", backup] })
      yield* Effect.promise(async () => {
        assert.deepStrictEqual(await restore.exited, { code: 0, signal: null }, restore.output())
        assert.deepStrictEqual(await running.exited, { code: 0, signal: null })
        assert.match(restore.output(), /1 sessions, 1 transcripts with 1 lines/)
        const names = Fs.readdirSync(here.home)
          .sort()
          .filter((name) => name.startsWith("han.db"))
        assert.strictEqual(names.length, 2, names.join())
        assert.match(names[1] ?? "", /^han\.db\.before-restore-\d{8}T\d{6}Z$/)
        for (const name of names) assert.strictEqual(mode(Path.join(here.home, name)), "600")
        const facts = await Effect.runPromise(checkStoreFile(Path.join(here.home, names[1] ?? "")))
        assert.strictEqual(facts.sessions, 2)
      })
      const again = yield* started(here)
      yield* Effect.promise(async () => {
        await again.han.index()
        // The transcript that is still there is indexed again, the other one is in the backup.
        assert.strictEqual((await again.han.journal.totals()).entries, 2)
        assert.strictEqual(await again.han.search.count({ text: "kept" }), 1)
      })
    })
  )

  it.scopedLive("A backup of an earlier build is restored as it is, and made anew at the next start", () =>
    Effect.gen(function* () {
      const here = yield* place
      const backup = Path.join(Path.dirname(here.home), "backup.db")
      putEarlierStore(backup)
      const restore = yield* run(here, { argv: ["restore-backup", backup] })
      yield* Effect.promise(async () => {
        assert.deepStrictEqual(await restore.exited, { code: 0, signal: null }, restore.output())
        assert.include(restore.output(), "an earlier build wrote it (journal version 5)")
      })
      const { han } = yield* started(here)
      yield* Effect.promise(async () => {
        while ((await han.coordinator.status()).remaking !== null) await new Promise((resolve) => setTimeout(resolve, 20))
        assert.strictEqual((await han.journal.totals()).entries, 484)
      })
    })
  )

  it.scopedLive("A damaged store is set aside with its log when a backup is restored", () =>
    Effect.gen(function* () {
      const here = yield* place
      write(here, id(1), ["hello"])
      const { han, running } = yield* started(here)
      const backup = Path.join(Path.dirname(here.home), "backup.db")
      yield* Effect.promise(async () => {
        await han.index()
        await han.storeFiles.backup(backup)
        await han.coordinator.stop()
        await running.exited
      })
      const file = Path.join(here.home, "han.db")
      Fs.writeFileSync(file, "no database at all any more".repeat(1000))
      Fs.writeFileSync(`${file}-wal`, "what was its log")
      const restore = yield* run(here, { argv: ["restore-backup", backup] })
      yield* Effect.promise(async () => {
        assert.deepStrictEqual(await restore.exited, { code: 0, signal: null }, restore.output())
        const names = Fs.readdirSync(here.home).filter((name) => name.startsWith("han.db"))
        assert.strictEqual(names.filter((name) => name.includes("before-restore")).length, 2, names.join())
        assert.isFalse(names.includes("han.db-wal"))
        assert.strictEqual((await Effect.runPromise(checkStoreFile(file))).lines, 1)
      })
    })
  )

  it.scopedLive("A file that is no sound backup changes nothing, and the reason names it", () =>
    Effect.gen(function* () {
      const here = yield* place
      write(
        here,
        id(1),
        Array.from({ length: 50 }, (_, n) => `line ${n}`)
      )
      const { han, running } = yield* started(here)
      const folder = Path.dirname(here.home)
      const backup = Path.join(folder, "backup.db")
      yield* Effect.promise(async () => {
        await han.index()
        await han.storeFiles.backup(backup)
      })
      const bad = (name: string, make: (path: string) => void): string => {
        const path = Path.join(folder, name)
        make(path)
        return path
      }
      const changed = (statement: string) => (path: string) => {
        Fs.copyFileSync(backup, path)
        const database = new Database(path)
        database.run(statement)
        database.close()
      }
      const cases: ReadonlyArray<readonly [string, RegExp]> = [
        [Path.join(folder, "missing.db"), /is not there/],
        [folder, /is a folder or a device/],
        [bad("empty.db", (path) => Fs.writeFileSync(path, "")), /is empty/],
        [bad("text.db", (path) => Fs.writeFileSync(path, "no database, only a text".repeat(500))), /is no sound database/],
        [bad("other.db", (path) => new Database(path, { create: true }).run("CREATE TABLE other (x)")), /none of han's/],
        [bad("newer.db", changed("INSERT INTO han_migration VALUES (99, 'of tomorrow')")), /was written by a newer han .*"of tomorrow"/],
        [bad("lines.db", changed("UPDATE transcript SET lines = lines + 1")), /should have 51 lines and \d+ bytes, and has 50 and/],
        [bad("blocks.db", changed("DELETE FROM block")), /has 0 and 0/],
        [bad("bytes.db", changed("UPDATE block SET data = zeroblob(length(data))")), /is no sound database|are not whole/],
        [bad("cut.db", (path) => Fs.writeFileSync(path, Fs.readFileSync(backup).subarray(0, Fs.statSync(backup).size / 2))), /cut\.db/],
        [
          bad("used.db", (path) => {
            Fs.copyFileSync(backup, path)
            Fs.writeFileSync(`${path}-wal`, "something")
          }),
          /has a log beside it/
        ],
        [Path.join(here.home, "han.db"), /is the store itself/]
      ]
      for (const [path, why] of cases) {
        const restore = yield* run(here, { argv: ["restore-backup", path] })
        assert.deepStrictEqual(yield* Effect.promise(() => restore.exited), { code: 1, signal: null })
        assert.include(restore.output(), path)
        assert.match(restore.output(), why)
        assert.include(restore.output(), "nothing was changed")
      }
      yield* Effect.promise(async () => {
        // The coordinator has gone on.
        assert.isNull(running.process.exitCode)
        assert.strictEqual((await han.journal.totals()).entries, 50)
        assert.deepStrictEqual(
          Fs.readdirSync(here.home).filter((name) => /before|staged|new/.test(name)),
          []
        )
      })
    })
  )
})
