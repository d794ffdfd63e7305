import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { put, temporary } from "../../../../../test/transcriptTree.ts"
import { gatesIn, guards } from "../../../src/hooks/ClosedGates.ts"
import type { Hook, HookProblem } from "../../../src/hooks/Hook.ts"
import type { HookList } from "../../../src/hooks/Hooks.ts"
import { failClosedIndex } from "../../../src/hooks/run/failClosedIndex.ts"
import { object } from "../../../src/text/json.ts"

const hook = (events: ReadonlyArray<string>, more: Partial<Hook> = {}): Hook => ({
  id: "gate@m/check",
  plugin: "gate",
  marketplace: "m",
  root: "/gate",
  version: null,
  aliases: [],
  changedBy: [],
  sync: true,
  mcp: false,
  tip: null,
  line: null,
  file: "/gate/han-plugin.yml",
  name: "check",
  description: null,
  triggers: events.map((event) => ({ event, values: null })),
  toolFilter: null,
  command: "true",
  beforeAll: null,
  dirTest: null,
  fileTest: null,
  dirsWith: [],
  ifChanged: [],
  dependsOn: [],
  phase: null,
  timeout: null,
  idleTimeout: null,
  cache: true,
  onError: "closed",
  tools: [],
  environment: [],
  enabled: true,
  disabledBy: null,
  trust: { state: "trusted", why: "" },
  ...more
})
const listed = (projectPath: string, hooks: ReadonlyArray<Hook>, problems: ReadonlyArray<HookProblem> = []): HookList => ({
  projectPath,
  hooks,
  clientHooks: [],
  client: { disabledBy: null, managedOnlyBy: null, ignored: [] },
  plugins: [],
  problems,
  trust: { digest: null, hooks: [], decision: null, outdated: false, changed: [] },
  read: 0
})
const list = (projectPath: string, ...hooks: ReadonlyArray<Hook>): HookList => listed(projectPath, hooks)
/** As it stands in the file. */
const gate = (event: string, more: object = {}) => ({ event, values: null, filter: null, hook: "gate@m/check", files: ["/gate/han-plugin.yml"], ...more })
const gates = (...events: ReadonlyArray<string>) => events.map((event) => gate(event))

