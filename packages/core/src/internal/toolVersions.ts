import { execFile } from "node:child_process"
import * as Effect from "effect/Effect"

const limitMs = 10_000
/** What a shim stands for may change with any file of the project; asking again costs a start of the program. */
const keptMs = 10_000
const mostKept = 500

/** What a program says of its version, in a directory and with an environment. One that is missing, or fails, has a version too: that it does so. */
export const toolVersions = (): ((tool: string, directory: string, environment: Readonly<Record<string, string>>) => Effect.Effect<string>) => {
  const known = new Map<string, { readonly at: number; readonly version: string }>()
  return (tool, directory, environment) =>
    Effect.suspend(() => {
      const key = JSON.stringify([tool, directory, environment["PATH"]])
      const before = known.get(key)
      if (before !== undefined && Date.now() - before.at < keptMs) return Effect.succeed(before.version)
      return Effect.map(ask(tool, directory, environment), (version) => {
        if (known.size >= mostKept) known.clear()
        known.set(key, { at: Date.now(), version })
        return version
      })
    })
}

const ask = (tool: string, directory: string, environment: Readonly<Record<string, string>>) =>
  Effect.async<string>((resume) => {
    const child = execFile(
      tool,
      ["--version"],
      { cwd: directory, env: { ...environment }, timeout: limitMs, killSignal: "SIGKILL", maxBuffer: 1 << 20 },
      (error, stdout, stderr) => {
        const failure = error === null ? "" : `${error.code ?? error.signal ?? error.message}`
        resume(Effect.succeed(JSON.stringify([failure, stdout, stderr])))
      }
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })
