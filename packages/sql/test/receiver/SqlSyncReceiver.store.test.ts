import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import { SessionId } from "han-core/Entry"
import { Journal } from "han-core/Journal"
import { JournalAdmin } from "han-core/JournalAdmin"
import { Search } from "han-core/Search"
import { Sessions } from "han-core/Sessions"
import type { SyncPayload, SyncSession } from "han-core/Sync"
import { Usage } from "han-core/Usage"
import { digestOf, noChain } from "han-core/unstable/SyncChain"
import type * as PgStore from "han-sql/PgStore"
import { expect, it } from "vitest"
import { freshPgStore } from "../../../../test/postgresStore.ts"
import { runs } from "../../../../test/runs.ts"
import { chainOf, messagesOf, part, payloadOf, plainSession } from "../../../../test/syncPayloads.ts"
import { lines } from "../../../../test/transcriptFiles.ts"
import { as, personNamed, receive, storedOf, textOf } from "./workspace.ts"

const on = <A, E>(effect: Effect.Effect<A, E, PgStore.PgServices>): Promise<A> => Effect.runPromise(Effect.provide(effect, freshPgStore()))

const asks = (id: string, second: number, more: object = {}) => ({
  type: "user",
  uuid: `${id}-${second}`,
  timestamp: new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString(),
  cwd: "/home/dev/app",
  message: { role: "user", content: `${id} asks ${second}` },
  ...more
})
const answers = (id: string, second: number, response: string, output: number) => ({
  type: "assistant",
  uuid: `${id}-${second}`,
  requestId: `req-${response}-0123456789abcdef`,
  timestamp: new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString(),
  cwd: "/home/dev/app",
  message: {
    id: `msg-${response}-0123456789abcdef`,
    role: "assistant",
    model: "claude-opus-4-5",
    content: [{ type: "text", text: "done" }],
    usage: { input_tokens: 10, output_tokens: output }
  }
})
const asking = (id: string, count: number) => lines(Array.from({ length: count }, (_, second) => asks(id, second)))
const outputTokens = Effect.map(
  Effect.flatMap(Usage, (usage) => usage.report({ by: "model" })),
  ({ totals }) => ({ responses: totals.responses, output: totals.output })
)

it("SYN-01: sessions arrive with the bytes that they have at home, and a second time changes nothing", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const transcripts = [
        ["one", asking("one", 100)],
        ["two", asking("two", 120)],
        ["three", asking("three", 30)]
      ] as const
      const payload = payloadOf(
        ada.person,
        transcripts.map(([id, entries]) => part(id, entries))
      )
      const first = yield* receive(ada, payload)
      expect(first).toMatchObject({ status: "success", processed: 3, messagesProcessed: 250, errors: [] })
      expect(first.positions).toEqual(
        transcripts.map(([sessionId, entries]) => ({
          sessionId,
          source: "claude-code",
          agentId: null,
          file: "main",
          generationId: "g1",
          lines: entries.length,
          chain: chainOf(messagesOf(entries))
        }))
      )
      for (const [id, entries] of transcripts)
        expect(yield* storedOf(ada, id)).toMatchObject([{ id: `laptop/claude-code/${id}/main/1`, author: ada.person, text: textOf(entries) }])
      const head = Effect.flatMap(Journal, (journal) => journal.head).pipe(as(ada))
      const before = yield* head
      expect(yield* receive(ada, payload)).toEqual(first)
      expect(yield* head).toBe(before)
      const hits = yield* Effect.flatMap(Search, (search) => search.messages({ text: "two asks 77" }, { first: 1 })).pipe(as(ada))
      expect(hits.items[0]!.node.sessionId).toBe("two")
    })
  ))

it("SYN-02: an item with the required fields alone is generation 1 of the session's main transcript, and follows by its line numbers", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const entries = asking("plain", 6)
      const messages = messagesOf(entries)
      const { machine: _, ...alone } = payloadOf(ada.person, [])
      const send = (from: number, to: number) => {
        const sessions = [plainSession("plain", messages.slice(from, to))]
        return receive(ada, { ...alone, sessions, checksum: payloadOf(ada.person, sessions).checksum })
      }
      const at = (lines: number) => [{ sessionId: "plain", file: "main", generationId: "1", lines, chain: chainOf(messages.slice(0, lines)) }]
      expect(yield* send(0, 3)).toMatchObject({ status: "success", positions: at(3) })
      expect(yield* send(1, 3)).toMatchObject({ status: "success", positions: at(3) })
      expect(yield* send(2, 5)).toMatchObject({ status: "error", errors: [{ code: "position", retryable: true }], positions: at(3) })
      expect(yield* send(4, 6)).toMatchObject({ status: "error", errors: [{ code: "position" }], positions: at(3) })
      expect(yield* send(3, 6)).toMatchObject({ status: "success", positions: at(6) })
      expect(yield* storedOf(ada, "plain")).toMatchObject([{ id: "client-1/claude-code/plain/main/1", text: textOf(entries) }])
    })
  ))

