import { execFileSync, spawnSync } from "node:child_process"
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { createServer } from "node:net"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { put, temporary } from "../../../../test/transcriptTree.ts"
import { isSettled } from "../../src/files/fileLook.ts"
import { fileDigests } from "../../src/worktree/fileDigests.ts"
import { settle } from "../gitTree.ts"

/** Digests of names below a folder, and how much the last look had to read. */
const digesting = Effect.map(temporary, (folder) => {
  const root = path.join(folder, "project")
  mkdirSync(root)
  const digests = fileDigests()
  const look = (...names: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const work = { reads: 0 }
      const found = yield* digests(
        root,
        names.map((path) => ({ path, raw: null })),
        work
      )
      return { values: names.map((name) => found.get(name) ?? ""), reads: work.reads }
    })
  const of = (name: string) => Effect.map(look(name), ({ values }) => values[0] ?? "")
  /** Whether a change is noticed: at once, after all was quiet, and never without one. */
  const notices = (name: string, change: () => void) =>
    Effect.gen(function* () {
      yield* settle
      const before = yield* of(name)
      expect(yield* look(name)).toEqual({ values: [before], reads: 0 })
      change()
      const after = yield* of(name)
      expect(yield* Effect.map(fileDigests()(root, [{ path: name, raw: null }], { reads: 0 }), (found) => found.get(name))).toBe(after)
      return before !== after
    })
  return { folder, root, at: (name: string) => path.join(root, name), look, of, notices }
})

