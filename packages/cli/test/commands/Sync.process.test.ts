import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as ApiKey from "han-core/ApiKey"
import { SessionId } from "han-core/Entry"
import { SyncStopped } from "han-core/SyncClient"
import * as Coordinator from "han-server/Coordinator"
import * as Home from "han-server/Home"
import { afterEach, describe, expect, it } from "vitest"
import { type Sender, syncClient } from "../../../../test/syncClient.ts"
import { ended, type Machine, machine } from "../HanProcess.ts"

const closing: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
const fresh = (configurations?: ReadonlyArray<string>): Machine => {
  const one = machine(configurations)
  closing.push(one.close)
  return one
}
/** A machine whose coordinator is in this process, with a sender that the test drives. */
const driven = async (given: Partial<Sender> = {}, configurations?: ReadonlyArray<string>) => {
  const one = fresh(configurations)
  const sync = syncClient(given)
  const scope = Effect.runSync(Scope.make())
  closing.push(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const home = await Effect.runPromise(Home.open(one.home))
  const layer = Coordinator.layer({ home, roots: [{ path: one.claude }], environment: one.environment, stop: Effect.void, sync: sync.layer })
  await Effect.runPromise(Layer.buildWithScope(layer, scope))
  return { ...one, ...sync }
}
const config = ({ home }: Machine) => join(home, "config.json")
const written = (one: Machine) => readFileSync(config(one), "utf8")
const newKey = () => Redacted.value(Effect.runSync(ApiKey.make).text)
/** Runs a command with this on its standard input. */
const fed = (one: Machine, input: string, ...args: ReadonlyArray<string>) => {
  const child = one.start(args)
  child.stdin?.end(input)
  return ended(child)
}
/** Runs a command at a terminal, at which each answer is typed when its question stands there. */
const atTerminal = async (one: Machine, args: ReadonlyArray<string>, answers: ReadonlyArray<readonly [question: string, answer: string]>) => {
  let screen = ""
  const left = [...answers]
  const child = Bun.spawn([one.program, ...args], {
    cwd: one.directory,
    env: { ...one.environment, TERM: "xterm" },
    terminal: {
      cols: 120,
      rows: 40,
      data: (terminal, data) => {
        screen += new TextDecoder().decode(data)
        const [next] = left
        if (next === undefined || !screen.includes(next[0])) return
        left.shift()
        terminal.write(next[1])
      }
    }
  })
  const code = await child.exited
  child.terminal?.close()
  return { code, screen }
}
const preview = Effect.succeed({ workspace: "Acme", content: true, repositories: ["github.com/acme/shop"], sessions: 3, messages: 1200, bytes: 4_500_000 })
const stopped = (state: SyncStopped["state"], message: string) => Effect.fail(new SyncStopped({ state, code: "some_code", message }))
const at = Date.UTC(2026, 10, 22, 12)
const iso = "2026-11-22T12:00:00.000Z"

describe("connecting", () => {
  it("A connection is written into config.json beside what is there, and switched on after the server was asked", async () => {
    const key = newKey()
    const one = await driven({ preview })
    const before = '{\n  // mine\n  "port": 0,\n}\n'
    writeFileSync(config(one), before, { mode: 0o644 })
    chmodSync(config(one), 0o644)
    const seen: Array<{ readonly enabled: boolean }> = []
    one.sender.preview = Effect.zipRight(
      Effect.sync(() => seen.push(Bun.JSONC.parse(written(one)) as never)),
      preview
    )
    const { code, err, out } = await fed(one, `${key}\n`, "sync", "enable", "--endpoint", "https://han.example/", "--key", "-", "--metadata-only", "--yes")
    expect([code, out.toString()]).toEqual([
      0,
      "Connected to han.example, workspace Acme. `han sync status` shows how it stands, `han sync disable` ends it.\n"
    ])
    expect(err).toContain("repositories  github.com/acme/shop\n")
    expect(err).toContain("3 sessions with 1,200 lines, 4.5 MB\n")
    expect(err + out).not.toContain(key)
    // Nothing could be sent while the question was open.
    expect(seen).toMatchObject([{ sync: { enabled: false } }])
    expect(written(one)).toContain("// mine")
    expect(Bun.JSONC.parse(written(one))).toEqual({
      port: 0,
      sync: { enabled: true, endpoint: "https://han.example", apiKey: key, includeContent: false }
    })
    expect(statSync(config(one)).mode & 0o777).toBe(0o600)
    expect(one.asked.filter((what) => what === "reload")).toHaveLength(2)

    const off = await one.han("sync", "disable")
    expect([off.code, off.out.toString()]).toEqual([2, ""])
    expect(Bun.JSONC.parse(written(one))).toMatchObject({ sync: { enabled: false, apiKey: key } })
    await one.tell({ enabled: false, state: "DISABLED" })
    expect((await one.han("sync", "disable")).out.toString()).toBe("Sync was not switched on; nothing is sent.\n")
  }, 60_000)

  it("A server that refuses the key, or does not answer, leaves config.json as it was, to the byte", async () => {
    const one = await driven({ preview: stopped("PAUSED_AUTH", "the server does not know this key") })
    const args = ["sync", "enable", "--endpoint", "https://han.example", "--yes"]
    const environment = { HAN_SYNC_API_KEY: newKey() }
    const refused = await one.hanWith(environment, ...args)
    expect(refused).toMatchObject({ code: 3, err: "han: the server does not know this key\n" })
    expect(existsSync(config(one))).toBe(false)
    const before = '{"sync":{"enabled":true, "endpoint":"https://former.example"} /* mine */}'
    writeFileSync(config(one), before)
    one.sender.preview = stopped("OFFLINE", "no answer from han.example")
    expect(await one.hanWith(environment, ...args)).toMatchObject({ code: 1, err: "han: no answer from han.example\n" })
    expect(written(one)).toBe(before)
  }, 60_000)

  it("At a terminal the key is asked for unseen, and no is no", async () => {
    const key = newKey()
    const one = await driven({ preview })
    const before = '{"sync":{"enabled":true,"endpoint":"https://former.example"}}'
    writeFileSync(config(one), before)
    const args = ["sync", "enable", "--endpoint", "https://han.example"]
    const no = await atTerminal(one, args, [
      ["not shown): ", `${key}\r`],
      ["[y/N] ", "n\r"]
    ])
    expect([no.code, no.screen]).toEqual([1, expect.stringContaining("Nothing was changed, and nothing is sent by this.")])
    expect(no.screen).toContain("This replaces https://former.example, which gets nothing more; what it has stays there.")
    expect(no.screen).not.toContain(key)
    expect(written(one)).toBe(before)
    const cancelled = await atTerminal(one, args, [
      ["not shown): ", `${key}\r`],
      ["[y/N] ", "\u0003"]
    ])
    expect(cancelled.code).toBe(130)
    expect(written(one)).toBe(before)
    const keyless = await atTerminal(one, args, [["not shown): ", "\u0003"]])
    expect([keyless.code, keyless.screen]).toEqual([2, expect.stringContaining("no key was given; nothing was changed")])
    const yes = await atTerminal(one, args, [
      ["not shown): ", `${key}\r`],
      ["[y/N] ", "y\r"]
    ])
    expect([yes.code, yes.screen]).toEqual([0, expect.stringContaining("Connected to han.example, workspace Acme.")])
    expect(JSON.parse(written(one))).toEqual({ sync: { enabled: true, endpoint: "https://han.example", apiKey: key } })
  }, 90_000)

  it("A key on the command line is warned about, and one in the settings is kept for the same server", async () => {
    const key = newKey()
    const one = await driven({ preview })
    const first = await one.han("sync", "enable", "--endpoint", "https://han.example", "--key", key, "--yes")
    expect([first.code, first.err]).toEqual([0, expect.stringContaining("other programs of this machine can read a key on a command line")])
    expect((await one.han("sync", "enable", "--include-personal", "--yes")).code).toBe(0)
    expect(JSON.parse(written(one))).toEqual({ sync: { enabled: true, endpoint: "https://han.example", apiKey: key, includePersonal: true } })
    const other = await one.han("sync", "enable", "--endpoint", "https://other.example", "--yes")
    expect([other.code, other.err]).toEqual([2, expect.stringContaining("a key is missing")])
    await one.tell({ endpointHost: "elsewhere.example" })
    const overruled = await one.han("sync", "enable", "--yes")
    expect([overruled.code, overruled.err]).toEqual([2, expect.stringContaining("it sends to elsewhere.example")])
  }, 60_000)
})

it("Commands of sync with bad input say what is wrong, with exit code 2, and change nothing", async () => {
  const one = fresh()
  const key = newKey()
  const enable = (...args: ReadonlyArray<string>) => one.hanWith({ HAN_SYNC_API_KEY: key }, "sync", "enable", ...args)
  const cut = key.slice(0, -1)
  const refused: ReadonlyArray<readonly [ReturnType<Machine["han"]>, string]> = [
    [enable("--endpoint", "https://han.example"), "without a terminal to ask at, --yes is needed"],
    [enable("--yes"), "--endpoint URL is missing"],
    [enable("--yes", "--endpoint", "han"), "it is no address"],
    [enable("--yes", "--endpoint", "http://han.example"), "by http on this machine alone"],
    [enable("--yes", "--endpoint", "https://me:secret@han.example"), "a name or password has no place in it"],
    [enable("--yes", "--endpoint", "https://han.example/api/sync"), "leave /api/sync away"],
    [enable("--yes", "--endpoint", "https://han.example", "--key", "short"), "cut off or mistyped"],
    [one.hanWith({ HAN_SYNC_API_KEY: cut }, "sync", "enable", "--yes", "--endpoint", "https://han.example"), "in HAN_SYNC_API_KEY is cut off"],
    [one.han("sync", "enable", "--yes", "--endpoint", "https://han.example"), "a key is missing"],
    [fed(one, "", "sync", "enable", "--yes", "--endpoint", "https://han.example", "--key", "-"), "on standard input is cut off"],
    [one.han("sync", "exclude", "shop"), "it has one segment"],
    [one.han("sync", "exclude", "acme/sh*"), 'is no pattern: "sh*" is neither'],
    [one.han("sync", "include", "/home/../x"), '".." has no place in it'],
    [one.han("sync", "include"), "a PATTERN is missing"],
    [one.han("sync", "frob"), "unknown command"]
  ]
  for (const [asked, message] of refused) {
    const { code, err, out } = await asked
    expect([code, err, out.toString()]).toEqual([2, expect.stringContaining(message), ""])
    expect(err).not.toContain(cut)
  }
  expect(existsSync(config(one))).toBe(false)
  mkdirSync(one.home, { recursive: true, mode: 0o700 })
  for (const [text, message] of [
    ['{"sync":{"interval":1}}', "config.json is not what han expects: sync.interval"],
    ['{"sync":{"endpint":"x"}}', "sync.endpint"],
    ['{"sync":', "config.json, line 1"]
  ] as const) {
    writeFileSync(config(one), text)
    const { code, err } = await one.han("sync", "exclude", "acme/shop")
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
    expect(written(one)).toBe(text)
  }
}, 120_000)

it("A server of this machine that nobody runs is named by enable, and nothing stays written", async () => {
  const one = fresh()
  const { code, err } = await one.hanWith({ HAN_SYNC_API_KEY: newKey() }, "sync", "enable", "--yes", "--endpoint", "http://127.0.0.1:9")
  expect([code, err]).toEqual([1, expect.stringMatching(/^han: .*cannot be reached/)])
  expect(existsSync(config(one))).toBe(false)
  expect(await one.json("sync", "status")).toMatchObject({ enabled: false, state: "DISABLED", sessions: {} })
}, 60_000)

it("Patterns are added once to their list, and leave the other", async () => {
  const one = await driven()
  const listed = () => (JSON.parse(written(one)) as { readonly sync: unknown }).sync
  expect((await one.han("sync", "exclude", "acme/secret")).out.toString()).toBe(
    "Sessions of acme/secret stay on this machine. What a server has of them stays there.\n"
  )
  expect((await one.han("sync", "exclude", "~/private")).code).toBe(0)
  expect((await one.han("sync", "exclude", "acme/secret")).out.toString()).toContain("that is said already")
  expect(listed()).toEqual({ forceExclude: ["acme/secret", "~/private"] })
  expect((await one.han("sync", "include", "acme/secret")).out.toString()).toContain("go where sync sends to")
  expect(listed()).toEqual({ forceExclude: ["~/private"], forceInclude: ["acme/secret"] })
  expect(one.asked.filter((what) => what === "reload")).toHaveLength(4)
}, 60_000)

describe("looking at it", () => {
  it("The status says how sync stands, in words, in JSON and by its exit code", async () => {
    const one = await driven()
    one.sender.sessions = [{ sessionId: SessionId.make("s-1"), state: "waiting", reason: null, lines: 9, syncedLines: 4, lastSyncedLine: 3, lastAckAt: at }]
    await one.tell({
      queueSize: 1,
      pendingMessages: 5,
      pendingSessions: 1,
      oldestPendingAt: at,
      excluded: [{ reason: "personal", count: 2 }],
      notices: ["well"]
    })
    const text = await one.han("sync", "status", "--utc")
    expect([text.code, text.out.toString()]).toEqual([
      0,
      expect.stringMatching(/sync +on\nserver +han\.example, workspace acme\nstate .*\nwaiting +5 lines of 1 session, the oldest since 2026-11-22 12:00:00\n/)
    ])
    expect(text.out.toString()).toContain("stay here     2 sessions (personal)\n")
    expect(text.out.toString()).toContain("notice        well\n")
    const { sessions, ...status } = (await one.json("sync", "status")) as { readonly sessions: unknown; readonly [field: string]: unknown }
    expect(sessions).toEqual({ "s-1": { lastSyncedLine: 3, lines: 9, lastAckAt: iso } })
    expect(status).toMatchObject({ enabled: true, state: "IDLE", oldestPendingAt: iso, nextAttemptAt: null, totals: { messages: 0, bytes: 0 } })
    expect(await one.json("sync", "status", "--verify")).toMatchObject({ verified: { same: true } })

    for (const [state, code] of [
      ["BACKING_OFF", 1],
      ["OFFLINE", 1],
      ["PAUSED_CONFIG", 2],
      ["PAUSED_PLAN", 2],
      ["PAUSED_AUTH", 3]
    ] as const) {
      await one.tell({ state, lastError: { code: "some_code", message: "it does not work", at } })
      const { code: told, out } = await one.han("sync", "status", "--utc")
      expect([state, told, out.toString()]).toEqual([state, code, expect.stringContaining("some_code: it does not work (2026-11-22 12:00:00)")])
    }
    await one.tell({ quarantined: 1 })
    expect((await one.han("sync", "status")).code).toBe(4)
    await one.tell({ enabled: false, configured: false, endpointHost: null, state: "DISABLED" })
    const off = await one.han("sync", "status")
    expect([off.code, off.out.toString()]).toEqual([0, expect.stringContaining("off: `han sync enable` connects this machine to a server\n")])
    one.sender.verify = stopped("PAUSED_AUTH", "the key is revoked")
    expect(await one.han("sync", "status", "--verify")).toMatchObject({ code: 3, err: "han: the key is revoked\n" })
  }, 90_000)

  it("The queue lists what waits and what was refused", async () => {
    const one = await driven()
    expect((await one.han("sync", "queue")).out.toString()).toBe("Nothing waits.\n")
    one.sender.queue = [
      { sessionId: SessionId.make("s-1"), priority: 1, enqueuedAt: at, attempts: 0, nextAttemptAt: at, lastErrorCode: null, state: "pending" },
      { sessionId: SessionId.make("s-2"), priority: 0, enqueuedAt: null, attempts: 3, nextAttemptAt: null, lastErrorCode: "quota", state: "pending" }
    ]
    expect(await one.json("sync", "queue")).toEqual({
      items: [
        { sessionId: "s-1", priority: 1, enqueuedAt: iso, attempts: 0, nextAttemptAt: iso, lastErrorCode: null, state: "pending" },
        { sessionId: "s-2", priority: 0, enqueuedAt: null, attempts: 3, nextAttemptAt: null, lastErrorCode: "quota", state: "pending" }
      ]
    })
    one.sender.queue = one.sender.queue.map((item) => ({ ...item, state: "quarantined" }))
    const { code, out } = await one.han("sync", "queue", "--utc")
    expect([code, out.toString()]).toEqual([4, expect.stringMatching(/s-2 +quarantined +- +3 +- +quota/)])
  }, 60_000)
})

describe("sending", () => {
  it("Sending says what went, and its exit code why something did not", async () => {
    const one = await driven({ sync: () => Effect.succeed({ sent: 1200, sessions: 3, bytes: 45_000, requests: 2 }) })
    expect((await one.han("sync", "all")).out.toString()).toBe("Sent 1,200 lines of 3 sessions, 45.0 kB in 2 requests.\n")
    expect(await one.json("sync", "all")).toEqual({ sent: 1200, sessions: 3, bytes: 45_000, requests: 2 })
    await one.tell({ quarantined: 2 })
    expect(await one.han("sync", "all")).toMatchObject({ code: 4, err: "han: 2 transcripts that the server refused stay here; `han sync queue` says why\n" })
    for (const [state, expected] of [
      ["OFFLINE", 1],
      ["PAUSED_CONFIG", 2],
      ["DISABLED", 2],
      ["PAUSED_AUTH", 3]
    ] as const) {
      one.sender.sync = () => stopped(state, "so it is")
      expect(await one.han("sync", "all")).toMatchObject({ code: expected, err: "han: so it is\n" })
    }
  }, 90_000)

  it("At a terminal the lines that were sent are counted while they go", async () => {
    const one = await driven({ sync: () => Effect.delay(Effect.succeed({ sent: 10, sessions: 1, bytes: 100, requests: 1 }), "1 second") })
    await one.tell({ pendingMessages: 10 })
    const later = setTimeout(() => void one.tell({ pendingMessages: 4 }), 0)
    const { code, screen } = await atTerminal(one, ["sync", "all"], [])
    clearTimeout(later)
    expect([code, screen]).toEqual([0, expect.stringMatching(/of \d+ lines sent[\s\S]*Sent 10 lines of 1 session, 100 B in 1 request\./)])
  }, 60_000)

  it("One session is sent by the beginning of its id, and every list says how far it is", async () => {
    const one = await driven({}, ["08-resume-fork"])
    expect((await one.han("index")).code).toBe(0)
    const first = (await one.json("sessions")) as { readonly sessions: ReadonlyArray<{ readonly id: string }> }
    const [{ id } = { id: "" }] = first.sessions
    expect(first.sessions[0]).not.toHaveProperty("sync")
    expect((await one.han("sessions")).out.toString()).not.toContain("SYNC")
    const asked: Array<string | undefined> = []
    one.sender.sync = (sessionId) => {
      asked.push(sessionId)
      return Effect.succeed({ sent: 0, sessions: 0, bytes: 0, requests: 0 })
    }
    expect((await one.han("sync", "session", id.slice(0, 8))).out.toString()).toBe("Nothing was to be sent.\n")
    expect(asked).toEqual([id])
    expect(await one.han("sync", "session", "nobody")).toMatchObject({ code: 1, err: expect.stringContaining("nobody") })

    const state = { sessionId: SessionId.make(id), reason: "personal", lines: 9, syncedLines: 0, lastSyncedLine: -1, lastAckAt: null }
    one.sender.sessions = [{ ...state, state: "excluded" }]
    expect(await one.han("sync", "session", id)).toMatchObject({ code: 2, err: "han: the session stays on this machine: personal\n" })
    expect((await one.han("sessions")).out.toString()).toMatch(/SYNC[\s\S]*stays here: personal/)
    expect((await one.han("session", id)).out.toString()).toMatch(/sync +stays here: personal, 0 of 9 lines sent/)
    const shape = { state: "excluded", reason: "personal", lines: 9, syncedLines: 0, lastAckAt: null }
    expect(await one.json("session", id)).toMatchObject({ session: { sync: shape } })
    expect(await one.json("sessions")).toMatchObject({ sessions: expect.arrayContaining([expect.objectContaining({ id, sync: shape })]) })
    one.sender.sessions = [{ ...state, state: "quarantined", reason: "session_conflict" }]
    expect(await one.han("sync", "session", id)).toMatchObject({ code: 4, err: expect.stringContaining("session_conflict") })
  }, 90_000)
})

describe("what would go, and what is forgotten", () => {
  it("A dry run writes each request into a file for its owner alone, and nothing into a folder with something in it", async () => {
    const bodies = [Buffer.from("first"), Buffer.from("second")]
    const one = await driven({ dryRun: Stream.fromIterable(bodies) })
    const { code, out } = await one.han("sync", "--dry-run", "would")
    const folder = join(one.directory, "would")
    expect([code, out.toString()]).toEqual([0, `2 requests with 11 B would be sent; ${folder} has them, and nothing was sent.\n`])
    expect(
      readdirSync(folder)
        .sort()
        .map((name) => [name, readFileSync(join(folder, name), "utf8"), statSync(join(folder, name)).mode & 0o777])
    ).toEqual([
      ["request-000001.json.gz", "first", 0o600],
      ["request-000002.json.gz", "second", 0o600]
    ])
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const again = await one.han("sync", "--dry-run", "would")
    expect([again.code, again.err]).toEqual([2, `han: ${folder} cannot be used: there is something in it; name an empty folder, or one that is not there\n`])
    one.sender.dryRun = Stream.empty
    expect((await one.han("sync", "--dry-run")).out.toString()).toBe("Nothing would be sent; nothing was written.\n")
    expect(existsSync(join(one.directory, "han-sync-dry-run"))).toBe(false)
    one.sender.dryRun = Stream.fail(new SyncStopped({ state: "PAUSED_AUTH", code: "revoked_key", message: "the key was revoked" }))
    expect((await one.han("sync", "--dry-run")).code).toBe(3)
  })

  const id = "5b20b5ff-cbe0-4e0e-8dd9-0f2b7dbb5a3a"
  const held = { sessionId: SessionId.make(id), state: "synced" as const, reason: null, lines: 1, syncedLines: 1, lastSyncedLine: 0, lastAckAt: at }
  const withSession = async (given: Partial<Sender> = {}) => {
    const one = await driven({ sessions: [held], ...given })
    const folder = join(one.claude, "projects", "-work-shop")
    mkdirSync(folder, { recursive: true })
    const line = { type: "user", uuid: "u1", timestamp: iso, sessionId: id, cwd: "/work/shop", message: { role: "user", content: "hello" } }
    writeFileSync(join(folder, `${id}.jsonl`), `${JSON.stringify(line)}\n`)
    await one.han("index")
    return one
  }

  it("A session of which a server has a copy is forgotten here and there only when that is said", async () => {
    const one = await withSession()
    const unsaid = await one.han("forget", id, "--yes")
    expect([unsaid.code, unsaid.err]).toEqual([
      2,
      "han: forget: han.example has a copy of it; say --everywhere to remove it there, too, or --local. Nothing was removed\n"
    ])
    expect((await one.han("forget", id, "--everywhere", "--local")).code).toBe(2)
    one.sender.forget = () => stopped("OFFLINE", "the server cannot be reached")
    const offline = await one.han("forget", id, "--everywhere", "--yes")
    expect([offline.code, offline.err]).toEqual([1, "han: the server cannot be reached. Nothing was removed here\n"])
    one.sender.forget = (ids) => Effect.succeed(ids.map((sessionId) => ({ sessionId, outcome: "not_yours" as const })))
    expect((await one.han("forget", id, "--everywhere", "--yes")).code).toBe(4)
    one.sender.forget = (ids) => Effect.succeed(ids.map((sessionId) => ({ sessionId, outcome: "forgotten" as const })))
    const { code, out } = await one.han("forget", id, "--everywhere", "--yes")
    expect([code, out.toString()]).toEqual([0, "1 session removed from han.example.\n1 session with 1 line removed for good.\n"])
  })

  it("At a terminal the copy is asked about by itself, and stays when the answer is no", async () => {
    const one = await withSession()
    const { code, screen } = await atTerminal(
      one,
      ["forget", id],
      [
        ["for good?", "y\r"],
        ["Remove what it has, too?", "n\r"]
      ]
    )
    expect(code).toBe(0)
    expect(screen).toContain("han.example has a copy.")
    expect(screen).not.toContain("removed from han.example")
    expect(one.asked).not.toContain("forget")
  })

  it("Without a copy nothing more is asked, and the server is not", async () => {
    const one = await withSession({ sessions: [] })
    expect((await one.han("forget", id, "--yes")).code).toBe(0)
    expect(one.asked).not.toContain("forget")
  })
})
