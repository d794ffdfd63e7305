import { Database } from "bun:sqlite"
import { appendFileSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { ended, machine } from "../HanProcess.ts"

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 })

// A stranger who holds the database's lock stands for every reason not to be able to write: it needs no rights, and no disk of its own.
const here = machine()
const session = "5e550000-0000-4000-8000-0000000000ab"
const folder = join(here.claude, "projects", "-work-shop")
const say = (index: number, text: string) =>
  appendFileSync(
    join(folder, `${session}.jsonl`),
    `${JSON.stringify({
      type: "user",
      uuid: `u${index}`,
      parentUuid: null,
      timestamp: `2026-11-09T10:00:0${index}.000Z`,
      sessionId: session,
      cwd: "/work/shop",
      message: { role: "user", content: text }
    })}\n`
  )
const status = async (): Promise<{ readonly cannotWrite: { readonly since: string; readonly message: string } | null }> => {
  const { out } = await here.han("coordinator", "status", "--json")
  return JSON.parse(out.toString())
}
const written = () => vi.waitFor(async () => expect((await status()).cannotWrite).toBeNull(), { timeout: 60_000, interval: 300 })
const notWritten = () => vi.waitFor(async () => expect((await status()).cannotWrite).not.toBeNull(), { timeout: 60_000, interval: 300 })
const warning = /^han: warning: for \d+ \w+ not everything has been written down, and answers may be old: \S*han\.db is locked by another process; [^\n]*\n/

beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  say(1, "the first")
  await here.han("index")
})
afterAll(() => here.close())

describe("while nothing can be written", () => {
  it("Every answer that may be old says so while nothing can be written, and all is well when it is over", async () => {
    const tail = here.start(["tail"])
    const followed = ended(tail)
    let said = ""
    tail.stderr?.on("data", (chunk: Buffer) => (said += chunk))
    const stranger = new Database(join(here.home, "han.db"))
    stranger.run("BEGIN IMMEDIATE")
    say(2, "the second")
    await notWritten()
    const commands = [["sessions"], ["session", session], ["search", "first"], ["usage"], ["export", session], ["hook", "history"], ["cache", "list"]]
    const answers = await Promise.all(commands.map((args) => here.han(...args)))
    for (const [index, { code, err }] of answers.entries()) expect([commands[index], code, err]).toEqual([commands[index], 0, expect.stringMatching(warning)])
    const sessions = JSON.parse((await here.han("sessions", "--json")).out.toString())
    expect(sessions).toMatchObject({ total: 1, sessions: [{ messages: 1 }], cannotWrite: { since: expect.stringMatching(/^\d{4}-.*Z$/) } })
    const doctor = await here.han("doctor")
    expect([doctor.code, doctor.out.toString()]).toEqual([
      0,
      expect.stringMatching(/Warnings\n\s+not everything is written down since .* locked by another process/)
    ])
    expect((await here.han("coordinator", "status")).out.toString()).toMatch(/warning +for \d+ \w+ not everything has been written down: .*locked/)
    // A pass that somebody asks for fails with the reason.
    expect(await here.han("index")).toMatchObject({ code: 1, err: expect.stringContaining("is locked by another process") })
    const { since } = (await status()).cannotWrite ?? {}
    stranger.run("ROLLBACK")
    stranger.close()
    await written()
    expect(Date.parse(String(since))).toBeLessThan(Date.now())
    await vi.waitFor(async () => expect(JSON.parse((await here.han("search", "second", "--json")).out.toString())).toMatchObject({ total: 1 }), {
      timeout: 30_000,
      interval: 200
    })
    const after = await here.han("sessions")
    expect([after.code, after.err]).toEqual([0, ""])
    expect(JSON.parse((await here.han("sessions", "--json")).out.toString())).not.toHaveProperty("cannotWrite")
    await vi.waitFor(() => expect(said).toContain("han: what was missing is written down now\n"), { timeout: 60_000, interval: 50 })
    tail.kill("SIGINT")
    const { err, out } = await followed
    expect(out.toString()).toContain("the second")
    expect(err).toMatch(warning)
  })
})
