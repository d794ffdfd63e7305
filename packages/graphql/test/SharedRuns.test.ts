import { expect, it } from "vitest"
import * as SharedRuns from "../src/SharedRuns.ts"

const deferred = () => {
  let release = () => {}
  const promise = new Promise<void>((resolve) => {
    release = resolve
  })
  return { promise, release }
}

it("a crowd costs two runs, and nobody gets an answer that is older than his question", async () => {
  const shared = SharedRuns.make<number>()
  let begun = 0
  let value = 1
  const gates = [deferred(), deferred()]
  const work = async () => {
    const seen = value
    await gates[begun++]?.promise
    return seen
  }
  const first = shared.run("a", work)
  value = 2
  const rest = Array.from({ length: 7 }, () => shared.run("a", work))
  const other = shared.run("b", async () => 9)
  expect(await other).toBe(9)
  gates[0]?.release()
  gates[1]?.release()
  expect(await first).toBe(1)
  expect(await Promise.all(rest)).toEqual([2, 2, 2, 2, 2, 2, 2])
  expect(begun).toBe(2)
  value = 3
  expect(await shared.run("a", work)).toBe(3)
  expect(begun).toBe(3)
})

it("a failure is told to those who asked for that run, and the next one is made", async () => {
  const shared = SharedRuns.make<number>()
  const gate = deferred()
  const failing = shared.run("a", async () => {
    await gate.promise
    throw new Error("no")
  })
  const next = shared.run("a", async () => 5)
  gate.release()
  await expect(failing).rejects.toThrow("no")
  expect(await next).toBe(5)
})
