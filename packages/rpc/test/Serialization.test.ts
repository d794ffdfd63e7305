import { assert, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { ndjson } from "han-rpc/unstable/Serialization"

it("any messages, cut anywhere, arrive whole and in order", () => {
  FastCheck.assert(
    FastCheck.property(
      FastCheck.array(FastCheck.record({ message: FastCheck.jsonValue({ noUnicodeString: false }) }), { maxLength: 6 }),
      FastCheck.array(FastCheck.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
      (messages, steps) => {
        const sender = ndjson.unsafeMake()
        const bytes = Buffer.from(messages.map((message) => sender.encode(message)).join(""))
        const receiver = ndjson.unsafeMake()
        const received: Array<unknown> = []
        for (let at = 0, step = 0; at < bytes.length; step++) {
          const end = at + (steps[step % steps.length] ?? 1)
          received.push(...receiver.decode(bytes.subarray(at, end)))
          at = end
        }
        assert.deepStrictEqual(received, JSON.parse(JSON.stringify(messages)))
      }
    )
  )
})
