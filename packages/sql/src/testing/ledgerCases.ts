import * as Effect from "effect/Effect"
import * as fc from "effect/FastCheck"
import * as Stream from "effect/Stream"
import { DirectoryWriter } from "han-core/Directories"
import { AgentId, type Entry, type Transcript, transcriptFileId } from "han-core/Entry"
import type { Append } from "han-core/JournalWriter"
import { Metrics } from "han-core/Metrics"
import { repoId } from "han-core/Project"
import { SessionDetails } from "han-core/SessionDetails"
import { Sessions } from "han-core/Sessions"
import { Usage } from "han-core/Usage"
import { assert } from "./assertions.ts"
import { type Case, test } from "./cases.ts"
import { allOf, difference, readEverything, sessionId } from "./readEverything.ts"
import { lines, transcript } from "./transcriptLines.ts"
import { wholeJournal } from "./wholeJournal.ts"

const haiku = "claude-haiku-4-5"
const at = (second: number) => new Date(Date.UTC(2026, 10, 6, 10, 0, second)).toISOString()

/** Lines of one conversation, each with the one before as its parent. */
class Conversation {
  readonly records: Array<Record<string, unknown>> = []
  readonly name: string
  readonly cwd: string
  constructor(name: string, cwd = `/work/${name}`) {
    this.name = name
    this.cwd = cwd
  }
  #add(type: string, message: object, more: object): this {
    const n = this.records.length
    const parentUuid = this.records.at(-1)?.["uuid"] ?? null
    this.records.push({ type, uuid: `${this.name}-${n}`, parentUuid, timestamp: at(n), cwd: this.cwd, message, ...more })
    return this
  }
  prompt(text = "q"): this {
    return this.#add("user", { role: "user", content: text }, {})
  }
  result(id = "t"): this {
    return this.#add("user", { role: "user", content: [{ type: "tool_result", tool_use_id: `${this.name}-${id}`, content: "out" }] }, {})
  }
  answer(ids: { readonly id?: unknown; readonly requestId?: unknown; readonly [key: string]: unknown }, usage: object = {}, message: object = {}): this {
    const { id, ...more } = ids
    const content = [{ type: "text", text: `a${this.records.length}` }]
    return this.#add(
      "assistant",
      { id, role: "assistant", model: haiku, content, usage: { input_tokens: 1000, output_tokens: 100, ...usage }, ...message },
      more
    )
  }
  note(record: object): this {
    this.records.push({ ...record })
    return this
  }
  append(more: Partial<Transcript> = {}): Append {
    return { transcript: transcript(this.name, more), entries: lines(this.records) }
  }
}

const appendAll = (appends: ReadonlyArray<Append>) =>
  Effect.flatMap(wholeJournal, (journal) => Effect.forEach(appends, (append) => journal.appendAll([append]), { discard: true }))
const report = (query: Partial<Parameters<typeof Usage.Service.report>[0]> = {}) => Effect.flatMap(Usage, (usage) => usage.report({ by: "model", ...query }))
const summed = Effect.map(report(), ({ totals }) => [totals.responses, totals.input, totals.output, totals.costNanoUsd])
const responses = Effect.map(report(), ({ totals }) => totals.responses)

/** One answer of a gateway through conversations of its own, in every way in which its ids fail. */
const gateway = (): ReadonlyArray<Append> => {
  const constant = { id: "relay" }
  const both = { id: "relay", requestId: "req" }
  return [
    new Conversation("one").prompt().answer(constant).append(),
    new Conversation("two").prompt().answer(constant).append(),
    new Conversation("three").prompt().answer(constant).prompt().answer(constant).prompt().answer(constant).append(),
    new Conversation("blocks").prompt().answer(constant).answer(constant).append(),
    new Conversation("both").prompt().answer(both).answer(both).result().answer(both, { input_tokens: 1200 }).prompt().answer(both).append(),
    new Conversation("none").prompt().answer({}).answer({}).result().answer({}, { input_tokens: 1100 }).append(),
    new Conversation("anew").prompt().answer({ id: "x-1" }).answer({ id: "x-2" }).answer({ id: "x-3" }).prompt().answer({ id: "x-4" }).append(),
    new Conversation("growing").prompt().answer(constant, { output_tokens: 1 }).answer(constant, { output_tokens: 50 }).answer(constant).append()
  ]
}
const gatewayResponses = 1 + 1 + 3 + 1 + 3 + 2 + 2 + 1

