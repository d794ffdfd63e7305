import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as fc from "effect/FastCheck"
import * as Stream from "effect/Stream"
import { AgentId, transcriptId } from "han-core/Entry"
import type { Append } from "han-core/JournalWriter"
import { Messages } from "han-core/Messages"
import { Sessions } from "han-core/Sessions"
import { Usage } from "han-core/Usage"
import { assert } from "./assertions.ts"
import { type Case, test } from "./cases.ts"
import { difference, found, readEverything, sessionId } from "./readEverything.ts"
import { lines, transcript } from "./transcriptLines.ts"
import { wholeJournal } from "./wholeJournal.ts"

const at = (second: number) => new Date(Date.UTC(2026, 10, 5, 10, 0, second)).toISOString()
const ask = (uuid: string, second: number, content: string, more: object = {}) => ({
  type: "user",
  uuid,
  timestamp: at(second),
  cwd: "/work/old",
  message: { role: "user", content },
  ...more
})
const answer = (uuid: string, second: number, text: string, more: object = {}) => ({
  type: "assistant",
  uuid,
  requestId: `req_${uuid}`,
  timestamp: at(second),
  cwd: "/work/old",
  message: {
    id: `msg_${uuid}`,
    role: "assistant",
    model: "claude-opus-4-5",
    content: [{ type: "text", text }],
    usage: { input_tokens: 10, output_tokens: 1 }
  },
  ...more
})
const of = (records: ReadonlyArray<unknown>, more: Parameters<typeof transcript>[1] = {}, id = "s"): Append => ({
  transcript: transcript(id, more),
  entries: lines(records)
})

const append = (one: Append, replaces?: ReadonlyArray<number>) =>
  Effect.flatMap(wholeJournal, (journal) => journal.append(one.transcript, one.entries, { replaces }))
const texts = (id: string, agentId?: string) =>
  Effect.flatMap(Sessions, (sessions) =>
    Effect.map(sessions.messages({ sessionId: sessionId(id), ...(agentId !== undefined && { agentId: AgentId.make(agentId) }) }, { first: 100 }), (page) =>
      page.items.map((item) => item.node.text)
    )
  )

const before = [
  { type: "custom-title", customTitle: "Old title", sessionId: "s" },
  ask("u1", 1, "my key is HUSHHUSH"),
  answer("a1", 2, "noted"),
  ask("u2", 3, "this line goes"),
  answer("a2", 4, "gone, but paid")
]
const after = [
  { type: "custom-title", customTitle: "New title", sessionId: "s" },
  ask("u1", 1, "my key is XXXXXXXX", { cwd: "/work/new" }),
  answer("a1", 2, "noted", { cwd: "/work/new" })
]
const fork = [ask("u1", 1, "my key is HUSHHUSH", { requestSessionId: "s" }), answer("a1", 2, "noted", { requestSessionId: "s" }), ask("f1", 9, "forked word")]

/** A subagent that was asked aside has the conversation so far as lines of its own. */
const aside = (agentId: string) => ({ isSidechain: true, agentId })
const conversation = [0, 1, 2, 3].flatMap((n) => [
  ask(`q${n}`, 2 * n, `question ${n}`, { isSidechain: false }),
  answer(`r${n}`, 2 * n + 1, `reply ${n}`, { isSidechain: false })
])
const replayed: ReadonlyArray<Append> = [
  of(conversation),
  of(
    [
      ...conversation.slice(0, 6).map((record) => ({ ...record, ...aside("x") })),
      ask("x1", 30, "asked aside", aside("x")),
      answer("x2", 31, "said aside", aside("x"))
    ],
    {
      kind: "agent",
      agentId: AgentId.make("x")
    }
  ),
  // An old client wrote a subagent's lines into the session's transcript, too.
  of([ask("y1", 40, "task of y", aside("y")), answer("y2", 41, "done by y", aside("y"))], { kind: "agent", agentId: AgentId.make("y") }),
  of([ask("other", 50, "from another folder"), ask("y1", 40, "task of y", aside("y")), ask("q3", 6, "question 3", { isSidechain: false })], { generation: 2 })
]

