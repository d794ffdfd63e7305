import { existsSync } from "node:fs"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { BaseSequencer } from "vitest/node"

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
// The packages are tested from their sources.
const conditions = ["han-source", "module", "node", "development|production"]
const graphql = here("node_modules/graphql/index.mjs")

/** The tests whose names end so, before the groups of the next orders. */
const group = (name: string, ending: string, pool: "threads" | "forks", groupOrder: number, exclude: ReadonlyArray<string> = []) => ({
  extends: true as const,
  test: {
    name,
    pool,
    sequence: { groupOrder },
    include: ["packages/*/test", "examples", "test"].map((folder) => `${folder}/**/*${ending}`),
    exclude: [...exclude]
  }
})
/** Test files that take long and are short, begun first. A fresh checkout knows no durations, and vitest then begins with the largest files. */
const longFiles = ["PgStore.store", "SqliteStore.store", "Starting.process", "HookAbsent.process", "HookHistories.process", "moduleExamples.process"]
class LongFirst extends BaseSequencer {
  override async sort(files: Parameters<BaseSequencer["sort"]>[0]) {
    const isLong = (path: string) => longFiles.some((name) => path.endsWith(`/${name}.test.ts`))
    const [long, others] = [true, false].map((which) => files.filter(({ moduleId }) => isLong(moduleId) === which))
    return [...(await super.sort(long ?? [])), ...(await super.sort(others ?? []))]
  }
}

// The standard leaves a core idle, which is half of a small machine.
const workers = Math.max(2, availableParallelism())

export default defineConfig({
  root: here("."),
  ssr: { resolve: { conditions } },
  resolve: {
    conditions,
    // Without it two copies of graphql are loaded, one by the sources and one by graphql-ws.
    alias: existsSync(graphql) ? [{ find: /^graphql$/, replacement: graphql }] : []
  },
  test: {
    projects: [
      group("unit", ".test.ts", "threads", 0, ["**/*.{store,process}.test.ts"]),
      group("store", ".store.test.ts", "forks", 1),
      group("process", ".process.test.ts", "forks", 2)
    ],
    // Nothing is kept in a module, in the environment or in the current folder, so that one load of the sources serves many files. As few workers as most:
    // one that ends because it is idle may be given a file at that moment, and the run breaks off.
    poolOptions: {
      threads: { minThreads: workers, maxThreads: workers, isolate: false },
      // One more than there are cores, because they often wait: for processes, for PostgreSQL, for a limit.
      forks: { minForks: workers + 1, maxForks: workers + 1, isolate: false }
    },
    sequence: { sequencer: LongFirst },
    globalSetup: ["test/postgres.ts", "test/binariesFolder.ts"],
    // Ends what hangs, and nothing that is slow: with ten others on two cores the longest test took 120 s.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 30_000
  }
})
