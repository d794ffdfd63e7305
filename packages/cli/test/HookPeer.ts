import { spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { type Ended, ended } from "./HanProcess.ts"

export type Frame = { readonly _tag: string; readonly [field: string]: unknown }
export const send = (socket: Socket, frame: Frame) => socket.write(`${JSON.stringify(frame)}\n`)
export const exit = (value: unknown): Frame => ({ _tag: "Exit", requestId: "1", exit: { _tag: "Success", value } })
export const says = (stdout: string, exitCode = 0, stderr = ""): Frame => exit({ exitCode, stdout, stderr })
export const failure = (cause: unknown): Frame => ({ _tag: "Exit", requestId: "1", exit: { _tag: "Failure", cause } })

/** What listens at a coordinator's socket and does with each frame what the test says. */
export interface Peer {
  readonly frames: ReadonlyArray<Frame>
  /** Fulfilled when the first connection has ended. */
  readonly hungUp: Promise<void>
  readonly close: () => void
}

export const peer = (path: string, react: (frame: Frame, socket: Socket) => void): Promise<Peer> => {
  const frames: Array<Frame> = []
  const open = new Set<Socket>()
  let hangUp = () => {}
  const hungUp = new Promise<void>((resolve) => {
    hangUp = resolve
  })
  const server = createServer((socket) => {
    open.add(socket)
    socket.on("error", () => open.delete(socket))
    socket.on("close", () => hangUp())
    const lines = createInterface({ input: socket })
    lines.on("error", () => {})
    lines.on("line", (line) => {
      const frame: Frame = JSON.parse(line)
      frames.push(frame)
      react(frame, socket)
    })
  })
  const close = () => {
    server.close()
    for (const socket of open) socket.destroy()
  }
  return new Promise((resolve) => server.listen(path, () => resolve({ frames, hungUp, close })))
}

/** Answers every request with this, and every ping. */
export const answering =
  (frame: Frame) =>
  ({ _tag }: Frame, socket: Socket) => {
    if (_tag === "Ping") send(socket, { _tag: "Pong" })
    if (_tag === "Request") send(socket, frame)
  }

/** Node itself: `bun --bun` puts a directory first in which `node` is Bun. */
export const node = join(
  (process.env["PATH"] ?? "").split(delimiter).find((directory) => !directory.includes("bun-node") && existsSync(join(directory, "node"))) ?? "",
  "node"
)
export const entry = fileURLToPath(new URL("../src/hookEntry.ts", import.meta.url))
export const fromSource: ReadonlyArray<string> = [process.execPath, "--conditions=han-source", entry]

export interface Place {
  readonly directory: string
  readonly home: string
  readonly socket: string
  readonly start: (args: ReadonlyArray<string>, environment?: Readonly<Record<string, string>>) => ReturnType<typeof spawn>
  /** With this on standard input, until it has ended. */
  readonly run: (args: ReadonlyArray<string>, input: string | Buffer, environment?: Readonly<Record<string, string>>) => Promise<Ended>
  readonly remove: () => void
}

/** A folder with a HAN_HOME in it, and `program` (an argv) as the `han` that is called there. No coordinator is started from it. */
export const place = (program: ReadonlyArray<string> = fromSource): Place => {
  const directory = mkdtempSync(join(tmpdir(), "han-hook-"))
  const home = join(directory, "han")
  mkdirSync(home, { mode: 0o700 })
  const [file = "", ...before] = program
  const start: Place["start"] = (args, environment = {}) =>
    spawn(file, [...before, ...args], {
      cwd: directory,
      env: { PATH: process.env["PATH"] ?? "", HOME: directory, HAN_HOME: home, HAN_HOOK_NO_START: "1", ...environment },
      stdio: ["pipe", "pipe", "pipe"]
    })
  return {
    directory,
    home,
    socket: join(home, "coordinator.sock"),
    start,
    run: (args, input, environment) => {
      const child = start(args, environment)
      // Whoever refuses a long input does not read it to its end.
      child.stdin?.on("error", () => {})
      child.stdin?.end(input)
      return ended(child)
    },
    remove: () => rmSync(directory, { recursive: true, force: true })
  }
}
