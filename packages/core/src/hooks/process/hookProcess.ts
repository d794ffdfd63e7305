import { type ChildProcess, spawn } from "node:child_process"
import { Writable } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import { type HookEnd, type HookOutput, nothing } from "../HookOutcome.ts"
import { type OutputRecord, type OutputStream, outputRecord } from "./hookOutput.ts"
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
  /** Milliseconds that it may run; 24 days at most. */
  readonly limitMs: number
  /** Milliseconds that it may run without a byte of output; null: no limit. */
  readonly idleLimitMs: number | null
  /** Bytes kept in memory of stdout, and as many of stderr: the first quarter of these from its beginning, the rest from its end. A file holds all of longer outputs. */
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
  /** The file with both outputs, in the order in which they came; null when `stdout` and `stderr` have all of it, or when it could not be written. */
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
      const followed = new FollowedChild(child, child.pid, options, resume)
      return Effect.promise(() => followed.interrupt())
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

/** Ignores the error of a pipe that nobody reads, or that was reset: its end says the same. */
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
const maxTimer = 2 ** 31 - 1

/**
 * Follows a child until it ends. `done` is called once, unless `interrupt` was called before: that ends the group, and what was written of its output is removed.
 * The number of the group is that of its first process, and cannot come to mean another group: until its end that process has it, and then the watcher.
 */
class FollowedChild {
  private readonly child: ChildProcess
  private readonly group: number
  private readonly done: (result: Effect.Effect<HookProcessEnd>) => void
  private readonly record: OutputRecord
  private readonly feed: LineFeed | null
  private readonly timers = new Map<"limit" | "idle" | "drain", NodeJS.Timeout>()
  private readonly begin = performance.now()
  private lastByte = this.begin
  private open = 0
  private exit: { readonly end: HookEnd; readonly at: number } | null = null
  private ending: Promise<void> | null = null
  private interruption: Promise<void> | null = null
  private over = false
  /** The watcher has the other end of descriptor 3. */
  private watched = true

  constructor(child: ChildProcess, group: number, options: HookProcessOptions, done: (result: Effect.Effect<HookProcessEnd>) => void) {
    this.child = child
    this.group = group
    this.done = done
    this.record = outputRecord({ memoryBytes: options.memoryBytes, folder: options.outputFolder, name: options.name })
    this.feed = options.onLine === undefined ? null : lineFeed(options.onLine, (cause) => void this.interrupt().then(() => done(Effect.die(cause))))
    this.listen()
    this.after("limit", options.limitMs, () => this.expire(false, options.limitMs))
    if (options.idleLimitMs !== null) this.watchIdle(options.idleLimitMs, options.idleLimitMs)
    if (options.input !== null) child.stdin?.end(options.input)
  }

  interrupt(): Promise<void> {
    this.interruption ??= this.over ? Promise.resolve() : this.stop()
    return this.interruption
  }

  private listen(): void {
    this.child.stdio[3]?.once("close", () => {
      this.watched = false
    })
    this.listenTo("stdout")
    this.listenTo("stderr")
    this.child.once("exit", (code, name) => {
      const end: HookEnd = name === null ? { _tag: "Exited", code: code ?? 0 } : { _tag: "Signalled", signal: name }
      this.exit = { end, at: performance.now() }
      if (this.ending !== null || this.over) return
      this.stopTimers()
      if (this.open === 0) this.settle(end)
      else
        this.timers.set(
          "drain",
          setTimeout(() => this.settle(end), drainMs)
        )
    })
  }

  private listenTo(stream: OutputStream): void {
    const pipe = this.child[stream]
    if (pipe === null) return
    this.open++
    pipe.on("data", (block: Uint8Array) => {
      if (this.over) return
      this.lastByte = performance.now()
      this.record.take(stream, block)
      this.feed?.take(stream, block)
    })
    pipe.once("close", () => {
      this.open--
      if (this.open === 0 && this.exit !== null && this.ending === null) this.settle(this.exit.end)
    })
  }

  /** Acts after a pause, and after the events that waited while this process was busy: an end, or a byte, that came in time counts. */
  private after(name: "limit" | "idle", ms: number, act: () => void): void {
    this.timers.set(
      name,
      setTimeout(() => void setImmediate(act), Math.min(ms, maxTimer))
    )
  }

  private watchIdle(idleLimitMs: number, ms: number): void {
    this.after("idle", ms, () => {
      const left = this.lastByte + idleLimitMs - performance.now()
      if (left <= 0) this.expire(true, idleLimitMs)
      else if (this.exit === null && !this.over) this.watchIdle(idleLimitMs, left)
    })
  }

  private stopTimers(): void {
    for (const timer of this.timers.values()) clearTimeout(timer)
  }

  private expire(idle: boolean, limitMs: number): void {
    if (this.over || this.exit !== null || this.ending !== null) return
    this.ending = this.endGroup()
    void this.ending.then(() => this.settle({ _tag: "TimedOut", idle, limitMs }))
  }

  private async endGroup(): Promise<void> {
    signal(this.group, "SIGTERM")
    await sleep(graceMs)
    signal(this.group, "SIGKILL")
    // Where nobody asks for the end of orphans the group counts as there for ever.
    await until(() => this.exit !== null && this.open === 0 && !signal(this.group, 0), deathMs)
  }

  private settle(end: HookEnd): void {
    if (this.over) return
    this.stopTimers()
    // Whose listener may end this.
    this.feed?.end()
    if (this.over) return
    this.over = true
    this.release()
    this.done(Effect.succeed({ end, ...this.record.end(), durationMs: (this.exit?.at ?? performance.now()) - this.begin }))
  }

  private async stop(): Promise<void> {
    this.over = true
    this.stopTimers()
    this.feed?.stop()
    this.ending ??= this.endGroup()
    await this.ending
    await until(() => this.exit !== null && !this.watched, longDeathMs)
    this.release()
    this.record.discard()
  }

  private release(): void {
    const [stdin, stdout, stderr, lifeline] = this.child.stdio
    for (const pipe of [stdin, stdout, stderr]) pipe?.destroy()
    // The watcher is told to go, but not when the group was ended.
    if (this.ending === null && lifeline instanceof Writable) lifeline.end("\n", () => lifeline.destroy())
    else lifeline?.destroy()
    // Not even SIGKILL ends what waits for a broken disk.
    if (this.exit === null) this.child.unref()
  }
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
