import { assert, it } from "@effect/vitest"
import { isTransient, pgError, poolExhausted } from "../../src/database/pgError.ts"

const thrown = (code: string, message: string) => Object.assign(new Error(message), { code })
const secret = 'insert or update on table "transcript" at db.internal:5432/acme violates unique constraint (id)=(secret value)'

const cases: ReadonlyArray<readonly [name: string, cause: unknown, reason: string]> = [
  ["a unique violation", thrown("23505", secret), "failed"],
  ["a bad cast", thrown("22P02", `invalid input syntax for type bigint: "secret value" ${secret}`), "failed"],
  ["a statement that took too long", thrown("57014", `canceling statement due to statement timeout ${secret}`), "busy"],
  ["a deadlock", thrown("40P01", secret), "busy"],
  ["no connection to be had", thrown(poolExhausted, secret), "busy"],
  ["a server that ended", thrown("57P01", secret), "unreachable"],
  ["a refused connection", thrown("ECONNREFUSED", `connect ECONNREFUSED db.internal:5432 ${secret}`), "unreachable"],
  ["a client that lost its connection", new Error(`Client has encountered a connection error and is not queryable ${secret}`), "unreachable"],
  ["a full disk", thrown("53100", secret), "full"],
  ["what no Error is", secret, "failed"]
]

for (const [name, cause, reason] of cases) {
  it(`Whoever asks hears of ${name} without host, database, statement or value`, () => {
    const error = pgError("append", cause, "1a2b3c4d")
    assert.strictEqual(error.reason, reason)
    assert.notMatch(JSON.stringify(error), /secret|internal|5432|acme|insert|transcript|coordinator/)
    assert.include(error.message, "1a2b3c4d")
    if (reason === "busy" || reason === "unreachable") assert.strictEqual(error.retryAfterMs, 2000)
  })
}

it("A transaction is run again after a conflict or a broken connection, and after nothing else", () => {
  assert.deepStrictEqual(
    cases.map(([name, cause]) => [name, isTransient(cause)]).filter(([, transient]) => transient),
    [
      ["a deadlock", true],
      ["a server that ended", true],
      ["a refused connection", true],
      ["a client that lost its connection", true]
    ]
  )
  assert.isTrue(isTransient(thrown("40001", "could not serialize access")))
})
