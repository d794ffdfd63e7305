import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { isDeepStrictEqual } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { ClaudeSettings } from "han-core/ClaudeSettings"
import { ConfigDirs } from "han-core/ConfigDirs"
import { Directories } from "han-core/Directories"
import { SessionId, TranscriptId } from "han-core/Entry"
import { HookCacheAdmin } from "han-core/HookCache"
import type { HookCall } from "han-core/HookCall"
import { HookHistory } from "han-core/HookHistory"
import { HookRunner } from "han-core/HookRunner"
import { Hooks } from "han-core/Hooks"
import { Indexer } from "han-core/Indexer"
import { Journal } from "han-core/Journal"
import { JournalAdmin } from "han-core/JournalAdmin"
import { MemoryRules } from "han-core/MemoryRules"
import { Messages } from "han-core/Messages"
import { Metrics } from "han-core/Metrics"
import { Plugins } from "han-core/Plugins"
import { Search } from "han-core/Search"
import { SessionDetails } from "han-core/SessionDetails"
import { Sessions } from "han-core/Sessions"
import { StoreFiles } from "han-core/StoreFiles"
import { SyncClient } from "han-core/SyncClient"
import { toolOutputId } from "han-core/ToolOutput"
import { Usage } from "han-core/Usage"
import { Viewer } from "han-core/Viewer"
import * as HanClient from "han-rpc/HanClient"
import { connect } from "han-rpc/HanPromise"
import { storeContracts } from "han-rpc/HanRpcs"
import { machineContracts } from "han-rpc/MachineRpcs"
import { folder } from "../../../test/temporary.ts"
import * as Coordinator from "../src/Coordinator.ts"
import * as Home from "../src/home/Home.ts"

const fixtures = fileURLToPath(new URL("../../../fixtures/claude-code", import.meta.url))
const names = ["04-subagents", "06-compact", "07-large-output", "08-resume-fork", "13-tasks"]

/** A coordinator of this process over real transcripts, with everything of them indexed. */
const coordinator = Effect.gen(function* () {
  const path = yield* folder
  const roots = names.map((name) => {
    const root = Path.join(path, name)
    Fs.cpSync(Path.join(fixtures, name, "config"), root, { recursive: true })
    return { path: root }
  })
  const home = yield* Home.open(Path.join(path, "home"))
  const layer = Coordinator.layer({ home, roots, stop: Effect.void, environment: { HOME: path, PATH: "" } })
  const services = yield* Layer.build(layer)
  yield* Stream.runDrain((yield* Effect.provide(Indexer, services)).index).pipe(Effect.provide(Viewer.layerLocal))
  // How many files were read for an answer is part of it; a second question reads none.
  yield* (yield* Effect.provide(Hooks, services)).list({ projectPath: path })
  // What git knows of the directories is looked up in the background: from then on nothing changes by itself.
  const unprobed = Effect.flatMap(Directories, (directories) => directories.unprobed(1)).pipe(
    Effect.provide([Layer.succeedContext(services), Viewer.layerLocal])
  )
  yield* Effect.repeat(Effect.delay(unprobed, 20), { until: (left) => left.length === 0 })
  return { here: Layer.succeedContext(services), socket: home.socket, path }
})

type Question = Effect.Effect<unknown, unknown, HanClient.Services | Viewer>
const collected = <A, E, R>(stream: Stream.Stream<A, E, R>) => Effect.map(Stream.runCollect(stream), Chunk.toReadonlyArray)

/** An error by its class, its words and all that it carries; its stack is of this process. */
const refused = <A, E extends Error, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.match(effect, {
    onSuccess: (): unknown => assert.fail("it was to be refused"),
    onFailure: (error): unknown => [Object.getPrototypeOf(error), error.message, Object.entries(error)]
  })

