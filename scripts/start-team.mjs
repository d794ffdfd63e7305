#!/usr/bin/env node
// A team server to try out, on a PostgreSQL of its own whose data stays: `start-team.mjs [DIR]`. Anybody on this machine signs in by a name. Until Ctrl-C.
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { bun, requireBun, requirePostgres, root } from "./installed.mjs"

requireBun()
requirePostgres()

// PostgreSQL does not run as root: the account that it takes then has to reach the folder, and root's home is closed to it.
const isRoot = process.getuid?.() === 0
const standard = isRoot ? "/var/lib/han/team-server" : join(process.env.HAN_HOME || join(homedir(), ".han"), "team-server")
const data = resolve(process.argv[2] ?? standard)
const port = process.env.PORT || process.env.HAN_PORT || "41957"
const url = `http://127.0.0.1:${port}`
mkdirSync(resolve(data, ".."), { recursive: true, mode: isRoot ? 0o711 : 0o700 })

// Variables of the person's own han and databases are theirs.
const plain = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HAN_|DATABASE_URL$|PORT$)/.test(name)))
const env = { ...plain, HAN_ENCRYPTION: "off", HAN_DEV_SIGNIN: "1", HAN_SIGNUP: "open", PORT: port }
const program = ["--conditions=han-source", join(root, "packages", "server", "src", "bin", "team-server.ts")]

const built = spawnSync(process.execPath, [join(root, "scripts", "build-dashboard.mjs"), "--if-changed"], { stdio: ["ignore", "ignore", "inherit"] })
if (built.status !== 0) console.error("The dashboard could not be built; the server starts without it.")

console.log(`Starts a team server with its data in ${data} …`)
// In a group of its own: Ctrl-C comes to this script, from the terminal and from npm, and the server is told once. A second signal would end it before its database.
const server = spawn(bun, [...program, "serve", "--embedded", data], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"], detached: true })
let said = ""
for (const stream of [server.stdout, server.stderr]) stream.on("data", (piece) => (said = `${said}${piece}`.slice(-4000)))
let stopping = false
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    if (stopping) return
    stopping = true
    server.kill("SIGTERM")
  })
server.once("exit", (code) => {
  if (!stopping) console.error(`The team server ended with code ${code}:\n${said}`)
  process.exit(stopping ? 0 : 1)
})

const answers = async () => {
  for (let left = 600; left > 0; left--) {
    const ok = await fetch(`${url}/ready`).then(
      (response) => response.ok,
      () => false
    )
    if (ok) return true
    await new Promise((next) => setTimeout(next, 200))
  }
  return false
}
if (!(await answers())) {
  console.error(`${url} does not answer:\n${said}`)
  stopping = true
  server.kill("SIGTERM")
} else {
  const workspace = spawnSync(bun, [...program, "workspace", "create", "first", "--owner", "development:ada", "--embedded", data], {
    cwd: root,
    env,
    encoding: "utf8"
  })
  if (workspace.status !== 0 && !workspace.stderr.includes("already")) console.error(workspace.stderr)
  console.log(
    [
      "",
      `    ${url}/auth/sign-in?return_to=/`,
      "",
      'signs you in by a name. "Ada" owns the workspace "first"; everybody else gets one of their own, and comes into others by invites.',
      "In a second terminal, in this folder:",
      "",
      `    npx han auth login --endpoint ${url}`,
      "    npx han auth status",
      `    HAN_ENCRYPTION=off npx han-server keys create --embedded ${data} --workspace first --person Ada --owner github.com/acme --scopes sync:write,read,manage`,
      `    npx han sync enable --endpoint ${url}`,
      "",
      `The server is for this machine alone, and for trying out. Ctrl-C ends it; its data stays in ${data}.`
    ].join("\n")
  )
}
