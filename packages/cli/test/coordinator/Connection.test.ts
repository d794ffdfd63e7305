import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { socketPath } from "han-core/unstable/CoordinatorSocket"
import * as Home from "han-server/Home"
import { expect, it } from "vitest"
import { compareVersions } from "../../src/coordinator/Connection.ts"
import { logPath } from "../../src/coordinator/HanHome.ts"

it("The connection knows which release is the older one", () => {
  const order = ["0.9.0", "1.0.0-alpha.2", "1.0.0-alpha.10", "1.0.0-beta.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "10.0.0"]
  for (const [i, a] of order.entries()) for (const [j, b] of order.entries()) expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(i - j))
  expect(compareVersions("1.0.0+build.1", "1.0.0+build.2")).toBe(0)
})

it("The client looks for the coordinator where it listens and logs", async () => {
  const directory = mkdtempSync(join(tmpdir(), "han-"))
  const home = await Effect.runPromise(Home.open(directory))
  expect([socketPath(directory), logPath(directory)]).toEqual([home.socket, home.log])
  rmSync(directory, { recursive: true, force: true })
})
