import { appendFileSync, symlinkSync, unlinkSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { eventually, put, session, temporary, transcriptsOf } from "../../../../test/transcriptTree.ts"
import type { TranscriptFilesOptions, TranscriptRoot } from "../../src/transcripts/TranscriptFiles.ts"

/** Roots that change, and what was told of since it was asked last. */
const changing = Effect.fn(function* (first: ReadonlyArray<TranscriptRoot>, options: Partial<TranscriptFilesOptions> = {}) {
  const roots = yield* SubscriptionRef.make(first)
  const transcripts = yield* transcriptsOf({ ...options, roots })
  const told = new Set<string | null>()
  yield* Effect.forkScoped(
    Stream.runForEach(transcripts.changes, (change) =>
      Effect.sync(() => {
        for (const one of change ?? [null]) told.add(one)
      })
    )
  )
  const tellsOf = (...files: ReadonlyArray<string | null>) =>
    Effect.andThen(
      eventually(
        () => [...told],
        (all) => files.every((file) => all.includes(file))
      ),
      () => told.clear()
    )
  yield* tellsOf(null)
  const files = Effect.map(transcripts.list, ({ files }) => files.map((file) => file.path).sort())
  return { files, roots, told, tellsOf, transcripts }
})

describe.each([
  ["watched", undefined],
  ["polled", true]
])("%s roots that change", (_, poll) => {
  const two = Effect.gen(function* () {
    const folder = yield* temporary
    const root = (name: string): TranscriptRoot => ({ path: path.join(folder, name), poll })
    const file = (name: string, number: number) => put(path.join(folder, name, "projects/-p", `${session(number)}.jsonl`), "{}\n")
    return { folder, root, one: file("one", 1), two: file("two", 2), rest: yield* changing([root("one")], { pollMs: 20 }) }
  })

  it.scopedLive("A new root is listed and told of at once, and followed", () =>
    Effect.gen(function* () {
      const { folder, one, rest, root, two: second } = yield* two
      const { files, roots, tellsOf, told, transcripts } = rest
      expect([yield* files, yield* transcripts.stat(second)]).toEqual([[one], null])
      yield* SubscriptionRef.set(roots, [root("one"), root("two"), root("later")])
      expect([yield* files, (yield* transcripts.stat(second))?.path]).toEqual([[one, second], second])
      yield* tellsOf(second)
      expect(told.has(one) || told.has(null)).toBe(false)
      appendFileSync(second, "{}\n")
      yield* tellsOf(second)
      const later = put(path.join(folder, "later/projects/-p", `${session(3)}.jsonl`), "{}\n")
      yield* tellsOf(later)
      expect((yield* transcripts.roots).map((each) => each.state)).toEqual(Array.from({ length: 3 }, () => (poll ? "polling" : "watching")))
    })
  )

  it.scopedLive("A root that went is told of only as worth a look, until it comes back", () =>
    Effect.gen(function* () {
      const { one, rest, root, two: second } = yield* two
      const { files, roots, tellsOf, told } = rest
      yield* SubscriptionRef.set(roots, [root("one"), root("two")])
      yield* tellsOf(second)
      appendFileSync(second, "{}\n")
      yield* SubscriptionRef.set(roots, [root("one")])
      yield* tellsOf(null)
      expect(yield* files).toEqual([one])
      appendFileSync(second, "{}\n")
      unlinkSync(second)
      put(second, "{}{}\n")
      appendFileSync(one, "{}\n")
      yield* tellsOf(one)
      yield* Effect.sleep(60)
      expect([...told]).toEqual([])
      yield* SubscriptionRef.set(roots, [root("two"), root("one")])
      yield* tellsOf(second)
      appendFileSync(second, "{}\n")
      yield* tellsOf(second)
    })
  )
})

describe("roots that change", () => {
  it.scopedLive("when one of two names of a folder goes, the other takes its place", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const main = put(path.join(folder, "real/projects/-p", `${session(1)}.jsonl`), "{}\n")
      symlinkSync(path.join(folder, "real"), path.join(folder, "alias"))
      const real = { path: path.join(folder, "real") }
      const { files, roots, tellsOf } = yield* changing([{ path: path.join(folder, "alias") }, real])
      expect(yield* files).toEqual([main.replace("/real/", "/alias/")])
      yield* SubscriptionRef.set(roots, [real])
      yield* tellsOf(null)
      expect(yield* files).toEqual([main])
      appendFileSync(main, "{}\n")
      yield* tellsOf(main)
    })
  )

  it.scopedLive("a folder of another harness is found in han's home all the same", () =>
    Effect.gen(function* () {
      const home = path.join(yield* temporary, ".han")
      const main = put(path.join(home, "omp/projects/-p/one-han.jsonl"), "{}\n")
      const omp = { path: path.join(home, "omp") }
      const { files, roots, tellsOf, transcripts } = yield* changing([omp], { hanHome: home })
      expect((yield* transcripts.stat(main))?.transcript.source).toBe("omp")
      yield* SubscriptionRef.set(roots, [])
      yield* tellsOf(null)
      appendFileSync(main, "{}\n")
      yield* tellsOf(main)
      expect(yield* files).toEqual([main])
    })
  )
})
