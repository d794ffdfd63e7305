import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as fc from "fast-check"
import * as ApiKey from "han-core/ApiKey"
import { expect, it } from "vitest"

const made = () => Effect.runSync(ApiKey.make)
const parsed = (text: string) => ApiKey.parse(Redacted.make(text))

it("A new key has the form han_12_43_6 in base 62, is read back, and tells its id", () => {
  for (let time = 0; time < 200; time++) {
    const key = made()
    const text = Redacted.value(key.text)
    expect(text).toMatch(/^han_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/)
    expect(Option.getOrThrow(parsed(text)).keyId).toBe(key.keyId)
    expect(text.slice(4, 16)).toBe(key.keyId)
  }
})

it("The checksum of a key is the CRC-32 of all before it, the last underscore included, in base 62", () => {
  const body = "han_0123456789AB_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg_"
  // By another program (Python's zlib.crc32), as are its digits.
  expect(Option.isSome(parsed(`${body}2btBBh`))).toBe(true)
  expect(Option.isSome(parsed(`${body}000000`))).toBe(false)
})

it("A key in which one character was changed, left out, added or swapped with its neighbour is refused", () => {
  const letters = [..."0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_- \n"]
  fc.assert(
    fc.property(fc.constantFrom("change", "drop", "add", "swap"), fc.nat({ max: 66 }), fc.constantFrom(...letters), (how, place, letter) => {
      const text = Redacted.value(made().text)
      const at = place % text.length
      const [before, rest] = [text.slice(0, at), text.slice(at)]
      const damaged =
        how === "change"
          ? `${before}${letter}${rest.slice(1)}`
          : how === "drop"
            ? `${before}${rest.slice(1)}`
            : how === "add"
              ? `${before}${letter}${rest}`
              : `${before}${rest.charAt(1)}${rest.charAt(0)}${rest.slice(2)}`
      expect(Option.isSome(parsed(damaged))).toBe(damaged === text)
    }),
    { numRuns: 2000 }
  )
})

it("A text of any other form is no key", () => {
  fc.assert(fc.property(fc.string(), (text) => Option.isNone(parsed(text))))
  for (const text of ["", "han_", `${Redacted.value(made().text)}\n`, ` ${Redacted.value(made().text)}`, Redacted.value(made().text).toUpperCase()])
    expect(Option.isNone(parsed(text))).toBe(true)
})

it("The hash of a key is that of its whole text, so that neither another secret nor another checksum has it", () => {
  const [one, other] = [made(), made()]
  expect(ApiKey.hashOf(one)).toHaveLength(32)
  expect(ApiKey.hasHash(one, ApiKey.hashOf(one))).toBe(true)
  expect(ApiKey.hasHash(one, ApiKey.hashOf(other))).toBe(false)
  expect(ApiKey.hasHash(one, ApiKey.hashOf(one).subarray(1))).toBe(false)
})

it("A key is not shown when it is printed with what holds it", () => {
  const key = made()
  const secret = Redacted.value(key.text).slice(17, 60)
  for (const shown of [String(key.text), JSON.stringify(key), `${Bun.inspect(key)}`]) expect(shown).not.toContain(secret)
})
