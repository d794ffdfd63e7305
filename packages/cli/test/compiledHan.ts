import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { putBinaries } from "../../../test/binaries.ts"

export const repository = fileURLToPath(new URL("../../..", import.meta.url))

export const put = (file: string, text: string) => {
  mkdirSync(join(file, ".."), { recursive: true })
  writeFileSync(file, text)
}

export interface Told {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** The compiled programs in a folder of their own, with a project, a configuration of Claude Code, and a plugin `probe` that has these hooks. */
export const compiledHan = (hooks: string) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "han-")))
  const bin = join(folder, "bin")
  const project = join(folder, "project")
  const claude = join(folder, "claude")
  const home = join(folder, "han")
  const environment = { PATH: process.env["PATH"] ?? "", HOME: folder, HAN_HOME: home, HAN_PORT: "0", CLAUDE_CONFIG_DIR: claude, CLAUDE_PROJECT_DIR: project }
  const program = join(bin, "han")

  const start = (args: ReadonlyArray<string>, more: Readonly<Record<string, string>> = {}): { readonly child: ChildProcess; readonly told: Promise<Told> } => {
    const child = spawn(program, args, { cwd: project, env: { ...environment, ...more }, stdio: ["pipe", "pipe", "pipe"] })
    const out: Array<Buffer> = []
    const err: Array<Buffer> = []
    child.stdout.on("data", (chunk) => out.push(chunk))
    child.stderr.on("data", (chunk) => err.push(chunk))
    child.stdin.on("error", () => undefined)
    const told = new Promise<Told>((resolve) =>
      child.on("close", (code, signal) => resolve({ code, signal, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }))
    )
    return { child, told }
  }

  return {
    folder,
    project,
    home,
    environment,
    program,
    start,
    build: () => {
      putBinaries(bin)
      put(join(project, "a.txt"), "")
      put(join(folder, "market/.claude-plugin/marketplace.json"), JSON.stringify({ name: "local", plugins: [{ name: "probe", source: "./probe" }] }))
      put(join(folder, "market/probe/han-plugin.yml"), `hooks:\n${hooks}`)
      const source = { source: "directory", path: join(folder, "market") }
      put(join(claude, "settings.json"), JSON.stringify({ extraKnownMarketplaces: { local: { source } }, enabledPlugins: { "probe@local": true } }))
    },
    startCoordinator: () => {
      const { status, stderr } = spawnSync(program, ["coordinator", "start"], { env: environment, encoding: "utf8" })
      if (status !== 0) throw new Error(stderr)
    },
    /** Of the coordinator. */
    pid: (): number => {
      const { stdout } = spawnSync(program, ["coordinator", "status", "--json"], { env: environment, encoding: "utf8" })
      return Number(JSON.parse(stdout).pid)
    },
    remove: () => {
      spawnSync(program, ["coordinator", "stop"], { env: environment })
      rmSync(folder, { recursive: true, force: true })
    },
    /** As the client calls it. */
    call: (args: ReadonlyArray<string>, input: string, more?: Readonly<Record<string, string>>): Promise<Told> => {
      const { child, told } = start(["hook", "run", ...args], more)
      child.stdin?.end(input)
      return told
    },
    json: (...args: ReadonlyArray<string>): unknown => {
      const { status, stderr, stdout } = spawnSync(program, [...args, "--json"], { cwd: project, env: environment, encoding: "utf8", maxBuffer: 1 << 28 })
      if (status !== 0) throw new Error(stderr)
      return JSON.parse(stdout)
    }
  }
}

/** Neither running nor waiting to be asked how it ended. */
export const isGone = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")
  } catch {
    return true
  }
}

export const until = async (holds: () => boolean, what: string, withinMs = 20_000): Promise<void> => {
  for (const end = Date.now() + withinMs; !holds(); ) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
