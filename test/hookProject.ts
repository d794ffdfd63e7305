import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as ClaudeFolders from "han-core/ClaudeFolders"
import { HookCache } from "han-core/HookCache"
import type { HookCall } from "han-core/HookCall"
import { HookHistory } from "han-core/HookHistory"
import type { HookOutcome } from "han-core/HookOutcome"
import * as HookRunner from "han-core/HookRunner"
import * as HookSettings from "han-core/HookSettings"
import { Viewer } from "han-core/Viewer"
import * as SqliteStore from "han-sql/SqliteStore"
import { put, temporary } from "./indexing.ts"

export const sessionId = "11111111-1111-4111-8111-111111111111"

export const git = (cwd: string, ...args: ReadonlyArray<string>): string =>
  execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false", ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"]
  })

/** A marketplace in a folder, enabled by the user, with one plugin `gate` whose hooks these are. */
export const putPlugin = (root: string, hooks: string, name = "gate") => put(Path.join(root, "market/plugins", name, "han-plugin.yml"), `hooks:\n${hooks}`)

export const enable = (root: string, names: ReadonlyArray<string> = ["gate"]) => {
  put(
    Path.join(root, "market/.claude-plugin/marketplace.json"),
    JSON.stringify({ name: "local", plugins: names.map((name) => ({ name, source: `./plugins/${name}` })) })
  )
  put(
    Path.join(root, "claude/settings.json"),
    JSON.stringify({
      extraKnownMarketplaces: { local: { source: { source: "directory", path: Path.join(root, "market") } } },
      enabledPlugins: Object.fromEntries(names.map((name) => [`${name}@local`, true]))
    })
  )
}

export interface Asking {
  readonly tool?: string
  readonly file?: string
  readonly goingOn?: boolean
  readonly session?: string | null
  readonly cache?: boolean
  readonly only?: HookCall["only"]
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly more?: object
}

/** A project with git, a store, and a runner of its hooks. `hooks` is the YAML below `hooks:`; `cache` is what is other than the store's. */
export const hookProject = Effect.fn(function* (
  hooks: string,
  options: Partial<HookRunner.HookRunnerOptions> = {},
  cache: Partial<typeof HookCache.Service> = {}
) {
  const root = yield* temporary
  const project = Path.join(root, "project")
  Fs.mkdirSync(project)
  git(project, "init", "-q")
  putPlugin(root, hooks)
  enable(root)
  const layer = HookRunner.layer({
    machine: "m",
    outputFolder: Path.join(root, "output"),
    slots: 4,
    maxBlocks: 3,
    failClosedFile: Path.join(root, "fail-closed.json"),
    environment: process.env,
    ...options
  }).pipe(
    Layer.provide(
      Layer.effect(
        HookCache,
        Effect.map(HookCache, (stored) => ({ ...stored, ...cache }))
      )
    ),
    Layer.provide(HookSettings.layerSettings({ trustFile: Path.join(root, "trust.json") })),
    Layer.provide(ClaudeFolders.layer({ folders: [Path.join(root, "claude")], managed: [] })),
    Layer.provideMerge(Layer.orDie(SqliteStore.layer({ filename: ":memory:" })))
  )
  const context = yield* Layer.build(layer)
  const runner = Context.get(context, HookRunner.HookRunner)
  const history = Context.get(context, HookHistory)
  const callOf = (event: string, asking: Asking = {}): HookCall => ({
    event: asking.only === undefined || asking.only === null ? event : null,
    input: JSON.stringify({
      ...(asking.session === null ? {} : { session_id: asking.session ?? sessionId }),
      cwd: asking.cwd ?? project,
      hook_event_name: event,
      ...(asking.tool === undefined ? {} : { tool_name: asking.tool, tool_input: asking.file === undefined ? {} : { file_path: asking.file } }),
      ...(event.endsWith("Stop") ? { stop_hook_active: asking.goingOn === true } : {}),
      ...asking.more
    }),
    cwd: asking.cwd ?? project,
    environment: { PATH: process.env["PATH"] ?? "", HOME: root, CLAUDE_PROJECT_DIR: project, ...asking.environment },
    only: asking.only ?? null,
    cache: asking.cache ?? true,
    answerAs: "command"
  })
  const run = Effect.fn(function* (event: string, asking: Asking = {}) {
    const outcomes: Array<HookOutcome> = []
    let answer = { exitCode: -1, stdout: "", stderr: "" }
    yield* Stream.runForEach(runner.run(callOf(event, asking)), (progress) =>
      Effect.sync(() => {
        if (progress._tag === "Ended") outcomes.push(progress.outcome)
        if (progress._tag === "Answered") answer = progress.answer
      })
    )
    return { outcomes, answer, statuses: outcomes.map(({ status, cached }) => (cached ? "cached" : status)) }
  })
  return {
    root,
    project,
    runner,
    callOf,
    run,
    explain: (event: string, asking?: Asking) => runner.explain(callOf(event, asking)),
    put: (name: string, text: string) => put(Path.join(project, name), text),
    /** Lines of a file that commands append to. */
    lines: (name: string): ReadonlyArray<string> => {
      const file = Path.join(root, name)
      return Fs.existsSync(file) ? Fs.readFileSync(file, "utf8").split("\n").slice(0, -1) : []
    },
    runs: (filter: Parameters<typeof history.runs>[0] = { limit: 100 }) => Effect.provideService(history.runs(filter), Viewer, Viewer.local)
  }
})
