import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Schema from "effect/Schema"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Machine, machine } from "../HanProcess.ts"
import { DoctorShape, IndexShape, SearchShape, strict } from "../Shapes.ts"

const faults = fileURLToPath(new URL("../../../../fixtures/faults", import.meta.url))
const flow = "5e550000-0000-4000-8000-000000000001"
const big = "5e550000-0000-4000-8000-00000000003c"

const filesBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))

let one: Machine
beforeAll(() => {
  one = machine(["07-large-output"])
  for (const name of ["workflow-agents", "long-output"]) cpSync(join(faults, name, "config"), one.claude, { recursive: true })
  writeFileSync(join(one.claude, "projects/-work-flow/notes.jsonl"), "{}\n")
})
afterAll(() => one.close())

describe("what lies beside transcripts", () => {
  it("A file beside transcripts is counted by index and listed by doctor when it is not taken", async () => {
    const report = Schema.decodeUnknownSync(IndexShape, strict)(await one.json("index"))
    expect(report.notTaken).toBe(2)
    expect((await one.han("index")).out.toString()).toContain("2 .jsonl files not taken for transcripts")
    const doctor = Schema.decodeUnknownSync(DoctorShape)(await one.json("doctor"))
    expect(doctor.notTaken).toEqual({
      count: 2,
      files: [
        { path: join(one.claude, "projects/-work-flow/notes.jsonl"), reason: "its name is that of no session, no agent, no log of han's", known: false },
        {
          path: join(one.claude, `projects/-work-flow/${flow}/subagents/workflows/wf_12ab34/journal.jsonl`),
          reason: "the client's journal of a workflow",
          known: true
        }
      ]
    })
    expect(doctor.outputs).toMatchObject({ outputs: 3, problemCount: 0 })
    const text = (await one.han("doctor")).out.toString()
    for (const part of ["Not transcripts (2 .jsonl files)\n", "notes.jsonl: its name is that of no session", "Outputs of tools\n", "3 files ("])
      expect(text).toContain(part)
  })

  it("A file beside transcripts is found at the lines that point to it, and exported after its deletion", async () => {
    const total = async (word: string) => Schema.decodeUnknownSync(SearchShape)(await one.json("search", word)).total
    expect([await total("finalword"), await total("middleword"), await total("nestedword"), await total("7990")]).toEqual([1, 1, 3, 2])
    const projects = join(one.claude, "projects")
    const before = new Map(
      filesBelow(projects)
        .filter((name) => !/\/(notes|journal)\.jsonl$/.test(name))
        .map((name) => [name, readFileSync(join(projects, name))])
    )
    rmSync(projects, { recursive: true })
    await one.json("index")
    const directory = join(one.directory, "out")
    expect((await one.han("export", "--all", directory)).out.toString()).toMatch(/ and 3 outputs of tools \(/)
    const exported = new Map(filesBelow(join(directory, "claude-code")).map((name) => [name, readFileSync(join(directory, "claude-code", name))]))
    // Below a session's folder all lies where it lay; the transcript itself is in it, not beside it.
    for (const [name, bytes] of before) {
      const [, first = "", ...rest] = name.split("/")
      const place = rest.length > 0 ? [first, ...rest].join("/") : `${first.replace(/\.jsonl$/, "")}/${first}`
      expect(exported.get(place)?.equals(bytes)).toBe(true)
    }
    expect(exported.size).toBe(before.size)
    await one.han("forget", big, "--yes")
    expect(await total("finalword")).toBe(0)
    await one.han("export", "--all", join(one.directory, "later"))
    expect(filesBelow(join(one.directory, "later")).filter((name) => name.includes(big))).toEqual([])
  })
})
