import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { connect, type Han } from "han-rpc/HanPromise"
import { asStartedByHan } from "./Measure.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

/** The compiled programs, built anew. */
export const programs = (() => {
  let built: { readonly han: string; readonly coordinator: string } | undefined
  return () => {
    if (built === undefined) {
      const { status } = spawnSync("node", [join(root, "scripts", "build-binary.mjs")], { cwd: root, stdio: "inherit" })
      if (status !== 0) throw new Error("the programs could not be built")
      built = { han: join(root, "dist", "han"), coordinator: join(root, "dist", "han-coordinator") }
    }
    return built
  }
})()

/** A coordinator of its own, with its own home, on one configuration folder. */
export interface Daemon extends AsyncDisposable {
  readonly han: Han
  readonly pid: number
  readonly socket: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** From its start until it answered a handshake. */
  readonly healthyAfterMs: number
}

/** A folder that is HOME and HAN_HOME of a coordinator and of the commands that ask it. */
export const makeHome = (): { readonly home: string; readonly remove: () => void } => {
  const home = mkdtempSync(join(tmpdir(), "han-bench-"))
  mkdirSync(join(home, ".han"), { mode: 0o700 })
  return { home, remove: () => rmSync(home, { recursive: true, force: true }) }
}

const millisecond = () => new Promise((resolve) => setTimeout(resolve, 1))

export const startDaemon = async (home: string, config: string): Promise<Daemon> => {
  if (!existsSync(join(home, ".claude"))) symlinkSync(config, join(home, ".claude"))
  const hanHome = join(home, ".han")
  const socket = join(hanHome, "coordinator.sock")
  const environment = { PATH: process.env.PATH, HOME: home, HAN_HOME: hanHome, CLAUDE_CONFIG_DIR: config, ...asStartedByHan }
  const { coordinator } = programs()
  const began = performance.now()
  const child = spawn(coordinator, ["serve", "--port", "0"], { env: environment, stdio: ["ignore", "ignore", "inherit"] })
  let han: Han | undefined
  while (han === undefined) {
    if (child.exitCode !== null) throw new Error(`the coordinator ended with ${child.exitCode}`)
    han = existsSync(socket) ? await connect({ socket }).catch(() => undefined) : undefined
    if (han === undefined) await millisecond()
  }
  const healthyAfterMs = performance.now() - began
  const { pid } = child
  if (pid === undefined) throw new Error("the coordinator has no process")
  const connected = han
  return {
    han: connected,
    pid,
    socket,
    environment,
    healthyAfterMs,
    [Symbol.asyncDispose]: async () => {
      await connected.close()
      if (child.exitCode !== null) return
      const ended = new Promise((resolve) => child.once("exit", resolve))
      child.kill("SIGTERM")
      await ended
    }
  }
}

/** Waits until everything that is there is indexed. */
export const indexed = async (daemon: Daemon): Promise<void> => {
  for (;;) {
    const { indexer } = await daemon.han.coordinator.status()
    if (indexer.lastPassAt !== null && indexer.running === null) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Processor time that a process has used, in milliseconds. Linux only. */
export const processorTime = (pid: number): number => {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8")
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) * 10
}
