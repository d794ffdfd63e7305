import { spawnSync } from "node:child_process"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { eventually, temporary } from "../../../test/transcriptTree.ts"
import { type HookProcessEnd, type HookProcessOptions, runHookProcess } from "../src/hooks/process/hookProcess.ts"

export const environment = { PATH: "/usr/local/bin:/usr/bin:/bin" }

export const optionsIn = (folder: string, command: string, more: Partial<HookProcessOptions> = {}): HookProcessOptions => ({
  command,
  directory: folder,
  environment,
  input: null,
  limitMs: 60_000,
  idleLimitMs: null,
  memoryBytes: 64 * 1024,
  outputFolder: path.join(folder, "outputs"),
  name: "run",
  ...more
})

export const running = (command: string, more: Partial<HookProcessOptions> = {}): Effect.Effect<HookProcessEnd, never, Scope.Scope> =>
  Effect.flatMap(temporary, (folder) => runHookProcess(optionsIn(folder, command, more)))

export const exited = (code: number) => ({ _tag: "Exited", code })

/** Its lines, by stream. */
export const listener = () => {
  const lines: Record<"stdout" | "stderr", Array<string>> = { stdout: [], stderr: [] }
  return { lines, onLine: (stream: "stdout" | "stderr", line: string) => void lines[stream].push(line) }
}

/** Whether a process is there, and not only waits for its parent to ask for its end. */
export const isThere = (pid: number): boolean => {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" })
  return stdout.trim() !== "" && !stdout.trim().startsWith("Z")
}
export const membersOf = (group: number): ReadonlyArray<string> =>
  spawnSync("ps", ["-A", "-o", "pgid=,stat=,pid="], { encoding: "utf8" })
    .stdout.split("\n")
    .filter((line) => new RegExp(`^\\s*${group}\\s+[^Z]`).test(line))
/** Waits until nobody is left of a group. */
export const gone = (group: number) =>
  eventually(
    () => membersOf(group),
    (members) => members.length === 0
  )
/** The lines that are numbers. */
export const numbers = (text: string): ReadonlyArray<number> => (text.match(/^\d+$/gm) ?? []).map(Number)

export const elapsed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const begin = performance.now()
    const result = yield* effect
    return { result, ms: performance.now() - begin }
  })

/** Starts it, and gives the fiber with the first line that consists of a number: a pid. */
export const started = (options: HookProcessOptions) =>
  Effect.gen(function* () {
    const { lines, onLine } = listener()
    const fiber = yield* Effect.fork(runHookProcess({ ...options, onLine }))
    const [pid = 0] = yield* eventually(
      () => numbers(lines.stdout.join("\n")),
      (pids) => pids.length > 0
    )
    return { fiber, pid }
  })

const program = fileURLToPath(new URL("hookProcesses.ts", import.meta.url))
/** What runs these commands in a process of its own. */
export const programArgs = (commands: ReadonlyArray<HookProcessOptions>, ...more: ReadonlyArray<string>) => [program, JSON.stringify(commands), ...more]