describe("files", () => {
  it.scopedLive("the same content has the same digest, wherever and whenever it is; another one has another", () =>
    Effect.gen(function* () {
      const { at, of } = yield* digesting
      put(at("a"), "one")
      put(at("deep/b"), "one")
      put(at("c"), "two")
      put(at("empty"), "")
      utimesSync(at("a"), 1, 1)
      linkSync(at("a"), at("hard"))
      expect(yield* of("a")).toMatch(/^[0-9a-f]{64}$/)
      expect(yield* of("deep/b")).toBe(yield* of("a"))
      expect(yield* of("hard")).toBe(yield* of("a"))
      expect(new Set([yield* of("a"), yield* of("c"), yield* of("empty"), yield* of("none")]).size).toBe(4)
      expect(yield* of("none")).toBe("gone")
      expect(yield* of("a/below")).toBe("gone")
      expect(yield* of("n\0ul")).toBe("gone")
      expect(yield* of("n".repeat(5000))).toBe("gone")
    })
  )

  it.scopedLive("every change is noticed, those that keep size and times too", () =>
    Effect.gen(function* () {
      const { at, notices } = yield* digesting
      put(at("a"), "one")
      expect(yield* notices("a", () => {})).toBe(false)
      expect(yield* notices("a", () => writeFileSync(at("a"), "two"))).toBe(true)
      expect(yield* notices("a", () => writeFileSync(at("a"), "two"))).toBe(false)
      expect(yield* notices("a", () => utimesSync(at("a"), 5, 5))).toBe(false)
      expect(
        yield* notices("a", () => {
          writeFileSync(at("a"), "six")
          utimesSync(at("a"), 5, 5)
        })
      ).toBe(true)
      put(at("b"), "ten")
      utimesSync(at("b"), 5, 5)
      expect(yield* notices("a", () => renameSync(at("b"), at("a")))).toBe(true)
      expect(yield* notices("a", () => chmodSync(at("a"), 0o755))).toBe(true)
      expect(yield* notices("a", () => chmodSync(at("a"), 0o777))).toBe(false)
      expect(yield* notices("a", () => truncateSync(at("a"), 1))).toBe(true)
      expect(yield* notices("a", () => unlinkSync(at("a")))).toBe(true)
      expect(yield* notices("a", () => put(at("a"), "t"))).toBe(true)
      expect(
        yield* notices("a", () => {
          unlinkSync(at("a"))
          mkdirSync(at("a"))
        })
      ).toBe(true)
    })
  )

  it.scopedLive("No write is lost of several in one tick of the clock", () =>
    Effect.gen(function* () {
      const { at, look } = yield* digesting
      const seen = new Set<string>()
      for (let round = 0; round < 300; round++) {
        writeFileSync(at("a"), String(1000 + round))
        for (const digest of (yield* look("a")).values) seen.add(digest)
      }
      expect(seen.size).toBe(300)
    })
  )

  it.scopedLive("A file that was just written is read again, for its file system's clock may be too coarse", () =>
    Effect.gen(function* () {
      const { at, look } = yield* digesting
      const again = Effect.gen(function* () {
        writeFileSync(at("a"), "x")
        const since = Date.now()
        yield* look("a")
        const { reads } = yield* look("a")
        // Later it need not be.
        return Date.now() - since < 90 ? reads : null
      })
      expect(yield* Effect.repeat(again, { until: (reads) => reads !== null, times: 100 })).toBe(1)
      yield* settle
      yield* look("a")
      expect((yield* look("a")).reads).toBe(0)
      // Where times are whole seconds it takes longer.
      const changed = (ctimeNs: bigint) => ({ identity: "", stats: Object.assign(lstatSync(at("a"), { bigint: true }), { ctimeNs }) })
      expect([5_050, 5_100, 5_101, 5_200].map((time) => isSettled(changed(5_000_000_001n), time))).toEqual([false, false, true, true])
      expect([5_200, 7_000, 7_100, 7_101].map((time) => isSettled(changed(5_000_000_000n), time))).toEqual([false, false, false, true])
    })
  )

  it.scopedLive("a large file is read in pieces, and changes in its middle count", () =>
    Effect.gen(function* () {
      const { at, look, notices } = yield* digesting
      const size = 9 * 1024 * 1024
      for (const name of ["a", "b", "c", "d", "e", "f"]) writeFileSync(at(name), Buffer.alloc(size, 1))
      yield* settle
      const { reads, values } = yield* look("a", "b", "c", "d", "e", "f")
      expect([new Set(values).size, reads]).toEqual([1, 6])
      expect((yield* look("a", "b", "c", "d", "e", "f")).reads).toBe(0)
      expect(yield* notices("a", () => writeFileSync(at("a"), Buffer.concat([Buffer.alloc(size / 2, 1), Buffer.of(2), Buffer.alloc(size / 2 - 1, 1)])))).toBe(
        true
      )
    })
  )

  it.scopedLive("A file that cannot be read is never the same", () =>
    Effect.gen(function* () {
      const { at, folder, root } = yield* digesting
      put(at("closed"), "x")
      put(at("room/x"), "x")
      put(at("hall/room/x"), "x")
      put(at("open"), "x")
      for (const name of ["room", "hall/room"]) chmodSync(at(name), 0)
      chmodSync(at("closed"), 0)
      symlinkSync("hall", at("link"))
      chmodSync(folder, 0o755)
      const program = fileURLToPath(new URL("../digestAsNobody.ts", import.meta.url))
      const child = spawnSync(process.execPath, ["--conditions", "han-source", program, root, "closed", "room/x", "link", "open"], { encoding: "utf8" })
      expect(child.stderr).toBe("")
      const [before, after]: ReadonlyArray<ReadonlyArray<readonly [string, string]>> = JSON.parse(child.stdout)
      expect(before?.map(([name, digest], at) => [name, digest === after?.[at]?.[1]])).toEqual([
        ["closed", false],
        ["room/x", false],
        ["link", false],
        ["open", true]
      ])
      for (const name of ["room", "hall/room"]) chmodSync(at(name), 0o700)
    })
  )

  it.scopedLive("pipes, sockets and devices are not read", () =>
    Effect.gen(function* () {
      const { at, of } = yield* digesting
      execFileSync("mkfifo", [at("pipe"), at("other")])
      symlinkSync("/dev/zero", at("device"))
      symlinkSync("pipe", at("link"))
      const server = yield* Effect.acquireRelease(
        Effect.async<ReturnType<typeof createServer>>((resume) => {
          const server = createServer().listen(at("socket"), () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close())
      )
      expect(server.listening).toBe(true)
      expect(yield* of("pipe")).toBe(yield* of("other"))
      expect(new Set(yield* Effect.all(["pipe", "socket", "device", "link"].map(of))).size).toBe(4)
      expect(yield* of("device")).toBe(yield* of("device"))
    })
  )
})

describe("symbolic links", () => {
  it.scopedLive("The digest of a link holds where it leads and the content there", () =>
    Effect.gen(function* () {
      const { at, folder, notices, of } = yield* digesting
      put(at("a"), "one")
      put(at("b"), "one")
      put(path.join(folder, "outside"), "x")
      symlinkSync("a", at("link"))
      symlinkSync("link", at("twice"))
      symlinkSync("../outside", at("out"))
      expect(yield* of("link")).not.toBe(yield* of("a"))
      expect(yield* notices("link", () => writeFileSync(at("a"), "two"))).toBe(true)
      expect(yield* notices("twice", () => writeFileSync(at("a"), "six"))).toBe(true)
      expect(yield* notices("out", () => writeFileSync(path.join(folder, "outside"), "y"))).toBe(true)
      writeFileSync(at("b"), "six")
      expect(
        yield* notices("link", () => {
          unlinkSync(at("link"))
          symlinkSync("b", at("link"))
        })
      ).toBe(true)
      expect(yield* notices("twice", () => writeFileSync(at("b"), "ten"))).toBe(true)
      expect(yield* notices("twice", () => unlinkSync(at("b")))).toBe(true)
    })
  )

  it.scopedLive("The digest of a link that leads nowhere or to itself holds where it leads", () =>
    Effect.gen(function* () {
      const { at, look, notices, of } = yield* digesting
      symlinkSync("nowhere", at("broken"))
      symlinkSync("elsewhere", at("other"))
      symlinkSync("self", at("self"))
      symlinkSync("b", at("a"))
      symlinkSync("a", at("b"))
      const { values } = yield* look("broken", "other", "self", "a", "b")
      expect(new Set(values).size).toBe(5)
      expect((yield* look("broken", "other", "self", "a", "b")).values).toEqual(values)
      expect(yield* notices("broken", () => put(at("nowhere"), "x"))).toBe(true)
      expect(yield* of("nowhere")).not.toBe(yield* of("broken"))
    })
  )

  it.scopedLive("The digest of a link to a folder holds all below it, each folder once", () =>
    Effect.gen(function* () {
      const { at, folder, look, notices, of } = yield* digesting
      const away = path.join(folder, "away")
      put(path.join(away, "x"), "x")
      put(path.join(away, "deep/y"), "y")
      put(path.join(away, ".git/HEAD"), "x")
      symlinkSync(away, at("link"))
      symlinkSync("..", path.join(away, "deep/up"))
      symlinkSync(at(""), path.join(away, "back"))
      put(at("own"), "x")
      yield* settle
      const before = yield* look("link")
      expect(before.reads).toBeGreaterThan(2)
      expect(yield* look("link")).toEqual({ values: before.values, reads: 0 })
      expect(yield* notices("link", () => writeFileSync(path.join(away, ".git/HEAD"), "y"))).toBe(false)
      expect(yield* notices("link", () => writeFileSync(path.join(away, "deep/y"), "z"))).toBe(true)
      expect(yield* notices("link", () => put(path.join(away, "deep/new/one"), "z"))).toBe(true)
      expect(yield* notices("link", () => renameSync(path.join(away, "x"), path.join(away, "z")))).toBe(true)
      expect(yield* notices("link", () => appendFileSync(at("own"), "z"))).toBe(true)
      expect(
        yield* notices("link", () => {
          unlinkSync(path.join(away, "deep/up"))
          symlinkSync("../deep/..", path.join(away, "deep/up"))
        })
      ).toBe(true)
      // One that was met before is not read again, but which one it is counts.
      put(path.join(away, "same/x"), "x")
      symlinkSync(path.join(away, "same"), path.join(folder, "between"))
      symlinkSync(path.join(folder, "between"), path.join(away, "zzz"))
      expect(
        yield* notices("link", () => {
          unlinkSync(path.join(folder, "between"))
          symlinkSync(path.join(away, "deep"), path.join(folder, "between"))
        })
      ).toBe(true)
      // A folder itself is the same, without the link.
      put(at("folder/x"), "x")
      expect(yield* of("folder")).toMatch(/^[0-9a-f]{64}$/)
      expect(yield* notices("folder", () => writeFileSync(at("folder/x"), "y"))).toBe(true)
    })
  )

  it.scopedLive("A link to a folder of more than 20,000 files is never the same, and none of them is read", () =>
    Effect.gen(function* () {
      const { at, folder, look } = yield* digesting
      const away = path.join(folder, "away")
      put(path.join(away, "x"), "x")
      symlinkSync(away, at("link"))
      for (let at = 0; at < 20_001; at++) linkSync(path.join(away, "x"), path.join(away, `${at}`))
      const one = yield* look("link")
      expect(one.reads).toBe(1)
      expect((yield* look("link")).values).not.toEqual(one.values)
    })
  )

  it.scopedLive("A link to a file of /proc has a digest like any other", () =>
    Effect.gen(function* () {
      const { at, of } = yield* digesting
      symlinkSync("/proc/self/status", at("status"))
      const read = readFileSync(at("status"), "utf8").length
      expect(read).toBeGreaterThan(0)
      expect(yield* of("status")).toMatch(/^[0-9a-f]{64}$/)
    })
  )
})
