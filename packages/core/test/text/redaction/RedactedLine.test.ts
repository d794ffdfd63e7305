import * as fc from "fast-check"
import { redactor } from "han-core/Redaction"
import { describe, expect, it } from "vitest"
import { runs } from "../../../../../test/runs.ts"
import { pointerAt, withStrings } from "../../../src/text/redaction/jsonStrings.ts"
import { secretSamples } from "./secretSamples.ts"

const redact = redactor({ DEPLOY_TOKEN: 'quo"te/and\\more' }, { home: "/home/dev" })
const bytes = (text: string) => new TextEncoder().encode(text)
const line = (text: string) => new TextDecoder().decode(redact.line(bytes(text)))
const secrets = secretSamples(1)
const token = secrets.find(({ kind }) => kind === "github-pat")?.secret ?? ""

describe("the redaction of a line", () => {
  it("A line without a secret comes back as the same bytes", () => {
    for (const text of ['{"a":"b"}', "{}", "no JSON", "", '{"n":1.50,"s":"x\\u0041"}', '{"broken":']) {
      const given = bytes(text)
      expect(redact.line(given)).toBe(given)
    }
    const entry = { line: 3, offset: 4, bytes: bytes("{}"), payload: bytes("{}") }
    expect(redact.entry(entry)).toBe(entry)
  })

  it("A changed line keeps its numbers, its keys and its white space as they are written", () => {
    expect(line(`{ "z" : 1.50e+2, "a":\t"${token}", "a": -0, "\\u006bey": ["x\\u0041", "${token}"] }`)).toBe(
      '{ "z" : 1.50e+2, "a":\t"[REDACTED:github-pat]", "a": -0, "\\u006bey": ["x\\u0041", "[REDACTED:github-pat]"] }'
    )
  })

  it("An entry is redacted with its payload, and keeps its place", () => {
    const entry = { line: 3, offset: 4, bytes: bytes(`{"ref":"a/b.json"}`), payload: bytes(`{"data":{"output":"x ${token}"}}`) }
    const redacted = redact.entry(entry)
    expect(redacted).toMatchObject({ line: 3, offset: 4, bytes: entry.bytes })
    expect(new TextDecoder().decode(redacted.payload)).toBe('{"data":{"output":"x [REDACTED:github-pat]"}}')
  })

  it("A key of JSON says what its value is", () => {
    expect(line('{"password":"hunter2","max_tokens":"12345678901","user":"ann"}')).toBe(
      '{"password":"[REDACTED:assigned-secret]","max_tokens":"12345678901","user":"ann"}'
    )
    expect(line(`{"headers":{"Authorization":"Bearer abc.def","x":"Bearer of news"}}`)).toBe(
      '{"headers":{"Authorization":"Bearer [REDACTED:authorization]","x":"Bearer of news"}}'
    )
    expect(line('{"adafruit_key":"0123456789abcdef0123456789abcdef"}')).toBe('{"adafruit_key":"[REDACTED:adafruit-api-key]"}')
    expect(line('{"password":"${DB_PASSWORD}","token":""}')).toBe('{"password":"${DB_PASSWORD}","token":""}')
  })

  it("JSON in JSON in JSON is redacted in its strings, however they are escaped", () => {
    const value = 'quo"te/and\\more'
    const inner = JSON.stringify({ deep: JSON.stringify({ text: `say ${value} twice` }) }).replaceAll("/", "\\/")
    const redacted = line(JSON.stringify({ content: inner }))
    expect(JSON.parse(JSON.parse(JSON.parse(redacted).content).deep).text).toBe("say [REDACTED:DEPLOY_TOKEN] twice")
  })

  it("A line that is no JSON, or holds more than that, is redacted as text", () => {
    expect(line(`{"a":"${token}`)).toBe('{"a":"[REDACTED:github-pat]')
    expect(line(`{"a":1}{"b":"${token}"}`)).toBe('{"a":1}{"b":"[REDACTED:github-pat]"}')
    expect(line(`plain ${token} text`)).toBe("plain [REDACTED:github-pat] text")
  })

  it("A home directory is written as ~, and no folder that only begins like it", () => {
    expect(line('{"cwd":"/home/dev","file":"/home/dev/a.ts","url":"file:///home/dev/b","other":"/home/devon /srv/home/dev /home/dev.old"}')).toBe(
      '{"cwd":"~","file":"~/a.ts","url":"file://~/b","other":"/home/devon /srv/home/dev /home/dev.old"}'
    )
    expect(redactor({}).text("/home/dev/a.ts")).toBe("/home/dev/a.ts")
  })

  it("A second redaction of a line gives the same bytes", () => {
    const strings = fc.oneof(
      fc.constantFrom(...secrets.map(({ secret }) => secret)),
      fc.constantFrom("password=hunter2hunter2", "[REDACTED:jwt]", "/home/dev/x", 'a"b\\c', "token: "),
      fc.string({ unit: "grapheme", maxLength: 8 })
    )
    const values = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.array(strings, { maxLength: 3 }).map((parts) => parts.join(" ")),
        fc.dictionary(fc.constantFrom("password", "api_key", "text", "a"), tie("value"), { maxKeys: 3 }),
        fc.array(tie("value"), { maxLength: 3 }),
        tie("value").map((value) => JSON.stringify(value)),
        fc.double()
      )
    })).value
    fc.assert(
      fc.property(values, (value) => {
        const once = redact.line(bytes(JSON.stringify({ value })))
        expect(() => JSON.parse(new TextDecoder().decode(once))).not.toThrow()
        expect(redact.line(once)).toBe(once)
      }),
      { numRuns: runs(5000, 500) }
    )
  })
})

