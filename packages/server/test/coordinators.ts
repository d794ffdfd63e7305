import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { connect, type Han } from "han-rpc/HanPromise"
import { binaries } from "../../../test/binaries.ts"
import { folder } from "../../../test/temporary.ts"

/** A HAN_HOME, and a configuration folder of Claude Code, of a test's own. */
export interface Place {
  readonly home: string
  readonly claude: string
  readonly socket: string
  readonly environment: Readonly<Record<string, string>>
}

export const place: Effect.Effect<Place, never, Scope.Scope> = Effect.map(folder, (path) => {
  const home = Path.join(path, "home")
  const claude = Path.join(path, "claude")
  Fs.mkdirSync(Path.join(claude, "projects"), { recursive: true })
  return {
    home,
    claude,
    socket: Path.join(home, "coordinator.sock"),
    environment: { HAN_HOME: home, HAN_PORT: "0", CLAUDE_CONFIG_DIR: claude, HOME: path, PATH: process.env["PATH"] ?? "" }
  }
})

/** The id of a session, as the client makes them. */
export const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`

/** One transcript of a place, a line for each text. Answers its path. */
export const write = ({ claude }: Place, session: string, texts: ReadonlyArray<string>, cwd = "/work/place"): string => {
  const path = Path.join(claude, "projects", "-work-place", `${session}.jsonl`)
  Fs.mkdirSync(Path.dirname(path), { recursive: true })
  const have = Fs.existsSync(path) ? Fs.readFileSync(path, "utf8").split("\n").length - 1 : 0
  Fs.appendFileSync(path, texts.map((text, index) => `${JSON.stringify(line(session, have + index, text, cwd))}\n`).join(""))
  return path
}

const line = (session: string, index: number, text: string, cwd: string) => ({
  parentUuid: index === 0 ? null : `${session}-${index - 1}`,
  isSidechain: false,
  userType: "external",
  cwd,
  sessionId: session,
  version: "2.1.330",
  gitBranch: "main",
  type: "user",
  message: { role: "user", content: text },
  uuid: `${session}-${index}`,
  timestamp: new Date(Date.UTC(2026, 10, 1, 0, 0, index)).toISOString()
})

export interface Running {
  readonly process: ChildProcess
  /** What it wrote to standard output and standard error. */
  readonly output: () => string
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

/** Runs the coordinator's program, compiled: it begins in half the time that it takes from the sources. Whatever it does, it is gone when the scope closes. */
export const run = (
  place: Place,
  options: { readonly argv?: ReadonlyArray<string>; readonly environment?: Readonly<Record<string, string>>; readonly program?: string } = {}
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      let output = ""
      const compiled = [Path.join(binaries, "han-coordinator")]
      const [command = "", ...before] = options.program === undefined ? compiled : [process.execPath, "--conditions=han-source", options.program]
      const child = spawn(command, [...before, ...(options.argv ?? ["serve"])], {
        env: { ...place.environment, ...options.environment },
        stdio: ["pipe", "pipe", "pipe"]
      })
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text))
      const exited = new Promise<Awaited<Running["exited"]>>((resolve) => child.on("close", (code, signal) => resolve({ code, signal })))
      return { process: child, output: () => output, exited }
    }),
    ({ exited, process }) =>
      Effect.promise(() => {
        process.kill("SIGKILL")
        return exited
      })
  )

/** A client of the coordinator of a place, when it answers. Fails with what the program wrote when it has ended. */
export const client = (place: Place, running: Running): Effect.Effect<Han, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      let ended = false
      void running.exited.then(() => (ended = true))
      while (true) {
        try {
          return await connect({ socket: place.socket })
        } catch (error) {
          if (ended) throw new Error(`the coordinator ended: ${running.output()}`, { cause: error })
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      }
    }),
    (han) => Effect.promise(() => han.close())
  )

/** A coordinator that answers, and a client of it. */
export const started = (
  place: Place,
  options?: Parameters<typeof run>[1]
): Effect.Effect<{ readonly running: Running; readonly han: Han }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const running = yield* run(place, options)
    return { running, han: yield* client(place, running) }
  })
