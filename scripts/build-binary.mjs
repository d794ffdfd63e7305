#!/usr/bin/env node
// dist/han, thin, dist/han-coordinator, which it starts, and dist/han-server, the team server. All carry Bun. `build-binary.mjs [FOLDER [NAME…]]`: in another folder, only these.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, statSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import { bun, requireBun, root } from "./installed.mjs"

requireBun()

/** What a program carries beside its code; see packages/server/src/http/Dashboard.ts. */
const pages = join("packages", "server", "dashboard", "dashboard.pages")
/** Modules that `han` has from its packages alone; compiled it starts han-coordinator for them. */
const elsewhere = ["coordinator", "restoreBackup", "serve"]
const programs = [
  // Split, so that a call of a hook does not even read what the other commands are made of.
  {
    name: "han",
    entry: join("packages", "cli", "src", "hookEntry.ts"),
    more: ["--splitting", ...elsewhere.flatMap((name) => ["--external", `han-server/unstable/${name}`])]
  },
  { name: "han-coordinator", entry: join("packages", "server", "src", "bin", "coordinator.ts"), more: [pages] },
  // PostgreSQL's driver has a form in C, which is not used.
  { name: "han-server", entry: join("packages", "server", "src", "bin", "team-server.ts"), more: ["--external", "pg-native", pages] }
]
// The folder that a program is called in may be anybody's: no bunfig.toml there may name a program to run first, no .env what it is told.
const alone = ["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"]
// Bun ends a compiled program before its first line when its folder was removed. By this name of it, which a folder without a name has too, it does not.
const anywhere = process.platform === "linux" ? ["--compile-exec-argv=--cwd=/proc/self/cwd"] : []
const [folder = join(root, "dist"), ...asked] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
if (asked.length === 0 || asked.some((name) => name !== "han")) {
  const { status } = spawnSync(process.execPath, [join(root, "scripts", "build-dashboard.mjs"), "--if-changed"], { stdio: ["ignore", "ignore", "inherit"] })
  if (status !== 0) process.exit(status ?? 1)
}
for (const { name, entry, more } of programs) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const outfile = resolve(folder, process.platform === "win32" ? `${name}.exe` : name)
  if (!existsSync(join(root, entry))) {
    console.error(`${entry} is missing`)
    process.exit(1)
  }
  const { status } = spawnSync(
    bun,
    ["build", "--compile", "--minify", "--bytecode", "--format=esm", "--conditions=han-source", ...alone, ...anywhere, entry, ...more, "--outfile", outfile],
    {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"]
    }
  )
  if (status !== 0) process.exit(status ?? 1)
  console.log(`${relative(root, outfile)}: ${(statSync(outfile).size / 1e6).toFixed(1)} MB`)
}
