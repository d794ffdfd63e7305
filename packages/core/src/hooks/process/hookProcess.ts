import { type ChildProcess, spawn } from "node:child_process"
import { Writable } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import { type HookEnd, type HookOutput, nothing } from "../HookOutcome.ts"
import { type OutputStream, outputRecord } from "./hookOutput.ts"
import { type CommandStart, refusalOf, supervised, whyNotStarted } from "./hookSupervisor.ts"
import { type LineFeed, lineFeed } from "./lineFeed.ts"

export interface HookProcessOptions extends CommandStart {
  /** For `/bin/bash -c`; for `/bin/sh -c` where there is no bash. */
  readonly command: string
  /** The positional parameters of the command: `$1` and so on. None when absent. */
  readonly args?: ReadonlyArray<string>
  readonly directory: string
  /** All of it: nothing of this process's own environment is inherited. A shell adds `PWD`, `SHLVL` and `_`. */
  readonly environment: Readonly<Record<string, string>>
  /** For standard input, which is closed after it; null for `/dev/null`. The command need not read it. */
  readonly input: string | null
  /** How long it may run; 24 days at most. */
  readonly limitMs: number
  /** How long it may be without a byte of output; null for as long as it likes. */
  readonly idleLimitMs: number | null
  /** Of each output kept in memory: its first quarter and its last three. What is longer is in a file with all of both. */
  readonly memoryBytes: number
  /** The folder for that file; made when it is needed, for nobody else to read. */
  readonly outputFolder: string
  /** The name of the file, without `.txt`. */
  readonly name: string
  /**
   * Gets the lines as they come, without their ends, the unfinished last one of each output at the end. One of more than 64 kB comes in pieces. It never slows the
   * command: when more than 1 MB waits for it, the oldest are left out, with a line that says so. What it throws ends the run, as a defect.
   */
  readonly onLine?: (stream: OutputStream, line: string) => void
}

export interface HookProcessEnd {
  readonly end: HookEnd
  readonly stdout: HookOutput
  readonly stderr: HookOutput
  /** Where all of both outputs is, in the order in which it came; null when `stdout` and `stderr` have all of it, or when it could not be written. */
  readonly outputFile: string | null
  /** Until the command ended, or was ended. */
  readonly durationMs: number
}

/**
 * Runs a command in a process group of its own, and ends when its process does; what it leaves in the background may have half a second to close the outputs, and
 * is left alone. Past a limit the group gets SIGTERM, 300 ms later SIGKILL, and this ends at most 500 ms after the limit, whoever holds the outputs open. The same
 * happens when it is interrupted, which completes when the group is gone, and when this process ends, in whatever way. It never fails: what cannot be started is
 * `NotStarted`.
 */
export const runHookProcess = (options: HookProcessOptions): Effect.Effect<HookProcessEnd> =>
  Effect.async((resume) => {
    const refusal = refusalOf(options)
    if (refusal !== null) return resume(Effect.succeed(notStarted(refusal)))
    const failed = (cause: unknown) => resume(Effect.succeed(notStarted(whyNotStarted(options, cause))))
    let child: ChildProcess
    try {
      child = start(options)
    } catch (cause) {
      return failed(cause)
    }
    for (const pipe of child.stdio ?? []) pipe?.on("error", gone)
    if (child.pid !== undefined) {
      const interrupt = follow(child, child.pid, options, resume)
      return Effect.promise(interrupt)
    }
    child.once("error", (cause) => {
      for (const pipe of child.stdio ?? []) pipe?.destroy()
      failed(cause)
    })
  })

const start = (options: HookProcessOptions): ChildProcess => {
  const { file, args } = supervised(options)
  return spawn(file, args, {
    cwd: options.directory,
    // Bash reads ~/.bashrc when it has no level yet and its input is a socket, as our pipes are: it takes itself for a remote shell. Hooks start it, too.
    env: { SHLVL: "1", ...options.environment },
    detached: true,
    stdio: [options.input === null ? "ignore" : "pipe", "pipe", "pipe", "pipe"]
  })
}

/** Of a pipe: nobody reads what we write, or it was reset. Its end says the same. */
const gone = (): void => {}

const notStarted = (message: string): HookProcessEnd => ({
  end: { _tag: "NotStarted", message },
  stdout: nothing,
  stderr: nothing,
  outputFile: null,
  durationMs: 0
})

const graceMs = 300
/** For what was killed to be gone, past a limit. */
const deathMs = 150
/** For its command and its watcher, when somebody waits for them. */
const longDeathMs = 500
const drainMs = 500
const longestTimer = 2 ** 31 - 1

/**
 * `done` is called once, unless the function that this returns was called before: that ends the group, and what was written of its output is removed. The number
 * of the group is that of its first process, and cannot come to mean another group: until its end that process has it, and then the watcher.
 */