describe("the gates that are closed while nobody runs them", () => {
  const noting = Effect.map(temporary, (folder) => {
    const file = path.join(folder, "fail-closed.json")
    return { file, noted: (): unknown => JSON.parse(readFileSync(file, "utf8")) }
  })

  it.scoped("Closed gates stand by project and configuration folder, and no call takes another folder's away", () =>
    Effect.gen(function* () {
      const { file, noted } = yield* noting
      const note = failClosedIndex(file)
      yield* note(list("/p", hook(["Stop", "SubagentStop"]), hook(["Stop", "PreToolUse"])), undefined)
      expect(noted()).toEqual({ "/p": { "": gates("PreToolUse", "Stop", "SubagentStop") } })
      expect(statSync(file).mode & 0o777).toBe(0o600)
      yield* note(list("/p", hook(["Stop"])), "/work/claude")
      yield* note(list("/p", hook(["Stop"], { onError: "open" })), "/home/claude")
      yield* note(list("/q", hook(["PreToolUse"])), "/home/claude")
      const all = {
        "/p": { "": gates("PreToolUse", "Stop", "SubagentStop"), "/home/claude": [], "/work/claude": gates("Stop") },
        "/q": { "/home/claude": gates("PreToolUse") }
      }
      expect(noted()).toEqual(all)
      // Nothing is written where nothing is new, also by the next program.
      const { ino } = statSync(file)
      yield* note(list("/p", hook(["Stop"])), "/work/claude")
      yield* failClosedIndex(file)(list("/q", hook(["PreToolUse"])), "/home/claude")
      expect(statSync(file).ino).toBe(ino)
      yield* note(list("/p"), "/work/claude,/home/claude")
      expect(noted()).toEqual({ ...all, "/p": { ...all["/p"], "": [] } })
      yield* note(list("/p", hook(["Stop"], { enabled: false }), hook(["Stop"], { trust: { state: "untrusted", why: "" } })), "/work/claude")
      expect(noted()).toEqual({ "/q": { "/home/claude": gates("PreToolUse") } })
    })
  )

  it.scoped("Closed gates are read as they were noted before, without folders, and broken notes are written anew", () =>
    Effect.gen(function* () {
      const { file, noted } = yield* noting
      put(file, JSON.stringify({ "/p": ["Stop"], "/q": ["PreToolUse"], "/r": 7 }))
      yield* failClosedIndex(file)(list("/p", hook(["SubagentStop"])), "/work/claude")
      expect(noted()).toMatchObject({
        "/p": { "": [{ event: "Stop", values: null, hook: "" }], "/work/claude": gates("SubagentStop") },
        "/q": { "": [{ event: "PreToolUse", values: null, files: [] }] }
      })
      put(file, "{")
      yield* failClosedIndex(file)(list("/p", hook(["Stop"])), undefined)
      expect(noted()).toEqual({ "/p": { "": gates("Stop") } })
    })
  )

  it.scoped("Closed gates are noted with their tools", () =>
    Effect.gen(function* () {
      const { file, noted } = yield* noting
      const bash = hook(["PreToolUse"], { triggers: [{ event: "PreToolUse", values: ["Bash"] }], toolFilter: ["Bash", "Read"] })
      yield* failClosedIndex(file)(list("/p", bash), undefined)
      const [one, ...more] = gatesIn(object(object(noted())?.["/p"])?.[""])
      expect([one, more]).toEqual([gate("PreToolUse", { values: ["Bash"], filter: ["Bash", "Read"] }), []])
      const shut = (event: string | null, tool: string | null) => one !== undefined && guards(one, { event, value: tool, tool })
      expect([shut("PreToolUse", "Bash"), shut("PreToolUse", "Read"), shut("Stop", null), shut("PreToolUse", null), shut(null, "Bash")]).toEqual([
        true,
        false,
        false,
        true,
        true
      ])
      const explorer = gatesIn([gate("SubagentStop", { values: ["Explore"] })])
      const stops = (value: string | null) => explorer.some((each) => guards(each, { event: "SubagentStop", value, tool: null }))
      expect([stops("Explore"), stops("Plan"), stops(null)]).toEqual([true, false, true])
    })
  )

  it.scoped("Closed gates stay when the file that holds them cannot be read, and go when they are taken away", () =>
    Effect.gen(function* () {
      const { file, noted } = yield* noting
      const note = failClosedIndex(file)
      const all = { "/p": { "": gates("Stop") } }
      const problem = (path: string, key: string | null = null): HookProblem => ({ severity: "error", path, line: 3, key, message: `${path} is broken` })
      expect(yield* note(list("/p", hook(["Stop"])), undefined)).toEqual([])
      const hidden = [{ ...gate("Stop"), why: "/gate/han-plugin.yml is broken" }]
      expect(yield* note(listed("/p", [], [problem("/gate/han-plugin.yml")]), undefined)).toEqual(hidden)
      expect(noted()).toEqual(all)
      // The next program knows no more.
      expect(yield* failClosedIndex(file)(listed("/p", [], [problem("/gate/han-plugin.yml", "hooks.check.command")]), undefined)).toEqual(hidden)
      expect(noted()).toEqual(all)
      // An error in another hook of the file, or in another file, hides nothing.
      expect(yield* note(listed("/p", [], [problem("/gate/han-plugin.yml", "hooks.other"), problem("/else")]), undefined)).toEqual([])
      expect(noted()).toEqual({})
    })
  )

  it.scoped("Closed gates stay when the settings that close them cannot be read, though they are run", () =>
    Effect.gen(function* () {
      const { file, noted } = yield* noting
      const note = failClosedIndex(file)
      const closed = { files: ["/gate/han-plugin.yml", "/p/han.yml"] }
      yield* note(list("/p", hook(["Stop"], { changedBy: ["/p/han.yml"] })), undefined)
      const broken: HookProblem = { severity: "error", path: "/p/han.yml", line: 1, key: null, message: "broken" }
      expect(yield* note(listed("/p", [hook(["Stop"], { onError: "open" })], [broken]), undefined)).toEqual([])
      expect(noted()).toEqual({ "/p": { "": [gate("Stop", closed)] } })
      yield* note(listed("/p", [hook(["Stop"], { enabled: false })], [broken]), undefined)
      expect(noted()).toEqual({})
    })
  )

  it.scoped("Closed gates are noted later when they could not be at once", () =>
    Effect.gen(function* () {
      const { file, noted } = yield* noting
      mkdirSync(file)
      const note = failClosedIndex(file)
      yield* note(list("/p", hook(["Stop"])), undefined)
      rmSync(file, { recursive: true })
      yield* note(list("/p", hook(["Stop"])), undefined)
      expect(noted()).toEqual({ "/p": { "": gates("Stop") } })
    })
  )
})