it("SYN-06: lines that do not follow are answered with the position, and from there on they arrive", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const entries = asking("gap", 9)
      yield* receive(ada, payloadOf(ada.person, [part("gap", entries, 0, 3)]))
      const gap = yield* receive(ada, payloadOf(ada.person, [part("gap", entries, 5, 9), part("other", asking("other", 1))]))
      expect(gap).toMatchObject({ status: "partial", processed: 1, errors: [{ sessionId: "gap", code: "position" }] })
      expect(gap.positions[0]).toMatchObject({ lines: 3, chain: chainOf(messagesOf(entries).slice(0, 3)) })
      expect(yield* receive(ada, payloadOf(ada.person, [part("gap", entries, gap.positions[0]!.lines)]))).toMatchObject({ status: "success" })
      expect(yield* storedOf(ada, "gap")).toMatchObject([{ text: textOf(entries) }])
      const other = lines([...Array.from({ length: 9 }, (_, second) => asks("rewritten", second))])
      const rewritten = yield* receive(ada, payloadOf(ada.person, [part("gap", other, 0, 9)]))
      expect(rewritten).toMatchObject({ status: "error", positions: [{ lines: 9, chain: chainOf(messagesOf(entries)) }] })
    })
  ))

it("SYN-07: a transcript that was rewritten arrives as a generation that replaces the former, and each response counts once", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const before = lines([asks("re", 0), answers("re", 1, "a", 5), asks("re", 2, { message: { role: "user", content: "the former words" } })])
      const after = lines([asks("re", 0), answers("re", 1, "a", 5), asks("re", 3, { message: { role: "user", content: "the newer words" } })])
      yield* receive(ada, payloadOf(ada.person, [part("re", before)]))
      const second = part("re", after, 0, 3, { generationId: "g2", replaces: ["g1", "g2"] })
      expect(yield* receive(ada, payloadOf(ada.person, [second]))).toMatchObject({ status: "success", positions: [{ generationId: "g2", lines: 3 }] })
      expect((yield* storedOf(ada, "re")).map(({ id, replacedBy, text }) => [id.slice(-1), replacedBy, text])).toEqual([
        ["1", 2, textOf(before)],
        ["2", null, textOf(after)]
      ])
      const search = yield* Search
      for (const [text, count] of [
        ["former words", 0],
        ["newer words", 1],
        ["re asks 0", 1]
      ] as const)
        expect([text, yield* search.count({ text }).pipe(as(ada))]).toEqual([text, count])
      expect(yield* outputTokens.pipe(as(ada))).toEqual({ responses: 1, output: 5 })
      const asked = yield* receive(ada, payloadOf(ada.person, [part("re", after, 0, 0, { generationId: "g3" })]))
      expect(asked.positions[0]).toMatchObject({
        generationId: "g3",
        lines: 0,
        chain: noChain,
        others: [{ generationId: "g1" }, { generationId: "g2", lines: 3 }]
      })
    })
  ))

it("SYN-08: tasks are taken with a notice, and what entries say of them is stored", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const task = { id: "t", taskId: "1", subject: "Build it", status: "completed" }
      const answer = yield* receive(ada, payloadOf(ada.person, [part("tasks", asking("tasks", 2), 0, 2, { tasks: [task] })]))
      expect(answer).toMatchObject({ status: "success", notices: ["tasks_are_derived"] })
      expect((yield* receive(ada, payloadOf(ada.person, [part("tasks", asking("tasks", 2))]))).notices).toEqual([])
    })
  ))