describe("the redaction of a value", () => {
  it("A value is redacted as its line is, and keeps what is no string", () => {
    const value = { n: 1, at: new Date(0), list: [`x ${token}`, null], input: { password: "hunter2" } }
    expect(redact.value(value)).toEqual({ n: 1, at: new Date(0), list: ["x [REDACTED:github-pat]", null], input: { password: "[REDACTED:assigned-secret]" } })
  })
})

describe("strings of JSON", () => {
  it("Strings that are not changed leave the text as it is, and those that are changed are those that JSON.parse reads", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.integer({ min: 0, max: 3 }), (value, indent) => {
        const json = JSON.stringify(value, null, indent)
        expect(withStrings(json, (string) => string.value)).toBe(json)
        const doubled = (part: unknown): unknown =>
          typeof part === "string"
            ? part + part
            : Array.isArray(part)
              ? part.map(doubled)
              : typeof part === "object" && part !== null
                ? Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, doubled(inner)]))
                : part
        expect(JSON.parse(withStrings(json, (string) => string.value + string.value))).toEqual(JSON.parse(JSON.stringify(doubled(value))))
      }),
      { numRuns: runs(5000, 500) }
    )
  })

  it("A pointer leads to the string at a place", () => {
    const json = '{"a/b":[{"x":"one"},"two"],"c~d":{"":"three"},"e":[1,[2,"four"]]}'
    const pointers: Record<string, string> = {}
    withStrings(json, ({ from, value }) => {
      pointers[value] = pointerAt(json, from)
      return value
    })
    expect(pointers).toEqual({ one: "/a~1b/0/x", two: "/a~1b/1", three: "/c~0d/", four: "/e/1/1" })
  })
})

describe("findings", () => {
  it("Findings name line, column, pointer and rule, and no character of a secret", () => {
    const text = `plain\n{"message":{"content":["ok","see ${token}!"]}}\nAPI=${token} and password=hunter2\n`
    const findings = redact.findings(text)
    expect(findings).toEqual([
      { line: 2, column: 34, pointer: "/message/content/1", rule: "github-pat" },
      { line: 3, column: 5, pointer: null, rule: "github-pat" },
      { line: 3, column: 59, pointer: null, rule: "assigned-secret" }
    ])
    expect(JSON.stringify(findings)).not.toContain(token.slice(4, 12))
  })

  it("There are as many findings as marks in what is redacted", () => {
    for (const { kind, secret } of secrets) {
      const text = JSON.stringify({ content: `a ${secret} b`, inner: JSON.stringify({ value: secret }) })
      expect(redact.findings(text).length, kind).toBe(line(text).split("[REDACTED:").length - 1)
    }
  })
})
