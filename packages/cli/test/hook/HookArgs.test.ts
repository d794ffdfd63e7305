import { hookEventNames } from "han-core/HookEvents"
import { describe, expect, it } from "vitest"
import { eventName, parseHookArgs } from "../../src/hook/HookArgs.ts"

const plain = { event: null, only: null, directory: undefined, cache: true, async: false, failClosed: false }
const words = (line: string) => parseHookArgs(line.split(" "))

describe("what the agent's client calls", () => {
  it("A call may name any event that han knows, and any other that looks like one", () => {
    for (const event of hookEventNames) expect(words(`hook run ${event}`)).toEqual({ ...plain, event })
    expect(words("hook run MCPServerLost")).toEqual({ ...plain, event: "MCPServerLost" })
    for (const word of ["stop", "PRE", "Pre-Tool", "P", "Stop2", "lint@mine"]) {
      expect(eventName.test(word)).toBe(false)
      expect(words(`hook run ${word}`)).toBeUndefined()
    }
  })

  it("The word dispatch is the older name of run", () => {
    expect(words("hook dispatch Stop --all --no-checkpoints")).toEqual({ ...plain, event: "Stop" })
    expect(words("hook dispatch lint lint")).toBeUndefined()
  })

  it("A call may name a hook of a plugin, with the options of older releases", () => {
    const only = { plugin: "biome@mine", hook: "lint" }
    expect(words("hook run biome@mine lint --async")).toEqual({ ...plain, only, async: true })
    expect(words("hook run --verbose biome@mine --skip-deps lint --cached -a --checkpoint-type session --checkpoint-id=7")).toEqual({ ...plain, only })
    expect(words("hook run biome@mine lint --no-cache --only packages/a --fail-closed")).toEqual({
      ...plain,
      only,
      cache: false,
      directory: "packages/a",
      failClosed: true
    })
  })

  it("Any other words are no call of the client", () => {
    for (const line of [
      "sessions",
      "hook",
      "hook run",
      "hook list",
      "hook run a b c",
      "hook run Stop --help",
      "hook run Stop -h",
      "hook run Stop --frobnicate",
      "hook run Stop --only",
      "hook run Stop --only --async",
      "hook run Stop --only=",
      "hook run Stop --async=yes",
      "hook run Stop --",
      "hook run -a"
    ])
      expect([line, words(line)]).toEqual([line, undefined])
    expect(parseHookArgs(["hook", "run", ""])).toBeUndefined()
    expect(parseHookArgs(["hook", "run", "a", ""])).toBeUndefined()
  })
})