it("SYN-09, SYN-10: a fork's copied lines and a response that is told repeatedly count once, with its last usage", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const records = [asks("origin", 0), ...Array.from({ length: 11 }, (_, n) => answers("origin", n + 1, `r${n >> 1}`, n + 1))]
      const origin = lines(records.map((record) => ({ ...record, sessionId: "origin" })))
      const fork = lines([...records.map((record) => ({ ...record, sessionId: "origin" })), { ...asks("fork", 20), sessionId: "fork" }])
      yield* receive(ada, payloadOf(ada.person, [part("origin", origin), part("fork", fork)]))
      // Responses 0 to 5, whose last lines say 2, 4, 6, 8, 10 and 11.
      expect(yield* outputTokens.pipe(as(ada))).toEqual({ responses: 6, output: 41 })
      const list = yield* Effect.flatMap(Sessions, (sessions) => sessions.list({}, { first: 10 })).pipe(as(ada))
      expect(list.items.map(({ node }) => node.id).sort()).toEqual(["fork", "origin"])
    })
  ))

it("The same first request ten times at once has one effect and ten equal answers", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const entries = asking("ten", 10)
      // Two items of one transcript among others: all tell how far it is in the end.
      const sessions = [part("ten", entries, 0, 4), part("other", asking("other", 3)), part("ten", entries, 4, 10)]
      const payload = payloadOf(ada.person, sessions, { verify: true, batchId: "batch-1" })
      const told = yield* Effect.all(
        Array.from({ length: 10 }, () => receive(ada, payload)),
        { concurrency: "unbounded" }
      )
      expect(new Set(told.map((answer) => JSON.stringify(answer))).size).toBe(1)
      expect(told[0]).toMatchObject({ status: "success", processed: 3, messagesProcessed: 13 })
      expect(told[0]!.positions.map(({ lines }) => lines)).toEqual([10, 3, 10])
      expect(yield* storedOf(ada, "ten")).toMatchObject([{ text: textOf(entries) }])
      const changes = yield* Effect.flatMap(Journal, (journal) => Stream.runCollect(journal.changes({ after: 0, live: false }))).pipe(as(ada))
      expect([...changes].flatMap((change) => change.entries)).toHaveLength(13)
    })
  ))

it("A payload is refused as a whole by name, and nothing of it is stored", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const bob = yield* personNamed("Bob")
      const reader = yield* personNamed("Ada", { scopes: ["read"] })
      const good = payloadOf(ada.person, [part("whole", asking("whole", 2))])
      const code = (principal: typeof ada, payload: SyncPayload) =>
        Effect.map(Effect.either(receive(principal, payload)), (answer) =>
          Either.isLeft(answer) && answer.left._tag === "SyncRefused" ? answer.left.code : answer
        )
      expect(yield* code(ada, { ...good, version: "2.0" })).toBe("unsupported_version")
      expect(yield* code(ada, { ...good, checksum: "0".repeat(64) })).toBe("checksum_mismatch")
      expect(yield* code(ada, { ...good, userId: bob.person })).toBe("user_mismatch")
      expect(yield* code(reader, good)).toBe("scope")
      const many = Array.from({ length: 201 }, (_, n) => plainSession(`s${n}`, []))
      expect(yield* code(ada, payloadOf(ada.person, many))).toBe("too_large")
      expect(yield* storedOf(ada, "whole")).toEqual([])
      expect(yield* receive(ada, { ...good, version: "1.7" })).toMatchObject({ status: "success" })
    })
  ))

it("A machine and a client are the person's who came with them first, also for one session among others", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const bob = yield* personNamed("Bob")
      const probe = (principal: typeof ada, clientId: string, machine: string, sessions: ReadonlyArray<SyncSession> = []) =>
        Effect.map(Effect.either(receive(principal, payloadOf(principal.person, sessions, { clientId, machine }))), (answer) =>
          Either.isLeft(answer) ? (answer.left._tag === "SyncRefused" ? answer.left.code : answer.left.message) : answer.right.status
        )
      expect(yield* probe(ada, "c1", "laptop")).toBe("success")
      expect(yield* probe(bob, "c2", "laptop")).toBe("client_taken")
      expect(yield* probe(bob, "c1", "tower")).toBe("client_taken")
      expect(yield* probe(bob, "c2", "tower", [part("s", asking("s", 1), 0, 1, { machine: "laptop" })])).toBe("client_taken")
      expect(yield* probe(bob, "c2", "tower")).toBe("success")
      // A client that lost its memory has another id, and one client may write for two machines.
      expect(yield* probe(ada, "c3", "laptop")).toBe("success")
      expect(yield* probe(ada, "c3", "desk", [part("d", asking("d", 1), 0, 1, { machine: "desk-2" })])).toBe("success")
      expect(yield* probe(bob, "c3", "tower")).toBe("client_taken")
      const raced = yield* Effect.all(
        [ada, bob].map((principal) => probe(principal, `race-${principal.name}`, "raced")),
        { concurrency: "unbounded" }
      )
      expect(raced.sort()).toEqual(["client_taken", "success"])
      // Other workspaces know nothing of it.
      const eve = yield* personNamed("Eve", { workspace: "others" as never })
      expect(yield* probe(eve, "c1", "laptop")).toBe("success")
    })
  ))

