import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { parse } from "jsonc-parser"
import { runs } from "../../../../../test/runs.ts"
import { put, temporary } from "../../../../../test/transcriptTree.ts"
import { edit } from "../../../src/files/JsonFile.ts"
import { isSetupHandler } from "../../../src/hooks/definition/settingsHookEntries.ts"
import { type ClientEntriesWanted, remove, standardEvents, write } from "../../../src/hooks/entries/ClientEntries.ts"
import { hookEventNames, refusalOf } from "../../../src/hooks/HookEvents.ts"
import { hookKey } from "../../../src/hooks/HookKey.ts"

const tree = Effect.map(temporary, (root) => {
  const settings = path.join(root, "claude/settings.json")
  const record = path.join(root, "han/setup.json")
  const text = () => readFileSync(settings, "utf8")
  return { root, settings, record, text, place: { settings, record, dry: false } }
})
const wanted = (more: Partial<ClientEntriesWanted> = {}): ClientEntriesWanted => ({ events: standardEvents, program: "han", ...more })
const command = (event: string, program = "han") => ({ type: "command", command: `${program} hook run ${event}` })
const meant = (text: string): unknown => parse(text, [], { allowTrailingComma: true })

describe("what is written", () => {
  it.scoped("Setup writes an entry for each event, and nothing the second time", () =>
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

  it.scoped("Setup writes beside what others have there, with longer limits where Claude Code's own are short", () =>
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

  it.scoped("Setup has files watched beside those of others, where somebody has an entry for that", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      const needed = new Map([["FileChanged", ["a.ts"]]])
      put(settings, JSON.stringify({ hooks: { FileChanged: [{ hooks: [command("FileChanged")] }] } }))
      expect((yield* write(place, wanted({ events: ["FileChanged"] }))).written).toBe(false)
      yield* write(place, wanted({ events: [], needed }))
      expect(JSON.parse(text()).hooks.FileChanged).toEqual([{ matcher: "a.ts|.*", hooks: [command("FileChanged")] }])
      expect((yield* write(place, wanted({ events: [], needed }))).written).toBe(false)
    })
  )

  it.scoped("Another program's entry takes the old one's place with what a person added, and a second one goes", () =>
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

  it.scoped("Requests that an earlier version wrote beside the commands go, and one that is alone stays", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      const request = (event: string) => ({ type: "http", url: `http://127.0.0.1:41956/hooks/${event}`, headers: { Authorization: "Bearer k" } })
      const pair = (event: string) => [{ hooks: [command(event), request(event)] }]
      put(settings, JSON.stringify({ hooks: { Stop: pair("Stop"), SessionEnd: pair("SessionEnd"), PostToolUse: [{ hooks: [request("PostToolUse")] }] } }))
      chmodSync(settings, 0o600)
      const { entries } = yield* write(place, wanted())
      expect(entries.filter(({ type }) => type === "http").map(({ change, event }) => [event, change])).toEqual([
        ["Stop", "removed"],
        ["SessionEnd", "removed"],
        ["PostToolUse", "kept"]
      ])
      expect(JSON.parse(text()).hooks).toEqual({
        Stop: [{ hooks: [command("Stop")] }],
        SessionEnd: [{ hooks: [command("SessionEnd")] }],
        PostToolUse: [{ hooks: [request("PostToolUse")] }],
        SessionStart: [{ hooks: [command("SessionStart")] }],
        SubagentStop: [{ hooks: [command("SubagentStop")] }]
      })
      // A hook that needs more than a request has a command, and nothing is asked twice.
      yield* write(place, wanted({ needed: new Map([["PostToolUse", null]]) }))
      expect([JSON.parse(text()).hooks.PostToolUse, statSync(settings).mode & 0o777]).toEqual([[{ hooks: [command("PostToolUse")] }], 0o600])
    })
  )

  it.scoped("Entries that hooks need are added, widened, and gone with them, and what somebody asked for stays", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      const hooks = () => JSON.parse(text()).hooks
      const needed = new Map<string, ReadonlyArray<string> | null>([
        ["PreToolUse", ["Bash"]],
        ["FileChanged", [".env", "package.json"]],
        ["PostToolUse", ["Edit"]]
      ])
      put(settings, JSON.stringify({ hooks: { PostToolUse: [{ matcher: "Bash", hooks: [command("PostToolUse")] }] } }))
      yield* write(place, wanted({ needed, events: [...standardEvents, "SessionEnd"] }))
      expect(hooks()).toMatchObject({
        PreToolUse: [{ hooks: [command("PreToolUse")] }],
        FileChanged: [{ matcher: ".env|package.json", hooks: [command("FileChanged")] }],
        // The same command runs once, whichever of both is for the tool.
        PostToolUse: [{ matcher: "Bash", hooks: [command("PostToolUse")] }, { hooks: [command("PostToolUse")] }]
      })
      expect((yield* write(place, wanted({ needed }))).written).toBe(false)
      yield* write(place, wanted({ needed: new Map([["FileChanged", ["go.mod"]]]) }))
      expect([hooks().FileChanged, hooks().PreToolUse]).toEqual([[{ matcher: "go.mod", hooks: [command("FileChanged")] }], undefined])
      const { entries } = yield* write(place, wanted({ events: [], corrects: false }))
      expect(entries).toMatchObject([{ event: "FileChanged", change: "removed" }])
      expect(Object.keys(hooks()).sort()).toEqual([...standardEvents, "SessionEnd"].sort())
    })
  )

  it.scoped("files that a person named stay named, and what is there for a person does not go", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      put(settings, JSON.stringify({ hooks: { FileChanged: [{ matcher: "mine", hooks: [command("FileChanged", "/my/han")] }] } }))
      yield* write(
        place,
        wanted({
          events: [],
          corrects: false,
          needed: new Map([
            ["FileChanged", ["a"]],
            ["Setup", null]
          ])
        })
      )
      expect(JSON.parse(text()).hooks).toEqual({
        FileChanged: [{ matcher: "mine|a", hooks: [command("FileChanged", "/my/han")] }],
        Setup: [{ hooks: [command("Setup")] }]
      })
      yield* write(place, wanted({ events: [], corrects: false }))
      expect(Object.keys(JSON.parse(text()).hooks)).toEqual(["FileChanged"])
      // Somebody may need it who could not be asked.
      yield* write(place, wanted({ events: [], needed: new Map([["Setup", null]]), isWhole: false }))
      expect((yield* write(place, wanted({ events: [], isWhole: false }))).written).toBe(false)
      yield* write(place, wanted({ events: [] }))
      expect(JSON.parse(text()).hooks).toEqual({ FileChanged: [{ matcher: "mine|a", hooks: [command("FileChanged", "/my/han")] }] })
    })
  )

  it.scoped("Setup says what keeps Claude Code from reading an entry", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      put(settings, JSON.stringify({ disableAllHooks: true }))
      expect((yield* write(place, wanted())).notes).toEqual([expect.stringContaining("disableAllHooks is on")])
      put(settings, '{\n  "model": "x", // mine\n}\n')
      const { notes, written } = yield* write(place, wanted())
      expect([written, notes, text()]).toEqual([
        true,
        [expect.stringContaining(`${settings}, line 2, column 17: a comment. Claude Code reads strict JSON and leaves this whole file out`)],
        expect.stringContaining('"model": "x", // mine')
      ])
    })
  )

  it("Setup never writes WorktreeCreate, nor an unknown event", () => {
    expect(refusalOf("WorktreeCreate")).toContain("leave the making of worktrees")
    expect(refusalOf("Lunch")).toContain('"Lunch" is no event of Claude Code that han knows (did you mean ')
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
  it.each(own)("The command %s counts as han's", (text) => expect(isSetupHandler({ type: "command", command: text })).toBe(true))
  it.each(others)("The command %s does not count as han's", (text) => expect(isSetupHandler({ type: "command", command: text })).toBe(false))
  it("Requests to the coordinator count as han's, whatever their port", () => {
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
  it.scoped.each(cases)("A file has every byte as it was after han's entries are taken out: %s", ([, before]) =>
    Effect.gen(function* () {
      const { place, record, settings, text } = yield* tree
      put(settings, before)
      for (const more of [
        {},
        { events: hookEventNames.filter((event) => refusalOf(event) === null) },
        { program: "/other/han" },
        { needed: new Map([["FileChanged", ["a", "b"]]]) }
      ]) {
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

  it.scoped("Changes that came meanwhile stay, and what was empty before stays empty", () =>
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

  it.scoped("A file that han made keeps only what others put into it", () =>
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

  it.scopedLive("Any file is as before after entries are taken out, and the second time writes nothing", () =>
    Effect.gen(function* () {
      const { place, settings, text } = yield* tree
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(settingsValue, fc.infiniteStream(gap), fc.boolean(), async (value, gaps, withNeeds) => {
            const next = () => gaps.next().value
            const before = next() + written(value, next) + next()
            put(settings, before)
            const all = wanted(
              withNeeds
                ? {
                    needed: new Map([
                      ["PreToolUse", ["Bash"]],
                      ["FileChanged", ["a"]]
                    ])
                  }
                : {}
            )
            await Effect.runPromise(write(place, all))
            const after = text()
            expect((await Effect.runPromise(write(place, all))).written).toBe(false)
            expect(text()).toBe(after)
            await Effect.runPromise(remove(place))
            expect(text()).toBe(before)
          }),
          { numRuns: runs(150, 25) }
        )
      )
    })
  )

  it.scopedLive("Any change meanwhile leaves a file that says what it would say without han", () =>
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
          { numRuns: runs(100, 20) }
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
      yield* write(place, wanted())
      expect(lstatSync(settings).isSymbolicLink()).toBe(true)
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
  it.scoped.each(broken)("A broken file is refused with the line, and left as it is: %s", ([, before, line]) =>
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
