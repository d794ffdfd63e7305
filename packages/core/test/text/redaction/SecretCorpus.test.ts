import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { redactor } from "han-core/Redaction"
import { describe, expect, it } from "vitest"
import { secretSamples } from "./secretSamples.ts"

const redact = redactor({})
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (line: Uint8Array) => new TextDecoder().decode(line)

/** Each gives what is left of a secret that stood so. */
const places: Readonly<Record<string, (secret: string) => string>> = {
  "in a sentence": (secret) => redact.text(`the key is ${secret} and nothing else`),
  "in an assignment": (secret) => redact.text(`const service = "${secret}";`),
  "in JSON in JSON": (secret) => {
    const inner = JSON.stringify({ note: "x/y", list: [{ service: secret }] })
    return JSON.stringify(JSON.parse(text(redact.line(bytes(JSON.stringify({ type: "user", message: { content: inner } }))))).message.content)
  },
  "in a URL": (secret) => redact.text(`https://example.org/path?a=1&service=${secret}&b=2`),
  "in a header": (secret) => redact.text(`X-Service: ${secret}\r\nAccept: */*\r\n`),
  "in .env": (secret) => redact.text(`# local\nSERVICE=${secret}\nPORT=1\n`)
}
const samples = secretSamples(4)
/** As much of it is enough to find the rest by trying. */
const shown = 10

/** Parts of the secret that the text still has. */
const left = (secret: string, text: string): ReadonlyArray<string> =>
  Array.from({ length: Math.max(0, secret.length - shown - 20) }, (_, at) => secret.slice(at + 20, at + 20 + shown)).filter((part) => text.includes(part))

describe("the corpus of secrets", () => {
  it("The corpus has sixty kinds of secrets at least, no two of them alike", () => {
    expect(new Set(samples.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(60)
    expect(new Set(samples.map(({ secret }) => secret)).size).toBe(samples.length)
  })

  it.each(Object.entries(places))("Every secret of the corpus is found %s", (_, place) => {
    const missed = samples.flatMap(({ kind, secret }) => {
      const shown = place(secret)
      return shown.includes("[REDACTED:") && !shown.includes(secret) && left(secret, shown).length === 0 ? [] : [`${kind}: ${shown}`]
    })
    expect(missed).toEqual([])
  })
})

describe("ordinary text", () => {
  it("Of the lines of this repository's own sources at most one in two thousand is taken for a secret", () => {
    const root = fileURLToPath(new URL("../../../../..", import.meta.url))
    let lines = 0
    const taken: Array<string> = []
    const folders = ["docs", "test", ...readdirSync(`${root}/packages`).flatMap((name) => [`packages/${name}/src`, `packages/${name}/test`])]
    for (const folder of folders)
      for (const entry of readdirSync(`${root}/${folder}`, { recursive: true, withFileTypes: true })) {
        // These are made of secrets.
        if (!entry.isFile() || entry.parentPath.endsWith("test/text/redaction")) continue
        const source = readFileSync(`${entry.parentPath}/${entry.name}`, "utf8")
        lines += source.split("\n").length
        for (const line of new Set(redact.findings(source).map(({ line }) => line))) taken.push(`${entry.name}: ${source.split("\n")[line - 1]}`)
      }
    expect(lines).toBeGreaterThan(50_000)
    expect(taken.length / lines, taken.join("\n")).toBeLessThanOrEqual(0.0005)
  })
})
