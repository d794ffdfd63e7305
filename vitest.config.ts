import { existsSync } from "node:fs"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
// The packages are tested from their sources.
const conditions = ["han-source", "module", "node", "development|production"]
const graphql = here("node_modules/graphql/index.mjs")

export default defineConfig({
  root: here("."),
  ssr: { resolve: { conditions } },
  resolve: {
    conditions,
    // Without it two copies of graphql are loaded, one by the sources and one by graphql-ws.
    alias: existsSync(graphql) ? [{ find: /^graphql$/, replacement: graphql }] : []
  },
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/**/*.test.ts", "test/**/*.test.ts"],
    pool: "forks",
    // The standard leaves a core idle, which is half of a small machine.
    poolOptions: { forks: { minForks: 1, maxForks: Math.max(2, availableParallelism()) } },
    globalSetup: ["test/postgres.ts", "test/binaries.ts"],
    // Ends what hangs; on a busy machine the longest test takes a third of it.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000
  }
})