it("A payload without a machine writes as its client's id, which nobody else may have", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const bob = yield* personNamed("Bob")
      yield* receive(ada, payloadOf(ada.person, [], { clientId: "c1", machine: "laptop" }))
      const sessions = [plainSession("s1", messagesOf(asking("s1", 1)), { machine: "tower" }), plainSession("s2", messagesOf(asking("s2", 1)))]
      const { machine: _, ...unnamed } = payloadOf(bob.person, sessions, { clientId: "laptop" })
      const answer = yield* Effect.flip(receive(bob, unnamed))
      expect(answer).toMatchObject({ code: "client_taken" })
    })
  ))

it("A session is its author's: another person's lines for it are refused, and of two who come at once one gets it", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const bob = yield* personNamed("Bob")
      const send = (principal: typeof ada, id: string) =>
        receive(principal, payloadOf(principal.person, [part(id, asking(`${id}-${principal.name}`, 3))], { clientId: principal.name, machine: principal.name }))
      yield* send(ada, "hers")
      const refused = yield* send(bob, "hers")
      expect(refused).toMatchObject({ status: "error", errors: [{ code: "session_conflict", retryable: false }], positions: [{ lines: 0, chain: noChain }] })
      for (let round = 0; round < 5; round++) {
        const raced = yield* Effect.all([send(ada, `race-${round}`), send(bob, `race-${round}`)], { concurrency: "unbounded" })
        expect(raced.map(({ status }) => status).sort()).toEqual(["error", "success"])
        expect(yield* storedOf(ada, `race-${round}`)).toHaveLength(1)
      }
    })
  ))

it("A session that was forgotten is gone for its author with all rows, and its tombstone keeps nobody else out", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const bob = yield* personNamed("Bob")
      const send = (principal: typeof ada, id: string) =>
        receive(
          principal,
          payloadOf(principal.person, [part(id, asking(`${id}-${principal.name}`, 3))], { clientId: principal.name, machine: principal.name, verify: true })
        )
      const forget = (principal: typeof ada, id: string) =>
        Effect.flatMap(JournalAdmin, (admin) => admin.forget({ sessionIds: [SessionId.make(id)] })).pipe(as(principal))
      const isForgotten = (principal: typeof ada, id: string) =>
        Effect.flatMap(Journal, (journal) => journal.isForgotten(SessionId.make(id))).pipe(as(principal))
      expect((yield* send(ada, "hers")).digest).toMatchObject({ transcripts: 1, lines: 3 })
      yield* forget(ada, "hers")
      const gone = yield* send(ada, "hers")
      expect(gone).toMatchObject({ status: "error", errors: [{ code: "gone", retryable: false }], digest: { transcripts: 0, lines: 0 } })
      expect([yield* isForgotten(ada, "hers"), yield* isForgotten(bob, "hers")]).toEqual([true, false])
      // Whoever forgets an id in advance keeps out what is their own.
      yield* forget(ada, "ahead")
      expect(yield* send(bob, "ahead")).toMatchObject({ status: "success" })
      expect(yield* send(ada, "ahead")).toMatchObject({ errors: [{ code: "gone" }] })
      // A session that somebody else forgets is gone for its author.
      yield* forget(ada, "ahead")
      expect(yield* send(bob, "ahead")).toMatchObject({ errors: [{ code: "gone" }] })
      expect(yield* storedOf(bob, "ahead")).toEqual([])
    })
  ))

