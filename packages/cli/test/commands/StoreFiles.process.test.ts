import { mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { earlierMachine, putEarlierStore } from "../../../../test/earlierStore.ts"
import { type Machine, machine } from "../HanProcess.ts"

const machines: Array<Machine> = []
afterEach(async () => {
  for (const one of machines.splice(0)) await one.close()
})
const fresh = (configurations?: ReadonlyArray<string>): Machine => {
  const one = machine(configurations)
  machines.push(one)
  return one
}

const databases = ({ home }: Machine) => readdirSync(home).filter((name) => name.startsWith("han.db") && !/-(wal|shm)$/.test(name))

it("A store is backed up, restored while the coordinator runs, and what was there is pruned", async () => {
  const one = fresh(["08-resume-fork"])
  expect((await one.han("index")).code).toBe(0)
  const before = await one.json("sessions")
  const backup = await one.hanWith({}, "backup", "backup.db")
  const path = join(one.directory, "backup.db")
  expect(backup.out.toString()).toMatch(/^4 sessions with 4 transcripts and 169 lines \([\d.]+ kB\) in /)
  expect(backup.out.toString().trim().endsWith(path)).toBe(true)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(await one.han("backup", "backup.db")).toMatchObject({ code: 1, err: `han: ${path} is there already, and is not overwritten; name another file\n` })

  const { pid } = (await one.json("coordinator", "status")) as { readonly pid: number }
  rmSync(join(one.claude, "projects"), { recursive: true })
  mkdirSync(join(one.claude, "projects"))
  expect((await one.han("forget", "11111111", "--yes")).code).toBe(0)
  const restored = await one.han("restore-backup", "backup.db")
  expect(restored).toMatchObject({ code: 0, err: "" })
  expect(restored.out.toString()).toMatch(/restored .*: 4 sessions, 4 transcripts with 169 lines/)
  expect(restored.out.toString()).toMatch(/kept .*han\.db\.before-restore-\d{8}T\d{6}Z; `han coordinator prune` removes it/)
  expect(restored.out.toString()).toContain("the coordinator runs again")
  expect(((await one.json("coordinator", "status")) as { readonly pid: number }).pid).not.toBe(pid)
  expect(await one.json("sessions")).toEqual(before)

  expect((await one.han("forget", "22222222", "--yes")).err).toContain(
    "1 former store beside the store still has what it had then; `han coordinator prune` removes it"
  )
  const unasked = await one.han("coordinator", "prune")
  expect(unasked).toMatchObject({ code: 2 })
  expect(unasked.err).toContain("1 former store would be removed; without a terminal to ask at, --yes is needed")
  expect(databases(one)).toHaveLength(2)
  const pruned = await one.han("coordinator", "prune", "--yes")
  expect(pruned.out.toString()).toMatch(/han\.db\.before-restore-\S+ {2}[\d.]+ \wB {2}last written 20.*\n1 former store removed, [\d.]+ \wB freed\.\n/)
  expect(databases(one)).toEqual(["han.db"])
  expect((await one.han("coordinator", "prune")).out.toString()).toBe("No former store is kept; nothing was removed.\n")
}, 240_000)

it("A file that is no backup leaves the coordinator running, and is told of", async () => {
  const one = fresh()
  expect((await one.han("index")).code).toBe(0)
  const { pid } = (await one.json("coordinator", "status")) as { readonly pid: number }
  writeFileSync(join(one.directory, "text"), "no database, only a text".repeat(500))
  expect(await one.han("restore-backup", "text")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^han: .*text is no sound database.*; nothing was changed\n$/)
  })
  expect(await one.han("restore-backup", "missing")).toMatchObject({ code: 1, err: expect.stringContaining("missing is not there") })
  expect(await one.han("restore-backup")).toMatchObject({ code: 2 })
  expect(await one.han("backup")).toMatchObject({ code: 2 })
  expect((await one.json("coordinator", "status")) as object).toMatchObject({ pid })
})

it("A command that finds the store of an earlier build starts the coordinator, which makes it anew", async () => {
  const one = fresh()
  mkdirSync(one.home, { mode: 0o700 })
  writeFileSync(join(one.home, "machine"), `${earlierMachine}\n`)
  putEarlierStore(join(one.home, "han.db"))
  expect((await one.han("coordinator", "start")).code).toBe(0)
  for (let attempt = 0; attempt < 400; attempt++) {
    const { remaking } = (await one.json("coordinator", "status")) as { readonly remaking: unknown }
    if (remaking === null) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(databases(one).sort()).toEqual(["han.db", "han.db.before-5"])
  expect(((await one.json("sessions")) as { readonly total: number }).total).toBeGreaterThan(8)
})

it("A store of an earlier build that cannot be made anew is named by every command, with the reason", async () => {
  const one = fresh()
  mkdirSync(one.home, { mode: 0o700 })
  putEarlierStore(join(one.home, "han.db"))
  truncateSync(join(one.home, "han.db"), 8e12)
  for (const words of [["coordinator", "start"], ["sessions"]])
    expect(await one.han(...words)).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /^han: the coordinator could not be started: .*han\.db was written by an earlier build of han.*that takes 9\.6 TB, and .* are free; free /
      )
    })
})
