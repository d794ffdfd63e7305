import { spawnSync } from "node:child_process"
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync
} from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { eventually, put, putCase, session, temporary, transcriptsOf } from "../../../../test/transcriptTree.ts"
import { entryText, transcriptFileId } from "../../src/journal/Entry.ts"
import type { TranscriptFile, Transcripts } from "../../src/journal/Transcripts.ts"

type Service = typeof Transcripts.Service

const idsOf = (files: ReadonlyArray<TranscriptFile>) => files.map((file) => transcriptFileId(file.transcript)).sort()

const fileAt = (transcripts: Service, at: string): Effect.Effect<TranscriptFile> =>
  Effect.flatMap(Effect.orDie(transcripts.stat(at)), (file) => (file === null ? Effect.dieMessage(`${at} is no transcript`) : Effect.succeed(file)))

const linesOf = (transcripts: Service, file: TranscriptFile, from = { line: 0, offset: 0 }) =>
  transcripts.read(file, from).pipe(
    Stream.mapConcat((batch) => batch.entries),
    Stream.runCollect,
    Effect.map((entries) => [...entries])
  )

describe("what is found", () => {
  it.scopedLive("A list has every transcript under three roots, each with its own identity", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      putCase("F01-basic", path.join(folder, "one"))
      putCase("F11-agent", path.join(folder, "two"))
      putCase("F13-bridged", path.join(folder, "three"))
      const home = path.join(folder, "three/home/.han")
      const transcripts = yield* transcriptsOf({
        roots: [{ path: path.join(folder, "one/home/.claude") }, { path: path.join(folder, "two/home/.claude") }],
        hanHome: home
      })
      const { files, problems, roots } = yield* transcripts.list
      expect(problems).toEqual([])
      expect(idsOf(files)).toEqual([
        `m/claude-code/${session(111111111101)}/main`,
        `m/claude-code/${session(111111111111)}/agent-a057d00ca8257cc88`,
        `m/claude-code/${session(111111111111)}/agent-a1b2c3d4`,
        `m/claude-code/${session(111111111111)}/main`,
        `m/omp/${session(111111111113)}/han`
      ])
      expect(roots.map((root) => [path.relative(folder, root.path), root.state])).toEqual([
        ["one/home/.claude", "idle"],
        ["two/home/.claude", "idle"],
        ["three/home/.han/omp", "idle"]
      ])
      expect(files.find((file) => file.transcript.kind === "han")?.root).toBe(path.join(home, "omp"))
      for (const file of files) expect(yield* transcripts.stat(file.path)).toEqual(file)
    })
  )

  it.scopedLive("Names decide what is found: han logs, old _messages files, subagents with their facts, and no more", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const project = path.join(folder, "projects/-p")
      const id = session(1)
      put(path.join(project, `${id}_messages.jsonl`), "{}\n")
      put(path.join(project, `${id}-han.jsonl`), "{}\n")
      put(path.join(project, "ses_Übung 7-han.jsonl"), "{}\n")
      put(path.join(project, id, "subagents/agent-a0.jsonl"), "{}\n")
      put(path.join(project, id, "subagents/agent-a0.meta.json"), '{"agentType":"x"}')
      put(path.join(project, id, "subagents/agent-b0.jsonl"), "{}\n")
      for (const other of [
        `${id}/tool-results/${id}.jsonl`,
        `${id}/${id}.jsonl`,
        "memory/notes.jsonl",
        "notes.jsonl",
        ".hidden-han.jsonl",
        "..-han.jsonl",
        "-han.jsonl",
        "agent-.jsonl",
        `${id}.jsonl.bak`
      ])
        put(path.join(project, other), "{}\n")
      put(path.join(folder, "history.jsonl"), "{}\n")
      put(path.join(folder, `projects/${id}.jsonl`), "{}\n")
      mkdirSync(path.join(project, `${session(2)}.jsonl`))
      const transcripts = yield* transcriptsOf({ roots: [{ path: folder, source: "amp" }] })
      const { files, problems } = yield* transcripts.list
      expect(problems).toEqual([])
      expect(idsOf(files)).toEqual([`m/amp/${id}/agent-a0`, `m/amp/${id}/agent-b0`, `m/amp/${id}/han`, `m/amp/${id}/main`, "m/amp/ses_Übung 7/han"])
      expect(
        Object.fromEntries(
          files.flatMap((file) =>
            file.transcript.agentId === null ? [] : [[file.transcript.agentId, file.meta === null ? null : [path.basename(file.meta.path), file.meta.size]]]
          )
        )
      ).toEqual({ a0: ["agent-a0.meta.json", 17], b0: null })
      expect(yield* transcripts.stat(path.join(project, "notes.jsonl"))).toBeNull()
      expect(yield* transcripts.stat(path.join(project, `${session(9)}.jsonl`))).toBeNull()
      expect(yield* transcripts.stat(put(path.join(folder, "../elsewhere.jsonl"), "{}\n"))).toBeNull()
    })
  )

  it.scopedLive("an agent's file without a place says its session in its first line, or is reported", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const project = path.join(folder, "projects/-p")
      put(path.join(project, "agent-good.jsonl"), `${JSON.stringify({ sessionId: session(1), pad: "x".repeat(200_000) })}\n{"sessionId":"other"}\n`)
      const mute = put(path.join(project, "agent-mute.jsonl"), '{"sessionId":7}\n')
      const endless = put(path.join(project, "agent-endless.jsonl"), "x".repeat(2 << 20))
      const beginning = put(path.join(project, "agent-new.jsonl"), '{"sessionId":')
      const transcripts = yield* transcriptsOf({ roots: [{ path: folder }] })
      const { files, problems } = yield* transcripts.list
      expect(idsOf(files)).toEqual([`m/claude-code/${session(1)}/agent-good`])
      expect(problems.map((problem) => problem.path).sort()).toEqual([endless, mute])
      expect(problems.find((problem) => problem.path === mute)?.message).toContain("names no session")
      appendFileSync(beginning, `"${session(2)}"}\n`)
      expect(idsOf((yield* transcripts.list).files)).toContain(`m/claude-code/${session(2)}/agent-new`)
    })
  )

  it.scopedLive("A file that several paths lead to counts once, and circles of links end", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const root = path.join(folder, "real")
      const project = path.join(root, "projects/-p")
      const file = put(path.join(project, `${session(1)}.jsonl`), "{}\n")
      put(path.join(project, session(1), "subagents/agent-a0.jsonl"), "{}\n")
      symlinkSync(root, path.join(folder, "alias"))
      symlinkSync(project, path.join(root, "projects/-a-before-it"))
      symlinkSync(path.join(root, "projects"), path.join(root, "projects/-loop"))
      symlinkSync(project, path.join(project, session(5)))
      mkdirSync(path.join(project, session(6)))
      symlinkSync(path.join(project, session(6)), path.join(project, session(6), "subagents"))
      symlinkSync("self.jsonl", path.join(project, "self.jsonl"))
      symlinkSync(`${session(8)}.jsonl`, path.join(project, `${session(8)}.jsonl`))
      symlinkSync(path.join(folder, "gone"), path.join(project, `${session(7)}.jsonl`))
      linkSync(file, path.join(folder, "second-name"))
      symlinkSync(path.join(folder, "second-name"), path.join(project, `${session(0)}.jsonl`))
      symlinkSync(`${session(1)}.jsonl`, path.join(project, `${session(4)}.jsonl`))
      const transcripts = yield* transcriptsOf({ roots: [{ path: path.join(folder, "alias") }, { path: root }, { path: `${root}/` }] })
      const { files, problems, roots } = yield* transcripts.list
      expect(idsOf(files)).toEqual([`m/claude-code/${session(1)}/agent-a0`, `m/claude-code/${session(1)}/main`])
      expect(files.map((one) => path.relative(folder, one.path)).sort()).toEqual([
        `alias/projects/-p/${session(1)}.jsonl`,
        `alias/projects/-p/${session(1)}/subagents/agent-a0.jsonl`
      ])
      expect(problems.map((problem) => path.basename(problem.path))).toEqual([`${session(8)}.jsonl`])
      expect(problems[0]?.message).toContain("in a circle")
      expect(roots.map((one) => [path.basename(one.path), one.message === null])).toEqual([
        ["alias", true],
        ["real", false]
      ])
      for (const name of ["alias", "real"]) expect(yield* transcripts.stat(path.join(folder, name, `projects/-p/${session(4)}.jsonl`))).toBeNull()
    })
  )

  it.scopedLive("a root that is missing now, or is no folder, says so and hinders nothing", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      put(path.join(folder, "good/projects/-p", `${session(1)}.jsonl`), "{}\n")
      const late = path.join(folder, "late")
      const odd = put(path.join(folder, "odd"), "")
      put(path.join(folder, "half/projects"), "")
      const transcripts = yield* transcriptsOf({
        roots: [{ path: late }, { path: odd }, { path: path.join(folder, "half") }, { path: path.join(folder, "good") }],
        hanHome: path.join(folder, "none")
      })
      const first = yield* transcripts.list
      expect(idsOf(first.files)).toEqual([`m/claude-code/${session(1)}/main`])
      expect(first.roots.map((root) => root.state)).toEqual(["missing", "unreadable", "unreadable", "idle"])
      expect(first.problems.map((problem) => problem.message)).toEqual([`${odd} is no folder`, `${path.join(folder, "half/projects")} is no folder`])
      put(path.join(late, "projects/-p", `${session(2)}.jsonl`), "{}\n")
      expect((yield* transcripts.list).files).toHaveLength(2)
    })
  )

  it.scopedLive("A file that may not be read is named with what to do, and the rest goes on", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      chmodSync(folder, 0o755)
      const closedRoot = path.join(folder, "closed")
      put(path.join(closedRoot, "projects/-p", `${session(1)}.jsonl`), "{}\n")
      put(path.join(folder, "open/projects/-good", `${session(2)}.jsonl`), "{}\n")
      const closedFile = put(path.join(folder, "open/projects/-good", `${session(3)}.jsonl`), "{}\n")
      const closedProject = path.join(folder, "open/projects/-closed")
      put(path.join(closedProject, `${session(4)}.jsonl`), "{}\n")
      chmodSync(closedFile, 0)
      chmodSync(closedProject, 0)
      chmodSync(closedRoot, 0)
      const seen = asNobody([closedRoot, path.join(folder, "open")])
      const message = (at: string) => `cannot read ${at} (permission denied): check its owner and mode`
      expect(seen.files).toEqual([`m/claude-code/${session(2)}/main`, `m/claude-code/${session(3)}/main`])
      expect(seen.listed).toEqual([message(path.join(closedRoot, "projects")), message(closedProject)])
      expect(seen.roots).toEqual(["unreadable", "idle"])
      expect(seen.read).toEqual([message(closedFile)])
    })
  )
})

