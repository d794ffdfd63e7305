/**
 * HAN_HOME: the folder that a coordinator owns, where in it things are, and its `config.json`.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Home from "han-server/Home"
 *
 * const database = Home.open("/home/dev/.han").pipe(
 *   Effect.map(({ database }) => database),
 *   Effect.catchTag("HomeUnusable", ({ message }) => Effect.dieMessage(message))
 * )
 * ```
 */

import { randomUUID } from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { PriceRow } from "han-core/Pricing"
import { maxSocketPath, socketPath } from "han-core/unstable/CoordinatorSocket"
import * as JsonFile from "han-core/unstable/JsonFile"
import { hostOf, originOf } from "../loopback/LoopbackGuard.ts"

/** A configuration folder to index, absolute or from `~`; `source` names the harness that writes it when it is not Claude Code. */
const Root = Schema.Struct({
  path: Schema.String,
  source: Schema.optional(Schema.NonEmptyString),
  name: Schema.optional(Schema.NonEmptyString),
  /** The time when han was told of it, as `2026-03-01T10:00:00.000Z`. */
  registeredAt: Schema.optional(Schema.String)
})

const namedBy = (of: (text: string) => string | undefined, otherwise: string) =>
  Schema.String.pipe(Schema.filter((text) => of(text) !== undefined || `${JSON.stringify(text)} ${otherwise}`))

/** The settings of `config.json`. Every key is optional; one that is not here is an error. */
export const Config = Schema.Struct({
  /** More configuration folders to index; one may be its path alone. */
  roots: Schema.optional(Schema.Array(Schema.Union(Schema.String, Root))),
  /** Prices that the published table lacks or states differently. */
  prices: Schema.optional(Schema.Array(PriceRow)),
  /** The port of 127.0.0.1 that serves HTTP; 0: any free one. */
  port: Schema.optional(Schema.Int.pipe(Schema.between(0, 65_535))),
  /** More names that it is served under (`name` or `name:port`), and more origins whose pages may use it (`https://name`). */
  allowHosts: Schema.optional(Schema.Array(namedBy(hostOf, "is no host: write `name` or `name:port`"))),
  allowOrigins: Schema.optional(Schema.Array(namedBy(originOf, "is no origin: write `https://name` or `https://name:port`"))),
  /** The commands of hooks that run at the same time, at most; as many as there are cores, at least two. */
  hookSlots: Schema.optional(Schema.Int.pipe(Schema.between(1, 256))),
  /** The consecutive blocks of an agent that wants to stop, at most (5). */
  hookBlocks: Schema.optional(Schema.Int.pipe(Schema.between(0, 100))),
  /** The settings of what is sent, and to which server: `SyncConfig`, which sync itself reads: what is wrong in it keeps nothing else from working. */
  sync: Schema.optional(Schema.Unknown)
})
export type Config = typeof Config.Type

/** HAN_HOME or something in it cannot be used. `message` names the file and says what to do. */
export class HomeUnusable extends Schema.TaggedError<HomeUnusable>("han-server/HomeUnusable")("HomeUnusable", {
  path: Schema.String,
  message: Schema.String
}) {}

/** The folder that the coordinator owns, and where in it things are. */
export interface Home {
  readonly path: string
  /** The id of this machine, made once. */
  readonly machine: string
  readonly database: string
  readonly lock: string
  readonly socket: string
  /** The socket of the HTTP server behind the port. */
  readonly httpSocket: string
  /** The secret of HTTP's clients, and the port in use. */
  readonly token: string
  readonly port: string
  /** The decisions of `han trust`. */
  readonly trust: string
  /** Outputs of hooks that were too long for memory. */
  readonly hookOutput: string
  /** The file that names the events that are blocked while no coordinator runs their hooks. */
  readonly failClosed: string
  /** Marks of what hooks said while no coordinator ran. */
  readonly told: string
  readonly log: string
  /** The file that `config` was read from, there or not. */
  readonly configFile: string
  readonly config: Config
}

