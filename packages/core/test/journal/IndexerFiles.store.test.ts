import { appendFileSync, cpSync, mkdirSync, renameSync, rmSync, statSync, truncateSync, unlinkSync, utimesSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { archive, eventually, line, put, session, temporary } from "../../../../test/indexing.ts"
import { runs } from "../../../../test/runs.ts"

const main = (root: string, project = "-p", number = 1) => path.join(root, "projects", project, `${session(number)}.jsonl`)
const id = `${session(1)}/main`
const lines = (...texts: ReadonlyArray<string>) => texts.map(line).join("")
/** A line of the client's bookkeeping: nothing tells it apart from another one. */
const note = (text: string) => `${JSON.stringify({ type: "bridge-session", sessionId: session(1), bridgeSessionId: text })}\n`

const renamed = (from: string, to: string): string => {
  renameSync(from, to)
  return to
}

/** What is kept, which of it holds, and by which generation the rest was replaced. */
const opened = Effect.fn(function* (root: string, filename?: string) {
  const one = yield* archive(root, filename === undefined ? {} : { filename })
  const replaced = Effect.map(one.infos, (all) => all.map((info) => info.replacedBy))
  const holds = Effect.gen(function* () {
    const texts = (yield* one.kept)[id] ?? []
    return (yield* replaced).flatMap((by, index) => (by === null ? [texts[index]] : []))
  })
  return { ...one, replaced, holds }
})

describe("several files of one session", () => {
  const shared = lines("s1", "s2")
  it.scopedLive("Several files of one session are all kept, also when length and time cannot tell them apart", () =>
    Effect.gen(function* () {
      for (const order of ["together", "first", "second"] as const) {
        const root = yield* temporary
        const a = shared + lines("a1", "a2")
        const b = shared + lines("b1", "b2")
        const write = (project: string, text: string) => {
          const file = put(main(root, project), text)
          utimesSync(file, 1_700_000_000, 1_700_000_000)
          return file
        }
        const { holds, pass } = yield* opened(root)
        if (order !== "second") write("-a", a)
        if (order === "first") yield* pass
        write("-b", b)
        if (order === "second") yield* pass
        if (order === "second") write("-a", a)
        expect((yield* pass).problems).toEqual([])
        expect([...(yield* holds)].sort()).toEqual([a, b])
        expect(yield* pass).toMatchObject({ bytesRead: 0, appended: 0, transcripts: 2 })
        // Each goes on by itself.
        appendFileSync(main(root, "-a"), line("a3"))
        appendFileSync(main(root, "-b"), line("b3"))
        yield* pass
        expect([...(yield* holds)].sort()).toEqual([a + line("a3"), b + line("b3")])
      }
    })
  )

  it.scopedLive("Several files of one session are kept when one is a line of bookkeeping, before or after the rest", () =>
    Effect.gen(function* () {
      for (const first of ["note", "conversation"] as const) {
        const root = yield* temporary
        const { holds, pass } = yield* opened(root)
        const texts = { note: note("cse_1"), conversation: lines("a", "b") }
        put(main(root, "-one"), texts[first])
        yield* pass
        const other = first === "note" ? "conversation" : "note"
        put(main(root, "-two"), texts[other])
        expect((yield* pass).problems).toEqual([])
        expect([...(yield* holds)].sort()).toEqual([texts.conversation, texts.note].sort())
      }
    })
  )

  it.scopedLive("A file in the place of one that is gone does not hide it, for the first has lines of its own", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const filename = path.join(yield* temporary, "han.db")
      const file = put(main(root), lines("a", "b"))
      yield* Effect.scoped(Effect.flatMap(opened(root, filename), ({ pass }) => pass))
      // Nobody looked in between.
      unlinkSync(file)
      put(file, note("cse_2"))
      const { holds, infos, pass } = yield* opened(root, filename)
      yield* pass
      expect(yield* holds).toEqual([lines("a", "b"), note("cse_2")])
      expect((yield* infos).map((info) => info.missingSince === null)).toEqual([false, true])
      expect((yield* pass).bytesRead).toBe(0)
    })
  )

  it.scopedLive("A second file is told from a moved one by its lines, not by its length and time", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const file = put(main(root, "-one"), lines("aaa"))
      utimesSync(file, 1_700_000_000, 1_700_000_000)
      const { holds, pass } = yield* opened(root)
      yield* pass
      const other = put(main(root, "-two"), lines("bbb"))
      utimesSync(other, 1_700_000_000, 1_700_000_000)
      expect(statSync(other).size).toBe(statSync(file).size)
      unlinkSync(file)
      yield* pass
      expect(yield* holds).toEqual([lines("aaa"), lines("bbb")])
    })
  )

  it.scopedLive(
    "Several files of one session lose no line, whatever happens to them",
    () =>
      Effect.promise(() => {
        const step = fc.oneof(
          fc.record({ op: fc.constant("append" as const), folder: fc.nat(2), text: fc.nat(5) }),
          fc.record({ op: fc.constantFrom("copy" as const, "move" as const), folder: fc.nat(2), to: fc.nat(2) }),
          fc.record({ op: fc.constantFrom("remove" as const, "look" as const), folder: fc.nat(2) })
        )
        return fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), (steps) =>
            Effect.runPromise(
              Effect.scoped(
                Effect.gen(function* () {
                  const root = yield* temporary
                  const { kept, pass, infos } = yield* opened(root)
                  const at = (folder: number) => main(root, `-${folder}`)
                  const texts = new Map<number, string>()
                  const written = new Set<string>()
                  let count = 0
                  for (const one of steps) {
                    const text = texts.get(one.folder)
                    if (one.op === "append") {
                      const more = line(`${one.text}-${count++}`)
                      texts.set(one.folder, (text ?? "") + more)
                      mkdirSync(path.dirname(at(one.folder)), { recursive: true })
                      appendFileSync(at(one.folder), more)
                    } else if (one.op === "look") {
                      yield* pass
                      for (const each of texts.values()) for (const single of each.split("\n")) written.add(single)
                    } else if (text !== undefined && one.op === "remove") {
                      rmSync(at(one.folder))
                      texts.delete(one.folder)
                    } else if (text !== undefined && (one.op === "copy" || one.op === "move") && one.to !== one.folder) {
                      mkdirSync(path.dirname(at(one.to)), { recursive: true })
                      if (one.op === "copy") cpSync(at(one.folder), at(one.to))
                      else renameSync(at(one.folder), at(one.to))
                      texts.set(one.to, text)
                      if (one.op === "move") texts.delete(one.folder)
                    }
                  }
                  yield* pass
                  for (const each of texts.values()) for (const single of each.split("\n")) written.add(single)
                  const all = yield* kept
                  const found = new Set((all[id] ?? []).flatMap((each) => each.split("\n")))
                  for (const single of written) expect(found.has(single)).toBe(true)
                  // What the files say now is not hidden.
                  const held = (yield* infos).flatMap((info, index) => (info.replacedBy === null ? (all[id]?.[index] ?? "").split("\n") : []))
                  for (const each of texts.values()) for (const single of each.split("\n")) expect(held).toContain(single)
                  yield* pass
                  expect(yield* pass).toMatchObject({ appended: 0, bytesRead: 0, problems: [] })
                })
              )
            )
          ),
          { numRuns: runs(60, 15) }
        )
      }),
    120_000
  )
})

