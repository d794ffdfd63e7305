#!/usr/bin/env node
// The packages as others get them: packed, looked over by publint and attw, installed from the tarballs by npm and by Bun into an empty folder with an
// empty HOME, type-checked, and run on Bun and on the oldest Node that they promise. Run `npm run build` first.
import { spawn, spawnSync } from "node:child_process"
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { bun, oldestNode, requireBun, root } from "./installed.mjs"

requireBun()

const names = ["core", "sql", "rpc", "graphql", "server", "cli"]
if (names.some((name) => !existsSync(join(root, "packages", name, "dist")))) {
  console.error("There is no build. This makes it:\n\n  npm run build\n")
  process.exit(1)
}
const json = (path) => JSON.parse(readFileSync(path, "utf8"))
const manifests = new Map(names.map((name) => [name, json(join(root, "packages", name, "package.json"))]))
const development = json(join(root, "package.json")).devDependencies

const complaints = []
const complain = (about, message) => complaints.push(`${about}: ${message}`)

const folder = mkdtempSync(join(tmpdir(), "han-pack-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
const home = join(folder, "home")
mkdirSync(home)
/** What was downloaded before is not downloaded again; nothing else of this account is seen. */
const caches = {
  npm_config_cache: spawnSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).stdout.trim(),
  BUN_INSTALL_CACHE_DIR: process.env.BUN_INSTALL_CACHE_DIR ?? join(process.env.HOME ?? tmpdir(), ".bun", "install", "cache")
}
const passed = Object.entries(process.env).filter(([key]) =>
  /^(PATH|TMPDIR|SSL_CERT_\w+|NODE_EXTRA_CA_CERTS|https?_proxy|no_proxy|npm_config_registry)$/i.test(key)
)
const environment = { ...Object.fromEntries(passed), ...caches, HOME: home }

/** What the program says; a failure is a complaint about `about`. */
const run = (about, program, args, cwd) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env: environment, stdio: ["ignore", "pipe", "pipe"] })
    const [out, err] = ["", ""].map((said, index) => {
      const all = { said }
      child.stdio[index + 1].setEncoding("utf8").on("data", (text) => {
        all.said += text
      })
      return all
    })
    child.on("error", (error) => complain(about, error.message))
    child.on("close", (code) => {
      if (code !== 0) complain(about, `${out.said}${err.said}`.trim().split("\n").slice(0, 40).join("\n"))
      resolve(out.said)
    })
  })
const step = async (what, work) => {
  const began = Date.now()
  await work()
  console.log(`${what}: ${((Date.now() - began) / 1000).toFixed(1)} s`)
}

/** The files that `exports` and `bin` of a manifest name. */
const targetsOf = (value) => (typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(targetsOf))

const tarballs = new Map()
const pack = async () => {
  const said = await run("npm pack", "npm", ["pack", "--json", "--pack-destination", folder, ...names.flatMap((name) => ["-w", `packages/${name}`])], root)
  if (complaints.length > 0) return
  for (const { filename, files, name } of JSON.parse(said)) {
    tarballs.set(name.slice(4), join(folder, filename))
    const has = new Set(files.map(({ path }) => path))
    const { bin, exports, files: promised } = manifests.get(name.slice(4))
    for (const path of has) if (/(^|\/)tests?\/|\.test\.|\.tsbuildinfo$/.test(path)) complain(name, `${path} is in the tarball`)
    for (const target of targetsOf({ exports, bin }))
      if (!has.has(target.replace("./", ""))) complain(name, `${target} is named in package.json, and not in the tarball`)
    for (const entry of promised)
      if (![...has].some((path) => path === entry || path.startsWith(`${entry}/`))) complain(name, `"files" names ${entry}, which is not there`)
  }
}

/** One after another: beside them the installs go on. */
const lookOver = async () => {
  for (const [name, tarball] of tarballs) {
    const bytes = readFileSync(tarball)
    const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) }, strict: true })
    for (const message of messages) complain(`publint, han-${name}`, formatMessage(message, pkg))
    // They are modules of ECMAScript only, and say so.
    await run(
      `attw, han-${name}`,
      process.execPath,
      [join(root, "node_modules/@arethetypeswrong/cli/dist/index.js"), tarball, "--profile", "esm-only", "--format", "ascii"],
      folder
    )
  }
}

const modules = (list) =>
  list.flatMap((name) =>
    Object.keys(manifests.get(name).exports)
      .filter((path) => path !== "./package.json")
      .map((path) => `han-${name}${path.slice(1)}`)
  )

/** Their packages, what these expect beside them, and a compiler. */
const project = (manager) => {
  const at = join(folder, manager)
  mkdirSync(at)
  const own = Object.fromEntries([...tarballs].map(([name, tarball]) => [`han-${name}`, `file:${tarball}`]))
  const peers = Object.fromEntries(
    [...manifests.values()].flatMap(({ peerDependencies }) => Object.keys(peerDependencies ?? {}).map((peer) => [peer, development[peer]]))
  )
  const tools = Object.fromEntries(["typescript", "@types/bun", "@types/pg"].map((tool) => [tool, development[tool]]))
  writeFileSync(
    join(at, "package.json"),
    JSON.stringify({ name: "stranger", private: true, type: "module", dependencies: { ...own, ...peers }, devDependencies: tools, overrides: own })
  )
  return at
}

