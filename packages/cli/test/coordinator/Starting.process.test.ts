import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { type Ended, type Machine, machine, sourceMachine } from "../HanProcess.ts"
import { lockHolder } from "../lockHolder.ts"
import { SessionsShape, strict } from "../Shapes.ts"

describe("a coordinator that cannot be started", () => {
  it("A coordinator that cannot be started gives its reason, at once", async () => {
    const other = machine()
    mkdirSync(other.home, { recursive: true })
    writeFileSync(join(other.home, "config.json"), "{ nonsense")
    for (const args of [["sessions"], ["coordinator", "start"], ["index"]]) {
      const { code, err } = await other.han(...args)
      expect([code, err]).toEqual([1, expect.stringMatching(/^han: the coordinator could not be started: .*config\.json.*\n$/)])
    }
    const doctor = await other.han("doctor", "--json")
    expect(doctor.code).toBe(1)
    expect(JSON.parse(doctor.out.toString())).toMatchObject({ coordinator: { running: false, error: expect.stringContaining("config.json") } })
    expect((await other.han("coordinator", "status")).code).toBe(3)
    expect((await other.han("coordinator", "stop")).code).toBe(0)
    rmSync(other.directory, { recursive: true, force: true })
  })

  it("A coordinator that cannot be started does not hold a command longer than its deadline", async () => {
    const other = machine()
    mkdirSync(other.home, { recursive: true })
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(join(other.home, "coordinator.sock"), resolve))
    const begun = Date.now()
    const { code, err } = await other.hanWith({ HAN_START_TIMEOUT_MS: "700" }, "sessions")
    expect([code, err]).toEqual([1, expect.stringContaining("did not answer within 0.7 s")])
    expect(Date.now() - begun).toBeLessThan(10_000)
    silent.close()
    rmSync(other.directory, { recursive: true, force: true })
  })

  it("A HAN_HOME that cannot be one is told as such", async () => {
    const other = machine()
    writeFileSync(join(other.directory, "file"), "")
    expect((await other.hanWith({ HAN_HOME: join(other.directory, "file", "han") }, "sessions")).err).toContain("HAN_HOME")
    expect((await other.hanWith({ HAN_HOME: join(other.directory, "x".repeat(120)) }, "sessions")).err).toContain("too long for a socket")
    expect(existsSync(join(other.directory, "x".repeat(120)))).toBe(false)
    rmSync(other.directory, { recursive: true, force: true })
  })
})

describe("a start that takes long", () => {
  it("A start that takes long is waited for as long as it gets on, whatever the clock says", async () => {
    const other = machine(["01-basic"])
    // Three times the patience of the command, in steps that are much shorter than it. The coordinator has this patience to answer in as well, on a busy machine.
    const held = await lockHolder(other.home, `for (let n = 0; n < 25; n++) { write(home, process.pid, "is at step " + n); await Bun.sleep(200) }`)
    const { code, err } = await other.hanWith({ HAN_START_TIMEOUT_MS: "1600" }, "sessions")
    expect([code, err]).toEqual([0, ""])
    expect(held.exitCode).toBe(0)
    await other.close()
  })

  it("A start that takes long is given up when it stands still, with where it stands", async () => {
    const other = machine()
    const held = await lockHolder(other.home, `write(home, process.pid, "counts its toes"); await Bun.sleep(120_000)`)
    const { code, err } = await other.hanWith({ HAN_START_TIMEOUT_MS: "1500" }, "sessions")
    expect([code, err]).toEqual([1, expect.stringMatching(/^han: the coordinator \(process \d+\) counts its toes, and has not got on for 1\.5 s; /)])
    held.kill("SIGKILL")
    await new Promise((resolve) => held.once("exit", resolve))
    // What a process that is gone has left there holds nobody up.
    expect((await other.han("sessions")).code).toBe(0)
    await other.close()
  })
})

describe("commands at the same time", () => {
  const basicSession = "3c6f1895-8a3b-4a85-b995-fb51edf451e0"
  const idsOf = (answer: unknown) => Schema.decodeUnknownSync(SessionsShape, strict)(answer).sessions.map(({ id }) => id)
  /** All sessions are listed, or the command says that the first pass has not reached them yet. */
  const expectNothingUnsaid = ({ code, err, out }: Ended) => {
    expect([code, err]).toEqual([0, expect.stringMatching(/^(?:han: the first pass over the transcripts is under way.*\n)?$/)])
    const ids = idsOf(JSON.parse(out.toString()))
    expect(ids).toEqual(err === "" || ids.length > 0 ? [basicSession] : [])
  }

  const startsOf = ({ home }: Machine) =>
    readFileSync(join(home, "logs", "coordinator.log"), "utf8")
      .split("\n")
      .filter((line) => line.includes('"message":"started"')).length

  it("Commands at the same time on a busy machine all succeed, and have started one coordinator", async () => {
    const other = machine(["01-basic"])
    const loops = Array.from({ length: 4 }, () => spawn("sh", ["-c", "while :; do :; done"], { stdio: "ignore" }))
    const ends = await Promise.all(Array.from({ length: 12 }, () => other.han("sessions", "--json")))
    for (const loop of loops) loop.kill("SIGKILL")
    for (const end of ends) expectNothingUnsaid(end)
    await other.json("index")
    expect(idsOf(await other.json("sessions"))).toEqual([basicSession])
    expect(startsOf(other)).toBe(1)
    expect(existsSync(join(other.home, "starting.json"))).toBe(false)
    await other.close()
  })

  it("Commands at the same time start one coordinator", async () => {
    const other = sourceMachine(["01-basic"])
    const ends = await Promise.all(
      Array.from({ length: 5 }, async () => {
        expect((await other.han("coordinator", "status")).code).toBeOneOf([0, 3])
        return other.han("sessions", "--json")
      })
    )
    for (const end of ends) expectNothingUnsaid(end)
    expect(startsOf(other)).toBe(1)
    await other.close()
  })
})