/** Makes the folder when there is none, closes it to others, and reads what it says. */
export const open = (path: string): Effect.Effect<Home, HomeUnusable> =>
  Effect.gen(function* () {
    if (!Path.isAbsolute(path)) return yield* new HomeUnusable({ path, message: `HAN_HOME is "${path}"; it must be an absolute path` })
    const socket = socketPath(path)
    if (Buffer.byteLength(socket) > maxSocketPath) {
      return yield* new HomeUnusable({
        path,
        message: `${socket} is too long for a socket (${Buffer.byteLength(socket)} bytes, at most ${maxSocketPath}); set HAN_HOME to a shorter path`
      })
    }
    yield* attempt(path, "is no folder that han can write to", () => {
      Fs.mkdirSync(path, { recursive: true, mode: 0o700 })
      Fs.accessSync(path, Fs.constants.R_OK | Fs.constants.W_OK | Fs.constants.X_OK)
    })
    yield* closed(path)
    const logs = Path.join(path, "logs")
    yield* attempt(logs, "is no folder that han can write to", () => Fs.mkdirSync(logs, { recursive: true, mode: 0o700 }))
    return {
      path,
      machine: yield* machine(Path.join(path, "machine")),
      database: Path.join(path, "han.db"),
      lock: Path.join(path, "lock.db"),
      socket,
      httpSocket: Path.join(path, "http.sock"),
      token: Path.join(path, "token"),
      trust: Path.join(path, "trust.json"),
      hookOutput: Path.join(path, "hook-output"),
      failClosed: Path.join(path, "fail-closed.json"),
      port: Path.join(path, "port"),
      told: Path.join(path, "told"),
      log: Path.join(logs, "coordinator.log"),
      configFile: Path.join(path, "config.json"),
      config: yield* config(Path.join(path, "config.json"))
    }
  })

/** Transcripts hold what people say in confidence: nobody else may look into the folder. */
const closed = (path: string) =>
  Effect.gen(function* () {
    const { mode, uid } = yield* attempt(path, "cannot be looked at", () => Fs.statSync(path))
    const self = process.getuid?.()
    if (self !== undefined && uid !== self) {
      return yield* new HomeUnusable({
        path,
        message: `${path} belongs to another user (uid ${uid}, this is uid ${self}); set HAN_HOME to a folder of your own, or run as its owner`
      })
    }
    if ((mode & 0o077) !== 0) yield* attempt(path, "is open to other users and cannot be closed; run `chmod 700` on it", () => Fs.chmodSync(path, 0o700))
  })

const machine = (path: string) =>
  Effect.gen(function* () {
    const known = yield* read(path)
    if (known !== null && known.trim() !== "") return known.trim()
    const made = randomUUID()
    yield* attempt(path, "cannot be written", () => Fs.writeFileSync(path, `${made}\n`, { mode: 0o600 }))
    return made
  })

const decode = Schema.decodeUnknownEither(Config, { onExcessProperty: "error", errors: "all" })

/** Reads an object from `config.json`. */
export const decodeConfig = (path: string, value: unknown): Effect.Effect<Config, HomeUnusable> =>
  Either.match(decode(value), {
    onLeft: (error) => {
      const issues = ParseResult.ArrayFormatter.formatErrorSync(error).map(
        ({ message, path }) => `${path.length === 0 ? "the file" : path.join(".")}: ${message}`
      )
      return Effect.fail(
        new HomeUnusable({ path, message: `${path} is not what han expects: ${[...new Set(issues)].join("; ")}. Correct it, or remove the file` })
      )
    },
    onRight: Effect.succeed
  })

/** Comments are allowed in it. */
const config = (path: string) =>
  JsonFile.read(path).pipe(
    Effect.mapError(({ message }) => new HomeUnusable({ path, message: `the file cannot be used: ${message}` })),
    Effect.flatMap((value) => (value === null ? Effect.succeed({}) : decodeConfig(path, value)))
  )

/** The text of a file; null when there is none. */
const read = (path: string) => attempt(path, "cannot be read", () => (Fs.existsSync(path) ? Fs.readFileSync(path, "utf8") : null))

/** Acts on the file at `path`; `what` completes the sentence that its name begins. */
export const attempt = <A>(path: string, what: string, f: () => A): Effect.Effect<A, HomeUnusable> =>
  Effect.try({
    try: f,
    catch: (cause) => new HomeUnusable({ path, message: `${path} ${what} (${cause instanceof Error ? cause.message : String(cause)})` })
  })
