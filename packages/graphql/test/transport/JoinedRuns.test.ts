import { expect, it } from "vitest"
import * as JoinedRuns from "../../src/transport/JoinedRuns.ts"

const never = new AbortController().signal
const deferred = () => {
  let release = () => {}
  const promise = new Promise<void>((resolve) => {
    release = resolve
  })
  return { promise, release }
}

it("a crowd costs two runs, and nobody gets an answer that is older than his question", async () => {
  const shared = JoinedRuns.make<number>()
  let begun = 0
  let value = 1
  const gates = [deferred(), deferred()]
  const work = async () => {
    const seen = value
    await gates[begun++]?.promise
    return seen
  }
  const first = shared.run("a", work, never)
  value = 2
  const rest = Array.from({ length: 7 }, () => shared.run("a", work, never))
  const other = shared.run("b", async () => 9, never)
  expect(await other).toBe(9)
  gates[0]?.release()
  gates[1]?.release()
  expect(await first).toBe(1)
  expect(await Promise.all(rest)).toEqual([2, 2, 2, 2, 2, 2, 2])
  expect(begun).toBe(2)
  value = 3
  expect(await shared.run("a", work, never)).toBe(3)
  expect(begun).toBe(3)
})

it("a failure is told to those who asked for that run, and the next one is made", async () => {
  const shared = JoinedRuns.make<number>()
  const gate = deferred()
  const failing = shared.run(
    "a",
    async () => {
      await gate.promise
      throw new Error("no")
    },
    never
  )
  const next = shared.run("a", async () => 5, never)
  gate.release()
  await expect(failing).rejects.toThrow("no")
  expect(await next).toBe(5)
})

it("a run ends when all who waited for it have gone, and not before", async () => {
  const shared = JoinedRuns.make<number>()
  const gate = deferred()
  const told: Array<string> = []
  const work = async (signal: AbortSignal) => {
    signal.addEventListener("abort", () => told.push("end"))
    await gate.promise
    return 1
  }
  const [a, b, c] = [new AbortController(), new AbortController(), new AbortController()]
  void shared.run("a", work, a.signal)
  void shared.run("a", work, b.signal)
  void shared.run("a", work, c.signal)
  b.abort()
  expect(told).toEqual([])
  a.abort()
  expect(told).toEqual(["end"])
  gate.release()
  expect(await shared.run("a", work, never)).toBe(1)
})
