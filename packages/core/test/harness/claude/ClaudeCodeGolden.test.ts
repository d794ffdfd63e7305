import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { scenario, scenarios } from "../../../../../test/fixtureLines.ts"
import { decodeEntry } from "../../../src/harness/Decode.ts"
import { kindOf, textOf } from "../../../src/sessions/Message.ts"
import { cut } from "../../../src/text/json.ts"

const golden = (name: string) => fileURLToPath(new URL(`./golden/${name}.json`, import.meta.url))

/** Every line of a scenario: how often each event occurs, then `[line, type, kind, events, beginning of the text]`. */
const summaryOf = (name: string): string => {
  const counts: Record<string, number> = {}
  const files = scenario(name).map(({ entries, path, transcript }) => {
    const rows = entries.map((entry) => {
      const decoded = decodeEntry(transcript, entry)
      for (const { _tag } of decoded.events) counts[_tag] = (counts[_tag] ?? 0) + 1
      const tags = decoded.events.map(({ _tag }) => _tag).join(" ")
      return `    ${JSON.stringify([decoded.line, decoded.envelope.type, kindOf(decoded), tags, cut(textOf(decoded), 60)])}`
    })
    return `  ${JSON.stringify(path)}: [\n${rows.join(",\n")}\n  ]`
  })
  const tags = JSON.stringify(Object.fromEntries(Object.entries(counts).sort()))
  return `{\n  "events": ${tags},\n${files.join(",\n")}\n}\n`
}

describe("lines that Claude Code wrote", () => {
  it.each(scenarios)("The lines of %s decode to what was recorded", (name) => {
    const summary = summaryOf(name)
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden(name), summary)
    expect(existsSync(golden(name)), "UPDATE_GOLDEN=1 writes what is missing").toBe(true)
    expect(summary).toBe(readFileSync(golden(name), "utf8"))
  })

  it("Lines that Claude Code wrote are all known", () => {
    const strange = scenarios.flatMap((name) =>
      scenario(name).flatMap(({ entries, path, transcript }) =>
        entries
          .map((entry) => decodeEntry(transcript, entry))
          .filter(({ events }) => events.some(({ _tag }) => _tag === "Unrecognized" || _tag === "Unreadable"))
          .map(({ envelope, line }) => `${path}:${line} ${envelope.type}`)
      )
    )
    expect(strange).toEqual([])
  })
})
