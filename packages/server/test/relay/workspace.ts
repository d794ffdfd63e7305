import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { claudeTree } from "../../../../test/claudeTree.ts"
import { put } from "../../../../test/transcriptTree.ts"
import type { Place } from "../coordinators.ts"
import * as EveryMessage from "./everyMessage.ts"

export const fixtures = fileURLToPath(new URL("../../../../fixtures", import.meta.url))
const cases = ["F02-blocks", "F05-summary-compact", "F06-other-kinds", "F07-malformed", "F08-todos", "F09-native-tasks", "F10-sentiment", "F12-han-events"]

export const marketplace = {
  name: "local-market",
  plugins: [
    { name: "alpha", source: "./alpha", category: "quality", version: "1.0.0" },
    { name: "beta", source: "./beta", category: "quality" },
    { name: "gamma", source: "./gamma" }
  ]
}
export const remote = "github.com/acme/rocket"
export const longSession = "10000000-0000-4000-8000-000000000001"
export const longCount = 130
export const worktreeSession = "10000000-0000-4000-8000-000000000002"

/** The uuid of line `number` of such a session. */
export const promptUuid = (session: string, number: number): string => `${session.slice(-8)}-0000-4000-9000-${String(number).padStart(12, "0")}`
/** A line of a human. */
export const promptLine = (session: string, number: number, text: string, cwd: string): string =>
  `${JSON.stringify({
    type: "user",
    uuid: promptUuid(session, number),
    parentUuid: null,
    timestamp: new Date(Date.UTC(2026, 10, 19, 12, 0, number)).toISOString(),
    sessionId: session,
    cwd,
    version: "2.1.330",
    gitBranch: "main",
    message: { role: "user", content: text }
  })}\n`

/**
 * A machine with a history: all recorded transcripts and the hand-written ones, a git repository with a worktree, in which sessions of our own took place, and Claude
 * Code's files of settings and plugins.
 */
export const workspace = Effect.map(claudeTree, (tree) => {
  const projects = Path.join(tree.config, "projects")
  for (const scenario of Fs.readdirSync(Path.join(fixtures, "claude-code"))) {
    Fs.cpSync(Path.join(fixtures, "claude-code", scenario, "config/projects"), projects, { recursive: true })
  }
  for (const name of cases) {
    const { steps }: { readonly steps: ReadonlyArray<{ readonly op: string; readonly path: string; readonly text?: string }> } = JSON.parse(
      Fs.readFileSync(Path.join(fixtures, "indexing", `${name}.json`), "utf8")
    )
    for (const { op, path, text } of steps) {
      const file = Path.join(tree.root, path)
      if (op === "write") put(file, text ?? "")
      if (op === "append") Fs.appendFileSync(file, text ?? "")
    }
  }

  tree.putRecorded("2-installed")
  tree.putMarket(marketplace)
  put(Path.join(tree.config, "CLAUDE.md"), "Be kind.\n")
  put(Path.join(tree.project, "CLAUDE.md"), "Rockets only.\n")
  const { environment, git } = gitIn(tree.root)
  git(tree.project, "init", "--quiet", "--initial-branch=main")
  git(tree.project, "remote", "add", "origin", "https://someone:secret@GitHub.com/acme/rocket.git")
  git(tree.project, "add", "CLAUDE.md")
  git(tree.project, "commit", "--quiet", "--message=first")
  const worktree = Path.join(tree.root, "worktree")
  git(tree.project, "worktree", "add", "--quiet", worktree)
  const below = Path.join(tree.project, "engine")
  Fs.mkdirSync(below)

  for (const [path, text] of Object.entries(EveryMessage.files(tree.project))) put(Path.join(projects, "-rocket", path), text)
  const texts = Array.from({ length: longCount }, (_, number) => promptLine(longSession, number, `step ${number} of the countdown`, below))
  put(Path.join(projects, "-rocket-engine", `${longSession}.jsonl`), texts.join(""))
  put(Path.join(projects, "-worktree", `${worktreeSession}.jsonl`), promptLine(worktreeSession, 0, "in the worktree", worktree))

  const home = Path.join(tree.root, "han")
  const place: Place = {
    home,
    claude: tree.config,
    socket: Path.join(home, "coordinator.sock"),
    environment: { ...environment, HAN_HOME: home, CLAUDE_CONFIG_DIR: tree.config, TZ: "UTC" }
  }
  return { ...tree, place, worktree, below, git, projects }
})

export type Workspace = Effect.Effect.Success<typeof workspace>

/** git without anybody's settings but ours. */
const gitIn = (home: string) => {
  const environment = { HOME: Path.join(home, "home"), PATH: process.env["PATH"] ?? "" }
  const who = { GIT_AUTHOR_NAME: "t", GIT_AUTHOR_EMAIL: "t@t", GIT_COMMITTER_NAME: "t", GIT_COMMITTER_EMAIL: "t@t", GIT_CONFIG_NOSYSTEM: "1" }
  const git = (folder: string, ...argv: ReadonlyArray<string>) =>
    execFileSync("git", ["-C", folder, ...argv], { env: { ...environment, ...who }, encoding: "utf8", stdio: "pipe" })
  return { environment, git }
}