/** Several transcripts of one session: copies of lines, other files of it, and what took the place of what. */
export const transcriptCases: ReadonlyArray<Case> = [
  test("A generation that replaces another one is what search, session, title and project show; costs stay", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      const sessions = yield* Sessions
      yield* append(of(before))
      yield* append(of(fork, {}, "fork"))
      assert.deepStrictEqual([...(yield* found("HUSHHUSH"))].sort(), ["u1", "u1"])
      const paid = (yield* (yield* Usage).report({ by: "session" })).totals
      yield* append(of(after, { generation: 2 }), [1])
      assert.deepStrictEqual(yield* found("HUSHHUSH", { sessionId: sessionId("s") }), [])
      assert.deepStrictEqual(yield* found("goes"), [])
      assert.deepStrictEqual(yield* found("XXXXXXXX"), ["u1"])
      const session = yield* sessions.get("s")
      assert.deepStrictEqual(
        [session.title, session.firstPrompt, session.project, session.messages, session.prompts],
        ["New title", "my key is XXXXXXXX", "new", 2, 1]
      )
      assert.deepStrictEqual(yield* texts("s"), ["New title", "my key is XXXXXXXX", "noted"])
      assert.deepStrictEqual((yield* (yield* Usage).report({ by: "session" })).totals, paid)
      assert.strictEqual(paid.responses, 2)
      assert.strictEqual((yield* sessions.get("fork")).forkOf as string, "s")
      // The older one is still what it was.
      const kept = Buffer.concat(Chunk.toReadonlyArray(yield* Stream.runCollect(journal.bytes(transcriptId(transcript("s"))))))
      assert.include(kept.toString(), "HUSHHUSH")
      assert.deepStrictEqual(
        (yield* journal.transcripts({ sessionId: sessionId("s") })).map((info) => info.replacedBy),
        [2, null]
      )
      assert.strictEqual((yield* journal.totals).transcripts, 2)
      const now = yield* readEverything
      yield* Stream.runDrain(journal.rebuild)
      assert.isUndefined(difference(yield* readEverything, now))
      // And again, by one that has nothing of it.
      yield* append(of([ask("n1", 20, "all anew")], { generation: 3 }), [2])
      assert.deepStrictEqual(yield* texts("s"), ["all anew"])
      assert.deepStrictEqual((yield* (yield* Usage).report({ by: "session" })).totals, paid)
      yield* journal.forget({ sessionIds: [sessionId("s"), sessionId("fork")] })
      assert.strictEqual((yield* (yield* Usage).report({ by: "session" })).totals.responses, 0)
    })),

  test("a generation takes another one's place also without lines of its own, and once", () =>
    Effect.gen(function* () {
      const journal = yield* wholeJournal
      yield* append(of(before))
      yield* append(of(after, { generation: 2 }))
      yield* append(of([], { generation: 2 }), [1])
      const once = yield* readEverything
      yield* append(of([], { generation: 2 }), [1])
      assert.isUndefined(difference(yield* readEverything, once))
      assert.deepStrictEqual(yield* found("HUSHHUSH"), [])
      // Lines that still come to the older one are kept, and not shown.
      yield* append(of([...before, ask("u3", 5, "too late")]))
      assert.deepStrictEqual(yield* found("late"), [])
      assert.strictEqual((yield* journal.read(transcriptId(transcript("s")), 5, 1)).length, 1)
    })),

  test("a line that several transcripts have is the message of the one that it says it is of", () =>
    Effect.gen(function* () {
      for (const one of [...replayed].reverse()) yield* append(one)
      const session = yield* (yield* Sessions).get("s")
      assert.deepStrictEqual([session.messages, session.prompts, session.responses, session.firstPrompt], [9, 5, 6, "question 0"])
      assert.deepStrictEqual(yield* texts("s"), [...[0, 1, 2, 3].flatMap((n) => [`question ${n}`, `reply ${n}`]), "from another folder"])
      assert.deepStrictEqual(yield* texts("s", "x"), ["asked aside", "said aside"])
      assert.deepStrictEqual(yield* texts("s", "y"), ["task of y", "done by y"])
      assert.deepStrictEqual(yield* found("question 1"), ["q1"])
      const agents = yield* (yield* Sessions).agents(sessionId("s"))
      assert.deepStrictEqual(agents.map((agent) => [agent.id as string, agent.messages]).sort(), [
        ["x", 2],
        ["y", 2]
      ])
    })),

  test("whatever order transcripts of one session come in, they add up to the same", ({ elsewhere, runs }) =>
    Effect.gen(function* () {
      const all = [
        ...replayed,
        of(before, {}, "t"),
        of([{ type: "bridge-session", sessionId: "t" }], { generation: 2 }, "t"),
        of(
          [ask("t9", 60, "later elsewhere", { cwd: "/work/elsewhere" }), { type: "custom-title", customTitle: "Later", sessionId: "t" }],
          { generation: 3 },
          "t"
        ),
        of(fork, {}, "fork")
      ]
      const expected = yield* elsewhere(
        Effect.zipRight(
          Effect.forEach(all, (one) => append(one)),
          readEverything
        )
      )
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(fc.array(fc.tuple(fc.nat(97), fc.integer({ min: 1, max: 6 }), fc.boolean()), { minLength: 5, maxLength: 40 }), async (chosen) => {
            const actual = await Effect.runPromise(
              elsewhere(
                Effect.gen(function* () {
                  const journal = yield* wholeJournal
                  for (const step of cut(all, chosen)) yield* journal.appendAll(step)
                  return yield* readEverything
                })
              )
            )
            assert.isUndefined(difference(actual, expected))
          }),
          { numRuns: runs }
        )
      )
    })),

  test("a conversation is in the order in which it was written, whatever the clock said", () =>
    Effect.gen(function* () {
      const told = [100, 101, 40, 41, 41, 30, 200, 101]
      yield* append(of(told.map((second, n) => ask(`c${n}`, second, `line ${n}`, { parentUuid: n === 0 ? null : `c${n - 1}` }))))
      assert.deepStrictEqual(
        yield* texts("s"),
        told.map((_, n) => `line ${n}`)
      )
      const newest = yield* (yield* Messages).page({ sessionId: sessionId("s") }, { first: 100 })
      assert.deepStrictEqual(
        newest.items.map((item) => item.node.message.text),
        told.map((_, n) => `line ${n}`).reverse()
      )
      // Each says when it says it was.
      assert.strictEqual(newest.items.at(-3)?.node.message.at, Date.parse(at(40)))
    })),

  test("a file that was copied under another id leaves the costs where they were made", () =>
    Effect.gen(function* () {
      const own = before.map((record) => ({ ...record, sessionId: "s" }))
      // A smaller id, and looked at first.
      yield* append(of([...own, ask("z", 70, "went on", { sessionId: "a-copy" })], {}, "a-copy"))
      assert.strictEqual((yield* (yield* Sessions).get("a-copy")).responses, 2)
      yield* append(of(own))
      const sessions = yield* Sessions
      const [copy, original] = [yield* sessions.get("a-copy"), yield* sessions.get("s")]
      assert.deepStrictEqual([copy.responses, copy.costNanoUsd, copy.messages, copy.forkOf], [0, 0, 5, sessionId("s")])
      assert.deepStrictEqual([original.responses, original.messages], [2, 4])
      assert.strictEqual((yield* (yield* Usage).report({ by: "session" })).totals.responses, 2)
    }))
]

/** The appends in an order that the choices give, each transcript's lines in order, cut into batches anywhere. */
const cut = (appends: ReadonlyArray<Append>, chosen: ReadonlyArray<readonly [number, number, boolean]>): ReadonlyArray<ReadonlyArray<Append>> => {
  const rest = appends.map((one) => ({ ...one }))
  const steps: Array<Array<Append>> = []
  for (let n = 0; ; n++) {
    const [which, size, together] = chosen[n % chosen.length] ?? [0, 1, false]
    const left = rest.filter((one) => one.entries.length > 0)
    const next = left[(which + n) % left.length]
    if (next === undefined) return steps
    const step: Append = { ...next, entries: next.entries.slice(0, size) }
    next.entries = next.entries.slice(size)
    const last = steps.at(-1)
    if (together && last !== undefined) last.push(step)
    else steps.push([step])
  }
}
