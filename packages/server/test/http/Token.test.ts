import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { folder, mode } from "../../../../test/temporary.ts"
import * as Token from "../../src/http/Token.ts"

it.scopedLive("The token is made once, for its owner alone", () =>
  Effect.gen(function* () {
    const path = Path.join(yield* folder, "token")
    const { isRight, value } = yield* Token.open(path)
    assert.match(value, /^[0-9a-f]{64}$/)
    assert.strictEqual(mode(path), "600")
    assert.strictEqual(Fs.readFileSync(path, "utf8"), `${value}\n`)
    assert.deepStrictEqual(Fs.readdirSync(Path.dirname(path)), ["token"])
    assert.strictEqual((yield* Token.open(path)).value, value)
    assert.notStrictEqual((yield* Token.open(Path.join(yield* folder, "token"))).value, value)
    assert.deepStrictEqual([value, "", `${value}\n`, value.slice(1), value.toUpperCase(), "\ud800", "x".repeat(1e6)].map(isRight), [
      true,
      false,
      false,
      false,
      /^[0-9]*$/.test(value),
      false,
      false
    ])
  })
)

it.scopedLive("A token file that others may read is closed again, and one that holds no token is made anew", () =>
  Effect.gen(function* () {
    const path = Path.join(yield* folder, "token")
    const { value } = yield* Token.open(path)
    Fs.chmodSync(path, 0o644)
    assert.strictEqual((yield* Token.open(path)).value, value)
    assert.strictEqual(mode(path), "600")
    for (const text of ["", "\n", "short", value.slice(1), `${value}${value}`]) {
      Fs.writeFileSync(path, text)
      const made = yield* Token.open(path)
      assert.match(made.value, /^[0-9a-f]{64}$/)
      assert.notStrictEqual(made.value, value)
      assert.deepStrictEqual([mode(path), Fs.readFileSync(path, "utf8")], ["600", `${made.value}\n`])
    }
  })
)

it.scopedLive("A token file is refused where it would be somebody else's", () =>
  Effect.gen(function* () {
    const directory = yield* folder
    const path = Path.join(directory, "token")
    const elsewhere = Path.join(directory, "elsewhere")
    Fs.writeFileSync(elsewhere, `${"0".repeat(64)}\n`)
    Fs.symlinkSync(elsewhere, path)
    assert.include((yield* Effect.flip(Token.open(path))).message, `${path} is in the way and is no file`)
    assert.strictEqual(Fs.readFileSync(elsewhere, "utf8"), `${"0".repeat(64)}\n`)
    if (process.getuid?.() !== 0) return
    Fs.rmSync(path)
    Fs.chownSync(elsewhere, 4711, 4711)
    assert.include((yield* Effect.flip(Token.open(elsewhere))).message, "belongs to another user")
  })
)
