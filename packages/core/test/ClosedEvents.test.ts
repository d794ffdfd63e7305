import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Hook } from "../src/Hook.ts"
import type { HookList } from "../src/Hooks.ts"
import { closedEvents } from "../src/internal/closedEvents.ts"
import { put, temporary } from "./transcriptTree.ts"

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
const list = (projectPath: string, ...hooks: ReadonlyArray<Hook>): HookList => ({
  projectPath,
  hooks,
  clientHooks: [],
  plugins: [],
  problems: [],
  trust: { digest: null, hooks: [], decision: null, outdated: false },
  read: 0
})

describe("the events that are closed while nobody runs their hooks", () => {
  const noting = Effect.map(temporary, (folder) => {
    const file = path.join(folder, "fail-closed.json")
    return { file, noted: (): unknown => JSON.parse(readFileSync(file, "utf8")) }
  })

  it.scoped("stand by project and configuration folder, and no call takes away what one with another folder has noted", () =>
    Effect.gen(function* () {
      const { file, noted } = yield* noting
      const note = closedEvents(file)
      yield* note(list("/p", hook(["Stop", "SubagentStop"]), hook(["Stop", "PreToolUse"])), undefined)
      expect(noted()).toEqual({ "/p": { "": ["PreToolUse", "Stop", "SubagentStop"] } })
      expect(statSync(file).mode & 0o777).toBe(0o600)
      yield* note(list("/p", hook(["Stop"])), "/work/claude")
      yield* note(list("/p", hook(["Stop"], { onError: "open" })), "/home/claude")
      yield* note(list("/q", hook(["PreToolUse"])), "/home/claude")
      const all = {
        "/p": { "": ["PreToolUse", "Stop", "SubagentStop"], "/home/claude": [], "/work/claude": ["Stop"] },
        "/q": { "/home/claude": ["PreToolUse"] }
      }
      expect(noted()).toEqual(all)
      // Nothing is written where nothing is new, also by the next program.
      const { ino } = statSync(file)
      yield* note(list("/p", hook(["Stop"])), "/work/claude")
      yield* closedEvents(file)(list("/q", hook(["PreToolUse"])), "/home/claude")
      expect(statSync(file).ino).toBe(ino)
      yield* note(list("/p"), "/work/claude,/home/claude")
      expect(noted()).toEqual({ ...all, "/p": { ...all["/p"], "": [] } })
      yield* note(list("/p", hook(["Stop"], { enabled: false }), hook(["Stop"], { trust: { state: "untrusted", why: "" } })), "/work/claude")
      expect(noted()).toEqual({ "/q": { "/home/claude": ["PreToolUse"] } })
    })
  )

  it.scoped("are read as they were noted before, without folders; what is broken is written anew", () =>
    Effect.gen(function* () {
      const { file, noted } = yield* noting
      put(file, JSON.stringify({ "/p": ["Stop"], "/q": ["PreToolUse"], "/r": 7 }))
      yield* closedEvents(file)(list("/p", hook(["SubagentStop"])), "/work/claude")
      expect(noted()).toMatchObject({ "/p": { "": ["Stop"], "/work/claude": ["SubagentStop"] }, "/q": { "": ["PreToolUse"] } })
      put(file, "{")
      yield* closedEvents(file)(list("/p", hook(["Stop"])), undefined)
      expect(noted()).toEqual({ "/p": { "": ["Stop"] } })
    })
  )

  it.scoped("are noted later when they could not be", () =>
    Effect.gen(function* () {
      const { file, noted } = yield* noting
      mkdirSync(file)
      const note = closedEvents(file)
      yield* note(list("/p", hook(["Stop"])), undefined)
      rmSync(file, { recursive: true })
      yield* note(list("/p", hook(["Stop"])), undefined)
      expect(noted()).toEqual({ "/p": { "": ["Stop"] } })
    })
  )
})
