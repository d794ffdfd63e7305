import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Subscribable from "effect/Subscribable"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { type ConfigDir, ConfigDirFixed, ConfigDirInvalid, ConfigDirNotFound, type ConfigDirs } from "han-core/ConfigDirs"
import { sourceOf, type TranscriptRoot } from "han-core/TranscriptFiles"
import type { JsonChange } from "han-core/unstable/JsonChange"
import * as JsonFile from "han-core/unstable/JsonFile"
import { type Config, decodeConfig } from "./Home.ts"

export interface Options {
  /** `config.json`, and what it said at the start. */
  readonly configFile: string
  readonly config: Config
  readonly hanHome: string
  /** The folders that are followed whatever the file says; the first is the default one. */
  readonly given: ReadonlyArray<{ readonly path: string; readonly source?: string | undefined }>
  /** The folder that `~` stands for; a path from `~` is refused without it. */
  readonly userHome: string | undefined
}

/** The configuration folders of a running coordinator. */
export interface ConfigRoots {
  /** The folders to follow, now and after each change. */
  readonly roots: Subscribable.Subscribable<ReadonlyArray<TranscriptRoot>>
  readonly dirs: typeof ConfigDirs.Service
}

/**
 * The folders that were given at the start and those in `config.json`. Registering and unregistering change the file, and take what else a person
 * has changed in its `roots` meanwhile; everything but the roots counts at the next start.
 */
export const make = (options: Options): Effect.Effect<ConfigRoots> =>
  Effect.gen(function* () {
    const { configFile, given, userHome } = options
    const known = yield* SubscriptionRef.make(rootsOf(options, options.config))
    // What is followed must be what was written last.
    const oneAtATime = (yield* Effect.makeSemaphore(1)).withPermits(1)

    const list = Effect.flatMap(SubscriptionRef.get(known), (roots) => Effect.forEach(roots, (root) => dirOf(options, root)))
    /** Changes the roots in the file, and follows what it says then. */
    const changing = <E>(change: (config: Config) => Effect.Effect<ReadonlyArray<JsonChange>, E>) =>
      Effect.gen(function* () {
        const { value } = yield* JsonFile.edit(configFile, (current) => Effect.flatMap(decoded(configFile, current), change))
        yield* SubscriptionRef.set(known, rootsOf(options, yield* decoded(configFile, value)))
      })
    /** The one root that is this folder, whatever name it has. */
    const find = Effect.fnUntraced(function* (path: string) {
      const real = yield* realPath(path)
      const all = yield* Effect.forEach(yield* SubscriptionRef.get(known), (root) => Effect.map(realPath(root.path), (at) => ({ root, same: at === real })))
      return all.find(({ root }) => root.path === path)?.root ?? all.find(({ same }) => same)?.root ?? null
    })
    const isGiven = (path: string) => given.some((root) => Path.resolve(root.path) === path)
    const placesOf = (config: Config, path: string) =>
      (config.roots ?? []).flatMap((entry, index) => (resolved(typeof entry === "string" ? entry : entry.path, userHome) === path ? [{ entry, index }] : []))

    const register = Effect.fn("ConfigDirs.register")(function* (asked: string, name?: string) {
      const path = yield* checkedPath(asked, userHome)
      yield* checkedFolder(path)
      const called = yield* checkedName(path, name)
      const at = (yield* find(path))?.path ?? path
      const registeredAt = new Date(yield* Clock.currentTimeMillis).toISOString()
      yield* changing((config) => {
        const [place] = placesOf(config, at)
        if (place !== undefined) {
          if (called === null) return Effect.succeed([])
          const { entry, index } = place
          return Effect.succeed([
            typeof entry === "string" ? { path: ["roots", index], value: { path: entry, name: called } } : { path: ["roots", index, "name"], value: called }
          ])
        }
        if (called === null && isGiven(at)) return Effect.succeed([])
        const value = { path: at, ...(called === null ? {} : { name: called }), registeredAt }
        return Effect.succeed([{ path: ["roots", config.roots?.length ?? 0], value }])
      })
      const root = yield* find(at)
      return yield* dirOf(options, root ?? { path: at })
    }, oneAtATime)

    const unregister = Effect.fn("ConfigDirs.unregister")(function* (asked: string) {
      const path = yield* checkedPath(asked, userHome)
      const root = yield* find(path)
      if (root !== null && isGiven(root.path)) return yield* fixed(options, root)
      const notFound = new ConfigDirNotFound({ path, message: `${path} is not registered` })
      if (root === null) return yield* notFound
      const dir = yield* dirOf(options, root)
      yield* changing((config) => {
        const places = placesOf(config, root.path)
        // From the end, so that places stay right.
        return places.length === 0
          ? Effect.succeed([])
          : Effect.succeed(places.reverse().map(({ index }) => ({ path: ["roots", index], remove: true as const })))
      })
      return dir
    }, oneAtATime)

    return { roots: known, dirs: { list, register, unregister } }
  })

