import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

const script = fileURLToPath(new URL("../scripts/commits.mjs", import.meta.url))
const check = (...subjects: ReadonlyArray<string>) => {
  const { status, stderr } = spawnSync(process.execPath, [script, ...subjects], { encoding: "utf8" })
  return [status, stderr.split("\n").filter((line) => line !== "")]
}

it("The check of commits passes subjects that begin with a verb in the imperative", () => {
  expect(check("Move the journal of core into a room", "Embed the store", "Pass null on", "x".repeat(72).replace("x", "X"))).toEqual([0, []])
})

it("The check of commits refuses other verb forms, other words, prefixes, full stops and long subjects", () => {
  const bad = ["Moved it", "Moving it", "Moves it", "The journal moves", "What is read", "Hooks: run", "move it", "Move it.", `Move ${"x".repeat(68)}`]
  expect(check(...bad)).toEqual([1, bad.map((subject) => expect.stringContaining(`${subject}: `))])
})