/** Asks each method of each service at least once, by `Service.method`, with what the store itself says that it has. */
const questions = (path: string) =>
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const journal = yield* Journal
    const messages = yield* Messages
    const details = yield* SessionDetails
    const metrics = yield* Metrics
    const ids = (yield* sessions.list({}, { first: 1000 })).items.map(({ node }) => node.id)
    const transcripts = yield* journal.transcripts()
    const outputs = yield* journal.outputs()
    const pages = yield* Effect.forEach(ids, (sessionId) => messages.page({ sessionId }, { first: 1000 }))
    const lines = pages.flatMap(({ items }) => items.map(({ node }) => node.message))
    const calls = (yield* Effect.forEach(ids, sessions.toolCalls)).flat().map(({ id }) => id)
    const agents = (yield* Effect.forEach(ids, sessions.agents)).flat()
    const each = <A, E, R>(ask: (id: SessionId) => Effect.Effect<A, E, R>) => Effect.forEach(ids, ask)
    const none = SessionId.make("none")
    const scope = { since: 0, until: 4e12, sessionIds: ids }
    const call: HookCall = {
      ...{ event: "Stop", input: "", cwd: path, environment: {}, only: null, cache: true, answerAs: "command", trial: true }
    }
    const place = { name: "a", marketplace: "m", scope: "project", projectPath: path } as const
    return {
      "Sessions.list": Effect.all([sessions.list({}, { first: 2 }), sessions.list({ since: 1 }, { last: 3 }), refused(sessions.list({}, { after: "née" }))]),
      "Sessions.count": sessions.count({ project: "project" }),
      "Sessions.get": Effect.all([each(sessions.get), refused(sessions.get("none"))]),
      "Sessions.getMany": sessions.getMany([...ids, none]),
      "Sessions.projects": sessions.projects,
      "Sessions.messages": each((sessionId) => sessions.messages({ sessionId }, { first: 40 })),
      "Sessions.toolCalls": each(sessions.toolCalls),
      "Sessions.tasks": each(sessions.tasks),
      "Sessions.todos": each(sessions.todos),
      "Sessions.fileChanges": each(sessions.fileChanges),
      "Sessions.agents": each(sessions.agents),
      "Sessions.compactions": each(sessions.compactions),
      "Sessions.summaries": each(sessions.summaries),
      "Sessions.watch": each((id) => collected(Stream.take(sessions.watch(id), 1))),
      "Sessions.problems": sessions.problems({ limit: 3 }),
      "Messages.page": each((sessionId) => Effect.all([messages.page({ sessionId }, { first: 7 }), messages.page({ sessionId, agentId: null }, { last: 5 })])),
      "Messages.count": each((sessionId) => messages.count({ sessionId, agentId: null })),
      "Messages.cursors": each((id) =>
        messages.cursors(
          id,
          lines.map(({ id }) => id)
        )
      ),
      "Messages.places": each((sessionId) =>
        messages.places(
          { sessionId },
          lines.map(({ id }) => id)
        )
      ),
      "Messages.get": Effect.forEach([...lines.slice(0, 20).map(({ id }) => id), "none"], messages.get),
      "Messages.results": messages.results([...calls, "none"]),
      "Messages.replies": each((id) =>
        messages.replies(
          id,
          lines.map(({ id }) => id)
        )
      ),
      "SessionDetails.tasks": details.tasks(ids),
      "SessionDetails.todos": details.todos(ids),
      "SessionDetails.fileChanges": details.fileChanges(ids),
      "SessionDetails.fileChangeCounts": details.fileChangeCounts(ids),
      "SessionDetails.compactions": details.compactions(ids),
      "SessionDetails.agents": details.agents(ids),
      "SessionDetails.agentConversations": details.agentConversations(agents.map(({ id }) => id)),
      "SessionDetails.hookRuns": details.hookRuns(ids),
      "SessionDetails.validations": details.validations(ids),
      "SessionDetails.hanTasks": details.hanTasks(ids),
      "SessionDetails.moods": details.moods(ids),
      "SessionDetails.roots": details.roots(ids),
      "Search.messages": Effect.flatMap(Search, (search) => search.messages({ text: "the", order: "newest" }, { first: 10 })),
      "Search.count": Effect.flatMap(Search, (search) => search.count({ text: "the", role: "user" })),
      "Usage.report": Effect.flatMap(Usage, (usage) => Effect.all([usage.report({ by: "day" }), refused(usage.report({ by: "model", project: "none" }))])),
      "Usage.reconcile": Effect.flatMap(Usage, (usage) => Effect.all([usage.reconcile({ since: 0 }), refused(usage.reconcile({ sessionId: none }))])),
      "Metrics.days": Effect.all([metrics.days({ ...scope, timeZone: "Europe/Berlin" }), metrics.days({ timeZone: "UTC", by: "month" })]),
      "Metrics.sessionCount": metrics.sessionCount(scope),
      "Metrics.hours": metrics.hours({ ...scope, timeZone: "Asia/Kolkata" }),
      "Metrics.models": metrics.models({ ...scope, daysIn: "UTC" }),
      "Metrics.sessions": metrics.sessions(scope),
      "Metrics.tools": metrics.tools(scope),
      "Metrics.agents": metrics.agents(scope),
      "Metrics.hooks": metrics.hooks(scope),
      "Metrics.compactions": metrics.compactions(scope),
      "Metrics.tasks": metrics.tasks(scope),
      "Metrics.hanTasks": metrics.hanTasks({}),
      "Metrics.validations": metrics.validations({}),
      "Metrics.moods": metrics.moods(scope),
      "Journal.transcripts": Effect.all([journal.transcripts(), each((sessionId) => journal.transcripts({ sessionId }))]),
      "Journal.outputs": Effect.all([journal.outputs(), each((sessionId) => journal.outputs({ sessionId }))]),
      "Journal.outputBytes": Effect.forEach(outputs, (output) =>
        Effect.map(collected(journal.outputBytes(toolOutputId(output))), (pieces) => Buffer.concat(pieces))
      ),
      "Journal.outputTotals": journal.outputTotals,
      "Journal.read": Effect.all([
        Effect.forEach(transcripts, ({ id }) => journal.read(id, 2, 3)),
        refused(journal.read(TranscriptId.make("m/none/n/main/1"), 0, 1))
      ]),
      "Journal.bytes": Effect.forEach(transcripts, ({ id }) => Effect.map(collected(journal.bytes(id)), (pieces) => Buffer.concat(pieces))),
      "Journal.changes": collected(journal.changes({ after: 1, live: false })),
      "Journal.head": journal.head,
      "Journal.totals": journal.totals,
      "Journal.isForgotten": journal.isForgotten(none),
      "Directories.unprobed": Effect.flatMap(Directories, (all) => all.unprobed(5)),
      "Directories.noted": Effect.flatMap(Directories, (all) => Effect.timeoutOption(Stream.runHead(all.noted), 20)),
      "HookHistory.runs": Effect.flatMap(HookHistory, (history) => Effect.all([history.runs({ limit: 0 }), history.runs({ limit: 1e6, event: "Stop" })])),
      "Indexer.index": Effect.flatMap(Indexer, ({ index }) =>
        Effect.map(collected(index), (progress) => ({ ...progress.at(-1), report: { ...asReport(progress.at(-1)), durationMs: 0 } }))
      ),
      "Indexer.status": Effect.flatMap(Indexer, ({ status }) => Effect.map(status, (now) => ({ ...now, lastPassAt: null }))),
      "Indexer.notTaken": Effect.flatMap(Indexer, ({ notTaken }) => notTaken),
      "JournalAdmin.forgettable": Effect.flatMap(JournalAdmin, (admin) => Effect.all([admin.forgettable({ before: 4e12 }), admin.forgettable({ before: 0 })])),
      "JournalAdmin.forget": Effect.flatMap(JournalAdmin, (admin) => admin.forget({ sessionIds: [] })),
      "StoreFiles.backup": Effect.flatMap(StoreFiles, (files) => refused(files.backup("relative"))),
      "StoreFiles.formers": Effect.flatMap(StoreFiles, (files) => files.formers),
      "StoreFiles.removeFormers": Effect.flatMap(StoreFiles, (files) => files.removeFormers([path])),
      "JournalAdmin.rebuild": Effect.flatMap(JournalAdmin, (admin) => Effect.map(collected(admin.rebuild), (progress) => progress.at(-1))),
      "Hooks.list": Effect.flatMap(Hooks, (hooks) => Effect.all([hooks.list({ projectPath: path }), refused(hooks.list({ projectPath: "not absolute" }))])),
      "Hooks.trust": Effect.flatMap(Hooks, (hooks) => refused(hooks.trust({ projectPath: path, digest: "another" }))),
      "Hooks.revoke": Effect.flatMap(Hooks, (hooks) => hooks.revoke(path)),
      "Hooks.decisions": Effect.flatMap(Hooks, (hooks) => hooks.decisions),
      "HookRunner.answer": Effect.flatMap(HookRunner, (runner) => runner.answer(call)),
      "HookRunner.run": Effect.flatMap(HookRunner, (runner) => collected(runner.run(call))),
      "HookRunner.explain": Effect.flatMap(HookRunner, (runner) => Effect.all([runner.explain(call), refused(runner.explain({ ...call, event: "none" }))])),
      "HookCacheAdmin.list": Effect.flatMap(HookCacheAdmin, (cache) => cache.list({ limit: 3 })),
      "HookCacheAdmin.clear": Effect.flatMap(HookCacheAdmin, (cache) => cache.clear({ hook: "none" })),
      "ConfigDirs.list": Effect.flatMap(ConfigDirs, (dirs) => dirs.list),
      "ConfigDirs.register": Effect.flatMap(ConfigDirs, (dirs) => refused(dirs.register("not absolute", "name"))),
      "ConfigDirs.unregister": Effect.flatMap(ConfigDirs, (dirs) => refused(dirs.unregister(Path.join(path, "none")))),
      "ClaudeSettings.summary": Effect.flatMap(ClaudeSettings, (settings) => Effect.all([settings.summary({}), settings.summary({ projectPath: path })])),
      "MemoryRules.rules": Effect.flatMap(MemoryRules, (memory) => memory.rules({ projectPaths: [path, "not absolute"] })),
      "Plugins.list": Effect.flatMap(Plugins, (plugins) => plugins.list({ scope: "project", projectPaths: [path] })),
      "Plugins.toggle": Effect.flatMap(Plugins, (plugins) => refused(plugins.toggle({ ...place, name: "no name", enabled: true }))),
      "SyncClient.status": Effect.flatMap(SyncClient, (sync) => sync.status),
      "SyncClient.statusChanges": Effect.flatMap(SyncClient, (sync) => Stream.runHead(sync.statusChanges)),
      "SyncClient.queue": Effect.flatMap(SyncClient, (sync) => sync.queue),
      "SyncClient.sessions": Effect.flatMap(SyncClient, (sync) => Effect.all([sync.sessions(), sync.sessions(ids), sync.sessions([none])])),
      "SyncClient.sync": Effect.flatMap(SyncClient, (sync) => Effect.all([refused(sync.sync({})), refused(sync.sync({ sessionId: none }))])),
      "SyncClient.verify": Effect.flatMap(SyncClient, (sync) => refused(sync.verify)),
      "SyncClient.preview": Effect.flatMap(SyncClient, (sync) => refused(sync.preview)),
      "SyncClient.dryRun": Effect.flatMap(SyncClient, (sync) => refused(Stream.runCollect(sync.dryRun))),
      "SyncClient.forget": Effect.flatMap(SyncClient, (sync) => refused(sync.forget([none]))),
      "SyncClient.sessionEnded": Effect.flatMap(SyncClient, (sync) => sync.sessionEnded),
      "SyncClient.reload": Effect.flatMap(SyncClient, (sync) => sync.reload),
      "Plugins.remove": Effect.flatMap(Plugins, (plugins) => refused(plugins.remove(place)))
    } satisfies Record<string, Question>
  })

