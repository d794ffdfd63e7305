import { assert, it } from "@effect/vitest"
import { MessageKind } from "han-core/Message"
import { kindNumber, kindNumbers, kindOfNumber } from "../../src/readmodels/messageKey.ts"

it("Every kind of message keeps the number that databases have for it", () => {
  assert.deepStrictEqual(kindNumbers, {
    prompt: 0,
    machine: 1,
    command: 2,
    output: 3,
    interrupt: 4,
    meta: 5,
    compaction: 6,
    "tool-result": 7,
    answer: 8,
    "tool-call": 9,
    system: 10,
    attachment: 11,
    summary: 12,
    queue: 13,
    title: 14,
    snapshot: 15,
    progress: 16,
    han: 17,
    unrecognized: 18,
    unreadable: 19
  })
})

it("A kind is read back from its number", () => {
  for (const kind of MessageKind.literals) assert.strictEqual(kindOfNumber(kindNumber(kind)), kind)
})

it("A number that this version does not know is an unrecognized message", () => {
  assert.strictEqual(kindOfNumber(99), "unrecognized")
})
