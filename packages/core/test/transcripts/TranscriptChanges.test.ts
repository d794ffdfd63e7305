import { appendFileSync, cpSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, type WatchListener, watch } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { eventually, put, session, temporary, transcriptsOf } from "../../../../test/transcriptTree.ts"
import { claudeCode } from "../../src/harness/claude/ClaudeCode.ts"
import type { TranscriptFilesOptions } from "../../src/transcripts/TranscriptFiles.ts"
import type { Folder } from "../../src/transcripts/transcriptFolders.ts"
import { watchTranscripts } from "../../src/transcripts/transcriptWatch.ts"

/** What was told of since the last question, and how to wait for it. */
const following = Effect.fn(function* (options: Omit<TranscriptFilesOptions, "machine">) {
  const transcripts = yield* transcriptsOf(options)
  const told = new Set<string | null>()
  yield* Effect.forkScoped(
    Stream.runForEach(transcripts.changes, (change) =>
      Effect.sync(() => {
        for (const one of change ?? [null]) told.add(one)
      })
    )
  )
  yield* eventually(
    () => told,
    (all) => all.has(null)
  )
  /** Waits until all of these were told of, and forgets them. */
  const tellsOf = (...files: ReadonlyArray<string>) =>
    Effect.andThen(
      eventually(
        () => [...told],
        (all) => files.every((file) => all.includes(file))
      ),
      () => told.clear()
    )
  return { transcripts, told, tellsOf }
})

// The same must hold where the system tells nothing.
describe.each([
  ["watched", {}],
  ["polled", { poll: true }]
])("changes of a %s root", (how, root) => {
  const live = (options: Partial<TranscriptFilesOptions> = {}) =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const config = path.join(folder, "config")
      const main = put(path.join(config, "projects/-p", `${session(1)}.jsonl`), "{}\n")
      const rest = yield* following({ roots: [{ path: config, ...root }], pollMs: 20, ...options })
      return { folder, config, main, ...rest }
    })

  it.scopedLive("Appends, truncation, rename-over and removal are told of", () =>
    Effect.gen(function* () {
      const { main, tellsOf, transcripts, config } = yield* live()
      expect((yield* transcripts.list).roots).toEqual([{ path: config, state: how === "polled" ? "polling" : "watching", message: null }])
      appendFileSync(main, "{}\n")
      yield* tellsOf(main)
      truncateSync(main, 1)
      yield* tellsOf(main)
      put(`${main}.tmp`, "{}{}{}\n")
      renameSync(`${main}.tmp`, main)
      yield* tellsOf(main)
      unlinkSync(main)
      yield* tellsOf(main)
      put(main, "{}\n")
      yield* tellsOf(main)
    })
  )

  it.scopedLive("New projects, sessions' folders, subagents and their facts are told of", () =>
    Effect.gen(function* () {
      const { config, main, tellsOf } = yield* live()
      const second = put(path.join(config, "projects/-q", `${session(2)}.jsonl`), "{}\n")
      yield* tellsOf(second)
      const agent = put(path.join(main.replace(/\.jsonl$/, ""), "subagents/agent-a0.jsonl"), "{}\n")
      yield* tellsOf(agent)
      appendFileSync(agent, "{}\n")
      yield* tellsOf(agent)
      put(agent.replace(/\.jsonl$/, ".meta.json"), "{}")
      yield* tellsOf(agent)
      appendFileSync(second, "{}\n")
      yield* tellsOf(second)
    })
  )

  it.scopedLive("A transcript that moves to another project, and a project folder that moves, are told of", () =>
    Effect.gen(function* () {
      const { config, main, tellsOf } = yield* live()
      const moved = path.join(config, "projects/-new", path.basename(main))
      mkdirSync(path.dirname(moved))
      renameSync(main, moved)
      yield* tellsOf(main, moved)
      appendFileSync(moved, "{}\n")
      yield* tellsOf(moved)
      const again = path.join(config, "projects/-newer", path.basename(main))
      renameSync(path.dirname(moved), path.dirname(again))
      yield* tellsOf(moved, again)
      appendFileSync(again, "{}\n")
      yield* tellsOf(again)
    })
  )

  it.scopedLive("Folders that are removed and made again, the root included, are told of", () =>
    Effect.gen(function* () {
      const { config, main, tellsOf } = yield* live()
      for (const folder of [path.dirname(main), path.join(config, "projects"), config]) {
        rmSync(folder, { recursive: true })
        yield* tellsOf(main)
        put(main, "{}\n")
        yield* tellsOf(main)
        appendFileSync(main, "{}\n")
        yield* tellsOf(main)
      }
      // At once, so that nobody sees that it was gone.
      rmSync(path.dirname(main), { recursive: true })
      put(main, '{"new":true}\n')
      yield* tellsOf(main)
      appendFileSync(main, "{}\n")
      yield* tellsOf(main)
    })
  )
})

