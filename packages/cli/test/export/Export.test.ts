import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { isAbsolute, join, normalize } from "node:path"
import * as fc from "fast-check"
import { AgentId, SessionId, type Transcript, transcriptId } from "han-core/Entry"
import type { TranscriptInfo } from "han-core/Journal"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { exportFolder } from "../../src/export/ExportFolder.ts"
import { isFileName, placesOf } from "../../src/export/ExportTree.ts"
import { lastLines } from "../../src/export/LastLines.ts"

let directory = ""
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "han-cli-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const info = (transcript: Partial<Transcript>): TranscriptInfo => {
  const whole: Transcript = { machine: "m", source: "claude-code", sessionId: SessionId.make("s"), kind: "main", agentId: null, generation: 1, ...transcript }
  return {
    id: transcriptId(whole),
    transcript: whole,
    lines: 1,
    bytes: 1,
    file: null,
    meta: whole.kind === "agent" ? "{}" : null,
    author: null,
    missingSince: null,
    replacedBy: null
  }
}
const agent = { kind: "agent" as const, agentId: AgentId.make("a1") }

describe("the tree of an export", () => {
  it("An export has the newest generation under the name of the file", () => {
    const { places, refused } = placesOf([info({}), info({ generation: 2 }), info(agent), info({ kind: "han" }), info({ source: "omp" })])
    expect(refused).toEqual([])
    expect(places.map(({ meta, path }) => [path.join("/"), meta?.join("/")])).toEqual([
      ["claude-code/s/s.generation-1.jsonl", undefined],
      ["claude-code/s/s.jsonl", undefined],
      ["claude-code/s/subagents/agent-a1.jsonl", "claude-code/s/subagents/agent-a1.meta.json"],
      ["claude-code/s/s-han.jsonl", undefined],
      ["omp/s/s.jsonl", undefined]
    ])
  })

  it("An export has the transcript that holds and has most lines under the file's name, where ids are shared", () => {
    const infos = [
      { ...info({}), lines: 9, replacedBy: 2 },
      { ...info({ generation: 2 }), lines: 5 },
      { ...info({ generation: 3 }), lines: 1 }
    ]
    for (const order of [infos, [...infos].reverse()]) {
      const { places } = placesOf(order)
      expect(Object.fromEntries(places.map((place) => [place.info.transcript.generation, place.path.at(-1)]))).toEqual({
        1: "s.generation-1.jsonl",
        2: "s.jsonl",
        3: "s.generation-3.jsonl"
      })
    }
  })

  it("An export puts agents below their session's folder, and no two files in one place", () => {
    const at = (below: string, agentId: string, generation = 1): TranscriptInfo => {
      const one = info({ kind: "agent", agentId: AgentId.make(agentId), generation })
      const path = `/home/x/.claude/projects/-p/s/${below}agent-${agentId}.jsonl`
      return { ...one, file: { path, root: "/home/x/.claude", device: 1, inode: 1, size: 1, mtimeMs: 1, headDigest: "", tailDigest: "" } }
    }
    const { places, refused } = placesOf([
      at("subagents/workflows/wf_1/", "a1"),
      at("subagents/workflows/wf_2/", "a1", 2),
      at("subagents/workflows/wf_2/", "A1"),
      at("", "a2"),
      at("sub.agents/../../../", "a3"),
      { ...info({ kind: "agent", agentId: AgentId.make("a4") }), meta: null },
      at("subagents/", "a4", 2),
      at("subagents/", "a4", 3)
    ])
    expect(refused).toEqual([])
    expect(places.map(({ path }) => path.slice(2).join("/"))).toEqual([
      "subagents/workflows/wf_1/agent-a1.jsonl",
      "subagents/workflows/wf_2/agent-a1.jsonl",
      "subagents/workflows/wf_2/copy-2/agent-A1.jsonl",
      "agent-a2.jsonl",
      "subagents/agent-a3.jsonl",
      "subagents/agent-a4.generation-1.jsonl",
      "subagents/agent-a4.generation-2.jsonl",
      "subagents/agent-a4.jsonl"
    ])
  })

  it("An export keeps machines apart when there are several", () => {
    expect(placesOf([info({}), info({ machine: "n" })]).places.map(({ path }) => path[0])).toEqual(["m", "n"])
  })

  it("An export never leads out of its folder, whatever the ids are", () => {
    const id = fc.oneof(
      fc.constantFrom("..", ".", "a/b", "../x", "a\\b", "/etc", "a\u0000b", "~", "-rf", "CON.", "a ", "ok-1_2.3"),
      fc.string({ minLength: 1, maxLength: 40, unit: "binary" })
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(id, id, id), { maxLength: 5 }), (ids) => {
        const transcripts = ids.map(([source, session, agent]) =>
          info({ source, sessionId: SessionId.make(session), kind: "agent", agentId: AgentId.make(agent) })
        )
        const { places, refused } = placesOf(transcripts)
        expect(places.length + refused.length).toBe(transcripts.length)
        for (const { path } of places) {
          const joined = join("top", ...path)
          expect(isAbsolute(joined) || normalize(joined) !== joined || !joined.startsWith("top/")).toBe(false)
          expect(joined.split("/")).toHaveLength(path.length + 1)
        }
      })
    )
    expect(["a", "0f3c-11", "rollout-2026-11-22T10,x", "名前"].every(isFileName)).toBe(true)
  })
})