const follow = (
  child: ChildProcess,
  group: number,
  options: HookProcessOptions,
  done: (result: Effect.Effect<HookProcessEnd>) => void
): (() => Promise<void>) => {
  const begin = performance.now()
  const record = outputRecord({ memoryBytes: options.memoryBytes, folder: options.outputFolder, name: options.name })
  const timers = new Map<"limit" | "idle" | "drain", NodeJS.Timeout>()
  let lastByte = begin
  let open = 0
  let exit: { readonly end: HookEnd; readonly at: number } | null = null
  let ending: Promise<void> | null = null
  let over = false
  // The watcher has the other end.
  let watched = true
  child.stdio[3]?.once("close", () => {
    watched = false
  })

  const after = (name: "limit" | "idle" | "drain", ms: number, act: () => void): void => {
    timers.set(name, setTimeout(act, Math.min(ms, longestTimer)))
  }
  const stopTimers = (): void => {
    for (const timer of timers.values()) clearTimeout(timer)
  }

  const endGroup = async (): Promise<void> => {
    signal(group, "SIGTERM")
    await sleep(graceMs)
    signal(group, "SIGKILL")
    // Where nobody asks for the end of orphans the group counts as there for ever.
    await until(() => exit !== null && open === 0 && !signal(group, 0), deathMs)
  }

  const release = (): void => {
    const [stdin, stdout, stderr, lifeline] = child.stdio
    for (const pipe of [stdin, stdout, stderr]) pipe?.destroy()
    // The watcher is told to go, but not when the group was ended.
    if (ending === null && lifeline instanceof Writable) lifeline.end("\n", () => lifeline.destroy())
    else lifeline?.destroy()
    // Not even SIGKILL ends what waits for a broken disk.
    if (exit === null) child.unref()
  }

  const settle = (end: HookEnd): void => {
    if (over) return
    stopTimers()
    // Whose listener may end this.
    feed?.end()
    if (over) return
    over = true
    release()
    done(Effect.succeed({ end, ...record.end(), durationMs: (exit?.at ?? performance.now()) - begin }))
  }

  const expire = (idle: boolean, limitMs: number): void => {
    if (over || exit !== null || ending !== null) return
    ending = endGroup()
    void ending.then(() => settle({ _tag: "TimedOut", idle, limitMs }))
  }

  let interruption: Promise<void> | null = null
  const stop = async (): Promise<void> => {
    over = true
    stopTimers()
    feed?.stop()
    await (ending ??= endGroup())
    await until(() => exit !== null && !watched, longDeathMs)
    release()
    record.discard()
  }
  const interrupt = (): Promise<void> => (interruption ??= over ? Promise.resolve() : stop())

  const feed: LineFeed | null = options.onLine === undefined ? null : lineFeed(options.onLine, (cause) => void interrupt().then(() => done(Effect.die(cause))))

  // When this process was busy the end, or a byte, may be waiting to be seen: it counts, and is seen before an immediate.
  const seen = (act: () => void) => () => void setImmediate(act)
  const watchIdle = (idleLimitMs: number, ms: number): void =>
    after(
      "idle",
      ms,
      seen(() => {
        const left = lastByte + idleLimitMs - performance.now()
        if (left <= 0) expire(true, idleLimitMs)
        else if (exit === null && !over) watchIdle(idleLimitMs, left)
      })
    )

  for (const stream of ["stdout", "stderr"] as const) {
    const pipe = child[stream]
    if (pipe === null) continue
    open++
    pipe.on("data", (block: Uint8Array) => {
      if (over) return
      lastByte = performance.now()
      record.take(stream, block)
      feed?.take(stream, block)
    })
    pipe.once("close", () => {
      open--
      if (open === 0 && exit !== null && ending === null) settle(exit.end)
    })
  }
  child.once("exit", (code, name) => {
    const end: HookEnd = name === null ? { _tag: "Exited", code: code ?? 0 } : { _tag: "Signalled", signal: name }
    exit = { end, at: performance.now() }
    if (ending !== null || over) return
    stopTimers()
    if (open === 0) settle(end)
    else after("drain", drainMs, () => settle(end))
  })
  after(
    "limit",
    options.limitMs,
    seen(() => expire(false, options.limitMs))
  )
  if (options.idleLimitMs !== null) watchIdle(options.idleLimitMs, options.idleLimitMs)
  if (options.input !== null) child.stdin?.end(options.input)
  return interrupt
}

const until = async (holds: () => boolean, ms: number): Promise<void> => {
  const deadline = performance.now() + ms
  while (!holds() && performance.now() < deadline) await sleep(5)
}

/** False when there is no such group any more. A process that waits for its parent to ask for its end counts. */
const signal = (group: number, name: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(-group, name)
  } catch {
    return false
  }
}
