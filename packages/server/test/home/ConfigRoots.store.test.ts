import * as Fs from "node:fs"
import * as Path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as ClaudeFolders from "han-core/ClaudeFolders"
import { ClaudeSettings } from "han-core/ClaudeSettings"
import { ConfigDirs } from "han-core/ConfigDirs"
import { MemoryRules } from "han-core/MemoryRules"
import * as PluginFiles from "han-core/PluginFiles"
import { Plugins } from "han-core/Plugins"
import { Sessions } from "han-core/Sessions"
import { Transcripts } from "han-core/Transcripts"
import { Viewer } from "han-core/Viewer"
import * as Coordinator from "han-server/Coordinator"
import * as Home from "han-server/Home"
import { archive, eventually, line, put, session, temporary } from "../../../../test/indexing.ts"
import type { JournalServices } from "../../../../test/wholeJournal.ts"
import * as ConfigRoots from "../../src/home/ConfigRoots.ts"

/** A home of han with this configuration, a default folder, and others. */
const here = (config: string | null = null) =>
  Effect.gen(function* () {
    const folder = yield* temporary
    const home = Path.join(folder, "han")
    const file = Path.join(home, "config.json")
    if (config !== null) put(file, config)
    const at = (name: string) => {
      const path = Path.join(folder, name)
      Fs.mkdirSync(path, { recursive: true })
      return path
    }
    const given = [at(".claude"), at("given")]
    /** As a coordinator that starts now. */
    const start = Effect.gen(function* () {
      const opened = yield* Home.open(home)
      return yield* ConfigRoots.make({
        configFile: opened.configFile,
        config: opened.config,
        hanHome: home,
        given: given.map((path) => ({ path })),
        userHome: folder
      })
    })
    const text = () => (Fs.existsSync(file) ? Fs.readFileSync(file, "utf8") : null)
    return { folder, home, file, at, start, text, roots: yield* start }
  })

const namesOf = ({ dirs }: ConfigRoots.ConfigRoots) => Effect.map(dirs.list, (all) => all.map((dir) => dir.name))

