#!/usr/bin/env node
// The web application as one file, packages/server/dashboard/dashboard.pages: what Vite built, each file compressed. `--documents`: only what Relay's compiler makes, for tsc.
// `--if-changed`: nothing when it is newer than all that it is made of.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { extname, join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { filesBelow } from "./skeleton.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const dashboard = join(root, "packages", "dashboard")
const target = join(root, "packages", "server", "dashboard", "dashboard.pages")
const built = join(dashboard, "dist")

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json"
}

const sources = () => [
  ...filesBelow(join(dashboard, "src")).filter((path) => !path.includes(`${sep}generated${sep}`)),
  ...["package.json", "vite.config.ts", "relay.config.json", "index.html"].map((name) => join(dashboard, name)),
  join(root, "packages", "graphql", "schema.graphql"),
  fileURLToPath(import.meta.url)
]
const isNew = () => existsSync(target) && sources().every((path) => statSync(path).mtimeMs <= statSync(target).mtimeMs)

const compileDocuments = () => {
  const compiler = join(createRequire(join(dashboard, "package.json")).resolve("relay-compiler/package.json"), "..", "cli.js")
  mkdirSync(join(dashboard, "src", "generated"), { recursive: true })
  const { status, stderr, stdout } = spawnSync(process.execPath, [compiler, "--noWatchman"], { cwd: dashboard, encoding: "utf8" })
  if (status === 0) return
  console.error(`${stdout}${stderr}`.trim())
  process.exit(1)
}

const buildPages = async () => {
  const { build } = await import(createRequire(join(dashboard, "package.json")).resolve("vite"))
  await build({ root: dashboard, configFile: join(dashboard, "vite.config.ts"), logLevel: "error", build: { outDir: built } })
  const files = filesBelow(built).map((path) => {
    const type = types[extname(path)]
    if (type === undefined) throw new Error(`${path}: of what type is it?`)
    return [`/${relative(built, path).split(sep).join("/")}`, { type, gzip: gzipSync(readFileSync(path), { level: 9 }).toString("base64") }]
  })
  mkdirSync(join(target, ".."), { recursive: true })
  const draft = `${target}.${process.pid}`
  writeFileSync(draft, JSON.stringify(Object.fromEntries(files)))
  renameSync(draft, target)
  rmSync(built, { recursive: true })
}

if (process.argv.includes("--documents")) compileDocuments()
else if (!process.argv.includes("--if-changed") || !isNew()) {
  compileDocuments()
  await buildPages()
  console.log(`${relative(root, target)}: ${(statSync(target).size / 1e3).toFixed(0)} kB`)
}
