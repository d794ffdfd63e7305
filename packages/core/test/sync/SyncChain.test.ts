import { createHash, createHmac } from "node:crypto"
import * as fc from "fast-check"
import { chained, checksumOf, contentHashOf, digestOf, noChain, withheldLine } from "han-core/unstable/SyncChain"
import { expect, it } from "vitest"

const secret = new Uint8Array(32).fill(7)
const bytes = (text: string) => new TextEncoder().encode(text)

it("A line's hash is the HMAC of its bytes under the client's secret, and tells another line, payload and client", () => {
  const hash = contentHashOf(secret, { bytes: bytes("a line") })
  expect(hash).toBe(createHmac("sha256", secret).update("a line").digest("hex"))
  const others = [
    contentHashOf(secret, { bytes: bytes("a line ") }),
    contentHashOf(secret, { bytes: bytes("a line"), payload: bytes("") }),
    contentHashOf(secret, { bytes: bytes("a line"), payload: bytes("large") }),
    contentHashOf(secret, { bytes: bytes("a linelarge") }),
    contentHashOf(new Uint8Array(32).fill(8), { bytes: bytes("a line") })
  ]
  expect(new Set([hash, ...others]).size).toBe(6)
})

it("A chain is SHA-256 over the 32 bytes before and the 32 of the line, from 32 zero bytes on", () => {
  const hash = createHash("sha256").update("x").digest()
  expect(chained(noChain, hash.toString("hex"))).toBe(
    createHash("sha256")
      .update(Buffer.concat([Buffer.alloc(32), hash]))
      .digest("hex")
  )
})

it("Chains of different lines, and of the same lines in another order, differ", () => {
  const hashes = fc.array(
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map((raw) => Buffer.from(raw).toString("hex")),
    { maxLength: 6 }
  )
  const chainOf = (all: ReadonlyArray<string>) => all.reduce(chained, noChain)
  fc.assert(fc.property(hashes, hashes, (one, two) => (chainOf(one) === chainOf(two)) === (one.join() === two.join())))
})

it("A checksum covers the messages of all sessions in their order, and the client", () => {
  const session = (...hashes: ReadonlyArray<string>) => ({ messages: hashes.map((contentHash) => ({ contentHash })) as never })
  const [a, b] = ["a".repeat(64), "b".repeat(64)] as const
  expect(checksumOf("c", [session(a), session(b)])).toBe(createHash("sha256").update(`${a}${b}c`).digest("hex"))
  expect(checksumOf("c", [])).toBe(createHash("sha256").update("c").digest("hex"))
  expect(checksumOf("c", [session(b, a)])).not.toBe(checksumOf("c", [session(a, b)]))
})

it("A digest is the same in whatever order positions come, also from an iterator that can be walked once", () => {
  const positions = [
    { generationId: "g2", lines: 3, chain: "b".repeat(64) },
    { generationId: "g1", lines: 2, chain: "a".repeat(64) }
  ]
  const expected = {
    transcripts: 2,
    lines: 5,
    hash: createHash("sha256")
      .update(`g1 2 ${"a".repeat(64)}\ng2 3 ${"b".repeat(64)}\n`)
      .digest("hex")
  }
  expect(digestOf(positions)).toEqual(expected)
  expect(digestOf(positions.toReversed())).toEqual(expected)
  expect(digestOf(new Map(positions.entries()).values())).toEqual(expected)
})

it("The line in the place of one that stayed at home says why and how large it was", () => {
  expect(withheldLine({ bytes: 5, reason: "refused" })).toBe('{"type":"han-withheld","reason":"refused","bytes":5}')
})
