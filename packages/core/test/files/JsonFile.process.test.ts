import { spawnSync } from "node:child_process"
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { createScanner, findNodeAtLocation, type ParseError, parse, parseTree } from "jsonc-parser"
import { runs } from "../../../../test/runs.ts"
import { put, temporary } from "../../../../test/transcriptTree.ts"
import type { JsonChange } from "../../src/files/JsonChange.ts"
import { edit, read } from "../../src/files/JsonFile.ts"

const changing = (file: string, ...changes: ReadonlyArray<JsonChange>) => edit(file, () => Effect.succeed(changes))
/** A file with this text, after these changes. */
const after = (text: string, ...changes: ReadonlyArray<JsonChange>) =>
  Effect.gen(function* () {
    const file = put(path.join(yield* temporary, "settings.json"), text)
    yield* changing(file, ...changes)
    return readFileSync(file, "utf8")
  })
const on: JsonChange = { path: ["enabledPlugins", "a@m"], value: true }
const off: JsonChange = { path: ["enabledPlugins", "a@m"], remove: true }

describe("what a change leaves of a file", () => {
  const set = [
    [
      "two spaces",
      '{\n  "model": "x",\n  "enabledPlugins": {\n    "b@m": false\n  }\n}\n',
      '{\n  "model": "x",\n  "enabledPlugins": {\n    "b@m": false,\n    "a@m": true\n  }\n}\n'
    ],
    [
      "tabs and carriage returns",
      '{\r\n\t"enabledPlugins": {\r\n\t\t"b@m": false\r\n\t}\r\n}',
      '{\r\n\t"enabledPlugins": {\r\n\t\t"b@m": false,\r\n\t\t"a@m": true\r\n\t}\r\n}'
    ],
    ["no key yet", '{\n    "model": "x"\n}\n', '{\n    "model": "x",\n    "enabledPlugins": {\n        "a@m": true\n    }\n}\n'],
    ["an empty object inside", '{\n\t"enabledPlugins": {}\n}', '{\n\t"enabledPlugins": {\n\t\t"a@m": true\n\t}\n}'],
    ["an empty object", "{}\n", '{\n  "enabledPlugins": {\n    "a@m": true\n  }\n}\n'],
    ["one line with a comma at its end", '{"a": 1,} // end', '{"a": 1, "enabledPlugins": {"a@m": true},} // end'],
    ["one line", '{"model":"x"}', '{"model":"x","enabledPlugins":{"a@m":true}}'],
    ["one line with spaces", '{"model": "x", "n": 1}\n', '{"model": "x", "n": 1, "enabledPlugins": {"a@m": true}}\n'],
    ["an object on one line", '{\n  "enabledPlugins": { "b@m": true }\n}', '{\n  "enabledPlugins": { "b@m": true, "a@m": true }\n}'],
    ["a value", '{ "enabledPlugins" : { "a@m" : /* was */ false } }', '{ "enabledPlugins" : { "a@m" : /* was */ true } }'],
    [
      "a trailing comma",
      '{\n  "enabledPlugins": {\n    "b@m": true, // mine\n  },\n}',
      '{\n  "enabledPlugins": {\n    "b@m": true, // mine\n    "a@m": true,\n  },\n}'
    ],
    [
      "a comment at the end",
      '{\n  "enabledPlugins": {\n    "b@m": true // mine\n    // more to come\n  }\n}',
      '{\n  "enabledPlugins": {\n    "b@m": true, // mine\n    // more to come\n    "a@m": true\n  }\n}'
    ],
    ["a comment at the end of a line", '{ "enabledPlugins": { "b@m": true // mine\n} }', '{ "enabledPlugins": { "b@m": true, // mine\n  "a@m": true\n} }'],
    [
      "comments only",
      '// settings\n{\n  "enabledPlugins": {\n    // none\n  }\n} // end\n',
      '// settings\n{\n  "enabledPlugins": {\n    // none\n    "a@m": true\n  }\n} // end\n'
    ],
    ["a byte order mark", '\ufeff{"enabledPlugins":{}}', '\ufeff{"enabledPlugins":{"a@m":true}}']
  ] as const
  it.scoped.each(set)("A file keeps its form when something is put in: %s", ([, before, expected]) =>
    Effect.gen(function* () {
      expect(yield* after(before, on)).toBe(expected)
    })
  )

  const removed = [
    [
      "in the middle",
      '{\n  "enabledPlugins": {\n    "b@m": true,\n    "a@m": true,\n    "c@m": true\n  }\n}\n',
      '{\n  "enabledPlugins": {\n    "b@m": true,\n    "c@m": true\n  }\n}\n'
    ],
    [
      "the last one",
      '{\r\n\t"enabledPlugins": {\r\n\t\t"b@m": true,\r\n\t\t"a@m": true\r\n\t}\r\n}',
      '{\r\n\t"enabledPlugins": {\r\n\t\t"b@m": true\r\n\t}\r\n}'
    ],
    ["the only one", '{\n  "enabledPlugins": {\n    "a@m": true\n  },\n  "x": 1\n}', '{\n  "enabledPlugins": {},\n  "x": 1\n}'],
    [
      "comments around",
      '{ "enabledPlugins": {\n  // first\n  "a@m": true, // mine\n  // second\n  "b@m": true\n} }',
      '{ "enabledPlugins": {\n  // first\n  // mine\n  // second\n  "b@m": true\n} }'
    ],
    [
      "a comment before the last",
      '{ "enabledPlugins": {\n  "b@m": true, // theirs\n  // mine\n  "a@m": [\n    "^1"\n  ]\n} }',
      '{ "enabledPlugins": {\n  "b@m": true // theirs\n  // mine\n} }'
    ],
    ["a trailing comma", '{ "enabledPlugins": {\n  "b@m": true,\n  "a@m": true,\n} }', '{ "enabledPlugins": {\n  "b@m": true,\n} }'],
    ["on one line, the first", '{"enabledPlugins": {"a@m": true, "b@m": true}}', '{"enabledPlugins": {"b@m": true}}'],
    ["on one line, the last", '{"enabledPlugins": { "b@m": true, "a@m": true }}', '{"enabledPlugins": { "b@m": true }}'],
    ["commas first", '{ "enabledPlugins": {\n    "a@m": true\n  , "b@m": true\n} }', '{ "enabledPlugins": {\n    "b@m": true\n} }'],
    ["what is not there", '{"enabledPlugins":{"b@m":true}} ', '{"enabledPlugins":{"b@m":true}} ']
  ] as const
  it.scoped.each(removed)("A file keeps its form when something is taken out: %s", ([, before, expected]) =>
    Effect.gen(function* () {
      expect(yield* after(before, off)).toBe(expected)
    })
  )

  it.scoped("A list loses the item that is taken out and gains the one that is added", () =>
    Effect.gen(function* () {
      const text = '{\n  "roots": [\n    "/a",\n    { "path": "/b" }\n  ]\n}\n'
      expect(yield* after(text, { path: ["roots", 0], remove: true })).toBe('{\n  "roots": [\n    { "path": "/b" }\n  ]\n}\n')
      expect(yield* after(text, { path: ["roots", 2], value: { path: "/c" } })).toBe(
        '{\n  "roots": [\n    "/a",\n    { "path": "/b" },\n    {\n      "path": "/c"\n    }\n  ]\n}\n'
      )
      expect(yield* after("{}", { path: ["roots", 0], value: "/c" })).toBe('{\n  "roots": [\n    "/c"\n  ]\n}')
    })
  )

  const key = fc.constantFrom("a", "b", "c", "__proto__", "constructor", 'q"\\\u2028', "ключ")
  const json = fc.letrec<{ readonly value: unknown; readonly object: unknown }>((tie) => ({
    object: fc.dictionary(key, tie("value"), { maxKeys: 4 }),
    value: fc.oneof({ maxDepth: 3 }, fc.string(), fc.integer(), fc.boolean(), fc.constant(null), tie("object"), fc.array(tie("value"), { maxLength: 3 }))
  })).object
  const space = fc.constantFrom("", " ", "\n", "\r\n\t", "\n  ", " /* { , */ ", '\n// " }\n  ')
  /** The value written down with any white space and comments between its parts. */
  const written = (value: unknown, next: () => string): string => {
    const items = (parts: ReadonlyArray<string>, comma: boolean) => parts.join(`${next()},${next()}`) + (comma && parts.length > 0 ? `${next()},` : "") + next()
    if (Array.isArray(value))
      return `[${next()}${items(
        value.map((item) => written(item, next)),
        next() === "\n"
      )}]`
    if (typeof value !== "object" || value === null) return JSON.stringify(value)
    const parts = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}${next()}:${next()}${written(item, next)}`)
    return `{${next()}${items(parts, next() === "\n")}}`
  }

  /** Where the innermost object begins and ends that lies on the way. */
  const nearest = (text: string, names: ReadonlyArray<string>): readonly [number, number] => {
    const root = parseTree(text, [], { allowTrailingComma: true })!
    for (let length = names.length - 1; ; length--) {
      const node = length <= 0 ? root : findNodeAtLocation(root, names.slice(0, length))
      if (node !== undefined) return [node.offset, node.offset + node.length]
    }
  }
  const tokensOf = (text: string): ReadonlyArray<string> => {
    const scanner = createScanner(text)
    const found: Array<string> = []
    // Everything but white space, and the end.
    for (let kind: number = scanner.scan(); kind !== 17; kind = scanner.scan())
      if (kind !== 14 && kind !== 15) found.push(text.slice(scanner.getTokenOffset(), scanner.getTokenOffset() + scanner.getTokenLength()))
    return found
  }

  it.scopedLive("A change leaves everything else in a file as it is, whatever it looks like", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporary, "any.json")
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            json,
            fc.infiniteStream(space),
            fc.array(key, { minLength: 1, maxLength: 3 }),
            fc.boolean(),
            async (value, spaces, names, remove) => {
              const text = written(value, () => spaces.next().value) + spaces.next().value
              writeFileSync(file, text)
              const change: JsonChange = remove ? { path: names, remove: true } : { path: names, value: { new: [1, "x"] } }
              const outcome = await Effect.runPromise(Effect.either(changing(file, change)))
              const next = readFileSync(file, "utf8")
              if (outcome._tag === "Left") {
                // A name on the way leads to something that is no object.
                expect([outcome.left._tag, next]).toEqual(["JsonFileBroken", text])
                return
              }
              const errors: Array<ParseError> = []
              expect([parse(next, errors, { allowTrailingComma: true }), errors]).toEqual([expect.any(Object), []])
              const [from, to] = nearest(text, names)
              expect([next.slice(0, from), next.slice(next.length - (text.length - to))]).toEqual([text.slice(0, from), text.slice(to)])
              const [less, more] = remove ? [tokensOf(next), tokensOf(text)] : [tokensOf(text), tokensOf(next)]
              if (remove || findNodeAtLocation(parseTree(text)!, names) === undefined) expect(less.filter((token) => !more.includes(token))).toEqual([])
            }
          ),
          { numRuns: runs(300, 100) }
        )
      )
    })
  )
})

describe("a file that cannot be changed", () => {
  const broken = [
    ["no JSON", '{\n  "a": 1\n  "b": 2\n}', 3, 3, "a comma is expected"],
    ["cut off", '{"enabledPlugins": {', 1, 21, "expected"],
    ["a list", "[1]", 1, 1, "one object is expected"],
    ["something after the end", "{}{}", 1, 3, "after the end"],
    ["another kind of value on the way", '{\n  "enabledPlugins": ["a@m"]\n}', 2, 21, "an object is expected here"],
    ["a name twice", '{"enabledPlugins": {},\n "enabledPlugins": {}}', 2, 2, "a second time"],
    ["nested without end", `{"a":${"[".repeat(200_000)}`, 1, 1, "nested too deeply"]
  ] as const
  it.scoped.each(broken)("A broken file is reported with its place, and left as it is: %s", ([, text, line, column, why]) =>
    Effect.gen(function* () {
      const file = put(path.join(yield* temporary, "settings.json"), text)
      const error = yield* Effect.flip(changing(file, on))
      expect(error).toMatchObject({ _tag: "JsonFileBroken", path: file, line, column })
      expect(error.message).toContain(`${file}, line ${line}`)
      expect(error.message).toContain(why)
      expect(error.message).toContain("nothing was changed")
      expect(readFileSync(file, "utf8")).toBe(text)
      expect(readdirSync(path.dirname(file))).toEqual(["settings.json"])
    })
  )

  it.scoped("Bytes that are no text, a folder, a pipe and a file without end are refused with the reason", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const latin = put(path.join(folder, "latin.json"), Uint8Array.from([0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d]))
      expect(yield* Effect.flip(changing(latin, on))).toMatchObject({ _tag: "JsonFileBroken", message: expect.stringContaining("it is not UTF-8") })
      mkdirSync(path.join(folder, "folder.json"))
      const pipe = path.join(folder, "pipe.json")
      spawnSync("mkfifo", [pipe])
      symlinkSync("/dev/zero", path.join(folder, "zero.json"))
      for (const name of ["folder", "pipe", "zero"]) {
        const file = path.join(folder, `${name}.json`)
        expect(yield* Effect.flip(changing(file, on))).toMatchObject({ _tag: "JsonFileUnreadable", message: expect.stringContaining("is no file") })
        expect(yield* Effect.flip(read(file))).toMatchObject({ _tag: "JsonFileUnreadable" })
      }
      const long = put(path.join(folder, "long.json"), JSON.stringify({ text: "x".repeat(1000) }))
      expect(yield* Effect.flip(read(long, 1000))).toMatchObject({ message: `${long} is longer than 1000 bytes and was not read` })
    })
  )

  it.scoped("A circle of links is refused with the reason", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      symlinkSync("b.json", path.join(folder, "a.json"))
      symlinkSync("a.json", path.join(folder, "b.json"))
      expect(yield* Effect.flip(changing(path.join(folder, "a.json"), on))).toMatchObject({ message: expect.stringContaining("in a circle") })
    })
  )

  it.scopedLive("A file that this user may not write to, by its own mode or its folder's, is refused with the reason", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      chmodSync(folder, 0o755)
      const attempt = (file: string): unknown => {
        const { status, stderr, stdout } = spawnSync(process.execPath, [fileURLToPath(new URL("../writeAsNobody.ts", import.meta.url)), file], {
          encoding: "utf8"
        })
        if (status !== 0) throw new Error(stderr)
        return JSON.parse(stdout)
      }
      const closed = put(path.join(folder, "closed/settings.json"), "{}")
      const denied = { _tag: "JsonFileUnwritable", reason: "denied", message: expect.stringContaining(`cannot write ${closed}: permission denied`) }
      chmodSync(closed, 0o666)
      chmodSync(path.dirname(closed), 0o555)
      expect(attempt(closed)).toMatchObject(denied)
      chmodSync(path.dirname(closed), 0o777)
      expect(attempt(closed)).toMatchObject(process.getuid?.() === 0 ? { ...denied, message: expect.any(String) } : { _tag: "Written" })
      chmodSync(closed, 0o444)
      expect(attempt(closed)).toMatchObject(denied)
      expect([readdirSync(path.dirname(closed)), readFileSync(closed, "utf8")]).toEqual([["settings.json"], "{}"])
      chmodSync(path.dirname(closed), 0o555)
      expect(attempt(path.join(path.dirname(closed), "new/settings.json"))).toMatchObject({ _tag: "JsonFileUnwritable", reason: "denied" })
      chmodSync(path.dirname(closed), 0o700)
    })
  )
})

describe("how a file is written", () => {
  it.scoped("A changed file keeps its mode and owner, is replaced by a new one, and nothing stays beside it", () =>
    Effect.gen(function* () {
      const file = put(path.join(yield* temporary, "settings.json"), "{}")
      chmodSync(file, 0o640)
      const root = process.getuid?.() === 0
      if (root) chownSync(file, 4711, 4712)
      const before = statSync(file)
      expect(yield* changing(file, on)).toEqual({ written: true, value: { enabledPlugins: { "a@m": true } } })
      const now = statSync(file)
      expect([now.mode & 0o777, now.uid, now.gid]).toEqual([0o640, before.uid, before.gid])
      expect(now.ino).not.toBe(before.ino)
      expect(readdirSync(path.dirname(file))).toEqual(["settings.json"])
    })
  )

  it.scoped("A missing file is made with its folder, as open as that, and an empty one is an empty object", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const file = path.join(folder, "a/b/settings.json")
      expect(yield* read(file)).toBe(null)
      yield* changing(file, on)
      expect(readFileSync(file, "utf8")).toBe('{\n  "enabledPlugins": {\n    "a@m": true\n  }\n}\n')
      expect(statSync(file).mode & 0o777).toBe(statSync(path.dirname(file)).mode & 0o666)
      chmodSync(path.dirname(file), 0o700)
      const second = path.join(path.dirname(file), "second.json")
      yield* changing(second, on)
      expect(statSync(second).mode & 0o777).toBe(0o600)
      put(file, " \n")
      yield* changing(file, on)
      expect(yield* read(file)).toEqual({ enabledPlugins: { "a@m": true } })
    })
  )

  it.scoped("A change of nothing writes nothing", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const file = put(path.join(folder, "settings.json"), '{"enabledPlugins":{"a@m":true}}')
      const old = new Date(1_000_000)
      utimesSync(file, old, old)
      expect((yield* changing(file, on)).written).toBe(false)
      expect((yield* changing(file, { path: ["other"], remove: true })).written).toBe(false)
      expect(statSync(file).mtimeMs).toBe(1_000_000)
      expect((yield* changing(path.join(folder, "none.json"), off)).written).toBe(false)
      expect(existsSync(path.join(folder, "none.json"))).toBe(false)
    })
  )

  it.scoped("a link stays, and what it names is written, wherever it is and whether or not it is there", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const target = put(path.join(folder, "dotfiles/settings.json"), '{\n  "model": "x"\n}\n')
      mkdirSync(path.join(folder, "config"))
      const link = path.join(folder, "config/settings.json")
      symlinkSync("../dotfiles/settings.json", link)
      symlinkSync("settings.json", path.join(folder, "config/again.json"))
      yield* changing(path.join(folder, "config/again.json"), on)
      expect([lstatSync(link).isSymbolicLink(), readlinkSync(link)]).toEqual([true, "../dotfiles/settings.json"])
      expect(yield* read(target)).toEqual({ model: "x", enabledPlugins: { "a@m": true } })
      const dangling = path.join(folder, "config/new.json")
      symlinkSync("../dotfiles/new.json", dangling)
      yield* changing(dangling, on)
      expect(lstatSync(dangling).isSymbolicLink()).toBe(true)
      expect(yield* read(path.join(folder, "dotfiles/new.json"))).toEqual({ enabledPlugins: { "a@m": true } })
      expect(readdirSync(path.join(folder, "dotfiles")).sort()).toEqual(["new.json", "settings.json"])
    })
  )

  it.scopedLive("Many changes at once all arrive, by whatever name the file is reached", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const file = put(path.join(folder, "real/settings.json"), '{\n  // kept\n  "model": "x"\n}\n')
      symlinkSync(path.join(folder, "real"), path.join(folder, "alias"))
      symlinkSync(file, path.join(folder, "link.json"))
      const names = [file, path.join(folder, "alias/settings.json"), path.join(folder, "link.json")]
      const numbers = Array.from({ length: 60 }, (_, number) => number)
      yield* Effect.forEach(numbers, (number) => changing(names[number % 3] ?? file, { path: ["enabledPlugins", `p${number}@m`], value: true }), {
        concurrency: "unbounded"
      })
      const value = yield* read(file)
      expect(Object.keys((value?.["enabledPlugins"] as object | undefined) ?? {}).sort()).toEqual(numbers.map((number) => `p${number}@m`).sort())
      expect(readFileSync(file, "utf8")).toContain("// kept")
    })
  )

  it.scopedLive("what another program wrote between the look and the writing is not lost", () =>
    Effect.gen(function* () {
      const file = put(path.join(yield* temporary, "settings.json"), '{"a":1}')
      let asked = 0
      yield* edit(file, () =>
        Effect.sync(() => {
          if (asked++ === 0) writeFileSync(file, '{"a":1,"b":2}')
          return [on]
        })
      )
      expect([asked, yield* read(file)]).toEqual([2, { a: 1, b: 2, enabledPlugins: { "a@m": true } }])
      const error = yield* Effect.flip(
        edit(file, () =>
          Effect.sync(() => {
            appendFileSync(file, " ")
            return [{ path: ["c"], value: asked++ }]
          })
        )
      )
      expect(error).toMatchObject({ _tag: "JsonFileUnwritable", reason: "busy" })
      expect(readdirSync(path.dirname(file))).toEqual(["settings.json"])
    })
  )
})
