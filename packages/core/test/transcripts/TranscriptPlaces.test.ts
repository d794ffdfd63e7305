import { mkdirSync, renameSync, symlinkSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { eventually, put, session, temporary, transcriptsOf } from "../../../../test/transcriptTree.ts"
import { transcriptFileId } from "../../src/journal/Entry.ts"
import type { Transcripts } from "../../src/journal/Transcripts.ts"

type Service = typeof Transcripts.Service

const id = session(1)
const ofAgents = (transcripts: Service) =>
  Effect.map(transcripts.list, ({ files }) =>
    files.map((file) => [path.relative(file.root, file.path).split("projects/-p/").at(-1), transcriptFileId(file.transcript).split("/").at(-1)]).sort()
  )

describe("agents' transcripts below a session's folder", () => {
  it.scopedLive("Agents' transcripts are found at any depth, whatever the folders' names, with and without their facts", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const at = path.join(root, "projects/-p", id)
      put(`${at}.jsonl`, "{}\n")
      for (const below of ["", "subagents/", "subagents/workflows/wf_1/", "subagents/a/b/c/", "Übung 2.0/", "subagents/workflows/wf_2/"]) {
        put(path.join(at, below, "agent-x.jsonl"), "{}\n")
      }
      put(path.join(at, "subagents/workflows/wf_1/agent-x.meta.json"), "{}")
      put(path.join(at, "subagents/workflows/wf_1/agent-y.jsonl"), "{}\n")
      const transcripts = yield* transcriptsOf({ roots: [{ path: root }] })
      const { files, notTaken, problems } = yield* transcripts.list
      expect(problems).toEqual([])
      expect(notTaken).toEqual({ count: 0, files: [] })
      expect(yield* ofAgents(transcripts)).toEqual([
        [`${id}.jsonl`, "main"],
        [`${id}/agent-x.jsonl`, "agent-x"],
        [`${id}/subagents/a/b/c/agent-x.jsonl`, "agent-x"],
        [`${id}/subagents/agent-x.jsonl`, "agent-x"],
        [`${id}/subagents/workflows/wf_1/agent-x.jsonl`, "agent-x"],
        [`${id}/subagents/workflows/wf_1/agent-y.jsonl`, "agent-y"],
        [`${id}/subagents/workflows/wf_2/agent-x.jsonl`, "agent-x"],
        [`${id}/Übung 2.0/agent-x.jsonl`, "agent-x"]
      ])
      for (const file of files) expect(yield* transcripts.stat(file.path)).toEqual(file)
      expect(files.filter(({ meta }) => meta !== null)).toHaveLength(1)
      expect(new Set(files.map(({ transcript }) => transcript.sessionId))).toEqual(new Set([id]))
    })
  )

  it.scopedLive("Agents' transcripts are found through links, once, and links that lead in a circle end", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const at = path.join(root, "projects/-p", id)
      const elsewhere = path.join(root, "elsewhere")
      put(path.join(elsewhere, "wf_9/agent-z.jsonl"), "{}\n")
      put(path.join(at, "subagents/agent-x.jsonl"), "{}\n")
      symlinkSync(elsewhere, path.join(at, "subagents/workflows"))
      symlinkSync(at, path.join(at, "subagents/again"))
      const transcripts = yield* transcriptsOf({ roots: [{ path: root }] })
      expect(yield* ofAgents(transcripts)).toEqual([
        [`${id}/subagents/agent-x.jsonl`, "agent-x"],
        [`${id}/subagents/workflows/wf_9/agent-z.jsonl`, "agent-z"]
      ])
    })
  )

  it.scopedLive("Agents' transcripts are not looked for without end: a folder that lies too deep is told of", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const deep = path.join(root, "projects/-p", id, ...Array.from({ length: 33 }, () => "d"))
      put(path.join(deep, "agent-x.jsonl"), "{}\n")
      put(path.join(path.dirname(deep), "agent-y.jsonl"), "{}\n")
      const transcripts = yield* transcriptsOf({ roots: [{ path: root }] })
      const { files, notTaken, problems } = yield* transcripts.list
      expect(files.map(({ transcript }) => transcript.agentId)).toEqual(["y"])
      expect(problems.map((problem) => problem.path)).toEqual([deep])
      expect(notTaken.files.map((one) => one.path)).toEqual([path.join(deep, "agent-x.jsonl")])
      expect(yield* transcripts.stat(path.join(deep, "agent-x.jsonl"))).toBeNull()
    })
  )

  for (const poll of [false, true])
    it.scopedLive(`Agents' transcripts are told of when their folders come while somebody ${poll ? "polls" : "watches"}`, () =>
      Effect.gen(function* () {
        const root = yield* temporary
        const at = path.join(root, "projects/-p", id)
        put(`${at}.jsonl`, "{}\n")
        const transcripts = yield* transcriptsOf({ roots: [{ path: root, poll }] })
        const told = new Set<string>()
        let ready = false
        yield* Effect.forkScoped(
          Stream.runForEach(transcripts.changes, (paths) =>
            Effect.sync(() => {
              ready = true
              for (const one of paths ?? []) told.add(path.relative(at, one))
            })
          )
        )
        yield* eventually(
          () => ready,
          (is) => is
        )
        put(path.join(at, "subagents/workflows/wf_1/agent-x.jsonl"), "{}\n")
        put(path.join(at, "agent-y.jsonl"), "{}\n")
        put(path.join(at, "tool-results/out.txt"), "words")
        yield* eventually(
          () => [...told].sort(),
          (all) => all.length === 3
        )
        expect([...told].sort()).toEqual(["agent-y.jsonl", "subagents/workflows/wf_1/agent-x.jsonl", "tool-results/out.txt"])
        told.clear()
        put(path.join(at, "subagents/workflows/wf_1/agent-x.jsonl"), "{}\n{}\n")
        put(path.join(at, "tool-results/out.txt"), "more words")
        renameSync(path.join(at, "agent-y.jsonl"), path.join(at, "agent-w.jsonl"))
        yield* eventually(
          () => [...told].sort(),
          (all) => all.length === 4
        )
      })
    )
})

