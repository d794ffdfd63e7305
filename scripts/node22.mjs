#!/usr/bin/env node
// Loads every public module of the packages that also run on Node, from their builds, on the oldest Node that they promise. Run `npm run build` first.
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { oldestNode, root } from "./installed.mjs"

/** The packages, and which of their modules need Bun. */
const packages = { core: [], rpc: [], graphql: [], sql: ["SqliteStore", "unstable/EarlierStore", "unstable/storeFile"] }

if (process.argv[2] === "--load") {
  if (process.version !== `v${oldestNode}`) throw new Error(`this is Node ${process.version}`)
  for (const name of process.argv.slice(3)) {
    try {
      if (Object.keys(await import(name)).length === 0) console.log(`${name} has types only`)
    } catch (error) {
      console.error(`${name} does not load: ${error.message}`)
      process.exitCode = 1
    }
  }
} else {
  const exportsOf = (name) => JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")).exports
  const modules = Object.entries(packages).flatMap(([name, onlyBun]) =>
    Object.entries(exportsOf(name))
      .filter(([subpath, target]) => typeof target === "object" && !onlyBun.includes(subpath.slice(2)))
      .map(([subpath]) => `han-${name}${subpath.slice(1)}`)
  )
  if (!existsSync(join(root, "packages", "core", "dist"))) {
    console.error("There is no build. This makes it:\n\n  npm run build\n")
    process.exit(1)
  }
  const { status, error } = spawnSync("npx", ["-y", `node@${oldestNode}`, fileURLToPath(import.meta.url), "--load", ...modules], {
    cwd: root,
    stdio: "inherit"
  })
  if (error !== undefined) console.error(error.message)
  if (status === 0) console.log(`${modules.length} modules load on Node ${oldestNode}`)
  process.exit(status ?? 1)
}
