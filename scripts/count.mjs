#!/usr/bin/env node
// Lines of code of packages/*/src, without blank lines and comments, by package and room. `count.mjs [ROOT]`: of another tree.
import { readdirSync, readFileSync } from "node:fs"
import { join, relative, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { filesBelow, skeletonOf } from "./skeleton.mjs"

const root = resolve(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)))

/** A line counts that has something outside comments; text in a template counts, too. */
const linesOf = (source) => {
  const code = skeletonOf(source, { keepText: true })
  return code.split("\n").filter((line) => line.trim() !== "").length
}

let total = 0
for (const { name } of readdirSync(join(root, "packages"), { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  const source = join(root, "packages", name, "src")
  const rooms = new Map()
  for (const file of filesBelow(source).filter((path) => /\.[cm]?[jt]sx?$/.test(path))) {
    const room = relative(source, file).split(sep).slice(0, -1).join("/") || "."
    const { files, lines } = rooms.get(room) ?? { files: 0, lines: 0 }
    rooms.set(room, { files: files + 1, lines: lines + linesOf(readFileSync(file, "utf8")) })
  }
  const all = [...rooms.values()].reduce((sum, { files, lines }) => ({ files: sum.files + files, lines: sum.lines + lines }), { files: 0, lines: 0 })
  total += all.lines
  console.log(`${name.padEnd(28)} ${String(all.lines).padStart(6)} lines ${String(all.files).padStart(4)} files`)
  if (rooms.size > 1)
    for (const [room, { files, lines }] of [...rooms].sort(([a], [b]) => (a < b ? -1 : 1)))
      console.log(`  ${room.padEnd(26)} ${String(lines).padStart(6)} lines ${String(files).padStart(4)} files`)
}
console.log(`${"total".padEnd(28)} ${String(total).padStart(6)} lines`)
