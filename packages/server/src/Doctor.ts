import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import { Journal, type TranscriptInfo } from "han-core/Journal"
import { Sessions } from "han-core/Sessions"
import type { StoreError } from "han-core/StoreError"
import type { NotTakenFiles } from "han-core/Transcripts"
import { Usage } from "han-core/Usage"
import type { Viewer } from "han-core/Viewer"
import type { ClaudeCleanup, CoordinatorStatus, DoctorReport } from "han-rpc/Coordinator"

const dayMs = 86_400_000
const claudeDefaultDays = 30
const problemsShown = 100

/** Reports all that a person who looks after a coordinator should know. `claudeRoots`: the folders that Claude Code itself looks after. */
export const report = (options: {
  readonly status: CoordinatorStatus
  readonly claudeRoots: ReadonlyArray<string>
  readonly notTaken: NotTakenFiles
}): Effect.Effect<DoctorReport, StoreError, Journal | Sessions | Usage | Viewer> =>
  Effect.gen(function* () {
    const { notTaken, status } = options
    const journal = yield* Journal
    const sessions = yield* Sessions
    const totals = yield* journal.totals
    const problems = yield* sessions.problems({ limit: problemsShown })
    const transcripts = yield* journal.transcripts()
    const outputs = yield* journal.outputTotals
    // Of everything there is, so that it names no session and no project.
    const { notIncluded, unpricedModels } = yield* Effect.catchTags((yield* Usage).report({ by: "model" }), {
      SessionNotFound: Effect.die,
      ProjectNotFound: Effect.die
    })
    const { roots } = status.indexer
    const cleanups = yield* Effect.forEach(
      roots.filter((root) => root.state !== "missing" && options.claudeRoots.includes(root.path)),
      (root) => cleanup(root.path, transcripts)
    )
    return {
      status,
      totals,
      problems,
      roots,
      notTaken,
      outputs,
      claudeCleanup: cleanups.map(({ problem: _, ...rest }) => rest),
      usage: { unpricedModels, notIncluded },
      warnings: [
        ...(status.database.warning === null ? [] : [status.database.warning]),
        ...(status.cannotWrite === null
          ? []
          : [`not everything is written down since ${new Date(status.cannotWrite.since).toISOString()}: ${status.cannotWrite.message}`]),
        ...(status.http.state === "off" ? [status.http.reason] : []),
        ...roots.flatMap((root) =>
          root.state === "unreadable"
            ? [`${root.path} cannot be read${root.message === null ? "" : ` (${root.message})`}; give this user read access to it`]
            : root.state === "polling"
              ? [`${root.path} is polled, which is slower than watching${root.message === null ? "" : ` (${root.message})`}`]
              : []
        ),
        ...(roots.length > 0 && roots.every((root) => root.state === "missing")
          ? [
              `none of the folders exists: ${roots.map((root) => root.path).join(", ")}; start the coordinator with --root DIR, or set "roots" in ${Path.join(status.home, "config.json")}`
            ]
          : []),
        ...status.indexer.problems.map((problem) => `${problem.path}: ${problem.message}`),
        ...(totals.unreadable === 0
          ? []
          : [`${totals.unreadable} ${totals.unreadable === 1 ? "line is" : "lines are"} no JSON object; they are kept as they are, see the problems`]),
        ...cleanups.flatMap(({ problem }) => (problem === null ? [] : [problem]))
      ]
    }
  })

/** Claude Code deletes, when it starts, the transcripts that were not written to for `cleanupPeriodDays`. */
const cleanup = (root: string, transcripts: ReadonlyArray<TranscriptInfo>): Effect.Effect<ClaudeCleanup & { readonly problem: string | null }> =>
  Effect.map(cleanupPeriod(Path.join(root, "settings.json")), ({ days, problem }) => {
    const oldest = transcripts.reduce<number | null>(
      (oldest, { file, missingSince, transcript }) =>
        file === null || file.root !== root || missingSince !== null || transcript.source !== "claude-code"
          ? oldest
          : Math.min(oldest ?? Infinity, file.mtimeMs),
      null
    )
    return { root, cleanupPeriodDays: days, oldestTranscriptAt: oldest, nextDeletionAt: oldest === null ? null : oldest + days * dayMs, problem }
  })

const cleanupPeriod = (path: string): Effect.Effect<{ readonly days: number; readonly problem: string | null }> =>
  Effect.tryPromise({
    try: () => Fs.readFile(path, "utf8"),
    catch: (cause) => (cause instanceof Error && "code" in cause ? String(cause.code) : String(cause))
  }).pipe(
    Effect.map((text) => {
      try {
        const settings: unknown = JSON.parse(text)
        const days = typeof settings === "object" && settings !== null && "cleanupPeriodDays" in settings ? settings.cleanupPeriodDays : undefined
        return days === undefined
          ? { days: claudeDefaultDays, problem: null }
          : typeof days === "number" && days >= 0
            ? { days, problem: null }
            : {
                days: claudeDefaultDays,
                problem: `${path}: cleanupPeriodDays is ${JSON.stringify(days)}, which is no number of days; ${claudeDefaultDays} is assumed`
              }
      } catch {
        return { days: claudeDefaultDays, problem: `${path} is no JSON; cleanupPeriodDays is taken to be ${claudeDefaultDays}` }
      }
    }),
    // Most people have no settings file: then the client's default holds.
    Effect.catchAll((code) =>
      Effect.succeed({
        days: claudeDefaultDays,
        problem: code === "ENOENT" ? null : `${path} cannot be read (${code}): check its owner and mode; cleanupPeriodDays is taken to be ${claudeDefaultDays}`
      })
    )
  )