describe("the configuration folders", () => {
  it.scoped("Folders given at the start and folders of the file are listed once each", () =>
    Effect.gen(function* () {
      const config = JSON.stringify({
        roots: [
          "~/two",
          { path: "~/given/", name: "Given" },
          { path: "~/.han/omp" },
          { path: "~/three", source: "kiro", registeredAt: "2026-03-01T10:00:00.000Z" }
        ]
      })
      const { at, folder, roots } = yield* here(config)
      at("two")
      const dirs = yield* roots.dirs.list
      expect(dirs.map(({ registeredAt: _, ...dir }) => ({ ...dir, path: Path.relative(folder, dir.path) }))).toEqual([
        { path: ".claude", name: ".claude", source: "claude-code", isDefault: true, isRegistered: false },
        { path: "given", name: "Given", source: "claude-code", isDefault: false, isRegistered: false },
        { path: "two", name: "two", source: "claude-code", isDefault: false, isRegistered: true },
        { path: ".han/omp", name: "omp", source: "omp", isDefault: false, isRegistered: true },
        { path: "three", name: "three", source: "kiro", isDefault: false, isRegistered: true }
      ])
      const times = dirs.map((dir) => dir.registeredAt)
      expect([times[3], times[4]]).toEqual([null, Date.UTC(2026, 2, 1, 10)])
      for (const time of times.slice(0, 3)) expect(Math.abs((time ?? 0) - Date.now())).toBeLessThan(600_000)
    })
  )

  it.scoped("A registered folder is added to the file, which stays as it is otherwise, and is there at the next start", () =>
    Effect.gen(function* () {
      const { at, file, roots, start, text } = yield* here('{\n\t// prices of ours\n\t"prices": [], // none\n}\n')
      const work = at("work")
      const dir = yield* roots.dirs.register("~/work/", " Work ")
      expect(dir).toMatchObject({ path: work, name: "Work", isDefault: false, isRegistered: true })
      expect(text()).toBe(
        `{\n\t// prices of ours\n\t"prices": [], // none\n\t"roots": [\n\t\t{\n\t\t\t"path": "${work}",\n\t\t\t"name": "Work",\n\t\t\t"registeredAt": "${new Date(dir.registeredAt ?? 0).toISOString()}"\n\t\t}\n\t],\n}\n`
      )
      expect(yield* namesOf(yield* start)).toEqual([".claude", "given", "Work"])
      // Again, by another name of the folder, and with another name of its own.
      Fs.symlinkSync(work, `${work}-link`)
      const before = text()
      expect(yield* roots.dirs.register(`${work}-link`)).toEqual(dir)
      expect(text()).toBe(before)
      expect(yield* roots.dirs.register(work, "Office")).toEqual({ ...dir, name: "Office" })
      expect(text()).toBe(before?.replace('"Work"', '"Office"'))
      // One that was given at the start needs no entry, but for a name.
      yield* roots.dirs.register("~/given")
      expect(text()).toBe(before?.replace('"Work"', '"Office"'))
      expect(yield* roots.dirs.register("~/given", "Given")).toMatchObject({ name: "Given", isRegistered: false })
      expect((yield* roots.dirs.unregister(`${work}-link`)).name).toBe("Office")
      expect(yield* namesOf(yield* start)).toEqual([".claude", "Given"])
      expect(Fs.statSync(file).mode & 0o777).toBe(0o644)
    })
  )

  it.scoped("A missing file is made at the first registration, closed to others", () =>
    Effect.gen(function* () {
      const { at, file, roots, start } = yield* here()
      yield* roots.dirs.register(at("work"))
      expect(Fs.statSync(file).mode & 0o777).toBe(0o600)
      expect(yield* namesOf(yield* start)).toEqual([".claude", "given", "work"])
      yield* roots.dirs.unregister(at("work"))
      expect(yield* namesOf(yield* start)).toEqual([".claude", "given"])
    })
  )

  it.scoped("A path that is no folder is refused", () =>
    Effect.gen(function* () {
      const { folder, roots, text } = yield* here()
      put(Path.join(folder, "file"), "")
      for (const [path, why] of [
        ["work", "no absolute path"],
        ["", "no absolute path"],
        ["~someone/x", "no absolute path"],
        ["../x", "no absolute path"],
        ["/tmp/\0", "is no path"],
        ["~/none", "is not there"],
        ["~/file", "is no folder"],
        ["~/file/x", "is not there"]
      ] as const) {
        expect(yield* Effect.flip(roots.dirs.register(path))).toMatchObject({ _tag: "ConfigDirInvalid", message: expect.stringContaining(why) })
      }
      expect(yield* Effect.flip(roots.dirs.register(folder, "a\nb"))).toMatchObject({ _tag: "ConfigDirInvalid" })
      expect(yield* Effect.flip(roots.dirs.register(folder, "x".repeat(201)))).toMatchObject({ _tag: "ConfigDirInvalid" })
      expect(text()).toBe(null)
    })
  )

  it.scoped("The default folder, one given at the start and an unregistered one cannot be unregistered", () =>
    Effect.gen(function* () {
      const { at, roots, text } = yield* here()
      expect(yield* Effect.flip(roots.dirs.unregister("~/.claude"))).toMatchObject({
        _tag: "ConfigDirFixed",
        isDefault: true,
        message: expect.stringContaining("is the default configuration folder and cannot be unregistered")
      })
      expect(yield* Effect.flip(roots.dirs.unregister(at("given")))).toMatchObject({ _tag: "ConfigDirFixed", isDefault: false })
      expect(yield* Effect.flip(roots.dirs.unregister(at("other")))).toMatchObject({ _tag: "ConfigDirNotFound" })
      expect(yield* Effect.flip(roots.dirs.unregister("other"))).toMatchObject({ _tag: "ConfigDirInvalid" })
      expect(text()).toBe(null)
    })
  )

  it.scoped("A folder that is gone from the disk can be unregistered with all its entries", () =>
    Effect.gen(function* () {
      const { folder, roots, text } = yield* here(JSON.stringify({ roots: ["~/gone", { path: "~/kept" }, "~/gone/../gone"] }))
      yield* roots.dirs.unregister(Path.join(folder, "gone"))
      expect(text()).toBe('{"roots":[{"path":"~/kept"}]}')
    })
  )

  it.scoped("a file that somebody has broken meanwhile is reported and left alone", () =>
    Effect.gen(function* () {
      const { at, file, roots } = yield* here()
      const work = at("work")
      for (const [broken, why] of [
        ['{"roots": [', "line 1"],
        ['{"root": ["/a"]}', "root: "],
        ['{"roots": [5]}', "roots.0"]
      ] as const) {
        put(file, broken)
        const error = yield* Effect.flip(roots.dirs.register(work))
        expect(error).toMatchObject({ _tag: "JsonFileBroken", path: file })
        expect(error.message).toContain(why)
        expect(Fs.readFileSync(file, "utf8")).toBe(broken)
      }
      expect(yield* namesOf(roots)).toEqual([".claude", "given"])
      // What a person has added by hand is followed with the next change.
      put(file, JSON.stringify({ roots: [at("hand")] }))
      yield* roots.dirs.register(work)
      expect(yield* namesOf(roots)).toEqual([".claude", "given", "hand", "work"])
    })
  )

  it.scopedLive("Many registrations at once all arrive, and so do many removals", () =>
    Effect.gen(function* () {
      const { at, roots, start } = yield* here()
      const folders = Array.from({ length: 20 }, (_, number) => at(`work${number}`))
      yield* Effect.forEach(folders, (folder) => roots.dirs.register(folder), { concurrency: "unbounded" })
      const names = [".claude", "given", ...folders.map((folder) => Path.basename(folder))].sort()
      expect([(yield* namesOf(roots)).sort(), (yield* namesOf(yield* start)).sort()]).toEqual([names, names])
      yield* Effect.forEach(folders, (folder) => roots.dirs.unregister(folder), { concurrency: "unbounded" })
      expect(yield* namesOf(roots)).toEqual([".claude", "given"])
    })
  )
})

