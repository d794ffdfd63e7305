import { spawn } from "node:child_process"
import { coordinatorEnvironment, findProgram } from "../../coordinator/CoordinatorProgram.ts"
import { report } from "../../coordinator/Report.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { CommandFailed } from "../../environment/CommandFailed.ts"
import { inFull } from "../../environment/WorkingDirectory.ts"

export interface Options {
  readonly roots: ReadonlyArray<string>
  readonly port: string | undefined
  readonly allowHosts: ReadonlyArray<string>
  readonly allowOrigins: ReadonlyArray<string>
}

export const run = async (options: Options, host: CliEnvironment): Promise<number> => {
  const argv = [
    "serve",
    ...options.roots.map((root) => `--root=${inFull(root)}`),
    ...(options.port === undefined ? [] : [`--port=${options.port}`]),
    ...options.allowHosts.map((name) => `--allow-host=${name}`),
    ...options.allowOrigins.map((origin) => `--allow-origin=${origin}`)
  ]
  try {
    if (host.executable !== undefined) return await inForeground(findProgram(host), argv, host)
    const { run } = await import("han-server/unstable/serve")
    return await run(argv)
  } catch (error) {
    return report(host, error)
  }
}

/** The compiled `han` is thin: the coordinator is a program of its own. */
export const inForeground = (
  [file, ...args]: readonly [string, ...ReadonlyArray<string>],
  argv: ReadonlyArray<string>,
  host: CliEnvironment
): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(file, [...args, ...argv], { stdio: "inherit", env: coordinatorEnvironment(host) })
    const signals = ["SIGTERM", "SIGHUP"] as const
    for (const signal of signals) process.on(signal, () => child.kill(signal))
    // The terminal sends its interrupt to both.
    process.on("SIGINT", () => {
      if (process.stdin.isTTY !== true) child.kill("SIGINT")
    })
    child.once("error", (error) => reject(new CommandFailed(`${file} could not be run: ${error.message}`)))
    child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 143)))
  })
