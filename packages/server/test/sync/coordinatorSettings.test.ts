import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as ApiKey from "han-core/ApiKey"
import { folder, mode } from "../../../../test/temporary.ts"
import { coordinatorSettings } from "../../src/sync/coordinatorSettings.ts"

const newKey = Effect.map(ApiKey.make, ({ text }) => Redacted.value(text))
const endpoint = "https://han.example"

/** The settings of a home as each call finds them. `written`: its config.json. */
const home = Effect.map(folder, (path) => {
  const configFile = Path.join(path, "config.json")
  return {
    credentials: Path.join(path, "credentials.json"),
    write: (sync: unknown) => Fs.writeFileSync(configFile, JSON.stringify({ sync })),
    read: (environment: Readonly<Record<string, string>> = {}) =>
      coordinatorSettings({ configFile, home: path, environment: { HOME: "/home/ann", ...environment } }),
    /** As another process finds them. */
    files: () => Fs.readdirSync(path).toSorted()
  }
})

describe("the settings of sync", () => {
  it.scoped("SYN-15: The environment alone is enough, and its key is kept with the identity, for its owner's eyes", () =>
    Effect.gen(function* () {
      const { credentials, files, read } = yield* home
      const key = yield* newKey
      const found = yield* read({ HAN_SYNC_ENDPOINT: `${endpoint}/`, HAN_SYNC_API_KEY: key })
      assert.deepStrictEqual([found.enabled, found.problem, found.remote?.endpoint, found.remote?.isNewClient], [true, null, endpoint, true])
      assert.strictEqual(Redacted.value(found.remote!.apiKey), key)
      assert.deepStrictEqual([files(), mode(credentials)], [["credentials.json"], "600"])
      // Nobody has to say it a second time.
      const later = yield* read({ HAN_SYNC_ENDPOINT: endpoint })
      assert.deepStrictEqual([later.remote?.clientId, Redacted.value(later.remote!.apiKey), later.remote?.isNewClient], [found.remote!.clientId, key, false])
    })
  )

  it.scoped("SYN-15: The environment is stronger than the file, and HAN_SYNC_ENABLED=false switches off what the file switches on", () =>
    Effect.gen(function* () {
      const { read, write } = yield* home
      const [one, other] = [yield* newKey, yield* newKey]
      write({ enabled: true, endpoint, apiKey: one, interval: 60 })
      assert.deepStrictEqual([(yield* read()).enabled, (yield* read()).intervalMs], [true, 60_000])
      for (const no of ["false", "0", "no"]) assert.isFalse((yield* read({ HAN_SYNC_ENABLED: no })).enabled, no)
      assert.isTrue((yield* read({ HAN_SYNC_ENABLED: "" })).enabled)
      const given = yield* read({ HAN_SYNC_ENDPOINT: "https://other.example", HAN_SYNC_API_KEY: other })
      assert.deepStrictEqual([given.remote?.endpoint, Redacted.value(given.remote!.apiKey)], ["https://other.example", other])
      // Switched off in the file, it stays off whatever else the environment says.
      write({ enabled: false, endpoint, apiKey: one })
      assert.isFalse((yield* read({ HAN_SYNC_ENDPOINT: endpoint })).enabled)
      assert.isTrue((yield* read({ HAN_SYNC_ENABLED: "true" })).enabled)
    })
  )

  it.scoped("A setting that is wrong is named with its file and key, and then there is nobody to send to", () =>
    Effect.gen(function* () {
      const { read, write } = yield* home
      const apiKey = yield* newKey
      const wrong: ReadonlyArray<readonly [unknown, string]> = [
        [{ enabled: true, endpoint, apiKey, forceExclude: ["acme/secret", ""] }, "sync.forceExclude"],
        [{ enabled: true, endpoint, apiKey, forceExclude: "acme/secret" }, "sync.forceExclude"],
        [{ enabled: true, endpoint, apiKey, forceExclud: ["acme/secret"] }, "sync.forceExclud"],
        [{ enabled: "yes", endpoint, apiKey }, "sync.enabled"],
        [{ enabled: true, endpoint, apiKey, batchSize: 0 }, "sync.batchSize"],
        [{ enabled: true, endpoint: "http://han.example", apiKey }, "http://han.example"],
        [{ enabled: true, endpoint: "han.example", apiKey }, "han.example"],
        [{ enabled: true, endpoint: "https://ann:secret@han.example", apiKey }, "endpoint"],
        [{ enabled: true, endpoint, apiKey: apiKey.slice(0, -1) }, "API key"]
      ]
      for (const [sync, named] of wrong) {
        write(sync)
        const { problem, remote } = yield* read()
        assert.isNull(remote, JSON.stringify(sync))
        assert.include(problem ?? "", named)
        for (const secret of [apiKey, apiKey.slice(0, -1), "ann:secret"]) assert.notInclude(problem ?? "", secret)
      }
      // What would only let more go is left out, and said.
      write({ enabled: true, endpoint, apiKey, forceInclude: ["acme", "acme/shop"] })
      const { notices, problem, rules } = yield* read()
      assert.deepStrictEqual([problem, rules.forceInclude.map(({ text }) => text), notices.length], [null, ["acme/shop"], 1])
    })
  )

  it.scoped("SYN-23: A damaged memory of who this client is stops it until a person moves it away, and is never written over", () =>
    Effect.gen(function* () {
      const { credentials, read, write } = yield* home
      write({ enabled: true, endpoint, apiKey: yield* newKey })
      const first = yield* read()
      const whole = Fs.readFileSync(credentials, "utf8")
      for (const damaged of ["", whole.slice(0, whole.length / 2), "{}", '{"version":2,"endpoints":{}}', "\0\0\0\0", `${whole}}`]) {
        Fs.writeFileSync(credentials, damaged)
        const { problem, remote } = yield* read()
        assert.deepStrictEqual([remote, Fs.readFileSync(credentials, "utf8")], [null, damaged])
        assert.include(problem ?? "", credentials)
      }
      Fs.writeFileSync(credentials, whole)
      assert.strictEqual((yield* read()).remote?.clientId, first.remote!.clientId)
      Fs.rmSync(credentials)
      const anew = yield* read()
      assert.notStrictEqual(anew.remote?.clientId, first.remote!.clientId)
      assert.isTrue(anew.remote?.isNewClient)
    })
  )

  it.scoped("SYN-23: Each server has an identity of its own, and one that comes back finds its former", () =>
    Effect.gen(function* () {
      const { read, write } = yield* home
      const apiKey = yield* newKey
      const as = (endpoint: string) => {
        write({ enabled: true, endpoint, apiKey })
        return Effect.map(read(), ({ remote }) => [remote!.clientId, Buffer.from(Redacted.value(remote!.clientSecret)).toString("hex")])
      }
      const one = yield* as(endpoint)
      const other = yield* as("https://other.example")
      assert.notStrictEqual(one[0], other[0])
      assert.notStrictEqual(one[1], other[1])
      assert.deepStrictEqual(yield* as(endpoint), one)
    })
  )

  it.scoped("SYN-24: An identity that cannot be written is not used", () =>
    Effect.gen(function* () {
      const { credentials, read, write } = yield* home
      write({ enabled: true, endpoint, apiKey: yield* newKey })
      // A folder stands where the file would be put together.
      Fs.mkdirSync(`${credentials}.${process.pid}`)
      const { problem, remote } = yield* read()
      assert.deepStrictEqual([remote, Fs.existsSync(credentials)], [null, false])
      assert.include(problem ?? "", "cannot be written")
      Fs.rmdirSync(`${credentials}.${process.pid}`)
      assert.isNotNull((yield* read()).remote)
    })
  )
})