it("Sessions of repositories that the workspace has not are refused, personal ones unless it allows them, and remotes are stored in one spelling", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const allowed = { ...ada, workspace: { ...ada.workspace, allowPersonal: true } }
      let count = 0
      const codeOf = (principal: typeof ada, repoRemote: string | null) =>
        Effect.map(
          receive(principal, payloadOf(ada.person, [part(`repo-${++count}`, asking("repo", 1), 0, 1, { repoRemote })])),
          ({ errors: [error] }) => error?.code ?? "stored"
        )
      for (const [remote, code, codeWhenPersonal] of [
        ["github.com/acme/shop", "stored", "stored"],
        ["github.com/acme/group/shop", "stored", "stored"],
        ["GitHub.com/Acme/Shop.git", "stored", "stored"],
        ["https://token@github.com/acme/shop.git?secret=1", "stored", "stored"],
        ["git@github.com:acme/shop.git", "stored", "stored"],
        ["github.com/acmes/shop", "repo_not_allowed", "repo_not_allowed"],
        ["gitlab.com/acme/shop", "repo_not_allowed", "repo_not_allowed"],
        ["github.com/ada/notes", "repo_not_allowed", "stored"],
        ["github.com/bob/notes", "repo_not_allowed", "repo_not_allowed"],
        ["github.com/acme", "repo_not_allowed", "repo_not_allowed"],
        ["acme/shop", "repo_not_allowed", "repo_not_allowed"],
        ["evil.example/github.com/acme/shop", "repo_not_allowed", "repo_not_allowed"],
        ["\ud800\0", "repo_not_allowed", "repo_not_allowed"],
        [null, "stored", "stored"]
      ] as const)
        expect([remote, yield* codeOf(ada, remote), yield* codeOf(allowed, remote)]).toEqual([remote, code, codeWhenPersonal])
      const directory = { path: "/home/dev/app", root: "/home/dev/app", name: "app", worktree: null, defaultBranch: "main" }
      yield* receive(
        ada,
        payloadOf(ada.person, [part("spelled", asking("spelled", 1), 0, 1, { directory, repoRemote: "https://me:hunter2@GitHub.com/Acme/Shop.git" })])
      )
      const list = yield* Effect.flatMap(Sessions, (sessions) => sessions.list({}, { first: 50 })).pipe(as(ada))
      const told = JSON.stringify(list.items.find(({ node }) => node.id === "spelled"))
      expect(told).toContain('"github.com/acme/shop"')
      expect(told).not.toMatch(/hunter2|Acme/)
    })
  ))

it("Payloads of lines, subagents' transcripts and han's own lines are what they were at home", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const main = asking("kinds", 2)
      const agent = lines([{ ...asks("agent", 0), isSidechain: true, agentId: "a1", sessionId: "kinds" }])
      const own = lines([
        { type: "han_event", id: "e1", timestamp: "2026-03-01T10:00:00.000Z", ref: "kinds/e1.json" },
        { type: "unheard", deep: 1 }
      ]).map((entry, index) => (index === 0 ? { ...entry, payload: Buffer.from('{"large":\n"record"}') } : entry))
      const answer = yield* receive(
        ada,
        payloadOf(ada.person, [
          part("kinds", main),
          part("kinds", agent, 0, 1, { kind: "agent", agentId: "a1", file: "agent-a1", meta: '{"agentType":"reviewer"}' }),
          part("kinds", own, 0, 2, { kind: "han", source: "han", file: "han" })
        ])
      )
      expect(answer).toMatchObject({ status: "success", processed: 3 })
      expect(answer.positions.map(({ agentId, file, source }) => [source, file, agentId])).toEqual([
        ["claude-code", "main", null],
        ["claude-code", "agent-a1", "a1"],
        ["han", "han", null]
      ])
      const stored = yield* storedOf(ada, "kinds")
      expect(stored.map(({ id, text }) => [id, text])).toEqual([
        ["laptop/claude-code/kinds/main/1", textOf(main)],
        ["laptop/claude-code/kinds/agent-a1/1", textOf(agent)],
        ["laptop/han/kinds/han/1", textOf(own)]
      ])
      const [first] = yield* Effect.flatMap(Journal, (journal) => journal.read(stored[2]!.id, 0, 10)).pipe(as(ada))
      expect(Buffer.from(first!.payload!).toString()).toBe('{"large":\n"record"}')
      for (const more of [{ kind: "agent" }, { kind: "main", agentId: "a1" }] as const)
        expect((yield* receive(ada, payloadOf(ada.person, [part("mixed", main, 0, 1, more)]))).errors).toMatchObject([{ code: "validation" }])
    })
  ))

