#!/usr/bin/env node
// All tests, on Bun and a real PostgreSQL. Arguments go to vitest. The last line is "N passed, N failed".
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { constants, tmpdir } from "node:os"
import { join } from "node:path"
import { bun, requireBun, requirePostgres, root } from "./installed.mjs"

requireBun()
requirePostgres()

const folder = mkdtempSync(join(tmpdir(), "han-test-"))
const countsFile = join(folder, "counts.json")
const vitest = spawn(
  bun,
  [
    "--bun",
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=./scripts/count-reporter.mjs",
    ...process.argv.slice(2)
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, HAN_TEST_COUNTS: countsFile }
  }
)
// A terminal tells vitest about Ctrl-C by itself; this process stays to report.
process.on("SIGINT", () => {})
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => vitest.kill(signal))

vitest.on("close", (code, signal) => {
  const status = code ?? 128 + (constants.signals[signal] ?? 0)
  let counts = { passed: 0, failed: 0, skipped: 0 }
  try {
    counts = JSON.parse(readFileSync(countsFile, "utf8"))
  } catch {
    console.error("The tests ended before they were counted.")
  }
  rmSync(folder, { recursive: true, force: true })
  const failed = status === 0 ? counts.failed : Math.max(counts.failed, 1)
  console.log(`${counts.passed} passed, ${failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""}`)
  process.exitCode = status === 0 && failed > 0 ? 1 : status
})
