import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import pg from "pg"
import { expect, it } from "vitest"
import { createDatabase } from "../../../../test/postgresDatabase.ts"
import { createStoreDatabase } from "../../../../test/postgresStore.ts"
import { get, logOf, run, served } from "./hanServer.ts"

const database = (make: Promise<{ readonly url: string; readonly drop: () => Promise<void> }>) =>
  Effect.acquireRelease(
    Effect.promise(() => make),
    ({ drop }) => Effect.promise(drop)
  )
const said = (url: string, text: string) =>
  Effect.promise(async () => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  })
const running = <A>(effect: Effect.Effect<A, never, import("effect/Scope").Scope>) => Effect.runPromise(Effect.scoped(effect))

it("A server on a migrated database is up and ready, has nothing elsewhere, and ends with a signal", () =>
  running(
    Effect.gen(function* () {
      const { url } = yield* database(createStoreDatabase("served"))
      const server = yield* served([], { DATABASE_URL: url, HAN_PUBLIC_URL: "https://han.example.org" })
      expect(yield* get(`${server.url}/ready`)).toMatchObject({ status: 200, body: { status: "ready" } })
      const health = yield* get(`${server.url}/health`)
      expect(health).toMatchObject({ status: 200, body: { name: "han-server", status: "ok", version: expect.any(String) } })
      const nothing = yield* get(`${server.url}/api/nothing?key=secret-in-the-query`)
      expect(nothing).toMatchObject({ status: 404, body: { code: "not_found", message: expect.any(String) } })
      for (const { headers } of [health, nothing])
        expect(["x-content-type-options", "referrer-policy", "strict-transport-security"].map((name) => headers.get(name))).toEqual([
          "nosniff",
          "no-referrer",
          "max-age=31536000"
        ])
      for (;;) {
        const { body } = yield* get(`${server.url}/health`)
        if ((body as { announcements: string }).announcements === "notifications") break
      }
      server.process.kill("SIGTERM")
      const { code, err, out } = yield* Effect.promise(() => server.ended)
      expect({ code, err }).toEqual({ code: 0, err: "" })
      expect(logOf(out).map(({ message, path }) => path ?? message)).toEqual(["listening", "/api/nothing", "stopping"])
      expect(out).not.toContain("secret-in-the-query")
      expect(out).not.toContain(new URL(url).password)
    })
  ))

it("A server does not start on a database without tables, says what makes them, and that makes them", () =>
  running(
    Effect.gen(function* () {
      const { drop, url } = yield* database(createDatabase("empty"))
      const refused = yield* Effect.promise(() => run(["serve"], { DATABASE_URL: url, HAN_ENCRYPTION: "off", HAN_PORT: "0" }))
      expect(refused).toMatchObject({ code: 1, out: "" })
      expect(refused.err).toContain("han-server migrate")
      expect(refused.err).not.toContain(new URL(url).password)
      expect(yield* Effect.promise(() => run(["migrate"], { HAN_DATABASE_MIGRATE_URL: url }))).toMatchObject({ code: 0, err: "" })
      const server = yield* served([], { DATABASE_URL: url })
      expect(yield* get(`${server.url}/ready`)).toMatchObject({ status: 200 })
      /** What it says when it has looked again. */
      const notReady = (message: string) =>
        Effect.gen(function* () {
          for (;;) {
            const { body, status } = yield* get(`${server.url}/ready`)
            const said = body as { readonly code?: string; readonly message?: string }
            if (status === 503 && said.code === "not_ready" && said.message?.includes(message)) return
            yield* Effect.sleep("50 millis")
          }
        })
      yield* said(url, "DELETE FROM han.han_migration")
      yield* notReady("run `han-server migrate`")
      yield* said(url, "INSERT INTO han.han_migration (id, name) VALUES (1000, 'of tomorrow')")
      yield* notReady("a newer han-server")
      yield* Effect.promise(drop)
      yield* notReady("the database does not answer")
      expect(yield* get(`${server.url}/health`)).toMatchObject({ status: 200 })
    })
  ))

it("Keys are made beside a server, are printed once, and neither the database nor the log has them", () =>
  running(
    Effect.gen(function* () {
      const { url } = yield* database(createStoreDatabase("keys"))
      const server = yield* served([], { DATABASE_URL: url })
      const create = (...more: ReadonlyArray<string>) =>
        Effect.promise(() =>
          run(
            [
              "keys",
              "create",
              "--workspace",
              "acme",
              "--person",
              "Ada",
              "Lovelace",
              "--owner",
              "github.com/Acme",
              "gitlab.com/acme/tools",
              "--login=github.com/ada",
              ...more
            ],
            {
              DATABASE_URL: url
            }
          )
        )
      const first = yield* create()
      expect(first.code).toBe(0)
      expect(first.out).toMatch(/^han_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}\n$/)
      expect(first.err).toContain("made the workspace acme")
      const second = yield* create("--json", "--scopes", "read", "--expires", "30d")
      const made: { readonly key: string; readonly scopes: unknown; readonly expiresAt: string } = JSON.parse(second.out)
      expect(second).toMatchObject({ code: 0, err: "" })
      expect(Object.keys(made)).toEqual(["key", "keyId", "workspace", "person", "scopes", "expiresAt"])
      expect(made.scopes).toEqual(["read"])
      const days = (Date.parse(made.expiresAt) - Date.now()) / 86_400_000
      expect(days).toBeGreaterThan(29)
      expect(days).toBeLessThanOrEqual(30)
      expect(yield* said(url, "SELECT (SELECT COUNT(*) FROM han.person)::int AS people, (SELECT COUNT(*) FROM han.api_key)::int AS keys")).toEqual([
        { people: 1, keys: 2 }
      ])
      expect(yield* said(url, "SELECT host || '/' || owner AS name FROM han.workspace_owner ORDER BY 1")).toEqual([
        { name: "github.com/acme" },
        { name: "gitlab.com/acme/tools" }
      ])
      const [{ dump }] = yield* said(url, "SELECT schema_to_xml('han', true, true, '')::text AS dump")
      for (const key of [first.out.trim(), made.key]) {
        const secret = key.slice(17, 60)
        expect(dump).toContain(key.slice(4, 16))
        for (const form of [secret, Buffer.from(secret).toString("base64").slice(0, 40), Buffer.from(secret).toString("hex")]) expect(dump).not.toContain(form)
        expect(`${server.out()}${first.err}${second.err}`).not.toContain(secret)
      }
    })
  ))

