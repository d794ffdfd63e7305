import { Database } from "bun:sqlite"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { Directories } from "han-core/Directories"
import { SessionId } from "han-core/Entry"
import { Journal } from "han-core/Journal"
import type { StoreUnusable } from "han-core/StoreError"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { compareEarlier } from "han-sql/unstable/compareEarlier"
import { copyEarlier } from "han-sql/unstable/copyEarlier"
import * as EarlierStore from "han-sql/unstable/EarlierStore"
import { afterAll, afterEach, assert, beforeAll, beforeEach, it } from "vitest"
import { fillStore, happened, putEarlierStore } from "../../../../test/earlierStore.ts"
import { difference, found, readEverything } from "../../src/testing/readEverything.ts"

let folder: string
let earlier: string
let copy: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "han-earlier-"))
  earlier = join(folder, "han.db")
  copy = join(folder, "copy.db")
  putEarlierStore(earlier)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Answers of the present build after the steps that the earlier one had taken. */
let expected: unknown
let indexed: string
beforeAll(async () => {
  indexed = mkdtempSync(join(tmpdir(), "han-indexed-"))
  await fillStore(join(indexed, "han.db"), indexed)
  expected = await answers(join(indexed, "han.db"))
})
afterAll(() => rmSync(indexed, { recursive: true, force: true }))

const on = <A, E>(filename: string, effect: Effect.Effect<A, E, SqliteServices>) =>
  Effect.runPromise(Effect.provide(effect, Layer.merge(SqliteStore.layer({ filename }), Viewer.layerLocal)))
type SqliteServices = Layer.Layer.Success<ReturnType<typeof SqliteStore.layer>> | Viewer

/** All that a store answers, without the places of files, which are other ones each time. */
const answers = async (filename: string): Promise<unknown> =>
  JSON.parse(JSON.stringify(await on(filename, readEverything)).replaceAll(/"[^"]*\/claude\/projects\//g, '"'))

const copied = (change: (database: Database) => void = () => {}) => {
  const database = new Database(earlier)
  change(database)
  database.close()
  return on(
    copy,
    Effect.scoped(
      Effect.gen(function* () {
        const from = yield* EarlierStore.open(earlier)
        const steps: Array<number> = []
        yield* copyEarlier(from, (lines) => Effect.sync(() => steps.push(lines)))
        const compared: Array<number> = []
        yield* compareEarlier(from, (lines) => Effect.sync(() => compared.push(lines)))
        return { from, steps, compared }
      })
    )
  )
}

it("A copy of an earlier store answers as an index of the same transcripts does", async () => {
  const { compared, from, steps } = await copied()
  assert.strictEqual(from.version, 5)
  assert.strictEqual(steps.at(-1), from.lines)
  assert.strictEqual(compared.at(-1), from.lines)
  assert.isUndefined(difference(await answers(copy), expected))
  await on(
    copy,
    Effect.gen(function* () {
      const journal = yield* Journal
      assert.isTrue(yield* journal.isForgotten(SessionId.make(happened.forgotten)))
      const infos = yield* journal.transcripts()
      const of = (session: string) => infos.filter(({ transcript }) => transcript.sessionId === session)
      assert.deepStrictEqual(
        of(happened.rewritten).map(({ replacedBy }) => replacedBy),
        [2, null]
      )
      assert.isNumber(of(happened.gone)[0]?.missingSince)
      assert.strictEqual((yield* journal.outputs()).length, 2)
      assert.deepStrictEqual(
        yield* (yield* Directories).unprobed(10),
        yield* Effect.promise(() =>
          on(
            join(indexed, "han.db"),
            Effect.flatMap(Directories, (all) => all.unprobed(10))
          )
        )
      )
      assert.strictEqual((yield* found("other words")).length, 3)
    })
  )
})

it("A file with only the first migrations of the earlier build is copied, too", async () => {
  const undo = [
    "DROP TABLE tool_output; DROP TABLE tool_output_piece",
    "DELETE FROM block WHERE transcript_no IN (SELECT no FROM transcript WHERE replaced_by IS NOT NULL); DELETE FROM transcript WHERE replaced_by IS NOT NULL; ALTER TABLE transcript DROP COLUMN replaced_by",
    "DROP TABLE hook_pass; DROP TABLE hook_pass_file; DROP TABLE hook_pass_reads",
    "ALTER TABLE directory DROP COLUMN worktree_of; ALTER TABLE directory DROP COLUMN default_branch"
  ]
  for (const [index, statements] of undo.entries()) {
    const version = 4 - index
    rmSync(copy, { force: true })
    const { from } = await copied((database) => {
      for (const statement of statements.split("; ")) database.run(statement)
      database.run("DELETE FROM han_migration WHERE id > ?", [version])
    })
    assert.strictEqual(from.version, version)
    const totals = await on(
      copy,
      Effect.flatMap(Journal, (journal) => journal.totals)
    )
    assert.strictEqual(totals.entries, from.lines)
  }
})

it("A store that an earlier build wrote is not opened, and says who makes it anew", async () => {
  const before = readFileSync(earlier)
  const error: StoreUnusable = await Effect.runPromise(Effect.flip(Effect.provide(Effect.void, SqliteStore.layer({ filename: earlier }))))
  assert.strictEqual(error.reason, "earlier")
  assert.include(error.message, `${earlier} was written by an earlier build of han`)
  assert.include(error.message, "han coordinator start")
  assert.isTrue(readFileSync(earlier).equals(before))
  assert.strictEqual(EarlierStore.versionOf(earlier), 5)
})

it("A file with more migrations than the earlier build had is one of a newer han", async () => {
  const database = new Database(earlier)
  database.run("INSERT INTO han_migration (id, name) VALUES (6, 'something else')")
  database.close()
  const error = await Effect.runPromise(Effect.flip(Effect.provide(Effect.void, SqliteStore.layer({ filename: earlier }))))
  assert.strictEqual(error.reason, "newer")
  assert.isNull(EarlierStore.versionOf(earlier))
})

it("A comparison names the first thing that is not the same in the copy", async () => {
  await copied()
  const compared = async (change: string): Promise<string> => {
    putEarlierStore(earlier)
    const database = new Database(earlier)
    database.run(change)
    database.close()
    const comparing = Effect.scoped(Effect.flatMap(EarlierStore.open(earlier), (from) => compareEarlier(from, () => Effect.void)))
    return (await on(copy, Effect.flip(comparing))).message
  }
  const id = `earlier/claude-code/${happened.gone}/main/1`
  assert.include(await compared(`UPDATE transcript SET lines = 5 WHERE id = '${id}'`), `transcript ${id} has 5 lines, 4 in the copy`)
  assert.include(await compared(`UPDATE transcript SET bytes = 7 WHERE id = '${id}'`), `transcript ${id} has 7 bytes, 923 in the copy`)
  assert.include(await compared(`UPDATE transcript SET missing_since = 5 WHERE id = '${id}'`), `transcript ${id} has missingSince 5`)
  assert.include(await compared("DELETE FROM tool_output"), "0 outputs of tools, 2 in the copy")
  assert.include(
    await compared(`UPDATE block SET byte_offset = byte_offset + 1 WHERE transcript_no = (SELECT no FROM transcript WHERE id = '${id}')`),
    `line 0 of transcript ${id}`
  )
  assert.include(await compared("INSERT INTO tombstone VALUES ('local', 'another', 1)"), "session another was forgotten")
})
