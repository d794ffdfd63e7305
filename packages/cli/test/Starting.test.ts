import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import * as Schema from "effect/Schema"
import { describe, expect, it, vi } from "vitest"
import { machine } from "./HanProcess.ts"
import { SessionsShape } from "./Shapes.ts"

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

describe("a coordinator that cannot be started", () => {
  it("gives its reason, at once", async () => {
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

  it("does not hold a command longer than its deadline", async () => {
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

  it("is said when HAN_HOME cannot be one", async () => {
    const other = machine()
    writeFileSync(join(other.directory, "file"), "")
    expect((await other.hanWith({ HAN_HOME: join(other.directory, "file", "han") }, "sessions")).err).toContain("HAN_HOME")
    expect((await other.hanWith({ HAN_HOME: join(other.directory, "x".repeat(120)) }, "sessions")).err).toContain("too long for a socket")
    expect(existsSync(join(other.directory, "x".repeat(120)))).toBe(false)
    rmSync(other.directory, { recursive: true, force: true })
  })
})

describe("commands at the same time", () => {
  it("start one coordinator", async () => {
    const other = machine(["01-basic"])
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        other
          .json("coordinator", "status")
          .catch(() => undefined)
          .then(() => other.json("sessions"))
      )
    )
    for (const answer of answers) expect(Schema.decodeUnknownSync(SessionsShape)(answer)).toBeDefined()
    await other.close()
  })
})