it("What is missing or wrong in the environment ends every command with 2 and its name, before it listens, and its value is not said", () =>
  running(
    Effect.gen(function* () {
      const good = { DATABASE_URL: "postgres://u:hunter2-password@127.0.0.1:1/d", HAN_ENCRYPTION: "off", HAN_PORT: "0" }
      const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>, Readonly<Record<string, string>>]> = [
        ["DATABASE_URL", ["serve"], { HAN_ENCRYPTION: "off" }],
        ["DATABASE_URL", ["serve"], { ...good, DATABASE_URL: "mysql://u:hunter2-password@h/d" }],
        ["DATABASE_URL", ["serve", "--embedded", "/tmp/never"], good],
        ["DATABASE_URL", ["keys", "create", "--workspace", "a", "--person", "b"], {}],
        ["HAN_DATABASE_MIGRATE_URL", ["migrate"], {}],
        ["HAN_DATABASE_JOBS_URL", ["serve"], { ...good, HAN_DATABASE_JOBS_URL: "hunter2-password" }],
        ["HAN_ENCRYPTION", ["serve"], { ...good, HAN_ENCRYPTION: "" }],
        ["HAN_ENCRYPTION", ["serve"], { ...good, HAN_ENCRYPTION: "content" }],
        ["HAN_KEKS", ["serve"], { ...good, HAN_KEKS: "k1:hunter2-password" }],
        ["HAN_KEKS", ["keys", "create", "--workspace", "a", "--person", "b"], { ...good, HAN_KEKS: "k1:hunter2-password" }],
        ["HAN_PORT", ["serve"], { ...good, HAN_PORT: "70000" }],
        ["PORT", ["serve"], { ...good, PORT: "http" }],
        ["HAN_HOST", ["serve"], { ...good, HAN_HOST: "http://here" }],
        ["HAN_PUBLIC_URL", ["serve"], { ...good, HAN_PUBLIC_URL: "http://han.example.org" }],
        ["HAN_PUBLIC_URL", ["serve"], { ...good, HAN_PUBLIC_URL: "https://han.example.org/path" }],
        ["HAN_TRUSTED_PROXIES", ["serve"], { ...good, HAN_TRUSTED_PROXIES: "10.0.0.0/8,somewhere" }]
      ]
      for (const [name, argv, variables] of cases) {
        const told = yield* Effect.promise(() => run(argv, variables))
        expect([name, told.code, told.out]).toEqual([name, 2, ""])
        expect(told.err).toMatch(new RegExp(`^han-server: ${name} `))
        expect(told.err).not.toContain("hunter2-password")
      }
    })
  ))

it("A command line that is not understood ends with 2 and the usage, and help and version are said", async () => {
  for (const argv of [
    [],
    ["start"],
    ["keys"],
    ["serve", "--port", "1"],
    ["keys", "create", "--workspace", "Acme Inc", "--person", "x"],
    ["migrate", "--embedded", "x"]
  ]) {
    const told = await run(argv, {})
    expect([argv, told.code, told.out]).toEqual([argv, 2, ""])
    expect(told.err).toContain("han-server keys create")
  }
  expect(await run(["--help"], {})).toMatchObject({ code: 0, err: "", out: expect.stringContaining("han-server serve [--embedded DIR]") })
  const script = fileURLToPath(new URL("../../bin/han-server.mjs", import.meta.url))
  expect(spawnSync("node", [script, "--version"], { encoding: "utf8" })).toMatchObject({ status: 0, stdout: expect.stringMatching(/^han-server \d/) })
})

it("A server that others can reach warns while no https address is known, and none that only this machine can reach does", () =>
  running(
    Effect.gen(function* () {
      const { url } = yield* database(createStoreDatabase("warned"))
      const warnings = (variables: Readonly<Record<string, string>>) =>
        Effect.scoped(
          Effect.gen(function* () {
            const server = yield* served([], { DATABASE_URL: url, ...variables })
            server.process.kill("SIGTERM")
            return logOf((yield* Effect.promise(() => server.ended)).out).filter(({ level }) => level === "warn").length
          })
        )
      expect(yield* warnings({})).toBe(0)
      expect(yield* warnings({ HAN_HOST: "0.0.0.0" })).toBe(1)
      expect(yield* warnings({ HAN_HOST: "0.0.0.0", HAN_PUBLIC_URL: "https://han.example.org" })).toBe(0)
    })
  ))
