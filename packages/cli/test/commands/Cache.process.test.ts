import { mkdirSync, realpathSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { writePasses } from "../../../../test/hookPasses.ts"
import { type Machine, machine } from "../HanProcess.ts"
import { CacheListShape, strict } from "../Shapes.ts"

let one: Machine
let project: string

/** Notes what passed: two hooks in the project, one of them below it, and one elsewhere. */
const fill = async () => {
  await one.han("coordinator", "stop")
  await writePasses(join(one.home, "han.db"), (cache) =>
    Effect.forEach(
      [
        ["lint@mine/check", project],
        ["lint@mine/fix", join(project, "web %_\u001b[31m")],
        ["test@other/unit", `${project}-two`]
      ] as const,
      ([hook, directory], n) =>
        cache.record({
          key: `${n}`.repeat(64),
          gate: `${n}a`.repeat(32),
          hook,
          directory,
          command: "npx eslint .",
          durationMs: 1234,
          passedAt: Date.UTC(2026, 2, 1, 10, n),
          tree: project,
          reads: [{ path: "a.ts", digest: "ab" }],
          each: [{ path: "a.ts", digest: "ab" }],
          whole: true
        }),
      { discard: true }
    ).pipe(Effect.zipRight(cache.use("0".repeat(64), Date.UTC(2026, 2, 2))))
  )
  await one.han("coordinator", "start")
}
const listed = async (...args: ReadonlyArray<string>) => Schema.decodeUnknownSync(CacheListShape, strict)(await one.json("cache", "list", ...args)).passes
const hooksOf = async (...args: ReadonlyArray<string>) => (await listed(...args)).map(({ hook }) => hook)

beforeAll(async () => {
  one = machine()
  mkdirSync(join(one.directory, "project"))
  project = join(realpathSync(one.directory), "project")
  symlinkSync(project, join(one.directory, "link"))
  await one.han("coordinator", "start")
})
afterAll(() => one.close())

describe("cache", () => {
  it("The cache says that nothing is kept, and that nothing is there to remove", async () => {
    expect((await one.han("cache", "list")).out.toString()).toMatch(/^No pass is kept/)
    expect((await one.han("cache", "list", "--hook", "x")).out.toString()).toMatch(/^No pass of x is kept/)
    expect(await listed()).toEqual([])
    const cleared = await one.han("cache", "clear")
    expect([cleared.code, cleared.out.toString()]).toEqual([0, "No pass is kept; nothing was removed.\n"])
  })

  it("The cache lists the newest first, of a hook, in a folder, as many as asked for", async () => {
    await fill()
    expect(await listed()).toMatchObject([
      { hook: "test@other/unit", uses: 0, usedAt: null },
      { hook: "lint@mine/fix" },
      {
        hook: "lint@mine/check",
        directory: project,
        files: 1,
        durationMs: 1234,
        passedAt: "2026-03-01T10:00:00.000Z",
        usedAt: "2026-03-02T00:00:00.000Z",
        uses: 1
      }
    ])
    expect(await hooksOf("--limit", "1")).toEqual(["test@other/unit"])
    for (const name of ["lint@mine/check", "check"]) expect(await hooksOf("--hook", name)).toEqual(["lint@mine/check"])
    for (const name of ["lint@mine", "lint"]) expect(await hooksOf("--hook", name)).toEqual(["lint@mine/fix", "lint@mine/check"])
    for (const folder of [project, join(one.directory, "link"), "project"]) expect(await hooksOf("-p", folder)).toEqual(["lint@mine/fix", "lint@mine/check"])
    // A folder that is gone.
    expect(await hooksOf("-p", `${join(one.directory, "project")}-two`)).toEqual(["test@other/unit"])
    const { out } = await one.han("cache", "list", "--limit", "2", "--utc")
    expect(out.toString()).toMatch(/^HOOK +DIRECTORY +FILES +PASSED +USES\ntest@other\/unit +.*project-two +1 +2026-03-01 10:02 +0\n/)
    expect(out.toString()).toContain("the newest 2 passes; --limit N shows more")
    expect(out.toString()).not.toContain("\u001b")
  })

  it("The cache clears what is meant, and only when it may", async () => {
    await fill()
    const asked = await one.han("cache", "clear", "--hook", "lint", "--project", project)
    expect([asked.code, asked.err]).toEqual([2, expect.stringMatching(/2 passes of lint in .*project would be removed; .*--yes is needed/)])
    expect(await listed()).toHaveLength(3)
    const some = await one.han("cache", "clear", "--hook", "lint", "--project", project, "--yes")
    expect([some.code, some.out.toString()]).toEqual([0, "2 passes removed.\n"])
    expect(await hooksOf()).toEqual(["test@other/unit"])
    expect((await one.han("cache", "clear", "--project", project, "-y")).out.toString()).toContain("nothing was removed")
    expect((await one.han("cache", "clear", "-y")).out.toString()).toBe("1 pass removed.\n")
    expect(await listed()).toEqual([])
  })

  it("The cache refuses what makes no sense", async () => {
    for (const args of [
      ["clear", "--json"],
      ["list", "word"],
      ["list", "--limit", "x"]
    ])
      expect((await one.han("cache", ...args)).code).toBe(2)
    const help = await one.han("cache", "--help")
    expect(help.out.toString()).toMatch(/cache list .*\n.*cache clear /)
  })
})
