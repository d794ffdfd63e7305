import * as Zlib from "node:zlib"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { gunzipOne } from "../../src/team/gunzipOne.ts"

const opened = (bytes: Uint8Array, maxBytes = 1_000_000) =>
  Effect.runPromise(Effect.either(gunzipOne(bytes, maxBytes))).then((answer) => (Either.isLeft(answer) ? answer.left : Buffer.from(answer.right)))

it("One whole member gives its bytes, whatever these are", () =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 0, max: 9 }), async (bytes, level) => {
      expect(await opened(Zlib.gzipSync(bytes, { level }))).toEqual(Buffer.from(bytes))
    }),
    { numRuns: 50 }
  ))

it("A header may have a name, a comment, more fields and its own checksum", async () => {
  const plain = Zlib.gzipSync("the content")
  const header = Buffer.from(plain.subarray(0, 10))
  header[3] = 2 + 4 + 8 + 16
  const parts = [Buffer.from([3, 0, 1, 2, 3]), Buffer.from("name\0"), Buffer.from("comment\0"), Buffer.from([9, 9])]
  expect(String(await opened(Buffer.concat([header, ...parts, plain.subarray(10)])))).toBe("the content")
  for (let end = 0; end < 10 + Buffer.concat(parts).length; end++) expect(await opened(Buffer.concat([header, ...parts]).subarray(0, end))).toBe("encoding")
})

it("What is cut off anywhere, or has anything behind it, is no whole member", async () => {
  const whole = Zlib.gzipSync("the content ".repeat(100))
  for (let end = 0; end < whole.length; end++) expect(await opened(whole.subarray(0, end))).toBe("encoding")
  for (const more of [Buffer.from([0]), Zlib.gzipSync("second"), Buffer.alloc(8)]) expect(await opened(Buffer.concat([whole, more]))).toBe("encoding")
})

it("Damaged bytes, a wrong checksum or length, and what is no gzip are refused", async () => {
  const whole = Zlib.gzipSync("the content ".repeat(100))
  for (const place of [0, 1, 2, 3, whole.length - 8, whole.length - 1]) {
    const damaged = Buffer.from(whole)
    damaged[place] = damaged[place]! ^ 0xff
    expect([place, await opened(damaged)]).toEqual([place, "encoding"])
  }
  expect(await opened(Buffer.from('{"version":"1.0"}'))).toBe("encoding")
  expect(await opened(Zlib.deflateSync("zlib, and not gzip"))).toBe("encoding")
})

it("What comes out is bounded to the byte", async () => {
  const bytes = Buffer.alloc(100_000)
  expect(await opened(Zlib.gzipSync(bytes), 100_000)).toEqual(bytes)
  expect(await opened(Zlib.gzipSync(bytes), 99_999)).toBe("too_large")
  const liar = Buffer.concat([Zlib.gzipSync(bytes).subarray(0, -4), Buffer.from([16, 0, 0, 0])])
  expect(await opened(liar)).toBe("encoding")
})