interface Choice {
  readonly which: number
  readonly size: number
}
const choices = fc.array(fc.record<Choice>({ which: fc.nat(97), size: fc.integer({ min: 1, max: 3 }) }), { minLength: 10, maxLength: 40 })

/** The appends in another order, cut anywhere; each transcript's lines, and each file's generations, stay in order. */
const shuffled = (appends: ReadonlyArray<Append>, chosen: ReadonlyArray<Choice>): ReadonlyArray<Append> => {
  const rest: Array<{ transcript: Transcript; entries: ReadonlyArray<Entry> }> = appends.map((append) => ({ ...append }))
  const steps: Array<Append> = []
  for (let n = 0; ; n++) {
    const { size, which } = chosen[n % chosen.length]!
    const left = rest.filter(({ entries }) => entries.length > 0)
    const open = left.filter(
      ({ transcript: of }) => !left.some(({ transcript: other }) => transcriptFileId(other) === transcriptFileId(of) && other.generation < of.generation)
    )
    const next = open[(which + n) % open.length]
    if (next === undefined) return steps
    steps.push({ transcript: next.transcript, entries: next.entries.slice(0, size) })
    next.entries = next.entries.slice(size)
  }
}

/** Cases of tokens and money. */
export const ledgerCases: ReadonlyArray<Case> = [
  test("responses whose ids are constant, missing or issued anew are counted once each", () =>
    Effect.gen(function* () {
      for (const append of gateway()) {
        const before = yield* responses
        yield* appendAll([append])
        const more = (yield* responses) - before
        const expected: Record<string, number> = { one: 1, two: 1, three: 3, blocks: 1, both: 3, none: 2, anew: 2, growing: 1 }
        assert.strictEqual(more, expected[append.transcript.sessionId], append.transcript.sessionId)
      }
      const { notIncluded, totals } = yield* report()
      // Without parents no line says that it goes on with the one above, unless both have one id.
      const unlinked = (name: string, ids: { readonly id?: string }) => {
        const { records } = new Conversation(name).prompt().answer(ids).answer(ids)
        return { transcript: transcript(name), entries: lines(records.map((record) => ({ ...record, parentUuid: null }))) }
      }
      yield* appendAll([unlinked("unlinked", {}), unlinked("adjacent", { id: "relay" })])
      assert.strictEqual(yield* responses, gatewayResponses + 2 + 1)
      assert.deepStrictEqual([totals.responses, totals.output, notIncluded], [gatewayResponses, gatewayResponses * 100, []])
    })),

  test("what ids do not decide is counted, and named", () =>
    Effect.gen(function* () {
      const relay = { id: "relay" }
      // The client runs a tool before all blocks of a response have come: the line behind the result may be of the same response.
      yield* appendAll([new Conversation("loop").prompt().answer(relay).result().answer(relay).append()])
      assert.deepStrictEqual(
        [yield* responses, (yield* report()).notIncluded],
        [2, ["whether 1 response is a part or a copy of others, which the ids do not tell: each is counted"]]
      )
      // The client's own id of the request decides it.
      const [same, other] = [
        { ...relay, requestRef: "ref-1" },
        { ...relay, requestRef: "ref-2" }
      ]
      yield* appendAll([new Conversation("refs").prompt().answer(same).result().answer(same).result().answer(other).append()])
      assert.deepStrictEqual([yield* responses, (yield* report({ sessionId: sessionId("refs") })).notIncluded], [4, []])
      // And so does an id that is one of its kind; a prompt is never between lines of one response, whatever their ids.
      const long = { id: "msg_01XFDUDYJgAACzvnptvVoYEL" }
      yield* appendAll([new Conversation("long").prompt().answer(long).result().answer(long).prompt().answer(long).append()])
      assert.strictEqual(yield* responses, 6)
    })),

  test("copies are counted once: in forks, under other uuids, and in a file that was written anew", ({ elsewhere }) =>
    Effect.gen(function* () {
      const origin = new Conversation("origin").prompt().answer({ id: "relay" }).prompt().answer({}).answer({})
      const fork = { transcript: transcript("fork"), entries: lines(origin.records) }
      const renamed = (uuid: unknown) => (typeof uuid === "string" ? `new-${uuid}` : null)
      const branch = {
        transcript: transcript("branch"),
        entries: lines(
          origin.records.map((record) => ({
            ...record,
            uuid: renamed(record["uuid"]),
            parentUuid: renamed(record["parentUuid"]),
            forkedFrom: { sessionId: "origin", messageUuid: record["uuid"] }
          }))
        )
      }
      const bare = [{ type: "assistant", message: { role: "assistant", model: haiku, content: [], usage: { input_tokens: 10, output_tokens: 1 } } }]
      const nameless = (generation: number, times: number) => ({
        transcript: transcript("nameless", { generation }),
        entries: lines(Array.from({ length: times }, (_, n) => [{ type: "user", message: { role: "user", content: `q${n}` } }, ...bare]).flat())
      })
      const all = [origin.append(), fork, branch, nameless(1, 2), nameless(2, 3)]
      yield* appendAll(all)
      assert.deepStrictEqual(yield* summed, [5, 2030, 203, 2030 * 1000 + 203 * 5000])
      assert.include((yield* report({ sessionId: sessionId("nameless") })).notIncluded.join(), "3 responses are parts or copies")
      const backwards = yield* elsewhere(Effect.zipRight(appendAll([branch, fork, nameless(1, 2), nameless(2, 3), origin.append()]), readEverything))
      assert.isUndefined(difference(backwards, yield* readEverything))
    })),

  test("any batching and interleaving of responses without good ids gives the same, twice is once, and a rebuild changes nothing", ({ elsewhere, runs }) =>
    Effect.gen(function* () {
      const [first] = gateway()
      const long = { id: "msg_01XFDUDYJgAACzvnptvVoYEL" }
      const all = [
        ...gateway(),
        { transcript: transcript("copy"), entries: first!.entries },
        { transcript: { ...first!.transcript, generation: 2 }, entries: first!.entries },
        new Conversation("loop").prompt().answer({ id: "relay" }).result().answer({ id: "relay" }).append(),
        new Conversation("mixed")
          .prompt()
          .answer(long)
          .answer({ ...long, requestId: "req_011CSHoEeqs5C35K2UUqR7Fy" })
          .result()
          .answer(long)
          .append(),
        new Conversation("absurd")
          .prompt()
          .answer({}, { input_tokens: 2 ** 64 })
          .answer({ id: "relay" })
          .append(),
        new Conversation("advised")
          .prompt()
          .answer({ id: "relay" }, { output_tokens: 3 })
          .answer({ id: "relay" }, { iterations: [{ type: "advisor_message", model: "claude-opus-4-7", input_tokens: 9, output_tokens: 8 }] })
          .append()
      ]
      const expected = yield* elsewhere(Effect.zipRight(appendAll(all), readEverything))
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(choices, async (chosen) => {
            await Effect.runPromise(
              elsewhere(
                Effect.gen(function* () {
                  yield* appendAll(shuffled(all, chosen))
                  assert.isUndefined(difference(yield* readEverything, expected))
                  yield* appendAll(all)
                  yield* Stream.runDrain((yield* wholeJournal).rebuild)
                  assert.isUndefined(difference(yield* readEverything, expected))
                })
              )
            )
          }),
          { numRuns: runs }
        )
      )
    })),

  test("what another model did within a response is its own charge, and no response", () =>
    Effect.gen(function* () {
      const advice = { type: "advisor_message", model: "claude-opus-4-7", input_tokens: 160_000, output_tokens: 8000 }
      const usage = { input_tokens: 2, output_tokens: 500, iterations: [{ type: "message", input_tokens: 2, output_tokens: 500 }, advice] }
      const stated = (more: object) => ({
        type: "cost-state",
        totalCostUSD: 1.002502,
        modelUsage: {
          [haiku]: { inputTokens: 2, outputTokens: 500, costUSD: 0.002502 },
          "claude-opus-4-7": { inputTokens: 160_000, outputTokens: 8000, costUSD: 1 },
          ...more
        }
      })
      yield* appendAll([new Conversation("advised").prompt().answer({ id: "m", requestId: "r" }, usage).note(stated({})).append()])
      const { rows, totals } = yield* report()
      assert.deepStrictEqual(
        rows.map((row) => [row.key, row.responses, row.input, row.output, row.costNanoUsd]),
        [
          ["claude-opus-4-7", 0, 160_000, 8000, 1_000_000_000],
          [haiku, 1, 2, 500, 2_502_000]
        ]
      )
      assert.deepStrictEqual([totals.responses, (yield* (yield* Sessions).get("advised")).costNanoUsd], [1, 1_002_502_000])
      assert.deepStrictEqual(
        (yield* (yield* Metrics).models({})).map(({ costNanoUsd, model }) => [model, costNanoUsd]),
        [
          ["claude-opus-4-7", 1_000_000_000],
          [haiku, 2_502_000]
        ]
      )
      assert.deepStrictEqual(
        (yield* (yield* Usage).reconcile({})).map((one) => [one.differenceNanoUsd, one.reasons]),
        [[0, []]]
      )
      // An adviser without a price: its cost is not known, and not nothing.
      const other = { ...usage, iterations: [{ ...advice, model: "wise-1" }] }
      yield* appendAll([new Conversation("wise").prompt().answer({ id: "m2", requestId: "r2" }, other).append()])
      const wise = yield* report({ sessionId: sessionId("wise") })
      assert.deepStrictEqual([wise.unpricedModels, wise.totals.unpricedResponses, wise.totals.costNanoUsd], [["wise-1"], 1, 2_502_000])
    })),

  test("a subagent's own figures are counted as its session's are", () =>
    Effect.gen(function* () {
      const ofAgent = (name: string, model: string) =>
        new Conversation(name)
          .prompt()
          .answer({ id: name, requestId: name }, { iterations: [{ type: "advisor_message", model, input_tokens: 160_000, output_tokens: 8000 }] })
          .append({ kind: "agent", agentId: AgentId.make(`a-${name}`) })
      yield* appendAll([ofAgent("helped", "claude-opus-4-7"), ofAgent("foreign", "wise-1")])
      const conversations = yield* (yield* SessionDetails).agentConversations(["a-helped", "a-foreign"])
      for (const name of ["helped", "foreign"]) {
        const { costNanoUsd, input, output, responses, unpricedResponses } = yield* (yield* Sessions).get(name)
        const its = { costNanoUsd, input, output, responses, unpricedResponses }
        assert.deepInclude(conversations.get(`a-${name}`), its)
        assert.deepStrictEqual([responses, unpricedResponses, costNanoUsd], name === "helped" ? [1, 0, 1_001_500_000] : [1, 1, 1_500_000])
      }
    })),

  test("the check explains a difference only by what is so", () =>
    Effect.gen(function* () {
      const ids = { id: "m", requestId: "r" }
      const client = (usage: object, cost: number, model = haiku) => ({ type: "cost-state", totalCostUSD: cost, modelUsage: { [model]: usage } })
      const whole = { inputTokens: 1000, outputTokens: 100 }
      const check = (conversation: Conversation) =>
        Effect.gen(function* () {
          yield* appendAll([conversation.append()])
          const [found] = yield* (yield* Usage).reconcile({ sessionId: sessionId(conversation.name) })
          return [found?.differenceNanoUsd, found?.reasons.join("; ")] as const
        })
      const of = (name: string) => new Conversation(name).prompt().answer({ id: `${name}-m`, requestId: `${name}-r` })
      assert.deepStrictEqual(yield* check(of("agrees").note(client(whole, 0.0015))), [0, ""])
      // The client's name of a model may have its date or context marker.
      assert.deepStrictEqual(yield* check(of("marked").note(client(whole, 0.0015, `${haiku}-20251001`))), [0, ""])
      const [, later] = yield* check(of("later").note(client(whole, 0.0015)).prompt().answer({ id: "later-m2", requestId: "later-r2" }))
      assert.match(String(later), /1000 input, 100 output tokens more; 1 of its responses came after the client's last account/)
      const [, behind] = yield* check(of("behind").note(client({}, 0)))
      assert.match(String(behind), /none of its lines say why the client does not count them/)
      const [, ahead] = yield* check(of("ahead").note(client({ ...whole, outputTokens: 700 }, 0.0045)))
      assert.match(String(ahead), /the client counts 600 output tokens more, for which the transcript has no record/)
      // One counter says nothing about another: of four, one is ahead, one agrees, one is explained by what came later, and one by nothing.
      const last = { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 500 }
      const [, mixed] = yield* check(
        new Conversation("mixed")
          .prompt()
          .answer({ id: "mixed-m", requestId: "mixed-r" }, { cache_creation_input_tokens: 30 })
          .note(client({ ...whole, inputTokens: 1200 }, 0.0015))
          .prompt()
          .answer({ id: "mixed-m2", requestId: "mixed-r2" }, last)
      )
      assert.include(String(mixed), `${haiku}: the client counts 200 input tokens more, for which the transcript has no record`)
      assert.include(String(mixed), `${haiku}: the transcript has 500 cache read tokens more; 1 of its responses came after the client's last account`)
      assert.include(String(mixed), `${haiku}: the transcript has 30 cache write tokens more, and none of its lines say why`)
      assert.notInclude(String(mixed), " output tokens more")
      const [, prices] = yield* check(of("prices").note(client(whole, 0.002)))
      assert.strictEqual(prices, "the tokens agree; the client's prices are not han's")
      const [, region] = yield* check(
        new Conversation("region")
          .prompt()
          .answer({ ...ids, id: "region-m" }, { inference_geo: "us" })
          .note(client(whole, 0.00165))
      )
      assert.match(String(region), /^the tokens agree; the ledger's cost lacks what inference in region "us"/)
      const [difference] = yield* check(of("endless").note(client(whole, 1e300)))
      assert.strictEqual(difference, Number.MAX_SAFE_INTEGER - 1_500_000)
    })),

  test("the newest models of the vendor have their prices", () =>
    Effect.gen(function* () {
      const usage = { input_tokens: 1000, output_tokens: 1000, cache_read_input_tokens: 1000, cache_creation_input_tokens: 1000 }
      const models = ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5-20261001"]
      yield* appendAll(models.map((model) => new Conversation(model).prompt().answer({ id: model, requestId: model }, usage, { model }).append()))
      assert.deepStrictEqual(
        (yield* report()).rows.map(({ costNanoUsd, key, unpricedResponses }) => [key, costNanoUsd, unpricedResponses]),
        [
          ["claude-opus-5-5", 29_200_000, 0],
          ["claude-sonnet-5-5", 14_600_000, 0],
          ["claude-haiku-5-5-20261001", 735_000, 0]
        ]
      )
    })),

  test("surcharges that a record shows are named", () =>
    Effect.gen(function* () {
      const one = (n: number, usage: object) =>
        new Conversation(`s${n}`)
          .prompt()
          .answer({ id: `m${n}`, requestId: `r${n}` }, usage)
          .append()
      yield* appendAll([
        one(1, { service_tier: "priority", speed: "fast" }),
        one(2, { inference_geo: "eu" }),
        one(3, { cache_read_input_tokens: 250_000 }),
        one(4, { server_tool_use: { web_search_requests: 2, code_execution_requests: 1, web_fetch_requests: 5 } }),
        one(5, { service_tier: "standard", speed: "standard", inference_geo: "", cache_read_input_tokens: 199_000 })
      ])
      assert.deepStrictEqual((yield* report()).notIncluded, [
        "2 web searches, which the vendor charges beside the tokens",
        'what the vendor charges for its tool "code_execution" beside the tokens',
        'what service tier "priority" costs more or less than the list price',
        'what speed "fast" costs more than the list price',
        'what inference in region "eu" (inference_geo) costs more than the list price',
        `what long prompts, of more than 200,000 tokens, may cost more than the list price: 1 response of ${haiku}`
      ])
      assert.deepStrictEqual((yield* report({ sessionId: sessionId("s5") })).notIncluded, [])
    })),

  test("no number on a line takes a list or a report down", () =>
    Effect.gen(function* () {
      const wrong = [2 ** 64 - 550, Number.MAX_SAFE_INTEGER, 1e308, -1, "-7", true, {}, "many"]
      const absurd = new Conversation("absurd", "/work/absurd")
      for (const [n, value] of wrong.entries()) absurd.prompt().answer({ id: `m${n}` }, { input_tokens: value, cache_read_input_tokens: value })
      // Whole tokens that no one would believe, and still numbers: their cost passes what one response can.
      absurd.prompt().answer({ id: "dear" }, { output_tokens: 1e10 }, { model: "claude-3-opus" })
      for (let n = 0; n < 30; n++) absurd.prompt().answer({ id: `big-${n}` }, { output_tokens: 1e10 })
      const boundary = (uuid: string, preTokens: unknown) => ({
        type: "system",
        subtype: "compact_boundary",
        uuid,
        timestamp: at(1),
        compactMetadata: { trigger: "auto", preTokens, postTokens: preTokens, durationMs: preTokens }
      })
      absurd.note(boundary("c1", 1.5)).note(boundary("c2", 1e300)).note(boundary("c3", "x"))
      absurd.note({ type: "pr-link", prNumber: 1e300, prUrl: "https://example.com/pull/1" })
      absurd.note({ type: "x".repeat(20_000) })
      absurd.note({ type: "cost-state", totalCostUSD: 1e308, modelUsage: { [haiku]: { inputTokens: 1e308 }, [`${haiku}[1m]`]: { inputTokens: 1e308 } } })
      absurd.prompt().answer({ id: "named" }, {}, { model: `model-${"x".repeat(20_000)}` })
      const healthy = new Conversation("healthy").prompt().answer({ id: "m", requestId: "r" })
      const log = (type: string, data: object) => ({ id: `${type}-${JSON.stringify(data)}`, type, timestamp: at(2), data })
      yield* appendAll([
        absurd.append(),
        healthy.append(),
        {
          transcript: transcript("absurd", { kind: "han" }),
          entries: lines([
            log("token_usage", { model: haiku, input_tokens: -3, output_tokens: 1, cost_usd: 1 }),
            log("token_usage", { model: haiku, input_tokens: 3, output_tokens: 1, cost_usd: 1e300 }),
            log("hook_result", { hook: "lint", duration_ms: 1e300, exit_code: 1.5 }),
            log("hook_result", { hook: "lint", duration_ms: -1, exit_code: 1e300 })
          ])
        }
      ])
      yield* readEverything
      const found = yield* allOf((page) => Effect.flatMap(Sessions, (sessions) => sessions.list({}, page)))
      assert.deepStrictEqual(found.map(({ id }) => id as string).sort(), ["absurd", "healthy"])
      for (const session of found)
        for (const value of [session.input, session.output, session.cacheRead, session.costNanoUsd ?? 0])
          assert.isTrue(Number.isSafeInteger(value), String(value))
      for (const by of ["day", "model", "project", "session"] as const) {
        const { rows, totals } = yield* report({ by })
        for (const row of [...rows, totals]) for (const value of Object.values(row)) assert.isTrue(typeof value !== "number" || Number.isSafeInteger(value))
      }
      const rows = (yield* report({ by: "session" })).rows
      assert.strictEqual(rows.find(({ key }) => key === "healthy")?.costNanoUsd, 1_500_000)
      const whole = yield* report({ sessionId: sessionId("absurd") })
      assert.include(whole.notIncluded.join(), `the cost of ${wrong.length + 3} responses whose record states what cannot be`)
      assert.isFalse(whole.unpricedModels.includes(haiku))
      const problems = (yield* (yield* Sessions).problems({ limit: 100 })).filter(({ kind }) => kind === "impossible")
      assert.deepStrictEqual(problems.map(({ lines, reason }) => `${reason}: ${lines}`).sort(), [
        "no response can have what it says of cost_usd: 1",
        `no response can have what it says of input_tokens, cache_read_input_tokens: ${wrong.length}`,
        "no response can have what it says of input_tokens: 1"
      ])
    })),

  test("a project is its directory, its name a label", () =>
    Effect.gen(function* () {
      const used = (name: string, cwd: string, output: number) =>
        new Conversation(name, cwd)
          .prompt()
          .answer({ id: `m-${name}`, requestId: `r-${name}` }, { input_tokens: 0, output_tokens: output })
          .append()
      yield* appendAll([used("a", "/one/app", 100), used("b", "/two/app", 10), used("c", "/two/app", 10), used("d", "/two/lib", 1)])
      const remote = "git.example/me/tool"
      yield* (yield* DirectoryWriter).note({ machine: "test", path: "/two/lib" }, { remote, root: "/two/lib", worktreeOf: null, defaultBranch: null })
      const by = (project?: string) =>
        Effect.map(report({ by: "project", ...(project !== undefined && { project }) }), ({ rows }) =>
          rows.map((row) => [row.key, row.label, row.path, row.output])
        )
      // Of which text an id is made is the store's: of the path, or of the remote.
      const ids = new Map((yield* (yield* Sessions).projects).map(({ id, path }) => [path, id]))
      const [one, two, lib] = [
        [ids.get("/one/app"), "app", "/one/app", 100],
        [ids.get("/two/app"), "app", "/two/app", 20],
        [ids.get("/two/lib"), "tool", "/two/lib", 1]
      ]
      assert.strictEqual(new Set(ids.values()).size, 3)
      assert.deepStrictEqual(yield* by(), [one, two, lib])
      assert.deepStrictEqual(yield* by("app"), [one, two])
      for (const called of [ids.get("/two/app")!, "/two/app"]) assert.deepStrictEqual(yield* by(called), [two])
      for (const called of ["tool", "lib", remote, repoId(remote), ids.get("/two/lib")!]) assert.deepStrictEqual(yield* by(called), [lib])
      for (const unknown of ["", "ap", repoId("git.example/me/other"), "/two"]) {
        const error = yield* Effect.flip(report({ project: unknown }))
        assert.deepStrictEqual([error._tag, error.message.includes(`there is no project "${unknown}"`)], ["ProjectNotFound", true])
      }
      assert.strictEqual((yield* Effect.flip(report({ sessionId: sessionId("nobody") })))._tag, "SessionNotFound")
      // Known, and without use: nothing was used.
      yield* appendAll([new Conversation("idle", "/idle").prompt().append()])
      assert.strictEqual((yield* report({ sessionId: sessionId("idle") })).totals.responses, 0)
      assert.deepStrictEqual(yield* by("/idle"), [])
    }))
]
