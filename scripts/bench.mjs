#!/usr/bin/env node
// `npm run bench -- [NAME…]`: the measurements of bench/, one after another, each in a process of its own.
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { bun, requireBun, requirePostgres, root } from "./installed.mjs"

requireBun()
requirePostgres()

const all = ["floor", "indexing", "memory", "queries", "cli", "hooks", "live", "graphql", "tenants", "metrics", "redaction"]
const asked = process.argv.slice(2)
for (const name of asked.length > 0 ? asked : all) {
  const file = join(root, "bench", `${name}.ts`)
  if (!all.includes(name) || !existsSync(file)) {
    console.error(`There is no measurement "${name}"; there are: ${all.join(", ")}`)
    process.exit(2)
  }
  const { status } = spawnSync(bun, ["--conditions=han-source", file], { cwd: root, stdio: "inherit" })
  if (status !== 0) process.exit(status ?? 1)
}
