import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, stat } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { eventually, put, temporary } from "../../../../../test/transcriptTree.ts"
import type { HookProcessOptions } from "../../../src/hooks/process/hookProcess.ts"
import { elapsed, exited, gone, isThere, listener, membersOf, numbers, optionsIn, programArgs, running, started } from "../../hookCommands.ts"

describe("a limit", () => {
  const timedOut = { _tag: "TimedOut", idle: false, limitMs: 1000 }

  it.scopedLive("A limit ends a command", () =>
    Effect.gen(function* () {
      const { result, ms } = yield* elapsed(running("echo $$; sleep 60", { limitMs: 1000 }))
      expect(result.end).toEqual(timedOut)
      expect(ms).toBeGreaterThan(1000)
      expect(ms).toBeLessThan(4500)
      yield* gone(numbers(result.stdout.text)[0] ?? 0)
    })
  )

  it.scopedLive("A limit ends what does not listen to SIGTERM", () =>
    Effect.gen(function* () {
      const { result, ms } = yield* elapsed(running(`echo $$; (trap '' TERM; sleep 60; sleep 60) & trap '' TERM; sleep 60; sleep 60`, { limitMs: 1000 }))
      expect(result.end).toEqual(timedOut)
      expect(ms).toBeLessThan(4500)
      yield* gone(numbers(result.stdout.text)[0] ?? 0)
    })
  )

  it.scopedLive("A limit does not wait for what left the group and holds the outputs", () =>
    Effect.gen(function* () {
      const { result, ms } = yield* elapsed(running("setsid sleep 10 & echo said; sleep 60", { limitMs: 1000, input: "x".repeat(1 << 20) }))
      expect(result.end).toEqual(timedOut)
      expect(result.stdout.text).toBe("said\n")
      expect(ms).toBeLessThan(4500)
    })
  )

  it.scopedLive("A limit leaves time for last words", () =>
    Effect.gen(function* () {
      const { lines, onLine } = listener()
      const { end, stdout } = yield* running("trap 'echo bye; exit 3' TERM; echo hello; while :; do sleep 0.05; done", { limitMs: 1000, onLine })
      expect(end).toEqual(timedOut)
      expect([stdout.text, lines.stdout]).toEqual(["hello\nbye\n", ["hello", "bye"]])
    })
  )

  it.scopedLive("A limit on silence counts from the last byte, of either output", () =>
    Effect.gen(function* () {
      const lively = "for i in 1 2 3 4 5 6 7 8; do sleep 0.25; printf . >&2; done; exit 6"
      const silent = "echo once; sleep 60"
      expect((yield* running(lively, { idleLimitMs: 1500 })).end).toEqual(exited(6))
      const { result, ms } = yield* elapsed(running(silent, { idleLimitMs: 500 }))
      expect(result.end).toEqual({ _tag: "TimedOut", idle: true, limitMs: 500 })
      expect(ms).toBeLessThan(4500)
    })
  )

  it.scopedLive("A limit counts an end that this process was too busy to see in time", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(running("sleep 0.2; exit 3", { limitMs: 600, idleLimitMs: 500 }))
      yield* Effect.sleep(100)
      // As something that was read, after which Node looks at its timers first.
      const busy = Effect.async<void>((resume) =>
        stat("/", () => {
          for (const until = performance.now() + 1500; performance.now() < until; );
          resume(Effect.void)
        })
      )
      yield* busy
      expect((yield* Fiber.join(fiber)).end).toEqual(exited(3))
    })
  )

  it.scopedLive("A limit may be as far away as anyone likes", () =>
    Effect.map(running("sleep 0.2; exit 3", { limitMs: Number.POSITIVE_INFINITY, idleLimitMs: 1e15 }), ({ end }) => expect(end).toEqual(exited(3)))
  )
})

describe("who is interrupted", () => {
  it.scopedLive("An interruption is done when the group is gone, to the last grandchild", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const command = "(trap '' TERM; sleep 60; sleep 60) & sh -c 'sleep 60; true' & wait"
      const { fiber, pid } = yield* started(optionsIn(folder, `echo $$; yes | head -c 1000; ${command}`, { memoryBytes: 100 }))
      yield* eventually(
        () => membersOf(pid).length,
        (count) => count >= 5
      )
      const outputs = path.join(folder, "outputs")
      yield* eventually(
        () => existsSync(path.join(outputs, "run.txt")),
        (there) => there
      )
      const { ms } = yield* elapsed(Fiber.interrupt(fiber))
      expect(ms).toBeLessThan(6000)
      expect(membersOf(pid)).toEqual([])
      // Of a run that came to nothing.
      expect(readdirSync(outputs)).toEqual([])
    })
  )

  it.scopedLive("A listener that throws interrupts the command, too", () =>
    Effect.gen(function* () {
      let pid = 0
      const onLine = (_: string, line: string) => {
        pid = Number(line)
        throw new Error("no more")
      }
      const exit = yield* Effect.exit(running("echo $$; sleep 60", { onLine }))
      expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain("no more")
      yield* gone(pid)
    })
  )
})

describe("the end of the process that runs it", () => {
  const starting = (commands: ReadonlyArray<HookProcessOptions>) =>
    Effect.gen(function* () {
      let text = ""
      const parent = yield* Effect.acquireRelease(
        Effect.sync((): ChildProcess => spawn(process.execPath, programArgs(commands), { stdio: ["ignore", "pipe", "inherit"] })),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      parent.stdout?.on("data", (block) => {
        text += block
      })
      const groups = yield* eventually(
        () => [...text.matchAll(/"line":"(\d+)"/g)].map((match) => Number(match[1])),
        (pids) => pids.length === commands.length
      )
      return { parent, groups }
    })

  it.scopedLive("The end of han by SIGKILL ends its commands, each of two at once", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const commands = ["echo $$; sleep 60", "echo $$; (trap '' TERM HUP; sleep 60; sleep 60) & trap '' TERM; sleep 60; sleep 60"]
      const { parent, groups } = yield* starting(commands.map((command) => optionsIn(folder, command, { input: "x" })))
      expect(groups.every((group) => membersOf(group).length > 1)).toBe(true)
      const { ms } = yield* elapsed(
        Effect.gen(function* () {
          parent.kill("SIGKILL")
          for (const group of groups) yield* gone(group)
        })
      )
      expect(ms).toBeLessThan(6000)
    })
  )

  it.scopedLive("The end of han is possible when all commands ended, and what they left in the background stays", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const left = put(path.join(folder, "left.sh"), "echo $$ > pid; exec sleep 60 >/dev/null 2>&1\n")
      const command = `sh ${path.basename(left)} & until [ -s pid ]; do sleep 0.02; done`
      const { status } = spawnSync(process.execPath, programArgs([optionsIn(folder, command)]), { timeout: 20_000 })
      expect(status).toBe(0)
      const pid = Number(readFileSync(path.join(folder, "pid"), "utf8"))
      yield* Effect.addFinalizer(() => Effect.sync(() => process.kill(pid, "SIGKILL")))
      // Longer than a watcher would need.
      yield* Effect.sleep(1000)
      expect(isThere(pid)).toBe(true)
    })
  )
})