describe("changes", () => {
  it.scopedLive("Changes are noticed where the system has no watchers left, and it is said why", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const root: Folder = { level: "root", path: folder, root: folder, source: "claude-code", sessionId: null, depth: 0, harness: claudeCode }
      const files = [1, 2, 3].map((number) => put(path.join(folder, `projects/-p${number}`, `${session(number)}.jsonl`), "{}\n"))
      let left = 4
      const noMore = Object.assign(new Error("no space left on device"), { code: "ENOSPC" })
      const watching = yield* watchTranscripts({
        tops: [root],
        polled: new Set(),
        debounceMs: 5,
        sweepMs: 600_000,
        pollMs: 20,
        watchFolder: (folder: string, listener: WatchListener<string>) => {
          if (left-- === 0) throw noMore
          return watch(folder, listener)
        }
      })
      expect(watching.stateOf(folder)).toMatchObject({ state: "polling", message: expect.stringContaining("ENOSPC") })
      for (const file of files) appendFileSync(file, "{}\n")
      const told = new Set<string>()
      yield* Effect.forkScoped(Effect.forever(Effect.map(watching.take, (some) => void some?.map((file) => told.add(file)))))
      yield* eventually(
        () => [...told].sort(),
        (all) => all.length === 3
      )
      expect(left).toBe(-1)
    })
  )

  it.scopedLive("Changes are told of roots that appear later, configured ones and other harnesses'", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const home = path.join(folder, ".han")
      const config = path.join(folder, "late")
      const { tellsOf, transcripts } = yield* following({ roots: [{ path: config }], hanHome: home })
      const main = put(path.join(config, "projects/-p", `${session(1)}.jsonl`), "{}\n")
      yield* tellsOf(main)
      const first = put(path.join(home, "omp/projects/-p/one-han.jsonl"), "{}\n")
      yield* tellsOf(first)
      const second = put(path.join(home, "kiro/projects/-p/two-han.jsonl"), "{}\n")
      yield* tellsOf(second)
      for (const file of [main, first, second]) {
        appendFileSync(file, "{}\n")
        yield* tellsOf(file)
      }
      expect((yield* transcripts.list).roots.map((root) => [path.relative(folder, root.path), root.state])).toEqual([
        ["late", "watching"],
        [".han/kiro", "watching"],
        [".han/omp", "watching"]
      ])
      rmSync(path.join(home, "omp"), { recursive: true })
      yield* tellsOf(first)
      expect((yield* transcripts.list).roots.map((root) => [path.basename(root.path), root.state])).toContainEqual(["omp", "missing"])
    })
  )

  it.scopedLive("Changes that nobody told of are found by the sweep", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const outside = put(path.join(folder, "outside.jsonl"), "{}\n")
      const linked = path.join(folder, "config/projects/-p", `${session(1)}.jsonl`)
      mkdirSync(path.dirname(linked), { recursive: true })
      symlinkSync(outside, linked)
      const { tellsOf } = yield* following({ roots: [{ path: path.join(folder, "config") }], sweepMs: 20 })
      appendFileSync(outside, "{}\n")
      yield* tellsOf(linked)
    })
  )

  it.scopedLive("A file that two roots lead to is told of under the name that the list gives it", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const main = put(path.join(folder, "real/projects/-p", `${session(1)}.jsonl`), "{}\n")
      symlinkSync(path.join(folder, "real"), path.join(folder, "alias"))
      cpSync(path.join(folder, "real/projects/-p"), path.join(folder, "real/projects/-q"), { recursive: true })
      symlinkSync(path.join(folder, "real/projects/-p"), path.join(folder, "real/projects/-a"))
      const { tellsOf, told, transcripts } = yield* following({ roots: [{ path: path.join(folder, "alias") }, { path: path.join(folder, "real") }] })
      appendFileSync(main, "{}\n")
      const listed = path.join(folder, "alias/projects/-p", `${session(1)}.jsonl`)
      const other = put(path.join(folder, "real/projects/-q", `${session(1)}.jsonl`), "{}\n{}\n")
      yield* tellsOf(listed, other.replace("/real/", "/alias/"))
      yield* Effect.sleep(50)
      expect([...told].filter((file) => file?.includes("/real/") === true || file?.includes("/-a/") === true)).toEqual([])
      expect((yield* transcripts.list).files.map((file) => file.path)).toContain(listed)
    })
  )

  it.scopedLive("Changes of a file that is never quiet are told all the same, and once for many writes", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const main = put(path.join(folder, "projects/-p", `${session(1)}.jsonl`), "{}\n")
      const transcripts = yield* transcriptsOf({ roots: [{ path: folder }], debounceMs: 10_000 })
      const times: Array<ReadonlyArray<string> | null> = []
      yield* Effect.forkScoped(Stream.runForEach(transcripts.changes, (change) => Effect.sync(() => times.push(change))))
      yield* eventually(
        () => times,
        (all) => all.length === 1
      )
      yield* Effect.forkScoped(
        Effect.forever(
          Effect.zipRight(
            Effect.sync(() => appendFileSync(main, "{}\n")),
            Effect.sleep(2)
          )
        )
      )
      yield* eventually(
        () => times,
        (all) => all.length >= 3
      )
      expect(times.slice(1).every((change) => change?.length === 1 && change[0] === main)).toBe(true)
    })
  )

  it.scopedLive("Changes end with their watchers: a second follower sees the same, and the roots are idle at last", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const main = put(path.join(folder, "projects/-p", `${session(1)}.jsonl`), "{}\n")
      const transcripts = yield* transcriptsOf({ roots: [{ path: folder }] })
      for (let round = 0; round < 3; round++) {
        const seen = yield* Effect.scoped(
          Effect.gen(function* () {
            const told: Array<ReadonlyArray<string> | null> = []
            yield* Effect.forkScoped(Stream.runForEach(transcripts.changes, (change) => Effect.sync(() => told.push(change))))
            yield* eventually(
              () => told,
              (all) => all.length === 1
            )
            appendFileSync(main, "{}\n")
            yield* eventually(
              () => told,
              (all) => all.length > 1
            )
            return told
          })
        )
        expect(seen.slice(0, 2)).toEqual([null, [main]])
      }
      expect((yield* transcripts.list).roots.map((root) => root.state)).toEqual(["idle"])
    })
  )
})
