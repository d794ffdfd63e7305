import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { parse } from "jsonc-parser"
import { type ClientEntriesWanted, refusalOf, remove, standardEvents, write } from "../src/ClientEntries.ts"
import { hookEvents } from "../src/Hook.ts"
import { hookKey } from "../src/HookKey.ts"
import { isSetupHandler } from "../src/internal/hookHandlers.ts"
import { edit } from "../src/JsonFile.ts"
import { put, temporary } from "./transcriptTree.ts"

const tree = Effect.map(temporary, (root) => {
  const settings = path.join(root, "claude/settings.json")
  const record = path.join(root, "han/setup.json")
  const text = () => readFileSync(settings, "utf8")
  return { root, settings, record, text, place: { settings, record, dry: false } }
})
const wanted = (more: Partial<ClientEntriesWanted> = {}): ClientEntriesWanted => ({ events: standardEvents, program: "han", ...more })
const http = { port: 41956, key: hookKey("secret") }
const command = (event: string, program = "han") => ({ type: "command", command: `${program} hook run ${event}` })
const meant = (text: string): unknown => parse(text, [], { allowTrailingComma: true })

describe("what is written", () => {
  it.scoped("an entry for each event, and nothing the second time", () =>
    Effect.gen(function* () {
      const { place, root, settings, text } = yield* tree
      expect(yield* write({ ...place, dry: true }, wanted())).toMatchObject({
        written: true,
        entries: standardEvents.map((event) => ({ event, change: "added" }))
      })
      expect(readdirSync(root)).toEqual([])
      const first = yield* write(place, wanted())
      expect(first).toEqual({
        written: true,
        entries: standardEvents.map((event) => ({ event, type: "command", what: `han hook run ${event}`, change: "added" })),
        notes: []
      })
      expect(JSON.parse(text())).toEqual({ hooks: Object.fromEntries(standardEvents.map((event) => [event, [{ hooks: [command(event)] }]])) })
      const before = statSync(settings).ino
      const second = yield* write(place, wanted())
      expect([second.written, new Set(second.entries.map(({ change }) => change))]).toEqual([false, new Set(["kept"])])
      expect(statSync(settings).ino).toBe(before)
      expect((yield* remove({ ...place, dry: true })).entries).toHaveLength(4)
      expect(existsSync(settings)).toBe(true)
      expect((yield* remove(place)).written).toBe(true)
      expect(existsSync(settings)).toBe(false)
      expect(yield* remove(place)).toEqual({ written: false, entries: [], notes: [] })
    })
  )

  it.scoped("beside what others have there, with longer limits where Claude Code's own are short", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      put(settings, '{\n  "hooks": {\n    "Stop": [\n      { "matcher": "", "hooks": [{ "type": "command", "command": "say done" }] }\n    ]\n  }\n}\n')
      yield* write(place, wanted({ events: ["Stop", "SessionEnd", "UserPromptSubmit"] }))
      expect(JSON.parse(text())).toEqual({
        hooks: {
          Stop: [{ matcher: "", hooks: [{ type: "command", command: "say done" }] }, { hooks: [command("Stop")] }],
          SessionEnd: [{ hooks: [{ ...command("SessionEnd"), timeout: 60 }] }],
          UserPromptSubmit: [{ hooks: [{ ...command("UserPromptSubmit"), timeout: 600 }] }]
        }
      })
    })
  )

  it.scoped("files to watch: a matcher of the entry at FileChanged alone, added to what is there", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      const entry = (matcher: string) => [{ matcher, hooks: [command("FileChanged")] }]
      yield* write(place, wanted({ events: ["FileChanged", "Stop"], watched: "a.ts|b.ts" }))
      expect(JSON.parse(text()).hooks).toEqual({ FileChanged: entry("a.ts|b.ts"), Stop: [{ hooks: [command("Stop")] }] })
      expect((yield* write(place, wanted({ events: ["FileChanged"], watched: "b.ts" }))).written).toBe(false)
      expect((yield* write(place, wanted({ events: ["FileChanged"], watched: "c.ts" }))).entries).toMatchObject([{ change: "changed" }])
      expect(JSON.parse(text()).hooks.FileChanged).toEqual(entry("a.ts|b.ts|c.ts"))
      put(settings, JSON.stringify({ hooks: { FileChanged: [{ hooks: [command("FileChanged")] }] } }))
      expect((yield* write(place, wanted({ events: ["FileChanged"] }))).written).toBe(false)
      // It was called for whatever others have watched, and still is.
      yield* write(place, wanted({ events: ["FileChanged"], watched: "a.ts" }))
      expect(JSON.parse(text()).hooks.FileChanged).toEqual(entry("a.ts|.*"))
      expect((yield* write(place, wanted({ events: ["FileChanged"], watched: "a.ts" }))).written).toBe(false)
      yield* remove(place)
      expect(JSON.parse(text()).hooks).toBeUndefined()
    })
  )

  it.scoped("another program takes the place of the old one, with what a person added; a second one is gone", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      put(
        settings,
        JSON.stringify({
          hooks: {
            Stop: [
              { matcher: "x", hooks: [{ type: "command", command: "'/old place/han' hook run Stop --fail-closed", timeout: 900 }] },
              { hooks: [{ type: "command", command: "han hook run Stop" }] }
            ]
          }
        })
      )
      const change = yield* write(place, wanted({ events: ["Stop"], program: "/new/han" }))
      expect(change.entries.map(({ change, what }) => [change, what])).toEqual([
        ["removed", "han hook run Stop"],
        ["changed", "/new/han hook run Stop --fail-closed"]
      ])
      expect(JSON.parse(text())).toEqual({
        hooks: { Stop: [{ matcher: "x", hooks: [{ type: "command", command: "/new/han hook run Stop --fail-closed", timeout: 900 }] }] }
      })
    })
  )

  it.scoped("requests beside the commands: with a key in a file that is closed before, not at SessionStart", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      put(settings, "{}")
      chmodSync(settings, 0o644)
      yield* write(place, wanted())
      expect(statSync(settings).mode & 0o777).toBe(0o644)
      yield* write(place, wanted({ http }))
      expect(statSync(settings).mode & 0o777).toBe(0o600)
      const request = { type: "http", url: "http://127.0.0.1:41956/hooks/Stop", headers: { Authorization: `Bearer ${http.key}` } }
      expect(JSON.parse(text()).hooks).toMatchObject({ Stop: [{ hooks: [command("Stop"), request] }], SessionStart: [{ hooks: [command("SessionStart")] }] })
      expect((yield* write(place, wanted({ http }))).written).toBe(false)
      expect((yield* write(place, wanted())).written).toBe(false)
      const moved = yield* write(place, wanted({ http: { port: 5, key: "k" } }))
      expect(moved.entries.filter(({ change }) => change === "changed").map(({ what }) => what)).toContain("http://127.0.0.1:5/hooks/Stop")
      expect(JSON.parse(text()).hooks.Stop[0].hooks).toHaveLength(2)
      yield* remove(place)
      expect(text()).toBe("{}")
    })
  )

  it.scoped("a new file for a key is closed from its beginning", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      yield* write(place, wanted({ http }))
      expect([statSync(settings).mode & 0o777, statSync(path.dirname(settings)).mode & 0o777]).toEqual([0o600, 0o700])
      expect(text()).toContain(http.key)
      yield* remove(place)
      expect(existsSync(settings)).toBe(false)
    })
  )

  it.scoped("says what keeps Claude Code from it", () =>
    Effect.gen(function* () {
      const { place, settings } = yield* tree
      put(settings, JSON.stringify({ disableAllHooks: true, allowedHttpHookUrls: ["https://hooks.example/*"] }))
      const { notes } = yield* write(place, wanted({ http }))
      expect(notes).toEqual([expect.stringContaining("disableAllHooks is on"), expect.stringContaining('lacks "http://127.0.0.1:41956/hooks/*"')])
      put(settings, JSON.stringify({ allowedHttpHookUrls: ["http://127.0.0.1:*"] }))
      expect((yield* write(place, wanted({ http }))).notes).toEqual([])
    })
  )

  it("never WorktreeCreate, nor what is no event", () => {
    expect(refusalOf("WorktreeCreate")).toContain("leave the making of worktrees")
    expect(refusalOf("Lunch")).toContain('"Lunch" is no event of Claude Code; those are SessionStart')
    expect(refusalOf("MessageDisplay")).toBe(null)
  })

  it("a key is made of the token, and does not give it away", () => {
    expect(hookKey("a".repeat(64))).toMatch(/^[0-9a-f]{64}$/)
    expect(hookKey("a".repeat(64))).not.toBe(hookKey("b".repeat(64)))
  })
})

