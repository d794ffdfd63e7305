import { type ChildProcess, spawn } from "node:child_process"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { binaries } from "../../../../test/binaries.ts"

/** As it is installed. */
const compiled = [Path.join(binaries, "han-server")]
/** From the sources, beside the package of the embedded PostgreSQL. */
const fromSources = [process.execPath, "--conditions=han-source", fileURLToPath(new URL("../../src/bin/team-server.ts", import.meta.url))]

export interface Told {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly process: ChildProcess
  readonly out: () => string
  readonly ended: Promise<Told>
}

export type Variables = Readonly<Record<string, string>>

/** Starts `han-server` with these variables and no others; it is gone when the scope closes. */
export const start = (argv: ReadonlyArray<string>, variables: Variables): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const [program = "", ...before] = argv.includes("--embedded") ? fromSources : compiled
      const child = spawn(program, [...before, ...argv], {
        env: { PATH: process.env["PATH"] ?? "", ...variables },
        stdio: ["ignore", "pipe", "pipe"]
      })
      let [out, err] = ["", ""]
      child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text))
      child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text))
      const ended = new Promise<Told>((resolve) => child.on("close", (code) => resolve({ code, out, err })))
      return { process: child, out: () => out, ended }
    }),
    ({ ended, process }) =>
      Effect.promise(() => {
        process.kill("SIGTERM")
        return ended
      })
  )

/** What a command said when it had ended. */
export const run = (argv: ReadonlyArray<string>, variables: Variables): Promise<Told> =>
  Effect.runPromise(Effect.scoped(Effect.flatMap(start(argv, variables), ({ ended }) => Effect.promise(() => ended))))

/** The lines of its log. */
export const logOf = (out: string): ReadonlyArray<Readonly<Record<string, unknown>>> =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))

/** A server that listens, and its address. Fails with what it said when it ends before. */
export const served = (argv: ReadonlyArray<string>, variables: Variables): Effect.Effect<Running & { readonly url: string }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const running = yield* start(["serve", ...argv], { HAN_ENCRYPTION: "off", HAN_PORT: "0", ...variables })
    let ended: Told | undefined
    void running.ended.then((told) => (ended = told))
    for (;;) {
      const url = /"message":"listening".*"url":"([^"]+)"/.exec(running.out())?.[1]
      if (url !== undefined) return { ...running, url }
      if (ended !== undefined) return yield* Effect.dieMessage(`han-server ended: ${JSON.stringify(ended)}`)
      yield* Effect.sleep("20 millis")
    }
  })

export const get = (url: string, headers: Variables = {}): Effect.Effect<{ readonly status: number; readonly headers: Headers; readonly body: unknown }> =>
  Effect.promise(async () => {
    const answer = await fetch(url, { headers })
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, body: text === "" ? null : JSON.parse(text) }
  })