it("SYN-18: a line that cannot be stored is named and its session's position told; NULs, deep JSON and withheld lines are stored", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const deep = `${"[".repeat(1000)}1${"]".repeat(1000)}`
      const odd = lines([
        asks("odd", 0, { message: { role: "user", content: "a NUL \0 and a half \ud800 pair" } }),
        `{"type":"user","uuid":"deep","message":{"role":"user","content":${deep}}}`,
        "\0 no JSON",
        ""
      ])
      expect(yield* receive(ada, payloadOf(ada.person, [part("odd", odd)]))).toMatchObject({ status: "success" })
      expect(yield* storedOf(ada, "odd")).toMatchObject([{ lines: 4, text: textOf(odd) }])
      const entries = asking("bad", 4)
      yield* receive(ada, payloadOf(ada.person, [part("bad", entries, 0, 1)]))
      const change = (more: object) => {
        const item = part("bad", entries, 1, 4)
        return { ...item, messages: item.messages.map((message, index) => (index === 1 ? { ...message, ...more } : message)) }
      }
      for (const text of ["half \ud800 pair", "two\nlines", "x".repeat(5 * 1024 * 1024)]) {
        const answer = yield* receive(ada, payloadOf(ada.person, [part("good", asking("good", 2)), change({ text })]))
        expect(answer).toMatchObject({ status: "partial", processed: 1, errors: [{ sessionId: "bad", code: "validation", messageIds: ["line-2"] }] })
        expect(answer.positions[1]).toMatchObject({ lines: 1, chain: chainOf(messagesOf(entries).slice(0, 1)) })
      }
      const withheld = change({ text: undefined, withheld: { reason: "too_large", bytes: 5_242_880 } })
      expect(yield* receive(ada, payloadOf(ada.person, [withheld]))).toMatchObject({ status: "success" })
      const [stored] = yield* storedOf(ada, "bad")
      expect(stored!.text.split("\n")[2]).toBe('{"type":"han-withheld","reason":"too_large","bytes":5242880}')
      const unordered = { ...part("holes", entries), messages: messagesOf(entries).filter(({ lineNumber }) => lineNumber !== 2) }
      expect((yield* receive(ada, payloadOf(ada.person, [unordered]))).errors).toMatchObject([{ code: "validation", messageIds: ["line-3"] }])
    })
  ))

it("A digest is the one that the client computes of its own lines, of the machines that it writes for alone", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      const [one, two] = [asking("one", 5), asking("two", 3)]
      yield* receive(ada, payloadOf(ada.person, [part("one", one), part("two", two, 0, 2)]))
      yield* receive(ada, payloadOf(ada.person, [part("far", asking("far", 4))], { clientId: "client-2", machine: "tower" }))
      const answer = yield* receive(ada, payloadOf(ada.person, [], { verify: true }))
      expect(answer.digest).toEqual(
        digestOf([
          { generationId: "g1", lines: 2, chain: chainOf(messagesOf(two).slice(0, 2)) },
          { generationId: "g1", lines: 5, chain: chainOf(messagesOf(one)) }
        ])
      )
      expect(answer).toMatchObject({ status: "success", workspace: { slug: "acme" }, limits: { messages: 5000 }, positions: [] })
    })
  ))

it("Whatever becomes of the requests of a client on their way, the lines arrive as they are", () =>
  on(
    Effect.gen(function* () {
      const ada = yield* personNamed("Ada")
      let session = 0
      const law = fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.tuple(fc.nat(29), fc.integer({ min: 1, max: 30 }), fc.boolean()), { maxLength: 12 }),
        async (count, sent) => {
          const id = `law-${++session}`
          const entries = asking(id, count)
          const parts = sent.map(([from, size, plain]) => {
            const start = Math.min(from, count - 1)
            const item = part(id, entries, start, Math.min(count, start + size), { generationId: "1" })
            return plain ? plainSession(id, item.messages, { machine: "laptop" }) : item
          })
          const receiveIt = (sessions: ReadonlyArray<SyncSession>) => receive(ada, payloadOf(ada.person, sessions))
          await Effect.runPromise(
            Effect.gen(function* () {
              // In any order and several at once, as a network may deliver them.
              yield* Effect.forEach(parts, (item) => receiveIt([item]), { concurrency: 3 })
              yield* receiveIt(parts)
              let [position] = (yield* receiveIt([part(id, entries, 0, 0, { generationId: "1" })])).positions
              const messages = messagesOf(entries)
              expect(position!.chain).toBe(chainOf(messages.slice(0, position!.lines)))
              if (position!.lines < count) [position] = (yield* receiveIt([part(id, entries, position!.lines, count, { generationId: "1" })])).positions
              expect(position).toMatchObject({ lines: count, chain: chainOf(messages) })
              expect(yield* storedOf(ada, id)).toMatchObject([{ lines: count, text: textOf(entries) }])
            }).pipe(Effect.provide(services))
          )
        }
      )
      const services = yield* Effect.context<PgStore.PgServices>()
      yield* Effect.promise(() => fc.assert(law, { numRuns: runs(300, 25) }))
    })
  ))
