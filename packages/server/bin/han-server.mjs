#!/usr/bin/env node
// Plain Node, so that `npx han-server` works wherever npm does: finds Bun, runs the team server on it, and is otherwise not there.
import { spawn } from "node:child_process"
import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { devNull } from "node:os"
import { delimiter, dirname, join, sep } from "node:path"
import { fileURLToPath } from "node:url"

const here = dirname(realpathSync(fileURLToPath(import.meta.url)))
const folder = dirname(here)
const executable = process.platform === "win32" ? "bun.exe" : "bun"

// What npm leaves in place of Bun when it may not run install scripts is a text of a few hundred bytes.
const isProgram = (path) => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).size > 1_000_000
  } catch {
    return false
  }
}

const packageFolder = (name, from) => {
  try {
    return dirname(createRequire(join(from, "package.json")).resolve(`${name}/package.json`))
  } catch {
    return undefined
  }
}

function* candidates() {
  const bun = packageFolder("bun", folder)
  if (bun !== undefined) {
    yield join(bun, "bin", "bun.exe")
    const arch = process.arch === "arm64" ? "aarch64" : process.arch
    const glibc = process.platform !== "linux" || process.report.getReport().header.glibcVersionRuntime !== undefined
    const platform = process.platform === "win32" ? "windows" : process.platform
    const binary = packageFolder(`@oven/bun-${platform}-${arch}${glibc ? "" : "-musl"}`, bun)
    if (binary !== undefined) yield join(binary, "bin", executable)
  }
  for (const directory of (process.env.PATH ?? "").split(delimiter)) if (directory !== "") yield join(directory, executable)
}

const findBun = () => {
  for (const path of candidates()) if (isProgram(path)) return path
  return undefined
}

const installed = folder.includes(`${sep}node_modules${sep}`)
// The folder that it is called in may be anybody's: no bunfig.toml there may name a program to run first, no .env what it is told.
const alone = ["--no-env-file", `--config=${devNull}`]
const program = installed
  ? [...alone, join(folder, "dist", "bin", "team-server.js")]
  : [...alone, "--conditions=han-source", join(folder, "src", "bin", "team-server.ts")]
const bun = findBun()

if (bun === undefined) {
  console.error(
    'han-server: it runs on Bun, and the npm package "bun" has no binary here (npm was not allowed to run its install script). Mend it with: npm rebuild bun   (npm 11.6 and later: npm install-scripts approve bun)'
  )
  process.exitCode = 1
} else if (!existsSync(program.at(-1))) {
  console.error(`han-server: ${program.at(-1)} is missing; install the package again: npm install han-server`)
  process.exitCode = 1
} else {
  // Before there is a child: a signal that comes while it begins would end this program and leave the child behind. They are told when `child` is there.
  for (const signal of ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"]) process.on(signal, () => child.kill(signal))
  // A terminal sends its interrupt to the child as well; a second one would cut its clean end short.
  process.on("SIGINT", () => {
    if (!process.stdin.isTTY) child.kill("SIGINT")
  })
  const child = spawn(bun, [...program, ...process.argv.slice(2)], {
    stdio: "inherit"
  })
  child.on("error", (error) => {
    console.error(`han-server: ${bun} could not be started: ${error.message}`)
    process.exitCode = 1
  })
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const name of process.eventNames()) if (String(name).startsWith("SIG")) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}