const fixed = ({ given }: Options, { path }: Root) => {
  const isDefault = given[0] !== undefined && Path.resolve(given[0].path) === path
  return new ConfigDirFixed({
    path,
    isDefault,
    message: isDefault
      ? `${path} is the default configuration folder and cannot be unregistered`
      : `${path} was given at the start and cannot be unregistered; start the coordinator without it`
  })
}

interface Root extends TranscriptRoot {
  readonly name?: string | undefined
  readonly registeredAt?: string | undefined
}

const fromHome = /^~(?=$|[/\\])/

/** The folder that an entry means. One from `~` that nobody can resolve is looked for under its own name, and shows as missing. */
const resolved = (path: string, userHome: string | undefined): string => Path.resolve(userHome === undefined ? path : path.replace(fromHome, () => userHome))

/** Those given first, each once; what the file says of one that was given is added to it. */
const rootsOf = ({ given, userHome }: Options, config: Config): ReadonlyArray<Root> => {
  const entries = (config.roots ?? []).map((entry): Root => (typeof entry === "string" ? { path: entry } : entry))
  const roots = new Map<string, Root>()
  for (const root of [...given, ...entries]) {
    const path = resolved(root.path, userHome)
    roots.set(path, { ...root, ...roots.get(path), path })
  }
  return [...roots.values()]
}

const dirOf = ({ given, hanHome }: Options, root: Root): Effect.Effect<ConfigDir> =>
  Effect.map(madeAt(root.path), (made) => {
    const index = given.findIndex(({ path }) => Path.resolve(path) === root.path)
    const registeredAt = root.registeredAt === undefined ? Number.NaN : Date.parse(root.registeredAt)
    return {
      path: root.path,
      name: root.name ?? Path.basename(root.path),
      source: root.source ?? sourceOf(root.path, hanHome),
      isDefault: index === 0,
      isRegistered: index < 0,
      registeredAt: Number.isNaN(registeredAt) ? made : registeredAt
    }
  })

/** Null for a folder that is not there, or may not be looked at. */
const madeAt = (path: string): Effect.Effect<number | null> =>
  Effect.match(
    attempt(() => Fs.stat(path)),
    {
      onFailure: () => null,
      // Some file systems do not know when a thing was made.
      onSuccess: ({ birthtimeMs, mtimeMs }) => Math.floor(birthtimeMs > 0 ? birthtimeMs : mtimeMs)
    }
  )

const realPath = (path: string): Effect.Effect<string> =>
  Effect.orElseSucceed(
    attempt(() => Fs.realpath(path)),
    () => path
  )

const attempt = <A>(ask: () => Promise<A>) =>
  Effect.tryPromise({ try: ask, catch: (cause) => (cause instanceof Error && "code" in cause ? String(cause.code) : String(cause)) })

const checkedPath = (path: string, userHome: string | undefined): Effect.Effect<string, ConfigDirInvalid> => {
  const whole = userHome === undefined ? path : path.replace(fromHome, () => userHome)
  if (whole.includes("\0")) return Effect.fail(new ConfigDirInvalid({ path, message: `${JSON.stringify(path)} is no path` }))
  return Path.isAbsolute(whole)
    ? Effect.succeed(Path.resolve(whole))
    : Effect.fail(new ConfigDirInvalid({ path, message: `${JSON.stringify(path)} is no absolute path, nor one that begins with ~/` }))
}

const checkedFolder = (path: string): Effect.Effect<void, ConfigDirInvalid> => {
  const invalid = (what: string) => new ConfigDirInvalid({ path, message: `${path} ${what}` })
  return Effect.gen(function* () {
    const stats = yield* Effect.mapError(
      attempt(() => Fs.stat(path)),
      (code) => invalid(code === "ENOENT" || code === "ENOTDIR" ? "is not there" : `cannot be looked at (${code})`)
    )
    if (!stats.isDirectory()) return yield* invalid("is no folder")
    yield* Effect.mapError(
      attempt(() => Fs.access(path, Fs.constants.R_OK | Fs.constants.X_OK)),
      (code) => invalid(`cannot be read (${code}): check its owner and mode`)
    )
  })
}

const checkedName = (path: string, name: string | undefined): Effect.Effect<string | null, ConfigDirInvalid> => {
  const called = name?.trim() ?? ""
  if (called === "") return Effect.succeed(null)
  return called.length > 200 || /\p{Cc}/u.test(called)
    ? Effect.fail(new ConfigDirInvalid({ path, message: "a name has at most 200 characters, all of them printable" }))
    : Effect.succeed(called)
}

/** A file that is good JSON and no good configuration would keep the next start from coming up: it is reported and left alone. */
const decoded = (file: string, value: unknown): Effect.Effect<Config, JsonFile.JsonFileBroken> =>
  Effect.mapError(decodeConfig(file, value), ({ message, path }) => new JsonFile.JsonFileBroken({ path, line: 1, column: 1, message }))
