import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { binaries } from "../../../../test/binaries.ts"
import { folder, mode } from "../../../../test/temporary.ts"
import { get, logOf, run, served } from "./hanServer.ts"

const keyFor = (place: string, person: string) =>
  Effect.promise(() => run(["keys", "create", "--embedded", place, "--workspace", "acme", "--person", person, "--owner", "github.com/acme", "--json"], {}))
const postmasterOf = (place: string) => Number(Fs.readFileSync(Path.join(place, "data", "postmaster.pid"), "utf8").split("\n")[0])
/** Not there is also a process that has ended, and that nobody has asked about yet. */
const isThere = (pid: number) => {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const status = `/proc/${pid}/status`
  return !Fs.existsSync(status) || !/^State:\s+Z/m.test(Fs.readFileSync(status, "utf8"))
}
const gone = (pid: number) => Effect.iterate(true, { while: (there) => there, body: () => Effect.as(Effect.sleep("20 millis"), isThere(pid)) })

/** A folder that PostgreSQL's account may reach. */
const closedFolder = Effect.map(folder, (path) => {
  Fs.chmodSync(path, 0o755)
  return Path.join(path, "team")
})

it("A server with a database of its own keeps it for the next start, and takes over from one that was killed", () =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const place = yield* closedFolder
        expect(yield* keyFor(place, "Ada")).toMatchObject({ code: 1, out: "", err: expect.stringContaining("han-server serve --embedded") })

        const first = yield* served(["--embedded", place], {})
        expect(yield* get(`${first.url}/ready`)).toMatchObject({ status: 200 })
        expect([mode(place), mode(Path.join(place, "data")), mode(Path.join(place, "password"))]).toEqual(["700", "700", "600"])
        const one = yield* keyFor(place, "Ada")
        expect(one).toMatchObject({ code: 0, err: "" })
        const second = yield* Effect.promise(() => run(["serve", "--embedded", place], { HAN_ENCRYPTION: "off", HAN_PORT: "0" }))
        expect(second).toMatchObject({ code: 1, err: expect.stringContaining("another han-server uses") })
        const database = postmasterOf(place)
        first.process.kill("SIGTERM")
        expect(yield* Effect.promise(() => first.ended)).toMatchObject({ code: 0, err: "" })
        expect(isThere(database)).toBe(false)
        const secret = Fs.readFileSync(Path.join(place, "password"), "utf8")
        expect(first.out()).not.toContain(secret)

        // A note of a database that is gone, with the number of a process that is another.
        Fs.writeFileSync(Path.join(place, "data", "postmaster.pid"), `${process.pid}\n${Path.join(place, "data")}\n1\n1\n\n127.0.0.1\n`)
        const third = yield* served(["--embedded", place], {})
        const again = yield* keyFor(place, "Ada")
        expect(JSON.parse(again.out).person).toBe(JSON.parse(one.out).person)
        expect(Fs.readFileSync(Path.join(place, "password"), "utf8")).toBe(secret)

        const left = postmasterOf(place)
        third.process.kill("SIGKILL")
        yield* Effect.promise(() => third.ended)
        expect(isThere(left)).toBe(true)
        const fourth = yield* served(["--embedded", place], {})
        expect(isThere(left)).toBe(false)
        expect(JSON.parse((yield* keyFor(place, "Ada")).out).person).toBe(JSON.parse(one.out).person)

        const broken = postmasterOf(place)
        process.kill(broken, "SIGQUIT")
        const { code, out } = yield* Effect.promise(() => fourth.ended)
        expect(code).toBe(1)
        expect(logOf(out).map(({ message }) => message)).toContain("the embedded PostgreSQL ended")
        yield* gone(broken)
      })
    )
  ))

it("The compiled program does not carry a database, and says what to do without", () =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const place = yield* closedFolder
        const { status, stderr } = spawnSync(Path.join(binaries, "han-server"), ["serve", "--embedded", place], {
          env: { HAN_ENCRYPTION: "off", HAN_PORT: "0" },
          encoding: "utf8"
        })
        expect(status).toBe(1)
        expect(stderr).toContain("set DATABASE_URL")
      })
    )
  ))

it("A folder with something else in it is refused, and left as it is", () =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const place = yield* closedFolder
        Fs.mkdirSync(place)
        Fs.writeFileSync(Path.join(place, "thesis.txt"), "mine")
        const told = yield* Effect.promise(() => run(["serve", "--embedded", place], { HAN_ENCRYPTION: "off", HAN_PORT: "0" }))
        expect(told).toMatchObject({ code: 1, err: expect.stringContaining("thesis.txt") })
        expect(Fs.readdirSync(place)).toEqual(["thesis.txt"])
      })
    )
  ))
