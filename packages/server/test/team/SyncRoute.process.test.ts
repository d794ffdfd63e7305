import { readFileSync } from "node:fs"
import * as Zlib from "node:zlib"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { SyncFailure, type SyncPayload, SyncResponse, syncLimits } from "han-core/Sync"
import { checksumOf } from "han-core/unstable/SyncChain"
import { ApiKeys, Slug } from "han-core/Workspaces"
import { type SyncRouteOptions, syncRoute } from "han-server/SyncRoute"
import * as TeamServer from "han-server/TeamServer"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createStoreDatabase, freshPgStore } from "../../../../test/postgresStore.ts"
import { messagesOf, part, payloadOf, plainSession } from "../../../../test/syncPayloads.ts"
import { lines } from "../../../../test/transcriptFiles.ts"
import { connection, until } from "../httpClient.ts"
import { run, served } from "./hanServer.ts"

type Server = Effect.Effect.Success<ReturnType<typeof served>>

let database: Awaited<ReturnType<typeof createStoreDatabase>>
let server: Server
let end: () => void
const ended = new Promise<void>((resolve) => (end = resolve))
let serving: Promise<unknown>

const keyOf = async (person: string, ...more: ReadonlyArray<string>): Promise<{ readonly key: string; readonly personId: string }> => {
  const login = `github.com/${person.toLowerCase()}`
  const argv = ["keys", "create", "--workspace", "acme", "--person", person, "--owner", "github.com/acme", "--login", login, "--json", ...more]
  const { code, err, out } = await run(argv, { DATABASE_URL: database.url })
  expect([code, err]).toEqual([0, expect.any(String)])
  const { key }: { readonly key: string } = JSON.parse(out)
  const [row] = await said("SELECT person FROM han.api_key WHERE key_id = $1", [key.slice(4, 16)])
  return { key, personId: row.person }
}
const said = async (text: string, values: ReadonlyArray<unknown> = []) => {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    return (await client.query(text, [...values])).rows
  } finally {
    await client.end()
  }
}
const storedTranscripts = async (): Promise<number> => Number((await said("SELECT COUNT(*) AS n FROM han.transcript"))[0].n)

const metricsToken = "a-token-of-the-metrics"
let ada: Awaited<ReturnType<typeof keyOf>>
beforeAll(async () => {
  database = await createStoreDatabase("sync")
  server = await new Promise<Server>((resolve) => {
    serving = Effect.runPromise(
      Effect.scoped(
        Effect.flatMap(served([], { DATABASE_URL: database.url, HAN_METRICS_TOKEN: metricsToken }), (running) => {
          resolve(running)
          return Effect.promise(() => ended)
        })
      )
    )
  })
  ada = await keyOf("Ada", "--scopes", "sync:write,read")
})
afterAll(async () => {
  end()
  await serving
  await database.drop()
})

const asking = (id: string, count: number, content = "asks") =>
  lines(
    Array.from({ length: count }, (_, line) => ({
      type: "user",
      uuid: `${id}-${line}`,
      timestamp: new Date(Date.UTC(2026, 2, 1, 10, 0, line)).toISOString(),
      message: { role: "user", content: `${id} ${content} ${line}` }
    }))
  )

const gzipped = { "content-type": "application/json", "content-encoding": "gzip" }
const plain = { "content-type": "application/json" }

interface Told {
  readonly status: number
  readonly text: string
  readonly body: { readonly code?: string; readonly message?: string } & Record<string, unknown>
  readonly headers: Headers
}
const post = async (body: BodyInit, headers: Readonly<Record<string, string>>, key = ada.key): Promise<Told> => {
  const answer = await fetch(`${server.url}/api/sync`, { method: "POST", body, headers: { authorization: `Bearer ${key}`, ...headers } })
  const text = await answer.text()
  return { status: answer.status, text, body: JSON.parse(text), headers: answer.headers }
}
const send = (payload: SyncPayload | object, key = ada.key) => post(Zlib.gzipSync(JSON.stringify(payload)), gzipped, key)
const decoded = Schema.decodeUnknownSync(SyncResponse)

