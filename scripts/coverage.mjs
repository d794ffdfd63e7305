#!/usr/bin/env node
// Line coverage of packages/*/src, by package and room, and in all. Only what runs in the processes of the tests is seen: the programs that tests start
// count for nothing here. Arguments go to vitest. Ends with 1 below the least share.
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { root } from "./installed.mjs"

const leastShare = 0.8
const folder = mkdtempSync(join(tmpdir(), "han-coverage-"))
const options = ["enabled", "provider=istanbul", "reporter=json", `reportsDirectory=${folder}`, "include=packages/*/src/**/*.ts", "reportOnFailure"]
const { status } = spawnSync(process.execPath, [join(root, "scripts/test.mjs"), ...options.map((option) => `--coverage.${option}`), ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit"
})
let files = {}
try {
  files = JSON.parse(readFileSync(join(folder, "coverage-final.json"), "utf8"))
} catch (error) {
  console.error(`There is no report: ${error.message}`)
}
rmSync(folder, { recursive: true, force: true })

const rows = new Map()
const add = (row, lines, covered) => {
  const before = rows.get(row) ?? { lines: 0, covered: 0 }
  rows.set(row, { lines: before.lines + lines, covered: before.covered + covered })
}
for (const { path, s, statementMap } of Object.values(files)) {
  // A line counts as istanbul counts it: when a statement begins on it.
  const hits = new Map()
  for (const [id, { start }] of Object.entries(statementMap)) hits.set(start.line, Math.max(hits.get(start.line) ?? 0, s[id]))
  const covered = [...hits.values()].filter((count) => count > 0).length
  const [, name, , ...room] = dirname(relative(root, path)).split(/[\\/]/)
  for (const row of ["total", name, `${name}/${room.join("/") || "."}`]) add(row, hits.size, covered)
}
const share = ({ covered, lines }) => covered / Math.max(1, lines)
for (const [row, counts] of [...rows].sort(([a], [b]) => (a === "total") - (b === "total") || (a < b ? -1 : 1))) {
  const name = row.includes("/") ? `  ${row.slice(row.indexOf("/") + 1)}` : row
  console.log(`${name.padEnd(28)} ${(100 * share(counts)).toFixed(1).padStart(5)} %  ${counts.covered} of ${counts.lines} lines`)
}
const total = share(rows.get("total") ?? { covered: 0, lines: 0 })
if (total < leastShare) console.error(`less than ${100 * leastShare} % of the lines are covered`)
process.exitCode = status !== 0 ? (status ?? 1) : total < leastShare ? 1 : 0