const copiesOf = (name, at, found = []) => {
  for (const entry of existsSync(at) ? readdirSync(at, { withFileTypes: true }) : []) {
    if (!entry.isDirectory() || entry.name === ".bin") continue
    const path = join(at, entry.name)
    if (entry.name === name && existsSync(join(path, "package.json"))) found.push(path)
    if (entry.name.startsWith("@")) copiesOf(name, path, found)
    else copiesOf(name, join(path, "node_modules"), found)
  }
  return found
}

/** The published suite over a store, with what it needs beside its code: its first test makes up a corpus. */
const ofSuite = `
import * as Layer from "effect/Layer"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { suite } from "han-sql/testing"

const tests: Array<() => Promise<void>> = []
suite({
  name: "SqliteStore",
  store: () => Layer.merge(SqliteStore.layer({ filename: ":memory:" }), Viewer.layerLocal),
  test: (_, run) => void tests.push(run)
})
await tests[0]?.()
console.log(tests.length, "tests, the first passed")
`
const config = join(root, "fixtures/claude-code/06-compact/config")
const tryOut = async (manager, at) => {
  for (const name of ["effect", "graphql"]) {
    const copies = copiesOf(name, join(at, "node_modules"))
    if (copies.length !== 1) complain(manager, `installed ${name} ${copies.length} times: ${copies.join(", ")}`)
  }
  copyFileSync(join(root, "examples/embed.ts"), join(at, "embed.ts"))
  const found = await run(`the example on Bun, by ${manager}`, bun, ["embed.ts", config, ":memory:", "alpha"], at)
  if (!/^[0-9a-f-]{36} It says alpha\./m.test(found)) complain(`the example on Bun, by ${manager}`, `found nothing: ${found}`)
  writeFileSync(join(at, "suite.ts"), ofSuite)
  const suite = await run(`the suite of a store on Bun, by ${manager}`, bun, ["suite.ts"], at)
  if (!/^\d\d tests, the first passed$/m.test(suite)) complain(`the suite of a store on Bun, by ${manager}`, `says ${suite}`)
  const version = await run(`han, by ${manager}`, process.execPath, [join(at, "node_modules/han-cli/bin/han.mjs"), "--version"], at)
  if (!version.includes(manifests.get("cli").version)) complain(`han, by ${manager}`, `says ${version}`)
  const server = await run(`han-server, by ${manager}`, process.execPath, [join(at, "node_modules/han-server/bin/han-server.mjs"), "--version"], at)
  if (!server.includes(manifests.get("server").version)) complain(`han-server, by ${manager}`, `says ${server}`)
}

const onNode = `
import { readFileSync } from "node:fs"
import { decodeEntry } from "han-core/Decode"
import { SessionId, type Transcript } from "han-core/Entry"
import { formatUsd, make } from "han-core/Pricing"
import type { Han } from "han-rpc/HanPromise"
import * as PgStore from "han-sql/PgStore"

export const dearest = async (han: Han) => (await han.usage.report({ by: "session" })).rows[0]?.label
export const store = PgStore.layer
const transcript: Transcript = { machine: "here", source: "claude-code", sessionId: SessionId.make("s"), kind: "main", agentId: null, generation: 1 }
const tags = new Set<string>()
readFileSync(process.argv[2] ?? "", "utf8").split("\\n").forEach((line, number) => {
  for (const { _tag } of decodeEntry(transcript, { line: number, offset: 0, bytes: new TextEncoder().encode(line) }).events) tags.add(_tag)
})
console.log([...tags].sort().join(" "), formatUsd(make().costOf("claude-opus-4-5", null, { input: 1000, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 })))
`
const compile = async (at) => {
  const options = { strict: true, module: "nodenext", target: "es2023", noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, skipLibCheck: false }
  writeFileSync(
    join(at, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { ...options, outDir: "out", types: ["bun"] }, files: ["embed.ts", "suite.ts", "all.ts", "node.ts"] })
  )
  writeFileSync(
    join(at, "all.ts"),
    modules(names)
      .map((name, index) => `export * as m${index} from "${name}"\n`)
      .join("")
  )
  writeFileSync(join(at, "node.ts"), onNode)
  await run("types, strict and nodenext", process.execPath, [join(at, "node_modules/typescript/bin/tsc"), "-p", at], at)
}
const node = async (at) => {
  const projects = join(config, "projects")
  const transcript = readdirSync(projects, { recursive: true, encoding: "utf8" }).find((path) => path.endsWith(".jsonl")) ?? ""
  const said = await run("the example on Node", "npx", ["-y", `node@${oldestNode}`, "out/node.js", join(projects, transcript)], at)
  if (!/Prompted .*ToolCalled.* \$0\.01/.test(said)) complain("the example on Node", `said ${said}`)
}

await step("packed", pack)
if (tarballs.size === names.length) {
  const [npm, byBun] = [project("npm"), project("bun")]
  await Promise.all([
    step("publint, attw", lookOver),
    step("installed by npm and Bun, compiled, run on Bun and Node", async () => {
      await run("npm install", "npm", ["install", "--no-fund", "--no-audit", "--prefer-offline"], npm)
      await tryOut("npm", npm)
      await compile(npm)
      await node(npm)
      await run("bun install", bun, ["install"], byBun)
      await tryOut("bun", byBun)
    })
  ])
}
for (const complaint of complaints) console.error(complaint)
console.log(`${names.length} packages, ${complaints.length} against them`)
process.exitCode = complaints.length > 0 ? 1 : 0
