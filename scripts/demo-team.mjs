#!/usr/bin/env node
// A team server on the embedded PostgreSQL and a coordinator on the bundled samples, connected: all in a temporary folder, until Ctrl-C.
import { spawn, spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { constants, tmpdir } from "node:os"
import { join } from "node:path"
import { bun, requireBun, requirePostgres, root } from "./installed.mjs"

requireBun()
requirePostgres()

/** The contents without the permissions: a checkout may be read-only. */
const copy = (from, to) => {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copy(join(from, entry.name), join(to, entry.name))
    else writeFileSync(join(to, entry.name), readFileSync(join(from, entry.name)))
  }
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

const temporary = mkdtempSync(join(tmpdir(), "han-team-"))
// PostgreSQL does not run as root: its own account goes through the folder then, and sees nothing else in it.
chmodSync(temporary, 0o711)
const children = []
const ended = (child) => new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.once("exit", resolve) : resolve()))
/** Ends the coordinator first, and removes the folder when nobody uses it. */
const end = async (status) => {
  for (const child of children.reverse()) {
    child.removeAllListeners("exit")
    child.kill("SIGTERM")
    await ended(child)
  }
  rmSync(temporary, { recursive: true, force: true })
  process.exit(status)
}
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => void end(128 + constants.signals[signal]))

const source = (file) => ["--conditions=han-source", join(root, "packages", file)]
const start = (name, argv, env) => {
  const child = spawn(bun, argv, { cwd: temporary, env, stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (said = `${said}${piece}`.slice(-4000)))
  child.once("exit", (code) => {
    console.error(`${name} ended with code ${code}:\n${said}`)
    void end(1)
  })
  children.push(child)
}
/** Waits for an address to answer, a minute at most. */
const answers = async (url) => {
  for (let left = 300; left > 0; left--) {
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false
    )
    if (ok) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  console.error(`${url} does not answer`)
  await end(1)
}
const run = async (argv, env) => {
  const { status, stderr, stdout } = spawnSync(bun, argv, { cwd: temporary, env, encoding: "utf8" })
  if (status !== 0) {
    console.error(stderr || stdout)
    await end(1)
  }
  return stdout
}

const serverPort = await freePort()
const url = `http://127.0.0.1:${serverPort}`
const data = join(temporary, "team-data")
// Variables of the person's own han and databases are theirs.
const plain = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HAN_|DATABASE_URL$|PORT$|CLAUDE_CONFIG_DIR$)/.test(name)))
const teamServer = source("server/src/bin/team-server.ts")
console.log("Starts a team server with a PostgreSQL of its own …")
start("The team server", [...teamServer, "serve", "--embedded", data], { ...plain, HAN_ENCRYPTION: "off", PORT: String(serverPort) })
await answers(`${url}/ready`)
const made = await run(
  [...teamServer, "keys", "create", "--embedded", data, "--workspace", "demo", "--person", "Ada", "--owner", "github.com/acme", "--json"],
  { ...plain, HAN_ENCRYPTION: "off" }
)

const home = join(temporary, "home")
const claude = join(temporary, "claude")
const samples = join(root, "fixtures", "claude-code")
mkdirSync(join(claude, "projects"), { recursive: true })
for (const sample of readdirSync(samples)) {
  const projects = join(samples, sample, "config", "projects")
  if (existsSync(projects)) copy(projects, join(claude, "projects"))
}
mkdirSync(home, { recursive: true, mode: 0o700 })
// The samples' directories are not on this machine, so that git cannot say whose they are: they are sent because this says so.
const sync = { enabled: true, endpoint: url, apiKey: JSON.parse(made).key, forceInclude: ["/"] }
writeFileSync(join(home, "config.json"), `${JSON.stringify({ sync }, null, 2)}\n`, { mode: 0o600 })
const local = { ...plain, HAN_HOME: home, CLAUDE_CONFIG_DIR: claude }
const port = await freePort()
console.log("Starts a coordinator on the bundled samples, and connects it …")
start("The coordinator", [...source("cli/src/bin.ts"), "coordinator", "serve", "--port", String(port)], local)
await answers(`http://127.0.0.1:${port}/health`)
const han = source("cli/src/bin.ts")
await run([...han, "index"], local)
await run([...han, "sync", "all"], local)
console.log(await run([...han, "sync", "status"], local))
console.log(
  [
    "Two addresses to look at:",
    "",
    `    the coordinator   ${(await run([...han, "open", "--print"], local)).trim().split("\n").at(-1)}`,
    `    the team server   ${url}/health`,
    "",
    "And in a second terminal, in this folder:",
    "",
    `    export HAN_HOME=${home} CLAUDE_CONFIG_DIR=${claude}`,
    "    npx han sync status",
    "    npx han sessions",
    "",
    "Ctrl-C stops both, and removes what they wrote."
  ].join("\n")
)
