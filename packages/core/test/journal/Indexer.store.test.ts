import { appendFileSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, unlinkSync, utimesSync } from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import { SessionId } from "han-core/Entry"
import { FileUnreadable } from "han-core/FileUnreadable"
import { JournalWriter } from "han-core/JournalWriter"
import { StoreError } from "han-core/StoreError"
import { Transcripts } from "han-core/Transcripts"
import { archive, eventually, line, put, session, temporary } from "../../../../test/indexing.ts"
import { runs } from "../../../../test/runs.ts"
import type { JournalServices } from "../../../../test/wholeJournal.ts"

const main = (root: string, number = 1, project = "-p") => path.join(root, "projects", project, `${session(number)}.jsonl`)
const withTranscripts = (
  context: Context.Context<Transcripts | JournalServices>,
  change: (transcripts: typeof Transcripts.Service) => typeof Transcripts.Service
) => Context.add(context, Transcripts, change(Context.get(context, Transcripts)))
const withWriter = (context: Context.Context<Transcripts | JournalServices>, change: (writer: typeof JournalWriter.Service) => typeof JournalWriter.Service) =>
  Context.add(context, JournalWriter, change(Context.get(context, JournalWriter)))
const id = (number = 1) => `${session(number)}/main`

describe("a pass", () => {
  it.scopedLive("A pass brings in what is new, and a second look reads nothing, in this process and the next", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const filename = path.join(yield* temporary, "han.db")
      const texts = [line("one") + line("two"), `${line("x".repeat(9000))}\r\n\n${line("y")}half`, "half", ""]
      for (const [index, text] of texts.entries()) put(main(root, index), text)
      const size = texts.join("").length
      const first = yield* Effect.scoped(
        Effect.gen(function* () {
          const { pass, kept } = yield* archive(root, { filename })
          const report = yield* pass
          expect(report).toMatchObject({ transcripts: 4, bytesRead: size, entries: 6, appended: 6, problems: [] })
          expect(yield* kept).toEqual({ [id(0)]: [texts[0]], [id(1)]: [texts[1]?.slice(0, -4)], [id(2)]: [""], [id(3)]: [""] })
          expect(yield* pass).toMatchObject({ bytesRead: 0, appended: 0, entries: 6 })
          return yield* kept
        })
      )
      const again = yield* archive(root, { filename })
      expect(yield* again.pass).toMatchObject({ bytesRead: 0, appended: 0, transcripts: 4, entries: 6 })
      expect(yield* again.kept).toEqual(first)
    })
  )

  it.scopedLive("A pass lets the event loop turn at each file, so that whoever asks meanwhile is answered", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      for (let number = 0; number < 200; number++) put(main(root, number), line(`number ${number}`))
      let turns = 0
      const reads: Array<number> = []
      const { pass } = yield* archive(root, {
        around: (layer) =>
          Layer.map(layer, (context) =>
            withTranscripts(context, (transcripts) => ({
              ...transcripts,
              read: (file, from) => {
                reads.push(turns)
                return transcripts.read(file, from)
              }
            }))
          )
      })
      let next: ReturnType<typeof setImmediate>
      const turn = () => {
        turns++
        next = setImmediate(turn)
      }
      next = setImmediate(turn)
      expect((yield* pass).appended).toBe(200)
      clearImmediate(next)
      expect(new Set(reads).size).toBe(200)
    })
  )

  it.scopedLive("A pass reads what was appended and at most 8 KiB more, and finishes a half-written line", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const file = put(main(root), line("x".repeat(100_000)))
      const { pass, kept } = yield* archive(root)
      yield* pass
      for (const more of [line("small"), '{"half":', "true}\n", "\r\n", line("z".repeat(20_000))]) {
        appendFileSync(file, more)
        const { bytesRead } = yield* pass
        expect(bytesRead).toBeGreaterThanOrEqual(more.length)
        expect(bytesRead).toBeLessThanOrEqual(more.length + 8192 + 16)
        expect((yield* pass).bytesRead).toBe(0)
      }
      expect(yield* kept).toEqual({ [id()]: [readFileSync(file, "latin1")] })
    })
  )

  it.scopedLive("A pass opens a new generation when kept lines changed, and loses nothing of the old one", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const file = main(root)
      const { pass, kept } = yield* archive(root)
      const texts = [line("a") + line("b"), line("c"), line("d"), line("e") + line("f") + line("g"), ""]
      const seen: Array<string> = []
      for (const text of texts) {
        // Over it by a rename, and in place, of a shorter, equal and greater length.
        if (seen.length % 2 === 0) renameSync(put(`${file}.new`, text), file)
        else put(file, text)
        yield* pass
        seen.push(text)
        expect(yield* kept).toEqual({ [id()]: seen })
      }
      appendFileSync(file, line("h"))
      yield* pass
      expect(yield* kept).toEqual({ [id()]: [...seen.slice(0, -1), line("h")] })
    })
  )

  it.scopedLive("A pass notices a rewrite of the same length, even in the middle, and takes a mere touch for none", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const text = Array.from({ length: 2000 }, (_, index) => line(`line ${index}`)).join("")
      const file = put(main(root), text)
      const { pass, kept } = yield* archive(root)
      yield* pass
      utimesSync(file, 1, 1)
      expect((yield* pass).appended).toBe(0)
      expect((yield* pass).bytesRead).toBe(0)
      const changed = text.replace('line 1000"', 'LINE 1000"')
      put(file, changed)
      yield* pass
      expect(yield* kept).toEqual({ [id()]: [text, changed] })
    })
  )

  it.scopedLive("A pass follows a transcript to another project without reading, notes a lost one, and takes it up again", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const file = put(main(root), line("a"))
      const { infos, kept, pass } = yield* archive(root)
      yield* pass
      const moved = main(root, 1, "-q")
      mkdirSync(path.dirname(moved))
      renameSync(file, moved)
      expect((yield* pass).bytesRead).toBe(0)
      expect((yield* infos).map((info) => [info.file?.path, info.missingSince])).toEqual([[moved, null]])
      renameSync(moved, `${moved}.away`)
      expect(yield* pass).toMatchObject({ bytesRead: 0, transcripts: 1, entries: 1 })
      expect((yield* infos)[0]?.missingSince).toBeGreaterThan(0)
      renameSync(`${moved}.away`, moved)
      expect((yield* pass).bytesRead).toBe(0)
      expect((yield* infos)[0]?.missingSince).toBeNull()
      appendFileSync(moved, line("b"))
      yield* pass
      expect(yield* kept).toEqual({ [id()]: [line("a") + line("b")] })
      rmSync(path.join(root, "projects"), { recursive: true })
      yield* pass
      expect((yield* infos)[0]?.missingSince).toBeGreaterThan(0)
    })
  )

  it.scopedLive("Copies never take turns: a longer one takes over, and one with other lines is kept beside it", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const file = put(main(root), line("a") + line("b"))
      const { infos, kept, pass } = yield* archive(root)
      yield* pass
      const copy = main(root, 1, "-copy")
      cpSync(path.dirname(file), path.dirname(copy), { recursive: true })
      const paths = Effect.map(infos, (all) => all.map((info) => info.file?.path))
      yield* pass
      expect((yield* pass).bytesRead).toBe(0)
      // The older one is touched, cut off, written to: as long as it is only a part nothing happens.
      truncateSync(copy, line("a").length)
      utimesSync(copy, Date.now() / 1000 + 1000, Date.now() / 1000 + 1000)
      expect((yield* pass).problems).toEqual([])
      expect(yield* paths).toEqual([file])
      appendFileSync(file, line("c"))
      yield* pass
      appendFileSync(copy, line("b") + line("c") + line("d"))
      yield* pass
      expect(yield* paths).toEqual([copy])
      expect(yield* kept).toEqual({ [id()]: ["abcd".split("").map(line).join("")] })
      expect((yield* pass).problems).toEqual([])
      appendFileSync(file, line("other") + line("lines"))
      const both = { [id()]: ["abcd".split("").map(line).join(""), ["a", "b", "c", "other", "lines"].map(line).join("")] }
      for (let round = 0; round < 2; round++) {
        const report = yield* pass
        expect([report.problems, report.appended]).toEqual([[], round === 0 ? 5 : 0])
        if (round > 0) expect(report.bytesRead).toBe(0)
        expect(yield* kept).toEqual(both)
      }
      unlinkSync(copy)
      yield* pass
      expect(yield* kept).toEqual(both)
      expect((yield* infos).map((info) => [info.replacedBy, info.missingSince === null])).toEqual([
        [null, false],
        [null, true]
      ])
    })
  )

  it.scopedLive("A pass keeps the facts of subagents, looks at them again when they change, and not before", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const filename = path.join(yield* temporary, "han.db")
      const folder = path.join(root, "projects/-p", session(1), "subagents")
      const meta = path.join(folder, "agent-a0.meta.json")
      put(path.join(folder, "agent-a0.jsonl"), line("a"))
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { infos, pass } = yield* archive(root, { filename })
          const metas = Effect.map(infos, (all) => all.map((info) => info.meta))
          yield* pass
          expect(yield* metas).toEqual([null])
          put(meta, '{"agentType":"one"}')
          expect((yield* pass).bytesRead).toBe(0)
          expect(yield* metas).toEqual(['{"agentType":"one"}'])
          put(meta, '{"agentType":"two"}')
          yield* pass
          expect(yield* metas).toEqual(['{"agentType":"two"}'])
          unlinkSync(meta)
          yield* pass
          expect(yield* metas).toEqual(['{"agentType":"two"}'])
        })
      )
      put(meta, '{"agentType":"three"}')
      const { infos, pass } = yield* archive(root, { filename })
      yield* pass
      expect((yield* infos)[0]?.meta).toBe('{"agentType":"three"}')
      put(meta, "x".repeat((256 << 10) + 1))
      expect((yield* pass).problems.map((problem) => problem.path)).toEqual([meta])
      expect((yield* pass).problems.map((problem) => problem.path)).toEqual([meta])
    })
  )

  it.scopedLive(
    "A pass leaves the newest generation as the file is up to its last newline, whatever happened to it",
    () =>
      Effect.gen(function* () {
        const step = fc.oneof(
          fc.record({ op: fc.constant("append" as const), text: fc.stringMatching(/^[a-c\r\n]{0,12}$/) }),
          fc.record({ op: fc.constant("long" as const), text: fc.nat({ max: 9000 }).map((size) => `${"l".repeat(size)}\n`) }),
          fc.record({ op: fc.constantFrom("write" as const, "replace" as const), text: fc.stringMatching(/^[d-e\n]{0,20}$/) }),
          fc.record({ op: fc.constantFrom("cut" as const, "touch" as const, "move" as const, "remove" as const), text: fc.constant("") })
        )
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 2 }), { maxLength: 8 }), (rounds) =>
              Effect.runPromise(
                Effect.scoped(
                  Effect.gen(function* () {
                    const root = yield* temporary
                    const { kept, pass } = yield* archive(root)
                    let file = put(main(root), "")
                    let there = true
                    let project = 0
                    let touched = 0
                    for (const steps of rounds) {
                      for (const { op, text } of steps) {
                        if (op === "replace") renameSync(put(`${file}.new`, text), file)
                        else if (op === "write") put(file, text)
                        else if (op === "append" || op === "long") appendFileSync(file, text)
                        else if (!there) continue
                        else if (op === "cut") truncateSync(file, Math.floor(statSync(file).size / 2))
                        else if (op === "touch") utimesSync(file, ++touched, touched)
                        else if (op === "remove") unlinkSync(file)
                        else {
                          const moved = main(root, 1, `-p${++project}`)
                          mkdirSync(path.dirname(moved))
                          renameSync(file, moved)
                          file = moved
                        }
                        there = op !== "remove"
                      }
                      const { problems } = yield* pass
                      expect(problems).toEqual([])
                      if (!there) continue
                      const text = readFileSync(file, "latin1")
                      expect((yield* kept)[id()]?.at(-1)).toBe(text.slice(0, text.lastIndexOf("\n") + 1))
                      expect((yield* pass).bytesRead).toBe(0)
                    }
                  })
                )
              )
            ),
            { numRuns: runs(25, 8) }
          )
        )
      }),
    120_000
  )

  it.scopedLive("A pass takes the newest files first, says how far it is, and ends with its report", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      for (let number = 1; number <= 5; number++) {
        put(main(root, number), line("x".repeat(1 << 20)))
        utimesSync(main(root, number), number, number)
      }
      const { indexer, infos, run } = yield* archive(root)
      const progress = [...(yield* run(Stream.runCollect(indexer.index)))]
      expect(progress.slice(-1)).toMatchObject([{ _tag: "Indexed" }])
      const size = 5 * statSync(main(root)).size
      expect(progress[0]).toEqual({ _tag: "Indexing", files: 5, filesDone: 0, bytes: size, bytesDone: 0 })
      expect(progress.at(-2)).toEqual({ _tag: "Indexing", files: 5, filesDone: 5, bytes: size, bytesDone: size })
      expect((yield* infos).map((info) => info.transcript.sessionId)).toEqual([5, 4, 3, 2, 1].map(session))
      expect(yield* indexer.status).toMatchObject({ running: null, following: false, bytesRead: size, problems: [], roots: [{ path: root, state: "idle" }] })
    })
  )

  it.scopedLive("A pass goes on after a file that cannot be read, and tells of it until it can", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      for (const number of [1, 2, 3]) put(main(root, number), line(`${number}`))
      let closed = true
      const { indexer, kept, pass } = yield* archive(root, {
        around: (layer) =>
          Layer.map(layer, (context) =>
            withTranscripts(context, (transcripts) => ({
              ...transcripts,
              read: (file, from) =>
                closed && file.path === main(root, 2)
                  ? Stream.fail(new FileUnreadable({ path: file.path, reason: "denied", message: "closed" }))
                  : transcripts.read(file, from)
            }))
          )
      })
      expect(yield* pass).toMatchObject({ appended: 2, problems: [{ path: main(root, 2), message: "closed" }] })
      expect((yield* indexer.status).problems).toEqual([{ path: main(root, 2), message: "closed" }])
      closed = false
      expect(yield* pass).toMatchObject({ appended: 1, problems: [] })
      expect(Object.keys(yield* kept)).toHaveLength(3)
    })
  )

  it.scopedLive("A pass that is cut short goes on where it was, without a line lost or doubled", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const text = Array.from({ length: 5000 }, (_, index) => line(`${index}${"x".repeat(3000)}`)).join("")
      put(main(root), text)
      let appends = 0
      const { indexer, infos, journal, kept, pass, run } = yield* archive(root, {
        around: (layer) =>
          Layer.map(layer, (context) =>
            withWriter(context, (writer) => ({
              ...writer,
              appendAll: (...args) => (++appends === 3 ? Effect.never : writer.appendAll(...args))
            }))
          )
      })
      const running = yield* Effect.forkScoped(run(Stream.runDrain(indexer.index)))
      yield* eventually(
        Effect.sync(() => appends),
        (count) => count === 3
      )
      expect((yield* indexer.status).running).toMatchObject({ files: 1, filesDone: 0 })
      yield* Fiber.interrupt(running)
      const [info] = yield* infos
      expect(info?.bytes).toBeGreaterThan(0)
      expect(info?.file?.size).toBe(info?.bytes)
      // Also when the journal went on without the indexer.
      yield* run(
        journal.append({ ...(info ?? expect.fail()).transcript }, [
          { line: info?.lines ?? 0, offset: info?.bytes ?? 0, bytes: new TextEncoder().encode(text.slice(info?.bytes).split("\n")[0]) }
        ])
      )
      expect((yield* pass).appended).toBe(5000 - (info?.lines ?? 0) - 1)
      expect(yield* kept).toEqual({ [id()]: [text] })
    })
  )

  it.scopedLive("A pass does not read what was forgotten", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const filename = path.join(yield* temporary, "han.db")
      put(main(root), line("secret"))
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { journal, pass, run } = yield* archive(root, { filename })
          yield* pass
          yield* run(journal.forget({ sessionIds: [SessionId.make(session(1))] }))
          appendFileSync(main(root), line("more"))
          expect(yield* pass).toMatchObject({ bytesRead: 0, appended: 0, transcripts: 0 })
        })
      )
      const { pass } = yield* archive(root, { filename })
      for (let round = 0; round < 2; round++) expect(yield* pass).toMatchObject({ bytesRead: 0, appended: 0, transcripts: 0 })
    })
  )

  it.scopedLive("A pass brings in the hand-written cases: agents in three places, a bridged session, records beside a log", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      for (const name of ["F11-agent", "F12-han-events", "F13-bridged"]) {
        const { steps } = JSON.parse(readFileSync(fileURLToPath(new URL(`../../../../fixtures/indexing/${name}.json`, import.meta.url)), "utf8"))
        for (const step of steps) if (step.op === "write") put(path.join(root, step.path), step.text)
      }
      const { journal, kept, infos, pass, run } = yield* archive(path.join(root, "home/.claude"), { hanHome: path.join(root, "home/.han") })
      expect((yield* pass).problems).toEqual([])
      const lines = Object.fromEntries(
        Object.entries(yield* kept).map(([name, texts]) => [name.replace(/^1{8}-1111-4111-8111-1{10}/, ""), texts.map((text) => text.split("\n").length - 1)])
      )
      expect(lines).toEqual({ "11/main": [5], "11/agent-a1b2c3d4": [2], "11/agent-a057d00ca8257cc88": [1], "12/main": [1], "12/han": [10], "13/han": [3] })
      const log = (yield* infos).find((info) => info.transcript.kind === "han" && info.transcript.source === "claude-code")
      const entries = yield* run(journal.read((log ?? expect.fail()).id, 0, 100))
      expect(entries.map((entry) => entry.payload !== undefined)).toEqual(entries.map((_, index) => index === 1))
      expect((yield* pass).bytesRead).toBe(0)
    })
  )
})

