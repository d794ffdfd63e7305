#!/usr/bin/env node
// The coordinator in the foreground: on this machine's transcripts, or on bundled samples in a temporary HAN_HOME when it has none.
import { spawn } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
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

const standardFolder = join(homedir(), ".claude")
const named = process.env.CLAUDE_CONFIG_DIR ?? ""
const configFolders = [...new Set([...(existsSync(named) ? [named] : named.split(",").map((folder) => folder.trim())), standardFolder])].filter(
  (folder) => folder !== ""
)
const own = configFolders.filter((folder) => hasTranscript(join(folder, "projects")))
const environment = { ...process.env }
const say = (...lines) => console.log(lines.join("\n"))
let temporary

const steps = ["    npx han sessions", "    npx han search TEXT", "    npx han usage", "    npx han doctor", "", "Ctrl-C stops it.", ""]
if (own.length > 0) {
  say(`The transcripts in ${own.join(", ")} are indexed and followed. In a second terminal, in this folder:`, "", ...steps)
} else {
  const samples = join(root, "fixtures", "claude-code")
  temporary = mkdtempSync(join(tmpdir(), "han-"))
  environment.HAN_HOME = join(temporary, "home")
  environment.CLAUDE_CONFIG_DIR = join(temporary, "claude")
  mkdirSync(join(environment.CLAUDE_CONFIG_DIR, "projects"), { recursive: true })
  for (const sample of existsSync(samples) ? readdirSync(samples) : []) {
    const projects = join(samples, sample, "config", "projects")
    if (existsSync(projects)) cpSync(projects, join(environment.CLAUDE_CONFIG_DIR, "projects"), { recursive: true })
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
  env: environment,
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
const finish = (status) => {
  if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true })
  process.exitCode = status
}
coordinator.on("error", (error) => {
  console.error(`The coordinator could not be started: ${error.message}`)
  finish(1)
})
coordinator.on("exit", (code, signal) => {
  // Stopped as it was told to.
  if (lastSignalAt > 0 && (code === 0 || signal !== null || code === 130 || code === 143)) finish(0)
  else finish(code ?? 128 + (constants.signals[signal] ?? 0))
})