describe("while transcripts are followed", () => {
  it.scopedLive("A registered folder is indexed at once, and an unregistered one is let go with what it brought", () =>
    Effect.gen(function* () {
      const { at, roots } = yield* here()
      const first = put(Path.join(at(".claude"), "projects/-p", `${session(1)}.jsonl`), line("one"))
      const work = at("work")
      const second = put(Path.join(work, "projects/-p", `${session(2)}.jsonl`), line("two".repeat(100_000)))
      const { follow, indexer, infos, kept, run } = yield* archive("", { roots: roots.roots })
      yield* Effect.forkScoped(run(follow))
      const names = Effect.map(kept, (all) => Object.keys(all).length)
      yield* eventually(names, (count) => count === 1)

      yield* roots.dirs.register(work)
      yield* eventually(names, (count) => count === 2)
      Fs.appendFileSync(second, line("two again"))
      yield* eventually(kept, (all) => JSON.stringify(all).includes("two again"))
      expect((yield* indexer.status).roots.map((root) => [Path.basename(root.path), root.state])).toEqual([
        [".claude", "watching"],
        ["given", "watching"],
        ["work", "watching"]
      ])

      yield* roots.dirs.unregister(work)
      Fs.appendFileSync(second, line("unseen"))
      Fs.appendFileSync(first, line("one again"))
      yield* eventually(kept, (all) => JSON.stringify(all).includes("one again"))
      yield* Effect.sleep(200)
      // It is kept as it was, and is not taken for a file that is gone.
      expect(JSON.stringify(yield* kept)).not.toContain("unseen")
      expect((yield* infos).map((info) => [Path.basename(info.file?.root ?? ""), info.missingSince]).sort()).toEqual([
        [".claude", null],
        ["work", null]
      ])
      expect((yield* indexer.status).roots.map((root) => Path.basename(root.path))).toEqual([".claude", "given"])

      const { bytesRead } = yield* indexer.status
      yield* roots.dirs.register(work)
      yield* eventually(kept, (all) => JSON.stringify(all).includes("unseen"))
      // What is new, and as much as shows that the rest is the same.
      expect((yield* indexer.status).bytesRead - bytesRead).toBeLessThan(30_000)
      Fs.unlinkSync(second)
      yield* eventually(infos, (all) => all.some((info) => info.missingSince !== null))
    })
  )

  it.scopedLive("a folder that goes in the middle of a pass leaves no file behind as missing", () =>
    Effect.gen(function* () {
      const { at } = yield* here()
      const work = at("work")
      const files = [1, 2].map((number) => put(Path.join(work, "projects/-p", `${session(number)}.jsonl`), line(`line ${number}`)))
      const roots = yield* SubscriptionRef.make([{ path: work }])
      let leaves = false
      /** Lets the folder go when the pass has listed it and looks at its files. */
      const around = Layer.map((context: Context.Context<Transcripts | JournalServices>) => {
        const transcripts = Context.get(context, Transcripts)
        const stat: typeof transcripts.stat = (path) => Effect.zipRight(leaves ? SubscriptionRef.set(roots, []) : Effect.void, transcripts.stat(path))
        return Context.add(context, Transcripts, { ...transcripts, stat })
      })
      const { infos, pass } = yield* archive("", { roots, around })
      yield* pass
      for (const file of files) Fs.appendFileSync(file, line("more"))
      leaves = true
      yield* pass
      expect((yield* infos).map((info) => info.missingSince)).toEqual([null, null])
    })
  )

  it.scoped("The files of Claude Code in a registered folder count as well", () =>
    Effect.gen(function* () {
      const { at, roots } = yield* here()
      const files = PluginFiles.layer.pipe(Layer.provide(ClaudeFolders.layerConfigDirs({})), Layer.provideMerge(Layer.succeed(ConfigDirs, roots.dirs)))
      const plugins = yield* Effect.provide(Plugins, files)
      put(Path.join(at("work"), "settings.json"), JSON.stringify({ enabledPlugins: { "a@m": true } }))
      put(Path.join(at("kiro"), "settings.json"), JSON.stringify({ enabledPlugins: { "b@m": true } }))
      expect((yield* plugins.list({})).plugins).toEqual([])
      yield* roots.dirs.register(at("work"))
      expect((yield* plugins.list({})).plugins.map((plugin) => [plugin.name, plugin.folder])).toEqual([["a", at("work")]])
    })
  )
})