describe("following", () => {
  it.scopedLive(
    "Following loses nothing of bursts, renames, truncation, moves, new projects and new roots",
    () =>
      Effect.gen(function* () {
        const folder = yield* temporary
        const root = path.join(folder, "config")
        const home = path.join(folder, ".han")
        const first = put(main(root), "")
        const { follow, indexer, infos, kept, run } = yield* archive(root, { hanHome: home })
        const fiber = yield* Effect.forkScoped(run(follow))
        yield* eventually(
          Effect.map(indexer.status, (status) => [status.lastPassAt, status.roots[0]?.state]),
          ([at, state]) => at !== null && state === "watching"
        )
        expect((yield* indexer.status).following).toBe(true)

        let seed = 7
        const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below
        const burst = (file: string, name: string) =>
          Effect.forEach(
            Array.from({ length: 50 }, (_, index) => index),
            (index) => {
              const text = line(`${name} ${index} ${"x".repeat(random(3000))}`)
              const cut = random(text.length)
              return Effect.sync(() => appendFileSync(file, text.slice(0, cut))).pipe(
                Effect.zipRight(Effect.sleep(random(3) === 0 ? random(20) : 0)),
                Effect.zipRight(Effect.sync(() => appendFileSync(file, text.slice(cut)))),
                Effect.zipRight(Effect.sleep(1 + random(79)))
              )
            },
            { discard: true }
          )
        const second = put(main(root, 2, "-new"), line("new project"))
        const bridged = put(path.join(home, "omp/projects/-p/ses_1-han.jsonl"), line("new root"))
        const agent = put(path.join(root, "projects/-p", session(1), "subagents/agent-a0.jsonl"), line("subagent"))
        yield* Effect.all([burst(first, "first"), burst(second, "second"), burst(bridged, "bridged"), burst(agent, "agent")], { concurrency: "unbounded" })

        const latest = Effect.map(kept, (all) => Object.fromEntries(Object.entries(all).map(([name, texts]) => [name, texts.at(-1)])))
        const matches = (expected: Record<string, string>) =>
          eventually(latest, (all) => Object.entries(expected).every(([name, file]) => all[name] === readFileSync(file, "latin1")))
        const files = { [id(1)]: first, [id(2)]: second, "ses_1/han": bridged, [`${session(1)}/agent-a0`]: agent }
        yield* matches(files)
        expect((yield* infos).every((info) => info.transcript.generation === 1)).toBe(true)

        const moved = main(root, 2, "-moved")
        mkdirSync(path.dirname(moved))
        renameSync(second, moved)
        appendFileSync(moved, line("after the move"))
        yield* matches({ [id(2)]: moved })
        yield* eventually(infos, (all) => all.some((info) => info.file?.path === moved && info.missingSince === null && info.transcript.generation === 1))

        renameSync(put(`${first}.new`, line("renamed over")), first)
        yield* matches({ [id(1)]: first })
        truncateSync(first, 0)
        appendFileSync(first, line("after truncation"))
        yield* matches({ [id(1)]: first })
        unlinkSync(moved)
        yield* eventually(infos, (all) => all.some((info) => info.file?.path === moved && info.missingSince !== null))
        yield* Fiber.interrupt(fiber)
        expect((yield* indexer.status).following).toBe(false)
      }),
    60_000
  )

  it.scopedLive("Following goes over to a copy when the followed file goes away", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const file = put(main(root), line("a") + line("b"))
      const copy = put(main(root, 1, "-copy"), line("a"))
      const { follow, indexer, infos, run } = yield* archive(root)
      yield* Effect.forkScoped(run(follow))
      yield* eventually(infos, (all) => all[0]?.file?.path === file)
      yield* eventually(indexer.status, (status) => status.roots[0]?.state === "watching" && status.running === null)
      appendFileSync(copy, line("b"))
      unlinkSync(file)
      yield* eventually(infos, (all) => all.length === 1 && all[0]?.file?.path === copy && all[0].missingSince === null && all[0].lines === 2)
      const more = main(root, 1, "-more")
      put(more, line("a") + line("b"))
      yield* Effect.sleep(50)
      unlinkSync(copy)
      yield* eventually(infos, (all) => all.length === 1 && all[0]?.file?.path === more && all[0].missingSince === null)
    })
  )

  it.scopedLive("Following waits while the store is full or busy, and goes on with what it had to leave", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      put(main(root, 1), line("a"))
      let failures = 3
      const { follow, indexer, kept, run } = yield* archive(root, {
        around: (layer) =>
          Layer.map(layer, (context) =>
            withWriter(context, (writer) => ({
              ...writer,
              appendAll: (...args) =>
                failures > 0
                  ? Effect.suspend(() => {
                      failures--
                      return Effect.fail(new StoreError({ operation: "append", reason: failures === 1 ? "busy" : "full", message: "no space" }))
                    })
                  : writer.appendAll(...args)
            }))
          )
      })
      yield* Effect.forkScoped(run(follow))
      const { failing } = yield* eventually(indexer.status, (status) => status.failing !== null)
      expect(failing?.message).toBe("no space")
      yield* eventually(kept, (all) => all[id(1)]?.[0] === line("a"))
      yield* eventually(indexer.status, (status) => status.roots[0]?.state === "watching" && status.running === null && status.failing === null)
      failures = 2
      appendFileSync(main(root, 1), line("b"))
      put(main(root, 2), line("c"))
      yield* eventually(kept, (all) => all[id(1)]?.[0] === line("a") + line("b") && all[id(2)]?.[0] === line("c"))
    })
  )

  it.scopedLive("Following does what a pass that somebody asked for could not store", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      put(main(root, 1), line("a"))
      let full = false
      const { follow, indexer, kept, run } = yield* archive(root, {
        around: (layer) =>
          Layer.map(layer, (context) =>
            withWriter(context, (writer) => ({
              ...writer,
              appendAll: (...args) =>
                full ? Effect.fail(new StoreError({ operation: "append", reason: "full", message: "no space" })) : writer.appendAll(...args)
            }))
          )
      })
      yield* Effect.forkScoped(run(follow))
      yield* eventually(kept, (all) => all[id(1)]?.[0] === line("a"))
      full = true
      appendFileSync(main(root, 1), line("b"))
      yield* run(Effect.flip(Stream.runDrain(indexer.index)))
      full = false
      yield* eventually(kept, (all) => all[id(1)]?.[0] === line("a") + line("b"))
      yield* eventually(indexer.status, (status) => status.failing === null)
    })
  )

  it.scopedLive("Following ends when the store is broken, and a pass says so", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      put(main(root, 1), line("a"))
      const { follow, indexer, run } = yield* archive(root, {
        around: (layer) =>
          Layer.map(layer, (context) =>
            withWriter(context, (writer) => ({
              ...writer,
              appendAll: () => Effect.fail(new StoreError({ operation: "append", reason: "corrupt", message: "malformed" }))
            }))
          )
      })
      expect(yield* run(Effect.flip(follow))).toMatchObject({ reason: "corrupt" })
      const since = (yield* indexer.status).failing?.since
      expect(yield* run(Effect.flip(Stream.runDrain(indexer.index)))).toMatchObject({ reason: "corrupt" })
      expect((yield* indexer.status).failing).toEqual({ since, message: "malformed" })
      expect((yield* indexer.status).running).toBeNull()
    })
  )

  it.scopedLive("passes do not overlap", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      for (let number = 0; number < 30; number++) put(main(root, number), line(`${number}`))
      let now = 0
      let most = 0
      const { kept, pass } = yield* archive(root, {
        around: (layer) =>
          Layer.map(layer, (context) =>
            withWriter(context, (writer) => ({
              ...writer,
              appendAll: (...args) =>
                Effect.acquireUseRelease(
                  Effect.sync(() => (most = Math.max(most, ++now))),
                  () => Effect.zipRight(Effect.yieldNow(), writer.appendAll(...args)),
                  () => Effect.sync(() => now--)
                )
            }))
          )
      })
      const reports = yield* Effect.all([pass, pass, pass], { concurrency: "unbounded" })
      expect(most).toBe(1)
      expect(reports.map((report) => report.appended).sort()).toEqual([0, 0, 30])
      expect(Object.keys(yield* kept)).toHaveLength(30)
    })
  )
})
