import { spawn } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { putBinaries } from "../../../test/binaries.ts"

const repository = fileURLToPath(new URL("../../..", import.meta.url))
const launcher = fileURLToPath(new URL("../bin/han.mjs", import.meta.url))
export const fixtures = join(repository, "fixtures", "claude-code")

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: Buffer
  readonly err: string
}

/** A machine of its own: its HAN_HOME, its Claude Code folder and its `han`. */
export interface Machine {
  readonly directory: string
  readonly home: string
  readonly claude: string
  readonly environment: Readonly<Record<string, string>>
  /** Where its `han` lies. */
  readonly program: string
  readonly start: (args: ReadonlyArray<string>, environment?: Readonly<Record<string, string>>) => ReturnType<typeof spawn>
  /** `start` in that folder. */
  readonly startIn: (directory: string, args: ReadonlyArray<string>, environment?: Readonly<Record<string, string>>) => ReturnType<typeof spawn>
  /** `start` behind a pipe that nobody reads for two seconds. */
  readonly late: (args: ReadonlyArray<string>) => ReturnType<typeof spawn>
  readonly han: (...args: ReadonlyArray<string>) => Promise<Ended>
  readonly hanWith: (environment: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) => Promise<Ended>
  /** Parses what the command prints; it must succeed. */
  readonly json: (...args: ReadonlyArray<string>) => Promise<unknown>
  readonly close: () => Promise<void>
}

/** Runs `han` as `npx han` does, from the sources: each command takes three times the processor time of the compiled one. */
export const sourceMachine = (configurations: ReadonlyArray<string> = []): Machine =>
  machineOf(mkdtempSync(join(tmpdir(), "han-")), launcher, ["node", launcher], configurations)

/** The same machine, whose commands run from the sources. */
export const fromSource = ({ directory }: Machine): Machine => machineOf(directory, launcher, ["node", launcher], [])

/** Runs the compiled `han`. */
export const machine = (configurations: ReadonlyArray<string> = []): Machine => {
  const directory = mkdtempSync(join(tmpdir(), "han-"))
  const programs = join(directory, "programs")
  putBinaries(programs)
  const program = join(programs, "han")
  return machineOf(directory, program, [program], configurations)
}

const machineOf = (
  directory: string,
  program: string,
  [file, ...before]: readonly [string, ...ReadonlyArray<string>],
  configurations: ReadonlyArray<string>
): Machine => {
  const claude = join(directory, "claude")
  mkdirSync(join(claude, "projects"), { recursive: true })
  for (const name of configurations) cpSync(join(fixtures, name, "config", "projects"), join(claude, "projects"), { recursive: true })
  const environment = {
    PATH: process.env["PATH"] ?? "",
    HOME: directory,
    HAN_HOME: join(directory, "han"),
    HAN_PORT: "0",
    CLAUDE_CONFIG_DIR: claude,
    TZ: "America/New_York"
  }
  const startIn: Machine["startIn"] = (cwd, args, more = {}) =>
    spawn(file, [...before, ...args], { cwd, env: { ...environment, ...more }, stdio: ["pipe", "pipe", "pipe"] })
  const start: Machine["start"] = (args, more) => startIn(directory, args, more)
  const hanWith: Machine["hanWith"] = async (more, ...args) => {
    const child = start(args, more)
    child.stdin?.end()
    return ended(child)
  }
  const han: Machine["han"] = (...args) => hanWith({}, ...args)
  return {
    directory,
    home: environment.HAN_HOME,
    claude,
    environment,
    program,
    start,
    startIn,
    han,
    hanWith,
    late: (args) =>
      spawn("bash", ["-c", 'set -o pipefail; "$@" | (sleep 2; cat)', "late", file, ...before, ...args], {
        cwd: directory,
        env: environment,
        stdio: ["ignore", "pipe", "pipe"]
      }),
    json: async (...args) => {
      const { code, err, out } = await han(...args, "--json")
      if (code !== 0) throw new Error(`han ${args.join(" ")} ended with ${code}: ${err}`)
      return JSON.parse(out.toString())
    },
    close: async () => {
      await han("coordinator", "stop")
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

export const ended = (child: ReturnType<typeof spawn>): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const out: Array<Buffer> = []
    const err: Array<Buffer> = []
    child.stdout?.on("data", (chunk: Buffer) => out.push(chunk))
    child.stderr?.on("data", (chunk: Buffer) => err.push(chunk))
    child.once("error", reject)
    child.once("close", (code, signal) => resolve({ code, signal, out: Buffer.concat(out), err: Buffer.concat(err).toString() }))
  })