const asReport = (last: unknown) => (typeof last === "object" && last !== null && "report" in last ? (last.report as object) : assert.fail("no report"))

/** The answers of a layer to all questions, none of which may fail: those that are to be refused say so. */
const answersOf = (layer: Layer.Layer<HanClient.Services>, path: string) =>
  Effect.gen(function* () {
    const answers = new Map<string, unknown>()
    for (const [name, question] of Object.entries(yield* questions(path))) answers.set(name, yield* question as Question)
    return answers
  }).pipe(Effect.provide([layer, Viewer.layerLocal]))

describe("every service of core", () => {
  it.scopedLive(
    "Every service of core answers over the socket as it does in the coordinator's own process",
    () =>
      Effect.gen(function* () {
        const { here, path, socket } = yield* coordinator
        const own = yield* answersOf(here, path)
        const asked = yield* answersOf(HanClient.layerSocket({ path: socket }), path)
        const unlike = [...own].filter(([name, answer]) => !isDeepStrictEqual(plainBytes(asked.get(name)), plainBytes(answer)))
        assert.deepStrictEqual(
          unlike.map(([name, answer]) => [name, asked.get(name), answer]),
          []
        )
        const all = [...storeContracts, ...machineContracts].flatMap(({ group }) => [...group.requests.keys()])
        assert.deepStrictEqual([...own.keys()].sort(), [...all].sort())
        for (const name of ["Messages.page", "SessionDetails.tasks", "Metrics.days", "Journal.bytes", "Journal.changes"])
          assert.isTrue(JSON.stringify(sized(own.get(name))).length > 100, `${name} has something to answer`)
      }),
    200_000
  )

  it.scopedLive("Every service of core answers a script as well, with plain ids", () =>
    Effect.gen(function* () {
      const { here, socket } = yield* coordinator
      const inProcess = yield* Effect.provide(
        Effect.gen(function* () {
          const [newest] = (yield* (yield* Sessions).list({}, { first: 1 })).items
          const id = newest?.node.id ?? assert.fail("no session")
          return {
            id: String(id),
            tasks: yield* (yield* SessionDetails).tasks([id]),
            tools: yield* (yield* Metrics).tools({}),
            dirs: yield* (yield* ConfigDirs).list
          }
        }),
        [here, Viewer.layerLocal]
      )
      yield* Effect.promise(async () => {
        await using han = await connect({ socket })
        const [newest] = (await han.sessions.list({}, { first: 1 })).items
        assert.strictEqual(newest?.node.id, inProcess.id)
        assert.deepStrictEqual(await han.sessionDetails.tasks([inProcess.id]), inProcess.tasks)
        assert.deepStrictEqual(await han.metrics.tools(), inProcess.tools)
        assert.deepStrictEqual(await han.configDirs.list(), inProcess.dirs)
        assert.deepStrictEqual((await han.journal.transcripts()).length > 0, true)
        const pieces: Array<Uint8Array> = []
        const [transcript] = await han.journal.transcripts({ sessionId: inProcess.id })
        for await (const piece of han.journal.bytes(transcript?.id ?? "")) pieces.push(piece)
        assert.isAbove(Buffer.concat(pieces).length, 0)
      })
    })
  )
})

const sized = (value: unknown): unknown => (value instanceof Map ? [...value] : value)

/** The same with each piece of bytes as a plain array of them: a Buffer and a Uint8Array hold the same. */
const plainBytes = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) return value.map(plainBytes)
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, plainBytes(each)]))
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plainBytes(each)]))
}
