import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { DirectoryWriter } from "han-core/Directories"
import { SessionId } from "han-core/Entry"
import { HookCache } from "han-core/HookCache"
import * as Indexer from "han-core/Indexer"
import { JournalAdmin } from "han-core/JournalAdmin"
import { JournalWriter } from "han-core/JournalWriter"
import * as TranscriptFiles from "han-core/TranscriptFiles"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { indexingCase } from "./transcriptFiles.ts"

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url))

/** Puts the file that an earlier build wrote (see fixtures/earlier-store) at `filename`. */
export const putEarlierStore = (filename: string): void =>
  writeFileSync(filename, gunzipSync(readFileSync(join(fixtures, "earlier-store", "han.db.gz"))), { mode: 0o600 })

/** The machine that its transcripts name. */
export const earlierMachine = "earlier"

/** Sessions of the store, by what happened to them. */
export const happened = {
  rewritten: "5e550000-0000-4000-8000-0000000000a1",
  gone: "5e550000-0000-4000-8000-0000000000a2",
  forgotten: "5e550000-0000-4000-8000-0000000000a3"
} as const

const lineOf = (session: string, index: number, text: string): string =>
  `${JSON.stringify({
    parentUuid: index === 0 ? null : `${session}-${index - 1}`,
    isSidechain: false,
    cwd: "/work/place",
    sessionId: session,
    version: "2.1.330",
    type: "user",
    message: { role: "user", content: text },
    uuid: `${session}-${index}`,
    timestamp: new Date(Date.UTC(2026, 2, 1, 10, 0, index)).toISOString()
  })}\n`

/**
 * Fills a store as a machine does in its life: transcripts of every kind, one that was written anew, one that is gone, one that was forgotten, outputs of tools, lines of han's own, a line
 * that is no JSON. `folder` is made and holds the client's files. The same steps give the same store in every build.
 */
export const fillStore = async (filename: string, folder: string): Promise<void> => {
  const claude = join(folder, "claude")
  mkdirSync(claude, { recursive: true })
  for (const name of ["04-subagents", "07-large-output", "08-resume-fork", "13-tasks"])
    cpSync(join(fixtures, "claude-code", name, "config", "projects"), join(claude, "projects"), { recursive: true })
  const fileOf = (session: string) => join(claude, "projects", "-work-place", `${session}.jsonl`)
  mkdirSync(join(claude, "projects", "-work-place"), { recursive: true })
  for (const session of Object.values(happened)) writeFileSync(fileOf(session), [0, 1, 2].map((index) => lineOf(session, index, `words of ${index}`)).join(""))
  appendFileSync(fileOf(happened.gone), "{broken\n")

  const layer = Indexer.layer.pipe(
    Layer.provide(TranscriptFiles.layer({ machine: earlierMachine, roots: [{ path: claude }] })),
    Layer.provideMerge(SqliteStore.layer({ filename })),
    Layer.merge(Viewer.layerLocal)
  )
  const program = Effect.gen(function* () {
    const context = yield* Layer.build(layer)
    const { index } = Context.get(context, Indexer.Indexer)
    const pass = Stream.runDrain(index)
    yield* Effect.gen(function* () {
      yield* pass
      appendFileSync(fileOf(happened.rewritten), lineOf(happened.rewritten, 3, "one more"))
      yield* pass
      writeFileSync(fileOf(happened.rewritten), readFileSync(fileOf(happened.rewritten), "utf8").replaceAll("words of", "other words of"))
      rmSync(fileOf(happened.gone))
      yield* pass
      yield* Context.get(context, JournalAdmin).forget({ sessionIds: [SessionId.make(happened.forgotten)] })
      for (const append of indexingCase("F12-han-events")) yield* Context.get(context, JournalWriter).append(append.transcript, append.entries)
      const { note } = Context.get(context, DirectoryWriter)
      yield* note(
        { machine: earlierMachine, path: "/work/place" },
        { remote: "example.org/owner/place", root: "/work/place", worktreeOf: null, defaultBranch: "main" }
      )
      yield* note(
        { machine: earlierMachine, path: "/work/place-two" },
        { remote: null, root: "/work/place-two", worktreeOf: "/work/place", defaultBranch: null }
      )
      yield* note({ machine: earlierMachine, path: "/home/dev/project" }, { remote: null, root: null, worktreeOf: null, defaultBranch: null })
      yield* Context.get(context, HookCache).record({
        key: "a1".repeat(32),
        gate: "b2".repeat(32),
        hook: "check/lint",
        directory: "/work/place",
        tree: "/work/place",
        command: "make check",
        durationMs: 12,
        passedAt: Date.UTC(2026, 2, 1),
        reads: [],
        each: [],
        whole: true
      })
    }).pipe(Effect.provide(context))
  })
  await Effect.runPromise(Effect.scoped(program))
}
