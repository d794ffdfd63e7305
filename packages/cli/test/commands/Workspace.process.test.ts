import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { ApiKeys, type KeyScope, Slug } from "han-core/Workspaces"
import { graphqlRoute } from "han-server/GraphqlRoute"
import * as TeamServer from "han-server/TeamServer"
import { afterAll, beforeAll, expect, it } from "vitest"
import { freshPgStore } from "../../../../test/postgresStore.ts"
import { type Machine, machine } from "../HanProcess.ts"

const scope = Effect.runSync(Scope.make())
let one: Machine
let endpoint: string
let keyOf: (person: string, scopes?: readonly [KeyScope, ...ReadonlyArray<KeyScope>]) => Promise<string>
beforeAll(async () => {
  one = machine()
  const server = Layer.unwrapScoped(Effect.map(graphqlRoute(), (graphql) => TeamServer.layer({ host: "127.0.0.1", port: 0, graceMs: 100, ...graphql })))
  const services = await Effect.runPromise(Layer.buildWithScope(Layer.provideMerge(server, freshPgStore()), scope))
  endpoint = Context.get(services, TeamServer.TeamServer).url
  keyOf = (person, scopes = ["sync:write", "read", "manage"]) =>
    Effect.runPromise(
      Effect.flatMap(ApiKeys, (keys) =>
        keys.create({
          workspace: Slug.make("acme"),
          person,
          owners: [{ host: "github.com", owner: "acme" }],
          logins: [],
          scopes,
          expiresAt: null,
          encryption: "off"
        })
      ).pipe(
        Effect.map(({ key }) => Redacted.value(key)),
        Effect.provide(services)
      )
    )
}, 120_000)
afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await one.close()
})

const as = (key: string) => {
  const han = async (...args: ReadonlyArray<string>) => {
    const { code, err, out } = await one.hanWith({ HAN_SYNC_ENDPOINT: endpoint, HAN_SYNC_API_KEY: key }, "workspace", ...args)
    return { code, err, out: String(out) }
  }
  const json = async (...args: ReadonlyArray<string>): Promise<ReturnType<typeof JSON.parse>> => {
    const { code, err, out } = await han(...args, "--json")
    expect([code, err]).toEqual([0, ""])
    return JSON.parse(out)
  }
  return { han, json }
}

it("A workspace is looked after from the command line: people, invites, keys, settings, and the log of it all", async () => {
  const [ada, bob] = [as(await keyOf("Ada")), as(await keyOf("Bob"))]
  expect((await ada.json("members")).members.map(({ name, role }: { name: string; role: string }) => [name, role])).toEqual([
    ["Ada", "owner"],
    ["Bob", "member"]
  ])
  expect(await ada.han("members", "Bob", "--role", "analyst")).toMatchObject({ code: 0, out: "Bob is analyst now.\n" })
  expect((await ada.han("members")).out).toMatch(/Bob +analyst/)
  const invite = await ada.json("invite", "--role", "viewer")
  expect(invite).toMatchObject({ code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/), role: "viewer" })
  expect(await bob.han("invite", "--redeem", invite.code)).toMatchObject({ code: 1, err: expect.stringContaining("a member of this workspace already") })
  expect(await ada.han("invite", "--revoke", invite.id)).toMatchObject({ code: 0 })
  const { key, keyId } = await bob.json("keys", "--create", "laptop", "--scopes", "read")
  expect((await as(key).json("members")).members).toHaveLength(2)
  expect(await bob.han("keys", "--revoke", keyId)).toMatchObject({ code: 0 })
  expect(await as(key).han("members")).toMatchObject({ code: 3, err: expect.stringContaining("was revoked") })
  expect(await ada.json("settings", "--name", "ACME", "--texts", "no")).toMatchObject({ slug: "acme", name: "ACME", contentAllowed: false })
  expect((await ada.han("settings")).out).toContain("texts: not taken")
  expect(await ada.han("members", "Bob", "--remove")).toMatchObject({ code: 0 })
  const { entries } = await ada.json("audit", "--limit", "6")
  expect(entries.map(({ action, person }: { action: string; person: string }) => [action, person])).toEqual([
    ["invite.create", "Ada"],
    ["invite.revoke", "Ada"],
    ["key.create", "Bob"],
    ["key.revoke", "Bob"],
    ["workspace.settings", "Ada"],
    ["member.remove", "Ada"]
  ])
  expect((await ada.han("audit")).out).toContain("member.remove")
}, 60_000)

it("What is missing, wrong or not allowed is said in one line with an exit code of its own, and no line holds the key", async () => {
  const reader = await keyOf("Cleo", ["read"])
  const told = async (...argv: ReadonlyArray<string>) => {
    const { code, err, out } = await as(reader).han(...argv)
    expect(`${err}${out}`).not.toContain(reader.slice(17))
    expect(err.trimEnd()).not.toContain("\n")
    return { code, err }
  }
  expect(await told("invite")).toMatchObject({ code: 3, err: expect.stringContaining("manage") })
  expect(await told("members", "Nobody", "--role", "viewer")).toMatchObject({ code: 1, err: expect.stringContaining('"Nobody"') })
  expect(await told("members", "Cleo")).toMatchObject({ code: 2 })
  expect(await told("invite", "--role", "king")).toMatchObject({ code: 2, err: expect.stringContaining("analyst") })
  expect(await one.han("workspace", "members")).toMatchObject({ code: 2, err: expect.stringContaining("HAN_SYNC_ENDPOINT") })
  const away = await one.hanWith({ HAN_SYNC_ENDPOINT: "http://127.0.0.1:1", HAN_SYNC_API_KEY: reader }, "workspace", "members")
  expect(away).toMatchObject({ code: 1, err: expect.stringContaining("does not answer") })
}, 60_000)