/** No word of the database, its tables or its address, and nothing but what the form of failures has. */
const expectFailure = ({ body, text }: Told) => {
  expect(Object.keys(body).filter((name) => !["code", "message", "retryAfterMs", "errors"].includes(name))).toEqual([])
  Schema.decodeUnknownSync(SyncFailure)(body)
  const { hostname, password, pathname, port } = new URL(database.url)
  for (const word of [hostname, password, pathname.slice(1), port, "SELECT", "INSERT", "han_app", "sync_received", "postgres"])
    if (word !== "") expect(text).not.toContain(word)
}

it("SYN-01: sessions arrive over HTTP, and the answer is a SyncResponse that is not kept by anybody", async () => {
  const sessions = ["one", "two", "three"].map((id, index) => part(id, asking(id, [100, 100, 50][index]!)))
  const first = await send(payloadOf(ada.personId, sessions, { batchId: "batch-1" }))
  expect([first.status, first.headers.get("cache-control")]).toEqual([200, "no-store"])
  expect(decoded(first.body)).toMatchObject({ status: "success", processed: 3, messagesProcessed: 250, batchId: "batch-1" })
  expect(await said("SELECT SUM(lines) AS lines FROM han.transcript WHERE machine = 'laptop'")).toEqual([{ lines: "250" }])
  const log = server
    .out()
    .split("\n")
    .find((line) => line.includes("sync.batch"))!
  expect(JSON.parse(log)).toMatchObject({ batchId: "batch-1", workspace: "acme", sessions: 3, messages: 250, outcome: "success" })
  expect(log).not.toContain("asks")
})

it("A probe tells the workspace, its owners and the limits, and uncompressed JSON is taken, too", async () => {
  const answer = await post(JSON.stringify(payloadOf(ada.personId, [])), plain)
  expect(decoded(answer.body)).toMatchObject({
    status: "success",
    workspace: { slug: "acme", owners: [{ host: "github.com", owner: "acme" }], logins: [{ host: "github.com", login: "ada" }], allowPersonal: false },
    limits: syncLimits,
    minClient: expect.any(String)
  })
})

it("SYN-03: unknown fields are ignored on both sides, another minor version is taken, another major one refused by name", async () => {
  const payload = payloadOf(ada.personId, [part("news", asking("news", 1))])
  const more = { ...payload, version: "1.9", later: { deep: [1] }, sessions: payload.sessions.map((session) => ({ ...session, later: null })) }
  const answer = await send(more)
  expect(answer.status).toBe(200)
  expect(decoded({ ...answer.body, later: { deep: 1 } })).toMatchObject({ status: "success" })
  for (const version of ["2.0", "0.9", "10.0", ""]) {
    const refused = await send({ version, nothing: "of what 1.0 has" })
    expect([version, refused.status, refused.body.code]).toEqual([version, 400, "unsupported_version"])
    expectFailure(refused)
  }
})