describe("the folder of an export", () => {
  it("The folder of an export is filled with private files, whole or not at all", () => {
    const folder = exportFolder(join(directory, "out"))
    const file = folder.create(["claude-code", "s", "s.jsonl"])
    file.write(Buffer.from("one\n"))
    expect(existsSync(file.path)).toBe(false)
    file.finish()
    expect(readFileSync(file.path, "utf8")).toBe("one\n")
    expect(statSync(file.path).mode & 0o777).toBe(0o600)
    expect(statSync(join(directory, "out", "claude-code")).mode & 0o777).toBe(0o700)
    const again = folder.create(["claude-code", "s", "s.jsonl"])
    again.write(Buffer.from("two\n"))
    again.abandon()
    expect(readFileSync(file.path, "utf8")).toBe("one\n")
    expect(readdirSync(join(directory, "out", "claude-code", "s"))).toEqual(["s.jsonl"])
  })

  it("The folder of an export follows no link", () => {
    mkdirSync(join(directory, "elsewhere"))
    mkdirSync(join(directory, "out"))
    symlinkSync(join(directory, "elsewhere"), join(directory, "out", "claude-code"))
    symlinkSync(join(directory, "elsewhere", "file"), join(directory, "out", "s.jsonl"))
    const folder = exportFolder(join(directory, "out"))
    expect(() => folder.create(["claude-code", "s.jsonl"])).toThrow("no folder")
    expect(() => folder.create(["s.jsonl"])).toThrow("no file")
    expect(readdirSync(join(directory, "elsewhere"))).toEqual([])
  })
})

describe("the end of a log", () => {
  it("The end of a log is its last lines, however long they are", () => {
    const path = join(directory, "log")
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant(""), fc.string(), fc.constant("x".repeat(70_000))), { maxLength: 5 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 7 }),
        (lines, ended, wanted) => {
          const whole = lines.map((line) => line.replaceAll("\n", " "))
          const text = whole.length === 0 ? "" : whole.join("\n") + (ended ? "\n" : "")
          writeFileSync(path, text)
          const file = openSync(path, "r")
          const bytes = Buffer.from(text)
          const shown = Buffer.from(lastLines(file, bytes.length, wanted)).toString()
          closeSync(file)
          const complete = text.endsWith("\n")
            ? text
                .slice(0, -1)
                .split("\n")
                .map((line) => `${line}\n`)
            : text.split("\n").map((line, index, all) => (index === all.length - 1 ? line : `${line}\n`))
          expect(shown).toBe(wanted === 0 ? "" : complete.slice(-wanted).join(""))
        }
      )
    )
  })
})