describe("a coordinator", () => {
  it.scopedLive("A coordinator answers for the folders and Claude Code's files in them, and follows what is registered", () =>
    Effect.gen(function* () {
      const { at, folder, home } = yield* here()
      const work = at("work")
      put(Path.join(work, "projects/-p", `${session(7)}.jsonl`), line("at work"))
      put(Path.join(work, "CLAUDE.md"), "be brief")
      const services = yield* Layer.build(
        Coordinator.layer({ home: yield* Home.open(home), roots: [{ path: at(".claude") }], stop: Effect.void, environment: { HOME: folder, PATH: "" } })
      )
      const asked = <A, E>(effect: Effect.Effect<A, E, Coordinator.Services | Viewer>) =>
        Effect.provideService(Effect.provide(effect, services), Viewer, Viewer.local)
      expect(yield* asked(Effect.flatMap(ConfigDirs, ({ register }) => register("~/work", "Work")))).toMatchObject({ path: work, name: "Work" })
      const sessions = asked(Effect.flatMap(Sessions, (all) => all.list({}, { first: 10 }))).pipe(Effect.orDie)
      yield* eventually(sessions, ({ items }) => items.length === 1)
      expect((yield* asked(Effect.flatMap(MemoryRules, ({ rules }) => rules({ projectPaths: [] })))).rules.map((rule) => rule.content)).toEqual(["be brief"])
      yield* asked(Effect.flatMap(Plugins, ({ toggle }) => toggle({ name: "a", marketplace: "m", scope: "user", enabled: true })))
      expect((yield* asked(Effect.flatMap(ClaudeSettings, ({ summary }) => summary({})))).claudeSettings).toMatchObject({ pluginCount: 1, exists: true })
      yield* asked(Effect.flatMap(ConfigDirs, ({ unregister }) => unregister(work)))
      expect((yield* sessions).items).toHaveLength(1)
    })
  )
})