/** Looks as a user without rights, whom a test that runs as root has to become first. */
const asNobody = (roots: ReadonlyArray<string>): { files: Array<string>; listed: Array<string>; roots: Array<string>; read: Array<string> } => {
  const script = fileURLToPath(new URL("../listAsNobody.ts", import.meta.url))
  const { status, stderr, stdout } = spawnSync(process.execPath, [script, ...roots], { encoding: "utf8" })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

describe("what is read", () => {
  const one = Effect.fn(function* (text: string | Uint8Array, name = `${session(1)}.jsonl`) {
    const folder = yield* temporary
    const at = put(path.join(folder, "projects/-p", name), text)
    const transcripts = yield* transcriptsOf({ roots: [{ path: folder }] })
    return { at, transcripts, file: yield* fileAt(transcripts, at) }
  })

  it.scopedLive("Complete lines are read byte for byte from the cursor on, and a half-written one later", () =>
    Effect.gen(function* () {
      const broken = Uint8Array.from([0xff, 0xfe, 0, 0, 13])
      const { at, file, transcripts } = yield* one(Buffer.concat([Buffer.from("first\r\n\n"), broken, Buffer.from("\nhalf")]))
      const entries = yield* linesOf(transcripts, file)
      expect(entries.map((entry) => [entry.line, entry.offset])).toEqual([
        [0, 0],
        [1, 7],
        [2, 8]
      ])
      expect(entries.map((entry) => Buffer.from(entry.bytes))).toEqual([Buffer.from("first\r"), Buffer.from(""), Buffer.from(broken)])
      expect(yield* linesOf(transcripts, file, { line: 3, offset: 14 })).toEqual([])
      appendFileSync(at, " done\n")
      // A look states a size, and reading never goes beyond it.
      expect(yield* linesOf(transcripts, file, { line: 3, offset: 14 })).toEqual([])
      const rest = yield* linesOf(transcripts, yield* fileAt(transcripts, at), { line: 3, offset: 14 })
      expect(rest.map((entry) => [entry.line, entry.offset, entryText(entry)])).toEqual([[3, 14, "half done"]])
    })
  )

  it.scopedLive("Lines are read in batches of bounded size, whatever the blocks", () =>
    Effect.gen(function* () {
      const lines = Array.from({ length: 40_000 }, (_, index) => `${index}${"x".repeat(index % 137)}`)
      lines.splice(20_000, 0, "y".repeat(5 << 20))
      const { file, transcripts } = yield* one(`${lines.join("\n")}\n`)
      const batches = [...(yield* Stream.runCollect(transcripts.read(file, { line: 0, offset: 0 })))]
      expect(batches.flatMap((batch) => batch.entries).map((entry) => entryText(entry))).toEqual(lines)
      expect(batches.flatMap((batch) => batch.entries).every((entry, index) => entry.line === index)).toBe(true)
      for (const { entries } of batches) {
        expect(entries.length).toBeLessThanOrEqual(1000)
        expect(entries.length === 1 || entries.reduce((sum, entry) => sum + entry.bytes.length, 0) <= 1 << 20).toBe(true)
      }
      expect(batches[batches.length - 1]?.end).toBe(file.size)
      for (const [index, { end }] of batches.entries()) expect(batches[index + 1]?.entries[0]?.offset ?? file.size).toBe(end)
    })
  )

  it.scopedLive("a file that is cut off meanwhile ends there; one that was replaced is not mixed with the old one", () =>
    Effect.gen(function* () {
      const { at, file, transcripts } = yield* one(`${"line\n".repeat(1_000_000)}`)
      const seen = yield* transcripts.read(file, { line: 0, offset: 0 }).pipe(
        Stream.tap(() => Effect.sync(() => truncateSync(at, 500))),
        Stream.runFold(0, (sum, batch) => sum + batch.entries.length)
      )
      expect(seen).toBeLessThan(1_000_000)
      renameSync(put(`${at}.new`, "other\n"), at)
      expect(yield* Effect.flip(linesOf(transcripts, file))).toMatchObject({ _tag: "FileUnreadable", reason: "missing" })
      expect(Buffer.from(yield* transcripts.bytesAt(at, 2, 100)).toString()).toBe("her\n")
      expect(Either.isLeft(yield* Effect.either(transcripts.bytesAt(`${at}x`, 0, 1)))).toBe(true)
    })
  )

  it.scopedLive("A read closes what it opened, whether it was read to its end, in part, or broken off", () =>
    Effect.gen(function* () {
      const { at, file, transcripts } = yield* one(`${"x".repeat(200)}\n`.repeat(8000))
      const lowestFree = () => {
        const descriptor = openSync(at, "r")
        closeSync(descriptor)
        return descriptor
      }
      const read = transcripts.read(file, { line: 0, offset: 0 })
      const brokenOff = Effect.gen(function* () {
        const begun = yield* Deferred.make<void>()
        const fiber = yield* Effect.fork(Stream.runForEach(read, () => Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never)))
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(fiber)
      })
      for (const [how, once] of [
        ["to its end", Stream.runDrain(read)],
        ["in part", Stream.runDrain(Stream.take(read, 1))],
        ["by who fails", Effect.ignore(Stream.runForEach(read, () => Effect.fail("enough")))],
        ["and broken off", brokenOff],
        ["batch by batch, and left", Effect.scoped(Effect.flatMap(Stream.toPull(read), (pull) => Effect.orDie(pull)))]
      ] as const) {
        const before = lowestFree()
        for (let turn = 0; turn < 40; turn++) yield* once
        expect([how, lowestFree() < before + 20]).toEqual([how, true])
      }
    })
  )

  it.scopedLive("The records that a han log points to are read from its session's folder and nowhere else", () =>
    Effect.gen(function* () {
      const pointers = [
        "hook_result/good.json",
        "hook_result/missing.json",
        "../secret.json",
        "hook_result/../../secret.json",
        "/etc/passwd",
        "hook_result/link.json",
        "outside/secret.json",
        "hook_result/huge.json",
        "hook_result/dir.json"
      ]
      const text = [...pointers.map((ref) => JSON.stringify({ type: "hook_result", ref })), '{"ref":', '{"data":{"ref":1}}'].join("\n")
      const { at, file, transcripts } = yield* one(`${text}\n`, "ses_1-han.jsonl")
      const records = path.join(path.dirname(at), "ses_1")
      const secret = put(path.join(path.dirname(at), "secret.json"), '{"secret":true}')
      put(path.join(records, "hook_result/good.json"), '{\n "data": 1\n}')
      put(path.join(records, "hook_result/huge.json"), new Uint8Array((4 << 20) + 1))
      mkdirSync(path.join(records, "hook_result/dir.json"))
      symlinkSync(secret, path.join(records, "hook_result/link.json"))
      symlinkSync(path.dirname(secret), path.join(records, "outside"))
      const entries = yield* linesOf(transcripts, file)
      expect(entries).toHaveLength(pointers.length + 2)
      expect(entries.flatMap((entry) => (entry.payload === undefined ? [] : [[entry.line, entryText({ bytes: entry.payload })]]))).toEqual([
        [0, '{\n "data": 1\n}']
      ])
    })
  )

  it.scopedLive.runIf(existsSync("/proc/self/io"))("A look reads nothing while nothing changes", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      for (let number = 0; number < 8; number++) put(path.join(folder, "projects/-p", `${session(number)}.jsonl`), `${"x".repeat(1 << 20)}\n`)
      const transcripts = yield* transcriptsOf({ roots: [{ path: folder }], sweepMs: 20 })
      const bytesRead = () => Number(/rchar: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1])
      const changes: Array<ReadonlyArray<string> | null> = []
      yield* Effect.forkScoped(Stream.runForEach(transcripts.changes, (change) => Effect.sync(() => changes.push(change))))
      const before = bytesRead()
      yield* Effect.repeatN(transcripts.list, 10)
      yield* Effect.sleep(300)
      expect(bytesRead() - before).toBeLessThan(1 << 20)
      expect(changes).toEqual([null])
      utimesSync(path.join(folder, "projects/-p", `${session(0)}.jsonl`), 1, 1)
      yield* eventually(
        () => changes.flat(),
        (told) => told.includes(path.join(folder, "projects/-p", `${session(0)}.jsonl`))
      )
    })
  )
})