describe("what counts as han's", () => {
  const own = [
    ...["han", "/usr/local/bin/han", "'/with space/han.mjs'", '"/x/han"', "han-1.2.3", "'/it'\\''s/han'"].map((program) => `${program} hook run Stop`),
    "han hook run Stop --no-cache"
  ]
  const others = [
    "han hook run lint check",
    "han hook list",
    "cd x && han hook run Stop",
    "han hook run Stop; true",
    "handle hook run Stop",
    "/x/chan hook run Stop",
    "han hook run Stop > /dev/null",
    "$(han) hook run Stop",
    "han hook run Lunch"
  ]
  it.each(own)("%s", (text) => expect(isSetupHandler({ type: "command", command: text })).toBe(true))
  it.each(others)("not %s", (text) => expect(isSetupHandler({ type: "command", command: text })).toBe(false))
  it("requests to the coordinator, whatever its port", () => {
    expect(isSetupHandler({ type: "http", url: "http://127.0.0.1:9/hooks/Stop" })).toBe(true)
    for (const url of [
      "http://127.0.0.1:9/hooks/Lunch",
      "http://127.0.0.1:9/other",
      "https://example.com/hooks/Stop",
      "http://127.0.0.1.example.com:9/hooks/Stop",
      5
    ]) {
      expect(isSetupHandler({ type: "http", url })).toBe(false)
    }
  })
})

