#!/usr/bin/env node
// The coordinator in the foreground: on this machine's transcripts, or on bundled samples in a temporary HAN_HOME when it has none.
import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { constants, homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { bun, requireBun, root } from "./installed.mjs"

requireBun()

/** Whether `folder` holds a transcript, at most four folders deep. A folder that cannot be read is the coordinator's to complain about. */
const hasTranscript = (folder, depth = 4) => {
  let entries
  try {
    entries = readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    return error.code !== "ENOENT" && error.code !== "ENOTDIR"
  }
  return entries.some((entry) => (entry.isDirectory() ? depth > 0 && hasTranscript(join(folder, entry.name), depth - 1) : entry.name.endsWith(".jsonl")))
}

/** The contents without the permissions: a checkout may be read-only. */
const copy = (from, to) => {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copy(join(from, entry.name), join(to, entry.name))
    else writeFileSync(join(to, entry.name), readFileSync(join(from, entry.name)))
  }
}

const built = spawnSync(process.execPath, [join(root, "scripts", "build-dashboard.mjs"), "--if-changed"], { stdio: ["ignore", "ignore", "inherit"] })
if (built.status !== 0) process.exit(built.status ?? 1)

const standardFolder = join(homedir(), ".claude")
const named = process.env.CLAUDE_CONFIG_DIR ?? ""
const configFolders = [...new Set([...(existsSync(named) ? [named] : named.split(",").map((folder) => folder.trim())), standardFolder])].filter(
  (folder) => folder !== ""
)
const own = configFolders.filter((folder) => hasTranscript(join(folder, "projects")))
const environment = { ...process.env }
const say = (...lines) => console.log(lines.join("\n"))

const steps = ["    npx han sessions", "    npx han search TEXT", "    npx han usage", "    npx han doctor", "", "Ctrl-C stops it.", ""]
if (own.length > 0) {
  say(`The transcripts in ${own.join(", ")} are indexed and followed. In a second terminal, in this folder:`, "", ...steps)
} else {
  const samples = join(root, "fixtures", "claude-code")
  const temporary = mkdtempSync(join(tmpdir(), "han-"))
  process.on("exit", () => rmSync(temporary, { recursive: true, force: true }))
  environment.HAN_HOME = join(temporary, "home")
  environment.CLAUDE_CONFIG_DIR = join(temporary, "claude")
  mkdirSync(join(environment.CLAUDE_CONFIG_DIR, "projects"), { recursive: true })
  for (const sample of existsSync(samples) ? readdirSync(samples) : []) {
    const projects = join(samples, sample, "config", "projects")
    if (existsSync(projects)) copy(projects, join(environment.CLAUDE_CONFIG_DIR, "projects"))
  }
  say(
    `There are no transcripts in ${configFolders.join(", ")}, so these are bundled samples, in a temporary folder that is removed at the end.`,
    "In a second terminal, in this folder:",
    "",
    `    export HAN_HOME=${environment.HAN_HOME}`,
    ...steps.map((step) => step.replace("TEXT", "hello"))
  )
}

// In a process group of its own, so that Ctrl-C reaches it once, from here.
const coordinator = spawn(bun, ["--conditions=han-source", join(root, "packages", "cli", "src", "bin.ts"), "coordinator", "serve"], {
  // What the coordinator may do with memory; see CoordinatorProgram.ts.
  env: { BUN_JSC_forceRAMSize: "402653184", ...environment },
  stdio: "inherit",
  detached: process.platform !== "win32"
})

let lastSignalAt = 0
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    // npm hands on what the terminal has already said.
    if (Date.now() - lastSignalAt < 500) return
    lastSignalAt = Date.now()
    coordinator.kill(signal === "SIGHUP" ? "SIGTERM" : signal)
  })
}
coordinator.on("error", (error) => {
  console.error(`The coordinator could not be started: ${error.message}`)
  process.exitCode = 1
})
coordinator.on("exit", (code, signal) => {
  // Stopped as it was told to.
  if (lastSignalAt > 0 && (code === 0 || signal !== null || code === 130 || code === 143)) process.exitCode = 0
  else process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)
})
