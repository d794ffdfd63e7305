import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import { Directories, type Directory, DirectoryWriter } from "han-core/Directories"
import { projectOf } from "han-core/unstable/SessionState"
import { Viewer } from "han-core/Viewer"
import { command, Database, OwnerNo, storable, storeError } from "../database/Database.ts"
import { headOf, lockOwner } from "../database/lockOwner.ts"
import { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import { type Reader, reader } from "./reader.ts"

/** Facts about directories, over either database. */
export const make = Effect.gen(function* () {
  const read = yield* reader
  const { answer, sql, t } = read
  const database = yield* Database
  const { write } = database
  const models = yield* ReadModelTables
  const told = yield* PubSub.sliding<number>(1024)
  const directories = Directories.of({
    unprobed: Effect.fn("Directories.unprobed")(function* (limit) {
      const owner = yield* OwnerNo
      return yield* sql<{ machine: string; path: string }>`
          SELECT s.machine, s.cwd AS path FROM ${t("session")} s LEFT JOIN directory d ON d.owner_no = s.owner_no AND d.machine = s.machine AND d.path = s.cwd
          WHERE s.owner_no = ${owner} AND s.cwd IS NOT NULL AND d.path IS NULL GROUP BY s.machine, s.cwd ORDER BY MAX(s.updated_at) DESC LIMIT ${limit}`
    }, answer("unprobed directories")),
    noted: noted(read, database, told)
  })
  const writer = DirectoryWriter.of({
    note: Effect.fn("DirectoryWriter.note")(
      function* (directory, facts) {
        const owner = yield* OwnerNo
        // A worktree is of the repository that it is of, also where that has no remote.
        const named = facts.remote ?? facts.worktreeOf ?? facts.root
        const name = named === null ? null : projectOf(named)
        yield* models.write(
          Effect.gen(function* () {
            const before = yield* lockOwner(write, owner)
            const sequence = before + 1
            yield* write`INSERT INTO directory ${write.insert({
              owner_no: owner,
              machine: storable(directory.machine),
              path: storable(directory.path),
              name: storableOrNull(name),
              remote: storableOrNull(facts.remote),
              root: storableOrNull(facts.root),
              worktree_of: storableOrNull(facts.worktreeOf),
              default_branch: storableOrNull(facts.defaultBranch),
              probed_at: yield* Clock.currentTimeMillis,
              sequence
            })} ON CONFLICT (owner_no, machine, path) DO UPDATE SET name = COALESCE(excluded.name, directory.name), remote = COALESCE(excluded.remote, directory.remote),
              root = COALESCE(excluded.root, directory.root), worktree_of = COALESCE(excluded.worktree_of, directory.worktree_of),
              default_branch = COALESCE(excluded.default_branch, directory.default_branch), probed_at = excluded.probed_at, sequence = excluded.sequence`
            yield* write`UPDATE owner_head SET sequence = ${sequence} WHERE owner_no = ${owner}`
            // Read models look directories up: there is nothing for their tables in this step.
            yield* models.apply(owner, { before, after: sequence }, () => Effect.void)
          })
        )
        yield* database.announce(owner)
        yield* PubSub.publish(told, owner)
      },
      command(database, "note a directory")
    )
  })
  return Context.make(Directories, directories).pipe(Context.add(DirectoryWriter, writer))
})

export const layer: Layer.Layer<Directories | DirectoryWriter, never, Database | ReadModelTables> = Layer.effectContext(make)

/** Directories whose facts changed, here or in another process. */
const noted = ({ answer, sql }: Reader, database: typeof Database.Service, told: PubSub.PubSub<number>) =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const { owner } = yield* Viewer
      const no = yield* database.ownerNo(owner, true)
      // Subscribed before the first look, so that nothing falls between the two.
      const news = yield* PubSub.subscribe(told)
      const signals = Stream.merge(
        Stream.filter(Stream.fromQueue(news), (whose) => whose === no),
        database.announcements(no)
      )
      let last = yield* answer("noted directories")(headOf(sql, no))
      const since = Effect.suspend(() =>
        Effect.map(
          sql<Directory & { readonly sequence: number }>`
            SELECT machine, path, sequence FROM directory WHERE owner_no = ${no} AND sequence > ${last} ORDER BY sequence`.pipe(answer("noted directories")),
          (rows) => {
            last = rows.at(-1)?.sequence ?? last
            return rows.map(({ machine, path }) => ({ machine, path }))
          }
        )
      )
      return Stream.mapConcatEffect(signals, () => since)
    }).pipe(storeError(database, "noted directories"))
  )

const storableOrNull = (text: string | null): string | null => (text === null ? null : storable(text))