describe("taking it out again", () => {
  const cases = [
    ["two spaces", '{\n  "model": "x"\n}\n'],
    ["an empty object with space", "{ }"],
    ["an empty object over lines", "{\n\n}\n"],
    ["an empty file", ""],
    ["white space", " \n\n"],
    ["a byte order mark", '\ufeff{"a":1}'],
    ["a byte order mark alone", "\ufeff"],
    ["an empty hooks", '{"hooks": {}, "a": 1}'],
    ["an empty event", '{\n  "hooks": { "Stop": [ ] }\n}'],
    ["an empty group", '{"hooks": {"Stop": [{"hooks": []}]}}'],
    ["comments", '// one\n{ /* two */ "a" : 1, // three\n  // four\n}\n// five'],
    ["comments in hooks", '{\n\t"hooks": {\n\t\t// none yet\n\t}\n}\r\n'],
    ["a comma at the end", '{\n  "hooks": {\n    "Stop": [\n      {"hooks": [{"type": "command", "command": "x"},]},\n    ],\n  },\n}'],
    ["others around", '{"hooks":{"PreToolUse":[{"matcher":"Bash","hooks":[{"type":"command","command":"x"}]}],"Stop":[{"hooks":[]}]},"z":null}']
  ] as const
  it.scoped.each(cases)("%s: every byte is as it was", ([, before]) =>
    Effect.gen(function* () {
      const { place, record, settings, text } = yield* tree
      put(settings, before)
      for (const more of [{}, { events: hookEvents.filter((event) => refusalOf(event) === null) }, { program: "/other/han" }, { http }]) {
        yield* write(place, wanted(more))
        expect(text()).not.toBe(before)
      }
      yield* remove(place)
      expect(text()).toBe(before)
      // What needs no record has none, and no other copy of the settings stays behind.
      expect(existsSync(record) ? JSON.parse(readFileSync(record, "utf8")) : {}).not.toMatchObject({ settings: { [settings]: expect.anything() } })
    })
  )

  it.scoped("a record is closed to others, and is not kept of files that need none", () =>
    Effect.gen(function* () {
      const { place, record, settings } = yield* tree
      put(settings, '{\n  "model": "x"\n}\n')
      yield* write(place, wanted())
      expect(existsSync(record)).toBe(false)
      yield* remove(place)
      put(settings, "{ }")
      yield* write(place, wanted())
      expect([statSync(record).mode & 0o777, statSync(path.dirname(record)).mode & 0o777]).toEqual([0o600, 0o700])
    })
  )

  it.scoped("what came meanwhile stays, and what was empty before stays empty", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      put(settings, '{"hooks": {"Stop": []}}')
      yield* write(place, wanted())
      yield* edit(settings, () => Effect.succeed([{ path: ["model"], value: "x" }]))
      yield* write(place, wanted({ events: ["SessionEnd"] }))
      yield* remove(place)
      expect(JSON.parse(text())).toEqual({ hooks: { Stop: [] }, model: "x" })
    })
  )

  it.scoped("of a file that han made, only what others put into it stays", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      yield* write(place, wanted())
      yield* edit(settings, () => Effect.succeed([{ path: ["model"], value: "x" }]))
      yield* remove(place)
      expect(JSON.parse(text())).toEqual({ model: "x" })
      yield* edit(settings, () => Effect.succeed([{ path: ["model"], remove: true }]))
      yield* write(place, wanted())
      yield* remove(place)
      expect(text().trim()).toBe("{}")
    })
  )

  it.scoped("a comment that a person put beside an entry stays", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      put(settings, '{"hooks": {"Stop": [\n  // han checks my work\n  {"hooks": [{"type": "command", "command": "han hook run Stop"}]}\n]}}')
      yield* remove(place)
      expect(text()).toContain("// han checks my work")
      expect(meant(text())).toEqual({ hooks: { Stop: [] } })
    })
  )

  const gap = fc.constantFrom("", "", " ", "\n", "\r\n\t", "\n  ", " /* { , */ ", '\n// " }\n  ')
  const other = fc.record({ type: fc.constant("command"), command: fc.constantFrom("x", "say hi", "han hook list") })
  const group = fc.record({ matcher: fc.constantFrom("", "Bash"), hooks: fc.array(other, { maxLength: 2 }) }, { requiredKeys: ["hooks"] })
  const hooks = fc.dictionary(fc.constantFrom("Stop", "PostToolUse", "PreToolUse"), fc.array(group, { maxLength: 2 }), { maxKeys: 3 })
  const settingsValue = fc.record({ model: fc.string(), hooks, env: fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 }) }, { requiredKeys: [] })
  const written = (value: unknown, next: () => string): string => {
    const items = (parts: ReadonlyArray<string>) => parts.join(`${next()},${next()}`) + (parts.length > 0 && next() === "\n" ? `${next()},` : "") + next()
    if (Array.isArray(value)) return `[${next()}${items(value.map((item) => written(item, next)))}]`
    if (typeof value !== "object" || value === null) return JSON.stringify(value)
    return `{${next()}${items(Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}${next()}:${next()}${written(item, next)}`))}}`
  }

  it.scopedLive("whatever the file looks like: out again is as before, and the second time writes nothing", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(settingsValue, fc.infiniteStream(gap), fc.boolean(), async (value, gaps, withHttp) => {
            const next = () => gaps.next().value
            const before = next() + written(value, next) + next()
            put(settings, before)
            const all = wanted(withHttp ? { http } : {})
            await Effect.runPromise(write(place, all))
            const after = text()
            expect((await Effect.runPromise(write(place, all))).written).toBe(false)
            expect(text()).toBe(after)
            await Effect.runPromise(remove(place))
            expect(text()).toBe(before)
          }),
          { numRuns: 150 }
        )
      )
    })
  )

  it.scopedLive("whatever changes meanwhile: it says what it would say without han", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(settingsValue, fc.infiniteStream(gap), fc.string(), async (value, gaps, model) => {
            put(
              settings,
              written(value, () => gaps.next().value)
            )
            await Effect.runPromise(write(place, wanted()))
            await Effect.runPromise(edit(settings, () => Effect.succeed([{ path: ["model"], value: `${model}!` }])))
            await Effect.runPromise(remove(place))
            const now = meant(text())
            const expected = { ...value, model: `${model}!` }
            // Without a record an event or a group that was empty is not told from one that han has left so.
            const bare = (one: unknown) =>
              JSON.parse(JSON.stringify(one, (_, item) => (Array.isArray(item) ? item.filter((part) => part?.hooks?.length !== 0) : item)))
            const { hooks: left = {}, ...rest } = bare(now)
            const { hooks: before = {}, ...others } = bare(expected)
            expect(rest).toEqual(others)
            const filled = (events: Record<string, ReadonlyArray<unknown>>) =>
              Object.fromEntries(Object.entries(events).filter(([, groups]) => groups.length > 0))
            expect(filled(left)).toEqual(filled(before))
          }),
          { numRuns: 100 }
        )
      )
    })
  )
})

describe("files that are not simply there", () => {
  it.scoped("a link stays, and what it names is written", () =>
    Effect.gen(function* () {
      const { place, root, settings } = yield* tree
      const target = put(path.join(root, "dotfiles/settings.json"), "{ }\n")
      mkdirSync(path.dirname(settings))
      symlinkSync("../dotfiles/settings.json", settings)
      yield* write(place, wanted({ http }))
      expect([lstatSync(settings).isSymbolicLink(), statSync(target).mode & 0o777]).toEqual([true, 0o600])
      expect(readFileSync(target, "utf8")).toContain("han hook run Stop")
      yield* remove(place)
      expect([lstatSync(settings).isSymbolicLink(), readFileSync(target, "utf8")]).toEqual([true, "{ }\n"])
    })
  )

  const broken = [
    ["cut off", '{\n  "hooks": {', 2],
    ["a list", "[]", 1],
    ["hooks that are no object", '{\n\n  "hooks": []\n}', 3],
    ["an event that is no list", '{\n  "hooks": {\n    "Stop": {}\n  }\n}', 3],
    ["hooks twice", '{"hooks": {},\n"hooks": {}}', 2]
  ] as const
  it.scoped.each(broken)("%s: refused with the line, and left as it is", ([, before, line]) =>
    Effect.gen(function* () {
      const { place, root, settings, text } = yield* tree
      put(settings, before)
      chmodSync(settings, 0o644)
      const error = yield* Effect.flip(write(place, wanted()))
      expect(yield* Effect.flip(write({ ...place, dry: true }, wanted()))).toEqual(error)
      expect(error).toMatchObject({ _tag: "JsonFileBroken", line, message: expect.stringContaining(`${settings}, line ${line}`) })
      expect([text(), readdirSync(path.join(root, "claude"))]).toEqual([before, ["settings.json"]])
    })
  )
})
