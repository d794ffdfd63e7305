import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { eventually, put, temporary } from "../../../../../test/transcriptTree.ts"
import { toolVersions } from "../../../src/hooks/decision/toolVersions.ts"
import { gone, isThere } from "../../hookCommands.ts"

/** A folder with a program `tool`, and what asks it. */
const withTool = Effect.fn(function* (script: string) {
  const folder = yield* temporary
  const tool = (name: string, text: string) => chmodSync(put(path.join(folder, "bin", name), `#!/bin/sh\n${text}\n`), 0o755)
  tool("tool", script)
  const environment = { PATH: `${path.join(folder, "bin")}:/usr/bin:/bin` }
  const outputFolder = path.join(folder, "outputs")
  const asking = () => {
    const versionOf = Effect.runSync(toolVersions({ outputFolder }))
    return (name = "tool", directory = folder, isFresh = false) => versionOf(name, directory, environment, isFresh)
  }
  const read = (name: string) => readFileSync(path.join(folder, name), "utf8").trim()
  return { folder, tool, asking, read, outputFolder }
})

describe("what a program says of its version", () => {
  it.scopedLive("A program's version is how it ends with what it writes, also when it fails, is missing or has a strange name", () =>
    Effect.gen(function* () {
      const { asking, tool } = yield* withTool('echo "v1 $1"; echo warned >&2')
      tool("fails", "echo v1 $1; echo warned >&2; exit 3")
      tool("two words; $(echo)", "echo v2 $1")
      const version = asking()
      expect(JSON.parse(yield* version())).toEqual([{ _tag: "Exited", code: 0 }, "v1 --version\n", "warned\n"])
      expect(JSON.parse(yield* version("fails"))).toEqual([{ _tag: "Exited", code: 3 }, "v1 --version\n", "warned\n"])
      expect(JSON.parse(yield* version("two words; $(echo)"))[1]).toBe("v2 --version\n")
      const missing = yield* version("missing")
      expect(JSON.parse(missing)).toMatchObject([{ _tag: "Exited", code: 127 }, "", expect.stringContaining("not found")])
      for (const name of ["missing", "nul\0", "", "-x"]) expect(yield* asking()(name)).toBe(yield* asking()(name))
    })
  )

  it.scopedLive("A program's version is asked for once in a while, in each directory", () =>
    Effect.gen(function* () {
      const { asking, folder, read } = yield* withTool(`echo x >> "$(dirname "$0")/../count"; cat version`)
      put(path.join(folder, "version"), "1")
      put(path.join(folder, "sub/version"), "2")
      const version = asking()
      const first = yield* version()
      expect(yield* version()).toBe(first)
      expect(yield* version("tool", path.join(folder, "sub"))).not.toBe(first)
      expect(read("count").split("\n")).toHaveLength(2)
      put(path.join(folder, "version"), "3")
      expect(yield* asking()()).not.toBe(first)
    })
  )

  it.scoped("A program's version is asked for again when ten seconds have passed, or at once where it must be fresh", () =>
    Effect.gen(function* () {
      const { asking, read } = yield* withTool(`echo x >> "$(dirname "$0")/../count"; echo v1`)
      const version = asking()
      const starts = (isFresh?: boolean) => Effect.map(version("tool", undefined, isFresh), () => read("count").split("\n").length)
      expect(yield* starts()).toBe(1)
      yield* TestClock.adjust("9 seconds")
      expect([yield* starts(), yield* starts(true), yield* starts()]).toEqual([1, 2, 2])
      yield* TestClock.adjust("11 seconds")
      expect(yield* starts()).toBe(3)
    })
  )

  it.scopedLive("A program's version is asked for once by all who want it at the same time, whoever of them goes away", () =>
    Effect.gen(function* () {
      const { asking, folder, read } = yield* withTool(
        'cd "$(dirname "$0")/.."; echo x >> count; while [ ! -e open ] && [ "$(wc -l < count)" = 1 ]; do sleep 0.02; done; echo v1'
      )
      const version = asking()
      const first = yield* Effect.fork(version())
      yield* eventually(
        () => existsSync(path.join(folder, "count")),
        (there) => there
      )
      const others = yield* Effect.fork(Effect.all([version(), version()], { concurrency: 2 }))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(first)
      const [one, other] = yield* Fiber.join(others)
      expect([JSON.parse(one)[1], other]).toEqual(["v1\n", one])
      expect(read("count").split("\n")).toHaveLength(2)
    })
  )

  it.scopedLive("A question for a version does not wait for what the program leaves in the background", () =>
    Effect.gen(function* () {
      const { asking, read } = yield* withTool('echo v1; sleep 300 & echo $! > "$(dirname "$0")/../pid"')
      const version = yield* asking()()
      const pid = Number(read("pid"))
      const waits = isThere(pid)
      process.kill(pid)
      expect([JSON.parse(version), waits]).toEqual([[{ _tag: "Exited", code: 0 }, "v1\n", ""], true])
    })
  )

  it.scopedLive("A question for a version ends with whoever asks, and so does all that it started", () =>
    Effect.gen(function* () {
      const { asking, folder, read } = yield* withTool('sleep 300 & echo $$ > "$(dirname "$0")/../pid"; wait')
      const fiber = yield* Effect.fork(asking()())
      yield* eventually(
        () => existsSync(path.join(folder, "pid")) && read("pid") !== "",
        (there) => there
      )
      yield* Fiber.interrupt(fiber)
      yield* gone(Number(read("pid")))
    })
  )

  it.scopedLive("A program's version is that it takes too long, past five seconds", () =>
    Effect.gen(function* () {
      const { asking, read } = yield* withTool('echo $$ > "$(dirname "$0")/../pid"; sleep 300')
      expect(JSON.parse(yield* asking()())).toEqual([{ _tag: "TimedOut", idle: false, limitMs: 5000 }, "", ""])
      yield* gone(Number(read("pid")))
    })
  )

  it.scopedLive("A program's version is the same for the same long output, of which no file stays", () =>
    Effect.gen(function* () {
      const { asking, outputFolder } = yield* withTool("yes 0123456789 | head -n 20000")
      const version = yield* asking()()
      expect(yield* asking()()).toBe(version)
      expect(JSON.parse(version)[1]).toContain("bytes left out")
      expect(readdirSync(outputFolder)).toEqual([])
    })
  )
})
