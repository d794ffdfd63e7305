import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { DirectoryWriter } from "han-core/Directories"
import { Metrics } from "han-core/Metrics"
import { projectId } from "han-core/Project"
import { SessionQueries } from "han-core/SessionQueries"
import { Sessions } from "han-core/Sessions"
import { Usage } from "han-core/Usage"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { freshPgStore } from "../../../../test/postgresStore.ts"
import { answer, session, text, user } from "../../../../test/transcriptLines.ts"
import { wholeJournal } from "../../../../test/wholeJournal.ts"

const app = "/home/dev/app"
const remote = "github.com/acme/shop"

/** A session of a machine with a prompt and an answer of `output` tokens. */
const worked = (machine: string, id: string, cwd: string, output: number) =>
  session(id, [user(`${id}-1`, 1, "hello", { cwd }), answer(`${id}-2`, 2, [text("hi")], { output, cwd })], { machine })

/** Two people's checkouts of one repository, one of them in a folder of it, and two folders of one path without a repository. */
const team = Effect.gen(function* () {
  const { appendAll } = yield* wholeJournal
  yield* appendAll([
    worked("ann", "ann-shop", app, 1),
    worked("ben", "ben-shop", "/src/shop/web", 10),
    worked("ben", "ben-app", app, 100),
    worked("cho", "cho-app", app, 1000)
  ])
  const { note } = yield* DirectoryWriter
  yield* note({ machine: "ann", path: app }, { remote, root: app, worktreeOf: null, defaultBranch: null })
  yield* note({ machine: "ben", path: "/src/shop/web" }, { remote, root: "/src/shop", worktreeOf: null, defaultBranch: "main" })
  yield* note({ machine: "ben", path: app }, { remote: null, root: null, worktreeOf: null, defaultBranch: null })
})

/** Each project with its sessions by `projectId`, the ledger, the metrics of its directories and a condition on them: all have to agree. */
const everyProject = Effect.gen(function* () {
  const sessions = yield* Sessions
  const listed = (yield* sessions.list({}, { first: 10 })).items.map(({ node }) => node)
  const rows = (yield* (yield* Usage).report({ by: "project" })).rows
  return yield* Effect.forEach(yield* sessions.projects, (project) =>
    Effect.gen(function* () {
      const directory = { _tag: "Field", field: "directory", op: "in", value: project.directories.map(({ machine, path }) => `${machine}:${path}`) } as const
      const found = yield* (yield* SessionQueries).find({ where: directory }, { first: 10 })
      const scoped = yield* (yield* Metrics).models({ directories: project.directories })
      const called = yield* (yield* Usage).report({ by: "model", project: project.id })
      const output = rows.find(({ key }) => key === project.id)?.output
      const own = listed.filter(({ projectId }) => projectId === project.id).map(({ id }) => id)
      assert.deepStrictEqual(own.toSorted(), found.items.map(({ node }) => node.id).toSorted())
      assert.deepStrictEqual([scoped.reduce((sum, row) => sum + row.output, 0), called.totals.output], [output, output])
      return {
        id: project.id,
        name: project.name,
        directories: project.directories.map(({ machine, path }) => `${machine} ${path}`).toSorted(),
        own: own.toSorted()
      }
    })
  )
})
const byFirst = (projects: Effect.Effect.Success<typeof everyProject>) => projects.toSorted((a, b) => (a.own[0]! < b.own[0]! ? -1 : 1))

describe("projects", () => {
  it.scoped("A store of many machines takes the checkouts of a repository for one project, and equal paths without one for several", () =>
    Effect.gen(function* () {
      yield* team
      assert.deepStrictEqual(byFirst(yield* everyProject), [
        { id: projectId(remote), name: "shop", directories: [`ann ${app}`, "ben /src/shop/web"], own: ["ann-shop", "ben-shop"] },
        { id: projectId(`ben:${app}`), name: "app", directories: [`ben ${app}`], own: ["ben-app"] },
        { id: projectId(`cho:${app}`), name: "app", directories: [`cho ${app}`], own: ["cho-app"] }
      ])
    }).pipe(Effect.provide([freshPgStore({ projects: "repository" }), Viewer.layerLocal]))
  )

  it.scoped.each([
    ["SqliteStore", SqliteStore.layer({ filename: ":memory:" })],
    ["PgStore", freshPgStore()]
  ] as const)("A store of one machine takes each directory for a project, whatever its repository: %s", ([, store]) =>
    Effect.gen(function* () {
      yield* team
      assert.deepStrictEqual(byFirst(yield* everyProject), [
        { id: projectId(app), name: "shop", directories: [`ann ${app}`, `ben ${app}`, `cho ${app}`], own: ["ann-shop", "ben-app", "cho-app"] },
        { id: projectId("/src/shop/web"), name: "shop", directories: ["ben /src/shop/web"], own: ["ben-shop"] }
      ])
    }).pipe(Effect.provide([store, Viewer.layerLocal]))
  )
})