describe("what is named as a transcript and is none", () => {
  it.scopedLive("A file that is named as a transcript and is none is counted, with its path and the reason", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const project = path.join(root, "projects/-p")
      const at = path.join(project, id)
      put(`${at}.jsonl`, "{}\n")
      put(path.join(at, "subagents/agent-x.jsonl"), "{}\n")
      const notTaken = [
        put(path.join(root, "backup", `${id}.jsonl`), "{}\n"),
        put(path.join(root, "projects/loose.jsonl"), "{}\n"),
        put(path.join(project, "agent-new.jsonl"), '{"sessionId":'),
        put(path.join(project, "memory/deep/notes.jsonl"), "{}\n"),
        put(path.join(project, "notes.jsonl"), "{}\n"),
        put(path.join(at, `${id}.jsonl`), "{}\n"),
        put(path.join(at, "subagents/other.jsonl"), "{}\n"),
        path.join(project, `${session(2)}.jsonl`),
        path.join(project, `${session(3)}.jsonl`),
        path.join(at, "subagents/agent-folder.jsonl")
      ]
      const known = [
        put(path.join(root, "history.jsonl"), "{}\n"),
        put(path.join(root, "jobs/j1/timeline.jsonl"), "{}\n"),
        put(path.join(at, "subagents/workflows/wf_1/journal.jsonl"), "{}\n"),
        put(path.join(at, "tool-results/rows.jsonl"), "{}\n"),
        put(path.join(at, "subagents/agent-x.generation-1.jsonl"), "{}\n")
      ]
      mkdirSync(path.join(project, `${session(2)}.jsonl`))
      symlinkSync(path.join(root, "gone"), path.join(project, `${session(3)}.jsonl`))
      mkdirSync(path.join(at, "subagents/agent-folder.jsonl"))
      put(path.join(root, "plugins/p/data.jsonl"), "{}\n")
      const transcripts = yield* transcriptsOf({ roots: [{ path: root }] })
      const found = yield* transcripts.list
      expect(found.problems).toEqual([])
      expect(found.files.map(({ path: at }) => path.basename(at)).sort()).toEqual([`${id}.jsonl`, "agent-x.jsonl"])
      expect(found.notTaken.count).toBe(notTaken.length + known.length)
      expect(found.notTaken.files.filter((one) => !one.known).map((one) => one.path)).toEqual(notTaken.sort())
      expect(found.notTaken.files.filter((one) => one.known).map((one) => one.path)).toEqual(known.sort())
      const reasonOf = (end: string) => found.notTaken.files.find((one) => one.path.endsWith(end))?.reason
      expect(reasonOf("projects/loose.jsonl")).toBe("it lies in no project's folder")
      expect(reasonOf("agent-folder.jsonl")).toBe("it is a folder")
      expect(reasonOf(`${session(3)}.jsonl`)).toBe("it is a link that leads nowhere")
      expect(reasonOf("agent-new.jsonl")).toContain("no whole line yet")
      expect(reasonOf("journal.jsonl")).toContain("workflow")
      expect(reasonOf(`backup/${id}.jsonl`)).toBe("it lies outside of projects")
      for (const one of found.notTaken.files) expect(yield* transcripts.stat(one.path)).toBeNull()
    })
  )

  it.scopedLive("The list of such files is bounded, and their number is not", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      for (let n = 0; n < 130; n++) put(path.join(root, `projects/-p/odd-${n}.jsonl`), "{}\n")
      const transcripts = yield* transcriptsOf({ roots: [{ path: root }] })
      const { notTaken } = yield* transcripts.list
      expect(notTaken.count).toBe(130)
      expect(notTaken.files).toHaveLength(100)
    })
  )
})