it("The same request ten times at once is answered with the same bytes", async () => {
  const entries = asking("ten", 20)
  const payload = payloadOf(ada.personId, [part("ten", entries, 0, 5), part("ten", entries, 5, 20)], { verify: true })
  const told = await Promise.all(Array.from({ length: 10 }, () => send(payload)))
  expect(new Set(told.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
  expect(told[0]!.body).toMatchObject({ status: "success", processed: 2, positions: [{ lines: 20 }, { lines: 20 }] })
})

it("A request of which nothing is stored is 422 with a SyncResponse, one of which some is 200", async () => {
  const gap = part("gap", asking("gap", 5), 3, 5)
  const none = await send(payloadOf(ada.personId, [gap]))
  expect(none.status).toBe(422)
  expect(decoded(none.body)).toMatchObject({ status: "error", errors: [{ code: "position" }], positions: [{ lines: 0 }] })
  const some = await send(payloadOf(ada.personId, [gap, part("fine", asking("fine", 1))]))
  expect(some.status).toBe(200)
  expect(decoded(some.body)).toMatchObject({ status: "partial", processed: 1 })
})

describe("Who may send", () => {
  it("A key that is none, has expired, was revoked, may only read or has no member behind it is refused by name before the body is read", async () => {
    const [expired, revoked, reader, left] = [
      await keyOf("Ada", "--scopes", "sync:write"),
      await keyOf("Ada", "--scopes", "sync:write"),
      await keyOf("Ada", "--scopes", "read"),
      await keyOf("Leo", "--scopes", "sync:write")
    ]
    await said("UPDATE han.api_key SET expires_at = 1 WHERE key_id = $1", [expired.key.slice(4, 16)])
    await said("UPDATE han.api_key SET revoked_at = 1 WHERE key_id = $1", [revoked.key.slice(4, 16)])
    await said("UPDATE han.member SET removed_at = 1 WHERE person = $1", [left.personId])
    for (const [key, status, code] of [
      ["", 401, "invalid_key"],
      ["han_nothing", 401, "invalid_key"],
      [`${ada.key.slice(0, -1)}${ada.key.endsWith("0") ? "1" : "0"}`, 401, "invalid_key"],
      [expired.key, 401, "expired_key"],
      [revoked.key, 401, "revoked_key"],
      [left.key, 403, "not_member"]
    ] as const) {
      const answer = await post("no JSON at all", gzipped, key)
      expect([answer.status, answer.body.code]).toEqual([status, code])
      if (status === 401) expect(answer.headers.get("www-authenticate")).toBe("Bearer")
      expectFailure(answer)
    }
    const scope = await send(payloadOf(reader.personId, [part("read", asking("read", 1))]), reader.key)
    expect([scope.status, scope.body.code]).toEqual([403, "scope"])
    expectFailure(scope)
  })

  it("Another person's name, machine and client are refused, and another person's session for itself alone", async () => {
    const bob = await keyOf("Bob", "--scopes", "sync:write")
    const own = { clientId: "bobs", machine: "tower" }
    const sessions = [part("of-bob", asking("of-bob", 1))]
    for (const [payload, code] of [
      [payloadOf(ada.personId, sessions, own), "user_mismatch"],
      [payloadOf(bob.personId, sessions, { ...own, machine: "laptop" }), "client_taken"],
      [payloadOf(bob.personId, sessions, { ...own, clientId: "client-1" }), "client_taken"]
    ] as const) {
      const answer = await send(payload, bob.key)
      expect([answer.status, answer.body.code]).toEqual([403, code])
      expectFailure(answer)
    }
    const theirs = await send(payloadOf(bob.personId, [...sessions, part("one", asking("one", 1))], own), bob.key)
    expect([theirs.status, theirs.body]).toMatchObject([200, { status: "partial", errors: [{ sessionId: "one", code: "session_conflict" }] }])
    const strange = await send(payloadOf(ada.personId, [part("strange", asking("strange", 1), 0, 1, { repoRemote: "github.com/else/thing" })]))
    expect([strange.status, strange.body]).toMatchObject([422, { errors: [{ code: "repo_not_allowed" }] }])
  })
})

const raw = (text: string) => Zlib.gzipSync(text)
const oneSession = (change: (text: string) => string) => change(JSON.stringify(payloadOf(ada.personId, [part("bad-input", asking("bad-input", 2))])))
const oneOf = (more: object) => {
  const sessions = [{ ...part("bad-input", asking("bad-input", 2)), ...more }]
  return raw(JSON.stringify({ ...payloadOf(ada.personId, []), sessions, checksum: checksumOf("client-1", sessions as never) }))
}
const whole = () => Zlib.gzipSync(oneSession((text) => text))
const nested = (depth: number) => `${"[".repeat(depth)}1${"]".repeat(depth)}`

describe("SYN-19: bad input is refused by name, and nothing of it is stored", () => {
  const cases: Record<string, readonly [() => BodyInit, Readonly<Record<string, string>>, number, string]> = {
    "8 MiB and a byte": [() => Buffer.alloc(syncLimits.wireBytes + 1), gzipped, 413, "too_large"],
    "8 MiB and a byte uncompressed": [() => Buffer.alloc(syncLimits.wireBytes + 1, " "), plain, 413, "too_large"],
    "8 MiB that are no gzip": [() => Buffer.alloc(syncLimits.wireBytes), gzipped, 400, "malformed"],
    "33 MiB of JSON": [() => raw(`{"a":"${" ".repeat(33 * 1024 * 1024)}"}`), gzipped, 413, "too_large"],
    "a truncated gzip": [() => whole().subarray(0, -5), gzipped, 400, "malformed"],
    "a second member": [() => Buffer.concat([whole(), whole()]), gzipped, 400, "malformed"],
    "bytes behind the member": [() => Buffer.concat([whole(), Buffer.from("{}")]), gzipped, 400, "malformed"],
    "plain JSON that says it is gzip": [() => oneSession((text) => text), gzipped, 400, "malformed"],
    "gzip that says it is plain": [() => whole(), plain, 400, "malformed"],
    "another encoding": [() => whole(), { ...plain, "content-encoding": "br" }, 415, "encoding"],
    "two encodings": [() => whole(), { ...plain, "content-encoding": "gzip, gzip" }, 415, "encoding"],
    "another type": [() => whole(), { ...gzipped, "content-type": "text/plain" }, 415, "encoding"],
    nothing: [() => Buffer.alloc(0), gzipped, 400, "malformed"],
    "a key twice": [() => raw(oneSession((text) => text.replace('"userId"', '"clientId":"client-1","userId"'))), gzipped, 400, "malformed"],
    "a key twice in two spellings": [() => raw(oneSession((text) => text.replace('"userId"', '"client\\u0049d":"x","userId"'))), gzipped, 400, "malformed"],
    "depth of 1,000": [() => raw(oneSession((text) => text.replace("{", `{"later":${nested(1000)},`))), gzipped, 400, "malformed"],
    "depth of 10,000,000": [() => raw("[".repeat(10_000_000)), gzipped, 400, "malformed"],
    "many small values": [() => raw(`{"later":[${"[],".repeat(5_000_000)}0]}`), gzipped, 400, "malformed"],
    "no UTF-8": [() => Zlib.gzipSync(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), gzipped, 400, "malformed"],
    "no JSON": [() => raw("{version: 1}"), gzipped, 400, "malformed"],
    "JSON that is no payload": [() => raw("[]"), gzipped, 400, "schema"],
    null: [() => raw("null"), gzipped, 400, "schema"],
    "a session's id with a NUL": [() => oneOf({ id: "a\0b" }), gzipped, 400, "schema"],
    "a session's id with half a pair": [() => oneOf({ id: "a\ud800" }), gzipped, 400, "schema"],
    "a session's id of 129 characters": [() => oneOf({ id: "a".repeat(129) }), gzipped, 400, "schema"],
    "a session's id that is a path": [() => oneOf({ id: "../a" }), gzipped, 400, "schema"],
    "a machine with a NUL": [() => oneOf({ machine: "\0" }), gzipped, 400, "schema"],
    "a harness that is a path": [() => oneOf({ harness: "a/b" }), gzipped, 400, "schema"],
    "an agent's id with half a pair": [() => oneOf({ agentId: "\udc00", kind: "agent" }), gzipped, 400, "schema"],
    "a generation's id with a space": [() => oneOf({ generationId: "a b" }), gzipped, 400, "schema"],
    "a client's id with a NUL": [() => raw(oneSession((text) => text.replace('"client-1"', '"client\\u0000"'))), gzipped, 400, "schema"],
    "a line number below zero": [
      () => oneOf({ messages: messagesOf(asking("bad-input", 1)).map((message) => ({ ...message, lineNumber: -1 })) }),
      gzipped,
      400,
      "schema"
    ],
    "a line number above what numbers hold": [
      () => oneOf({ messages: messagesOf(asking("bad-input", 1)).map((message) => ({ ...message, lineNumber: 2 ** 60 })) }),
      gzipped,
      400,
      "schema"
    ],
    "a checksum that is none": [() => raw(oneSession((text) => text.replace(/"checksum":"./, '"checksum":"x'))), gzipped, 400, "schema"],
    "201 sessions": [
      () =>
        raw(
          JSON.stringify(
            payloadOf(
              ada.personId,
              Array.from({ length: 201 }, (_, n) => plainSession(`s${n}`, []))
            )
          )
        ),
      gzipped,
      413,
      "too_large"
    ]
  }
  for (const [name, [body, headers, status, code]] of Object.entries(cases))
    it(name, async () => {
      const before = await storedTranscripts()
      const answer = await post(body(), headers)
      expect([answer.status, answer.body.code]).toEqual([status, code])
      expectFailure(answer)
      expect(await storedTranscripts()).toBe(before)
    })

  it("A checksum that is another's is refused by name", async () => {
    const answer = await send({ ...payloadOf(ada.personId, [part("sum", asking("sum", 1))]), checksum: "0".repeat(64) })
    expect([answer.status, answer.body.code]).toEqual([400, "checksum_mismatch"])
  })

  it("Texts that are no ids may hold anything, and are stored or refused for their session alone", async () => {
    const directory = { path: "/home/\0/\ud800", root: "\ud800", name: "\0", worktree: "\0", defaultBranch: "\ud800" }
    const odd = {
      projectSlug: "\0",
      status: "\ud800",
      slug: "\0",
      file: "\0\ud800",
      parentSessionId: "\ud800",
      lastModified: "\0",
      meta: "\0\ud800",
      directory
    }
    const answer = await send(payloadOf(ada.personId, [part("odd-texts", asking("odd-texts", 2), 0, 2, odd)]))
    expect([answer.status, answer.body]).toMatchObject([200, { status: "success" }])
    const remote = await send(payloadOf(ada.personId, [part("odd-remote", asking("odd-remote", 2), 0, 2, { repoRemote: "github.com/acme/\0\ud800" })]))
    expect(remote.status).toBe(200)
    expect((await send(payloadOf(ada.personId, [part("odd-remote", asking("odd-remote", 2), 0, 2, { repoRemote: "\0" })]))).status).toBe(422)
  })

  it("A body without a length is cut off where it is too long", async () => {
    const chunk = new Uint8Array(1024 * 1024)
    let count = 0
    const stream = new ReadableStream({ pull: (controller) => (++count > 10 ? controller.close() : controller.enqueue(chunk)) })
    const answer = await post(stream, gzipped)
    expect([answer.status, answer.body.code]).toEqual([413, "too_large"])
    expectFailure(answer)
  })

  it("Bombs take at most 64 MB of the server's memory, several at once too", async () => {
    const bomb = await bombOf(1024)
    // Says that it holds 16 bytes.
    const liar = Buffer.concat([bomb.subarray(0, -4), Buffer.from([16, 0, 0, 0])])
    for (let round = 0; round < 3; round++) await send(payloadOf(ada.personId, []))
    const before = residentOf(server.process.pid!)
    let most = before
    const watching = setInterval(() => (most = Math.max(most, residentOf(server.process.pid!))), 2)
    const answers = await Promise.all([bomb, liar, bomb, liar, bomb, liar, bomb, liar].map((body) => post(body, gzipped)))
    clearInterval(watching)
    for (const [index, answer] of answers.entries())
      expect([answer.status, answer.body.code]).toEqual(index % 2 === 0 ? [413, "too_large"] : [400, "malformed"])
    expect((most - before) / 2 ** 20).toBeLessThan(64)
  })
})

/** So many MiB of zeros, compressed. */
const bombOf = (mebibytes: number): Promise<Buffer<ArrayBuffer>> =>
  new Promise((resolve, reject) => {
    const gzip = Zlib.createGzip({ level: 9 })
    const chunks: Array<Buffer> = []
    gzip.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => resolve(Buffer.concat(chunks)))
    gzip.on("error", reject)
    const zeros = Buffer.alloc(1024 * 1024)
    let left = mebibytes
    const write = () => (left-- > 0 ? void gzip.write(zeros, write) : void gzip.end())
    write()
  })

/** Bytes of memory that a process has. */
const residentOf = (pid: number): number => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024

it("SYN-18: good sessions beside a line of 5 MiB and one of half a pair are stored, and those named", async () => {
  const large = part("large", asking("large", 2, "x".repeat(5 * 1024 * 1024)), 0, 1)
  const half = part("half", asking("half", 2))
  const broken = { ...half, messages: half.messages.map((message, index) => (index === 1 ? { ...message, text: "\ud800" } : message)) }
  const deep = part("deep", lines([`{"type":"user","uuid":"d","message":{"role":"user","content":${nested(1000)}}}`, '{"text":"a NUL \\u0000 and \\ud800"}']))
  const answer = await send(payloadOf(ada.personId, [large, deep, broken, part("good", asking("good", 2))]))
  expect([answer.status, answer.body]).toMatchObject([
    200,
    {
      status: "partial",
      processed: 2,
      errors: [
        { sessionId: "large", code: "validation", messageIds: ["line-0"] },
        { sessionId: "half", code: "validation", messageIds: ["line-1"] }
      ]
    }
  ])
})

it("Other methods and addresses are answered in the form of failures", async () => {
  for (const method of ["GET", "PUT", "DELETE"]) {
    const answer = await fetch(`${server.url}/api/sync`, { method })
    expect([method, answer.status, ((await answer.json()) as Told["body"]).code]).toEqual([method, 404, "not_found"])
  }
})

it("A body that breaks off stores nothing, and the server goes on", async () => {
  const head = `POST /api/sync HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${ada.key}\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: 1000\r\n\r\n`
  const before = await storedTranscripts()
  const { closed, socket } = await connection(Number(new URL(server.url).port), head)
  socket.write(whole().subarray(0, 100))
  await new Promise((resolve) => setTimeout(resolve, 50))
  socket.destroy()
  await closed
  expect((await send(payloadOf(ada.personId, []))).status).toBe(200)
  expect(await storedTranscripts()).toBe(before)
  expect(server.out()).not.toContain('"level":"ERROR"')
})

/** A server in this process, whose route has other limits, and a key of its own. */
const limited = <A>(options: SyncRouteOptions, use: (port: number, key: string, person: string) => Promise<A>): Promise<A> =>
  Effect.gen(function* () {
    const { key, principal } = yield* Effect.flatMap(ApiKeys, (keys) =>
      keys.create({
        workspace: Slug.make("limited"),
        person: "Ada",
        owners: [{ host: "github.com", owner: "acme" }],
        logins: [{ host: "github.com", login: "ada" }],
        scopes: ["sync:write"],
        expiresAt: null,
        encryption: "off"
      })
    )
    const { port } = yield* TeamServer.TeamServer
    return yield* Effect.promise(() => use(port, Redacted.value(key), principal.person))
  }).pipe(
    Effect.provide(Layer.provideMerge(TeamServer.layer({ host: "127.0.0.1", port: 0, graceMs: 100, routes: syncRoute(options) }), freshPgStore())),
    Effect.orDie,
    Effect.runPromise
  )
const headOf = (key: string, length: number) =>
  `POST /api/sync HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`

it("A body that does not come in time is given up, whether it dribbles or stops", () =>
  limited({ bodyMs: 300 }, async (port, key, person) => {
    for (const isDribbling of [true, false]) {
      const wire = await connection(port, headOf(key, 1_000_000))
      const dribbling = setInterval(() => isDribbling && wire.socket.write(" "), 20)
      await until("an answer", () => wire.received().includes('"code":"timeout"'))
      clearInterval(dribbling)
      expect(wire.received()).toMatch(/^HTTP\/1.1 408 /)
      wire.socket.destroy()
    }
    const body = JSON.stringify(payloadOf(person, []))
    const wire = await connection(port, `${headOf(key, body.length)}${body}`)
    await until("an answer", () => wire.received().includes('"status":"success"'))
    wire.socket.destroy()
  }))

it("One key may do so much at once, and is then told when to come back, before its body is read", () =>
  limited({ rate: { burst: 3, perSecond: 0.01 } }, async (port, key, person) => {
    const asked = (body: string) => fetch(`http://127.0.0.1:${port}/api/sync`, { method: "POST", body, headers: { authorization: `Bearer ${key}`, ...plain } })
    for (let count = 0; count < 3; count++) expect((await asked(JSON.stringify(payloadOf(person, [])))).status).toBe(200)
    const refused = await asked("no JSON")
    const body = (await refused.json()) as { readonly retryAfterMs: number }
    expect([refused.status, body]).toMatchObject([429, { code: "rate_limited", message: expect.any(String), retryAfterMs: expect.any(Number) }])
    expect(refused.headers.get("retry-after")).toBe(String(Math.ceil(body.retryAfterMs / 1000)))
  }))

it("Whoever has the token of the metrics sees numbers, and nothing that people wrote; without it nobody does", async () => {
  const marker = "zebra-in-a-sentence"
  const secret = `ghp_${"A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"}`
  expect((await send(payloadOf(ada.personId, [part("metered", asking("metered", 3, `${marker} ${secret}`))]))).status).toBe(200)
  expect((await send({}, "han_nobody")).status).toBe(401)
  const asked = (headers: Record<string, string>) => fetch(`${server.url}/metrics`, { headers })
  expect((await asked({})).status).toBe(401)
  expect((await asked({ authorization: `Bearer ${ada.key}` })).status).toBe(401)
  const answer = await asked({ authorization: `Bearer ${metricsToken}` })
  const text = await answer.text()
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"])
  const value = (name: string) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length + 1)
    )
  expect(value("han_ingest_entries_total")).toBeGreaterThanOrEqual(3)
  expect(value("han_ingest_seconds_count")).toBeGreaterThan(0)
  expect(value('han_ingest_seconds_bucket{le="+Inf"}')).toBe(value("han_ingest_seconds_count"))
  expect(value('han_redactions_total{rule="github-pat"}')).toBe(3)
  expect(
    value('han_auth_failures_total{reason="invalid_key",route="sync"}') || value('han_auth_failures_total{route="sync",reason="invalid_key"}')
  ).toBeGreaterThan(0)
  expect([value("han_pg_pool_max"), value("han_pg_pool_waiting"), value("han_fill_lag_entries")]).toEqual([10, 0, 0])
  for (const word of [marker, secret, "Ada", "acme", "laptop", "metered"]) expect(text).not.toContain(word)
})

it("A client finds out about the server before it says who it is", async () => {
  const answer = await fetch(`${server.url}/.well-known/han.json`)
  expect(await answer.json()).toMatchObject({
    name: "han-server",
    issuer: null,
    signIn: [],
    api: { graphql: "/graphql", sync: "/api/sync", auth: null },
    sync: { version: "1.0" }
  })
})
