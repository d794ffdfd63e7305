import { appendFileSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Indexer from "han-core/Indexer"
import { Search } from "han-core/Search"
import { toolOutputId } from "han-core/ToolOutput"
import * as TranscriptFiles from "han-core/TranscriptFiles"
import { Transcripts } from "han-core/Transcripts"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { put, session, temporary } from "../../../../test/indexing.ts"
import { wholeJournal } from "../../../../test/wholeJournal.ts"

const id = session(1)
const pointing = (uuid: string, name: string, of = id): string =>
  `${JSON.stringify({
    type: "user",
    uuid,
    timestamp: "2026-03-01T10:00:01.000Z",
    message: {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: `t-${uuid}`, content: `<persisted-output>\nFull output saved to: /elsewhere/${of}/tool-results/${name}\n\npreview` }
      ]
    }
  })}\n`

/** An indexer over real files; `reads`: bytes of outputs that were read so far. */
const archive = Effect.fn(function* (root: string, filename = ":memory:") {
  let reads = 0
  const counting = Layer.map(TranscriptFiles.layer({ machine: "m", roots: [{ path: root }], debounceMs: 10, pollMs: 50 }), (context) => {
    const transcripts = Context.get(context, Transcripts)
    const outputBytes: typeof transcripts.outputBytes = (file, offset, length) =>
      Effect.tap(transcripts.outputBytes(file, offset, length), (bytes) => Effect.sync(() => (reads += bytes.length)))
    return Context.add(context, Transcripts, { ...transcripts, outputBytes })
  })
  const context = yield* Layer.build(
    Indexer.layer.pipe(Layer.provide(counting), Layer.provideMerge(Layer.orDie(SqliteStore.layer({ filename }))), Layer.merge(Viewer.layerLocal))
  )
  const run = <A, E>(effect: Effect.Effect<A, E, Viewer | Search>) => Effect.orDie(Effect.provide(effect, context))
  const journal = yield* Effect.provide(wholeJournal, context)
  const pass = run(
    Effect.map(Stream.runCollect(Context.get(context, Indexer.Indexer).index), (progress) => {
      const last = [...progress].at(-1)
      if (last?._tag !== "Indexed") throw new Error("a pass ends with its report")
      return last.report
    })
  )
  const found = (text: string) =>
    run(Effect.map(Context.get(context, Search).messages({ text }, { first: 10 }), ({ items }) => items.map(({ node }) => node.messageId).sort()))
  /** Every generation of every output: the text that was kept, by the file's name. */
  const kept = run(
    Effect.flatMap(journal.outputs(), (outputs) =>
      Effect.forEach(outputs, (output) =>
        Effect.map(Stream.runCollect(journal.outputBytes(toolOutputId(output))), (pieces) => [
          `${output.name} ${output.generation}`,
          Buffer.concat([...pieces]).toString()
        ])
      )
    )
  ).pipe(Effect.map((all): Record<string, string> => Object.fromEntries(all)))
  return {
    run,
    journal,
    pass,
    found,
    kept,
    reads: () => reads,
    indexer: Context.get(context, Indexer.Indexer),
    follow: Context.get(context, Indexer.IndexerFollow).follow
  }
})

describe("outputs of tools", () => {
  it.scopedLive("Outputs of tools are kept and found, of a session and of its agents, and stay when the client deletes everything", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const root = path.join(folder, ".claude")
      cpSync(fileURLToPath(new URL("../../../../fixtures/faults/long-output/config", import.meta.url)), root, { recursive: true })
      const output = path.join(root, "projects/-work-big/5e550000-0000-4000-8000-00000000003c/tool-results/toolu_big.txt")
      const whole = readFileSync(output, "utf8")
      put(path.join(root, "projects/-p", id, "subagents/workflows/wf_1/agent-x.jsonl"), pointing("b1", "agent.txt"))
      put(path.join(root, "projects/-p", id, "tool-results/agent.txt"), "an agentword")
      const database = path.join(folder, "han.db")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { found, journal, kept, pass, reads, run } = yield* archive(root, database)
          expect(yield* pass).toMatchObject({ problems: [], notTaken: { count: 0 } })
          expect(yield* Effect.forEach(["middleword", "finalword", "agentword"], (word) => Effect.map(found(word), (ids) => ids.length))).toEqual([1, 1, 1])
          expect(yield* kept).toEqual({ "toolu_big.txt 1": whole, "agent.txt 1": "an agentword" })
          expect(reads()).toBe(whole.length + 12)
          yield* pass
          expect(reads()).toBe(whole.length + 12)
          expect((yield* run(journal.outputTotals)).problems).toEqual([])
        })
      )
      const { found, kept, pass, reads } = yield* archive(root, database)
      yield* pass
      expect(reads()).toBe(0)
      rmSync(path.join(root, "projects"), { recursive: true })
      yield* pass
      expect((yield* kept)["toolu_big.txt 1"]).toBe(whole)
      expect(yield* found("finalword")).toHaveLength(1)
    })
  )

  it.scopedLive("Outputs that come, grow or are written anew after their lines are taken up, and nothing is lost", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const at = path.join(root, "projects/-p", id)
      put(`${at}.jsonl`, pointing("a1", "out.txt"))
      const { found, journal, kept, pass, run } = yield* archive(root)
      yield* pass
      expect((yield* run(journal.outputTotals)).problems).toMatchObject([{ kind: "missing", name: "out.txt", line: 0 }])
      const file = put(path.join(at, "tool-results/out.txt"), "firstword ")
      yield* pass
      expect(yield* found("firstword")).toEqual(["a1"])
      appendFileSync(file, "secondword")
      yield* pass
      expect(yield* found('"firstword secondword"')).toEqual(["a1"])
      // What was cut off is still there as the beginning of what is kept.
      truncateSync(file, 10)
      yield* pass
      expect(yield* kept).toEqual({ "out.txt 1": "firstword secondword" })
      writeFileSync(file, "written anew with thirdword")
      yield* pass
      expect(yield* kept).toEqual({ "out.txt 1": "firstword secondword", "out.txt 2": "written anew with thirdword" })
      // What it said is kept; a search finds what it says.
      expect([yield* found("secondword"), yield* found("thirdword")]).toEqual([[], ["a1"]])
      // Moved with its session to another project.
      renameSync(path.join(root, "projects/-p"), path.join(root, "projects/-q"))
      yield* pass
      expect(Object.keys(yield* kept)).toEqual(["out.txt 1", "out.txt 2"])
      expect((yield* run(journal.outputTotals)).problems).toEqual([])
      writeFileSync(path.join(root, "projects/-q", id, "tool-results/out.txt"), "fourthword")
      yield* pass
      expect([yield* found("secondword"), yield* found("thirdword"), yield* found("fourthword")]).toEqual([[], [], ["a1"]])
    })
  )

  it.scopedLive("Outputs of a session that lies in two folders never take turns", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      for (const [project, text] of [
        ["-p", "one text"],
        ["-q", "one text, longer"],
        ["-r", "another"]
      ] as const) {
        put(path.join(root, "projects", project, `${id}.jsonl`), pointing("a1", "out.txt"))
        put(path.join(root, "projects", project, id, "tool-results/out.txt"), text)
      }
      const { kept, pass, reads } = yield* archive(root)
      yield* pass
      const first = yield* kept
      expect(Object.values(first).sort()).toEqual(["another", "one text, longer"])
      const before = reads()
      yield* pass
      expect(yield* kept).toEqual(first)
      expect(reads()).toBe(before)
    })
  )

  it.scopedLive("Outputs of tools are followed while somebody works", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const at = path.join(root, "projects/-p", id)
      put(`${at}.jsonl`, pointing("a1", "out.txt"))
      const { follow, found, run } = yield* archive(root)
      yield* Effect.forkScoped(run(follow))
      const until = (word: string) => Effect.repeat(Effect.delay(found(word), "20 millis"), { until: (ids) => ids.length > 0, times: 500 })
      expect(yield* until("preview")).toEqual(["a1"])
      const file = put(path.join(at, "tool-results/out.txt"), "firstword ")
      expect(yield* until("firstword")).toEqual(["a1"])
      appendFileSync(file, "secondword")
      expect(yield* until("secondword")).toEqual(["a1"])
    })
  )

  it.scopedLive("Outputs of tools come from their session's own folder and nowhere else", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const at = path.join(root, "projects/-p", id)
      const secret = put(path.join(root, "secret.txt"), "secretword")
      put(
        `${at}.jsonl`,
        `${pointing("a1", "link.txt")}${pointing("a2", "../../../../secret.txt")}${pointing("a3", "theirs.txt", session(2))}${pointing("a4", "folder")}`
      )
      mkdirSync(path.join(at, "tool-results/folder"), { recursive: true })
      symlinkSync(secret, path.join(at, "tool-results/link.txt"))
      put(path.join(root, "projects/-p", session(3), "elsewhere.txt"), "x")
      symlinkSync(root, path.join(root, "projects/-p", session(3), "tool-results"))
      const { found, journal, kept, pass, run } = yield* archive(root)
      const { problems } = yield* pass
      expect(problems.map((problem) => path.relative(root, problem.path)).sort()).toEqual([
        `projects/-p/${id}/tool-results/link.txt`,
        `projects/-p/${session(3)}/tool-results`
      ])
      expect(yield* found("secretword")).toEqual([])
      expect(yield* kept).toEqual({})
      expect((yield* run(journal.outputTotals)).problems.map(({ kind, line }) => [line, kind]).sort()).toEqual([
        [0, "missing"],
        [1, "refused"],
        [2, "refused"],
        [3, "missing"]
      ])
    })
  )

  it.scopedLive("Outputs of several megabytes are kept whole, and not read again after they were forgotten", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const at = path.join(root, "projects/-p", id)
      put(`${at}.jsonl`, pointing("a1", "long.txt"))
      const text = `beginword\n${"0123456789 ".repeat(600_000)}\nendword`
      put(path.join(at, "tool-results/long.txt"), text)
      const { found, journal, kept, pass, reads, run } = yield* archive(root)
      yield* pass
      expect((yield* kept)["long.txt 1"] === text).toBe(true)
      expect([yield* found("beginword"), yield* found("endword")]).toEqual([["a1"], []])
      expect((yield* run(journal.outputTotals)).problems).toMatchObject([{ kind: "unsearched", name: "long.txt" }])
      yield* run(journal.forget({ before: Date.now() }))
      const before = reads()
      yield* pass
      yield* pass
      expect(yield* kept).toEqual({})
      expect(reads()).toBe(before)
    })
  )
})
