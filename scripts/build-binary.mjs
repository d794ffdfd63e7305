#!/usr/bin/env node
// dist/han, thin, and dist/han-coordinator, which it starts. Both carry Bun.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { bun, requireBun, root } from "./installed.mjs"

requireBun()

const programs = [
  { name: "han", entry: join("packages", "cli", "src", "bin.ts"), more: ["--external", "han-server/*"] },
  { name: "han-coordinator", entry: join("packages", "server", "src", "bin", "coordinator.ts"), more: [] }
]
mkdirSync(join(root, "dist"), { recursive: true })
for (const { name, entry, more } of programs) {
  const outfile = join(root, "dist", process.platform === "win32" ? `${name}.exe` : name)
  if (!existsSync(join(root, entry))) {
    console.error(`${entry} is missing`)
    process.exit(1)
  }
  const { status } = spawnSync(
    bun,
    ["build", "--compile", "--minify", "--bytecode", "--format=esm", "--conditions=han-source", ...more, entry, "--outfile", outfile],
    {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"]
    }
  )
  if (status !== 0) process.exit(status ?? 1)
  console.log(`dist/${name}: ${(statSync(outfile).size / 1e6).toFixed(1)} MB`)
}
