import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import { Directories, DirectoryWriter } from "han-core/Directories"
import { projectOf } from "han-core/unstable/SessionState"
import { type OwnerId, Viewer } from "han-core/Viewer"
import { Database } from "../database/Database.ts"
import { ReadModelTables } from "../readmodels/ReadModelTables.ts"
import { reader } from "./reader.ts"

/** Facts about directories, over either database. */
export const make = Effect.gen(function* () {
  const { failing, sql, t } = yield* reader
  const { write } = yield* Database
  const models = yield* ReadModelTables
  const told = yield* PubSub.sliding<{ readonly owner: OwnerId; readonly directory: string }>(1024)
  const directories = Directories.of({
    unprobed: Effect.fn("Directories.unprobed")(function* (limit) {
      const { owner } = yield* Viewer
      const rows = yield* sql<{ cwd: string }>`
          SELECT s.cwd FROM ${t("session")} s LEFT JOIN directory d ON d.owner = s.owner AND d.path = s.cwd
          WHERE s.owner = ${owner} AND s.cwd IS NOT NULL AND d.path IS NULL GROUP BY s.cwd ORDER BY MAX(s.updated_at) DESC LIMIT ${limit}`
      return rows.map((row) => row.cwd)
    }, failing("unprobed directories")),
    noted: Stream.unwrapScoped(
      Effect.gen(function* () {
        const { owner } = yield* Viewer
        const news = yield* PubSub.subscribe(told)
        return Stream.filterMap(Stream.fromQueue(news), (one) => (one.owner === owner ? Option.some(one.directory) : Option.none()))
      })
    )
  })
  const writer = DirectoryWriter.of({
    note: Effect.fn("DirectoryWriter.note")(function* (directory, facts) {
      const { owner } = yield* Viewer
      // A worktree is of the repository that it is of, also where that has no remote.
      const named = facts.remote ?? facts.worktreeOf ?? facts.root
      const name = named === null ? null : projectOf(named)
      yield* models.write(write`INSERT INTO directory ${write.insert({
        owner,
        path: directory,
        name,
        remote: facts.remote,
        root: facts.root,
        worktree_of: facts.worktreeOf,
        default_branch: facts.defaultBranch,
        probed_at: yield* Clock.currentTimeMillis
      })} ON CONFLICT (owner, path) DO UPDATE SET name = COALESCE(excluded.name, directory.name), remote = COALESCE(excluded.remote, directory.remote),
          root = COALESCE(excluded.root, directory.root), worktree_of = COALESCE(excluded.worktree_of, directory.worktree_of),
          default_branch = COALESCE(excluded.default_branch, directory.default_branch), probed_at = excluded.probed_at`)
      yield* PubSub.publish(told, { owner, directory })
    }, failing("note a directory"))
  })
  return Context.make(Directories, directories).pipe(Context.add(DirectoryWriter, writer))
})

export const layer: Layer.Layer<Directories | DirectoryWriter, never, Database | ReadModelTables> = Layer.effectContext(make)
