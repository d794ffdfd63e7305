import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

const root = fileURLToPath(new URL("..", import.meta.url))

it("The command npm start serves samples from a temporary folder, answers a second terminal, and ends with Ctrl-C", async () => {
  const person = mkdtempSync(join(tmpdir(), "han-person-"))
  const { CLAUDE_CONFIG_DIR: _, HAN_HOME: __, ...rest } = process.env
  const environment = { ...rest, HOME: person, HAN_PORT: "0" }
  const start = spawn("node", [join(root, "scripts", "start.mjs")], { env: environment, stdio: ["ignore", "pipe", "inherit"] })
  try {
    let said = ""
    await new Promise<void>((resolve, reject) => {
      start.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        said += chunk
        if (said.includes("everything is indexed")) resolve()
      })
      start.once("exit", (code) => reject(new Error(`npm start ended with ${code}: ${said}`)))
    })
    const home = /export HAN_HOME=(\S+)/.exec(said)?.[1] ?? ""
    const han = (...args: ReadonlyArray<string>) => {
      const { status, stderr, stdout } = spawnSync("node", [join(root, "packages", "cli", "bin", "han.mjs"), ...args, "--json"], {
        env: { ...environment, HAN_HOME: home },
        encoding: "utf8"
      })
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
      return JSON.parse(stdout)
    }
    expect(han("sessions").total).toBeGreaterThan(20)
    expect(han("search", "hello").total).toBeGreaterThan(0)

    const ended = once(start, "exit")
    start.kill("SIGINT")
    expect(await ended).toEqual([0, null])
    expect(existsSync(dirname(home))).toBe(false)
    expect(existsSync(join(person, ".han"))).toBe(false)
  } finally {
    start.kill("SIGKILL")
    rmSync(person, { recursive: true, force: true })
  }
})
