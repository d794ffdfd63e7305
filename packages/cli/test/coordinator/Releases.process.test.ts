import { spawn, spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import { protocol, version } from "han-rpc/Version"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { ended, type Machine, machine } from "../HanProcess.ts"
import { otherCoordinator } from "../OtherCoordinator.ts"

let one: Machine
beforeEach(() => {
  one = machine(["01-basic"])
  mkdirSync(one.home, { recursive: true, mode: 0o700 })
})
afterEach(() => one.close())

const socket = () => join(one.home, "coordinator.sock")
/** The number of a process that has ended. */
const endedPid = () => spawnSync("node", ["-e", ""]).pid

describe("a coordinator of another release", () => {
  it("A coordinator of an older release is asked to end, and replaced", async () => {
    const old = await otherCoordinator(socket(), { version: `${version}-0`, protocol, pid: endedPid() })
    expect(await one.json("index")).toMatchObject({ transcripts: 1 })
    expect(old.asked).toEqual(["Coordinator.handshake", "Coordinator.stop"])
    expect(await one.json("coordinator", "status")).toMatchObject({ version })
  })

  it("A coordinator of a newer release answers while it speaks the same language, within the command's time", async () => {
    const newer = await otherCoordinator(socket(), { version: "999.0.0", protocol, pid: endedPid() })
    const { code, err } = await one.hanWith({ HAN_ANSWER_TIMEOUT_MS: "600" }, "sessions")
    expect([code, err]).toEqual([1, expect.stringMatching(/^han: the coordinator did not answer \(.*\) within 0.6 s; .*\n$/)])
    expect(newer.asked).toContain("Sessions.list")
    expect(newer.asked).not.toContain("Coordinator.stop")
    newer.close()
  })

  it("A coordinator that speaks a newer language is left alone", async () => {
    const newer = await otherCoordinator(socket(), { version: "999.0.0", protocol: protocol + 1, pid: endedPid() })
    const { code, err } = await one.han("sessions")
    expect([code, err]).toEqual([1, expect.stringMatching(/999\.0\.0.*update this program/)])
    expect(newer.asked).toEqual(["Coordinator.handshake"])
    newer.close()
  })
})

describe("the launcher", () => {
  const launcher = fileURLToPath(new URL("../../bin/han.mjs", import.meta.url))
  const node = Bun.which("node") ?? "node"

  it("The launcher says how to get Bun when npm did not", async () => {
    const folder = join(one.directory, "package", "bin")
    mkdirSync(folder, { recursive: true })
    copyFileSync(launcher, join(folder, "han.mjs"))
    // What npm leaves when it may not run install scripts.
    const stub = join(one.directory, "package", "node_modules", "bun")
    mkdirSync(join(stub, "bin"), { recursive: true })
    writeFileSync(join(stub, "package.json"), '{"name":"bun"}')
    writeFileSync(join(stub, "bin", "bun.exe"), "#!/bin/sh\nexit 1\n", { mode: 0o755 })
    const { code, err } = await ended(spawn(node, [join(folder, "han.mjs"), "--version"], { env: { PATH: join(stub, "bin") } }))
    expect([code, err]).toEqual([1, expect.stringContaining("npm rebuild bun")])
    // Bun itself is in the package of the platform, also without the script.
    const platform = join(one.directory, "package", "node_modules", "@oven", `bun-${process.platform}-${process.arch === "arm64" ? "aarch64" : process.arch}`)
    mkdirSync(join(platform, "bin"), { recursive: true })
    writeFileSync(join(platform, "package.json"), "{}")
    symlinkSync(process.execPath, join(platform, "bin", "bun"))
    mkdirSync(join(one.directory, "package", "src"))
    writeFileSync(join(one.directory, "package", "src", "hookEntry.ts"), "console.log('ran', process.argv.slice(2).join(' ')); process.exit(7)")
    const ran = await ended(spawn(node, [join(folder, "han.mjs"), "a b", "--c"], { env: { PATH: "" } }))
    expect([ran.code, ran.out.toString()]).toEqual([7, "ran a b --c\n"])
  })

  it("The launcher hands on signals and how it ended", async () => {
    const folder = join(one.directory, "package", "bin")
    mkdirSync(folder, { recursive: true })
    mkdirSync(join(one.directory, "package", "src"))
    copyFileSync(launcher, join(folder, "han.mjs"))
    const bun = join(one.directory, "path")
    mkdirSync(bun)
    symlinkSync(process.execPath, join(bun, "bun"))
    const start = (source: string) => {
      writeFileSync(join(one.directory, "package", "src", "hookEntry.ts"), source)
      return spawn(node, [join(folder, "han.mjs")], { env: { PATH: [join(one.directory, "nowhere"), bun].join(delimiter) } })
    }
    const caught = start("process.on('SIGTERM', () => process.exit(9)); console.log('ready'); setInterval(() => {}, 1000)")
    caught.stdout.once("data", () => caught.kill("SIGTERM"))
    expect((await ended(caught)).code).toBe(9)
    const killed = start("console.log('ready'); setInterval(() => {}, 1000)")
    killed.stdout.once("data", () => killed.kill("SIGTERM"))
    expect((await ended(killed)).signal).toBe("SIGTERM")
  })
})

it("The launcher does not need the folder it was started in", async () => {
  const folder = join(one.directory, "work")
  mkdirSync(folder)
  const child = spawn("node", [fileURLToPath(new URL("../../bin/han.mjs", import.meta.url)), "sessions", "--json"], {
    cwd: folder,
    env: { ...one.environment, HAN_HOME: "../han", CLAUDE_CONFIG_DIR: "../claude" }
  })
  const { code, out } = await ended(child)
  expect([code, JSON.parse(out.toString())]).toMatchObject([0, { total: 1 }])
  rmSync(folder, { recursive: true })
  expect(await one.json("index")).toMatchObject({ transcripts: 1 })
})