describe("a transcript that was written anew", () => {
  const before = lines("q0", "my key is HUSH", "q2")
  const clean = before.replaceAll("HUSH", "XXXX")
  const cases: ReadonlyArray<readonly [string, (file: string) => string]> = [
    ["in place", (file) => put(file, clean)],
    ["by a rename", (file) => renamed(put(`${file}.new`, clean), file)],
    ["without the line", (file) => put(file, lines("q0", "q2"))],
    ["cut off", (file) => put(file, line("q0"))],
    ["with other lines after the cut", (file) => put(file, lines("q0", "r1", "r2", "r3"))],
    [
      "after its folder was renamed",
      (file) => {
        const moved = file.replace("-p/", "-moved/")
        mkdirSync(path.dirname(moved))
        renameSync(file, moved)
        return renamed(put(`${moved}.new`, clean), moved)
      }
    ]
  ]
  it.scopedLive.each(cases)("A transcript that was written anew stands for what it was: %s", ([_, change]) =>
    Effect.gen(function* () {
      for (const restart of [false, true]) {
        const root = yield* temporary
        const filename = path.join(yield* temporary, "han.db")
        const file = put(main(root), before)
        const now = yield* Effect.scoped(
          Effect.gen(function* () {
            const { holds, pass, replaced } = yield* opened(root, filename)
            yield* pass
            const at = change(file)
            if (restart) return at
            yield* pass
            expect(yield* replaced).toEqual([2, null])
            expect((yield* holds).join("")).not.toContain("HUSH")
            return at
          })
        )
        const { holds, kept, pass, replaced } = yield* opened(root, filename)
        yield* pass
        expect(yield* replaced).toEqual([2, null])
        appendFileSync(now, line("later"))
        yield* pass
        expect((yield* holds).join("")).toContain("later")
        // It is still there for who asks for that generation.
        expect((yield* kept)[id]?.[0]).toBe(before)
        expect((yield* pass).bytesRead).toBe(0)
      }
    })
  )

  it.scopedLive("A transcript that was written anew stands for the old one also when it was seen empty or as a copy first", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const file = put(main(root), before)
      const { holds, pass, replaced } = yield* opened(root)
      yield* pass
      truncateSync(file, 0)
      yield* pass
      // An empty file says nothing.
      expect(yield* replaced).toEqual([null, null])
      appendFileSync(file, clean)
      yield* pass
      expect(yield* replaced).toEqual([2, null])
      const copy = put(main(root, "-copy"), clean.replaceAll("q2", "Q2").replaceAll('"uuid":"Q2"', '"uuid":"q2"'))
      yield* pass
      expect(yield* replaced).toEqual([2, null, null])
      unlinkSync(file)
      yield* pass
      expect(yield* replaced).toEqual([2, 3, null])
      expect((yield* holds).join("")).toContain("Q2")
      expect(statSync(copy).size).toBe(clean.length)
    })
  )

  it.scopedLive("A transcript that was written anew is noticed while one follows", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const file = put(main(root), before)
      const { follow, holds, indexer, run } = yield* opened(root)
      yield* Effect.forkScoped(run(follow))
      yield* eventually(holds, (texts) => texts.join("") === before)
      yield* eventually(indexer.status, (status) => status.roots[0]?.state === "watching" && status.running === null)
      put(file, clean)
      yield* eventually(holds, (texts) => texts.join("") === clean)
    })
  )
})
