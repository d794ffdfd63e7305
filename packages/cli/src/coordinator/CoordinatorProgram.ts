import { spawn } from "node:child_process"
import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, readFileSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { CommandFailed } from "../environment/CommandFailed.ts"
import { startLogPath } from "./HanHome.ts"
import { isProgram } from "./HanProgram.ts"

/** The argv that runs the coordinator, without its arguments. */
export const findProgram = (host: CliEnvironment): readonly [string, ...ReadonlyArray<string>] => {
  const places: Array<string> = []
  if (host.executable !== undefined) places.push(dirname(host.executable))
  else {
    const source = sourceProgram()
    if (source !== undefined) return source
  }
  places.push(...host.path)
  const name = process.platform === "win32" ? "han-coordinator.exe" : "han-coordinator"
  const found = places.map((place) => join(place, name)).find(isProgram)
  if (found !== undefined) return [found]
  throw new CommandFailed(
    host.executable === undefined
      ? "the coordinator's program is not here: the npm package han-server is missing, and there is no han-coordinator on PATH; `npm install han-server` brings it"
      : `the coordinator's program is not here: no ${name} beside ${host.executable} and none on PATH; put it beside han`
  )
}

/** The program in the npm package `han-server`, run by the same Bun. */
const sourceProgram = (): readonly [string, ...ReadonlyArray<string>] | undefined => {
  try {
    const file = fileURLToPath(import.meta.resolve("han-server/unstable/coordinator"))
    if (!statSync(file).isFile()) return undefined
    return file.endsWith(".ts") ? [process.execPath, "--conditions=han-source", file] : [process.execPath, file]
  } catch {
    return undefined
  }
}

/**
 * The coordinator's environment. JavaScriptCore lets its heap grow by a share of the machine's memory before it collects; with this for the machine's memory
 * a cold index of any size stays below 300 MB, at the same speed.
 */
export const coordinatorEnvironment = (host: CliEnvironment): Record<string, string | undefined> => ({ BUN_JSC_forceRAMSize: "402653184", ...host.environment })

/** A coordinator that was started in the background and outlives this command. */
export interface Started {
  readonly pid: number | undefined
  /** Fulfilled when it ends, or could not be started at all. */
  readonly ended: Promise<{ readonly code: number | null; readonly reason: string }>
  /** Lets this command end without it. */
  readonly release: () => void
}

/** Throws `CommandFailed` when there is no program, or no place for its log. */
export const startProgram = (host: CliEnvironment): Started => {
  const [file, ...args] = findProgram(host)
  const log = openStartLog(host.home)
  try {
    const begin = fstatSync(log).size
    const child = spawn(file, [...args, "serve", "--background"], {
      detached: true,
      stdio: ["ignore", log, log],
      cwd: host.home,
      env: coordinatorEnvironment(host),
      windowsHide: true
    })
    const ended = new Promise<{ readonly code: number | null; readonly reason: string }>((resolve) => {
      child.once("error", (error) => resolve({ code: null, reason: `${file} could not be run: ${error.message}` }))
      child.once("exit", (code, signal) =>
        resolve({ code, reason: lastWords(host.home, begin) ?? (signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`) })
      )
    })
    child.unref()
    return { pid: child.pid, ended, release: () => child.removeAllListeners() }
  } finally {
    closeSync(log)
  }
}

const keptBytes = 256 * 1024

const openStartLog = (home: string): number => {
  try {
    const path = startLogPath(home)
    mkdirSync(home, { recursive: true, mode: 0o700 })
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    const log = openSync(path, size > keptBytes ? "w" : "a", 0o600)
    chmodSync(path, 0o600)
    return log
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandFailed(`han's folder ${home} cannot be used: ${reason}; make it writable for you, or set HAN_HOME to another folder`)
  }
}

/** Finds the last reason that it gave: its own line, else the runtime's. */
const lastWords = (home: string, begin: number): string | undefined => {
  try {
    const lines = readFileSync(startLogPath(home))
      .subarray(begin)
      .toString("utf8")
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "")
    return lines.findLast((line) => line.startsWith("han: ")) ?? lines.findLast((line) => /error|panic/i.test(line)) ?? lines.at(-1)
  } catch {
    return undefined
  }
}
