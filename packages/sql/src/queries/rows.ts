import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { SessionId } from "han-core/Entry"
import { projectId } from "han-core/Project"
import { Session, type SessionLink, type SessionStatus } from "han-core/Session"
import { askedFirst, type SessionState } from "han-core/unstable/SessionState"
import { bounded } from "../database/bounded.ts"
import type { Delta } from "../readmodels/chunk.ts"
import { storedState } from "../readmodels/storedState.ts"

export interface SessionRow extends Delta {
  readonly no: number
  readonly id: string
  readonly source: string
  readonly machine: string
  readonly author: string | null
  readonly state: string
  readonly cwd: string | null
  readonly project: string | null
  readonly mark_kind: "fork" | "branch" | null
  readonly fork_of: string | null
  readonly started_at: number | null
  readonly updated_at: number
  readonly repo_name: string | null
  readonly remote: string | null
  readonly project_key: string | null
  readonly subagents: number
}

/** The states of sessions that go on, by the milliseconds since their last line. */
export const statusByAge = [
  ["active", 5 * 60_000],
  ["idle", 24 * 3_600_000]
] as const satisfies ReadonlyArray<readonly [SessionStatus, number]>

const statusOf = (ended: boolean, updatedAt: number, now: number): SessionStatus =>
  (ended ? undefined : statusByAge.find(([, ms]) => now - updatedAt < ms)?.[0]) ?? "completed"

/** The state of a session as its row has it. */
export const stateOf = ({ no, state }: Pick<SessionRow, "no" | "state">): Effect.Effect<SessionState, SqlError> => storedState(state, `session ${no}`)

export const sessionFromRow = (row: SessionRow, now: number): Effect.Effect<Session, SqlError> =>
  Effect.map(stateOf(row), (state) => sessionOf(row, state, now))

const sessionOf = (row: SessionRow, state: SessionState, now: number): Session => {
  const link: SessionLink | null =
    row.fork_of !== null
      ? { kind: row.mark_kind ?? "resume", sessionId: row.fork_of as SessionId }
      : state.clearedFrom === undefined
        ? null
        : { kind: "clear", sessionId: state.clearedFrom.value as SessionId }
  return new Session(
    {
      id: row.id as SessionId,
      source: row.source,
      machine: row.machine,
      author: row.author,
      title: state.userTitle?.value ?? state.modelTitle?.value ?? null,
      firstPrompt: askedFirst(state),
      cwd: row.cwd,
      projectId: row.project_key === null ? null : projectId(row.project_key),
      project: row.repo_name ?? row.project,
      repo: row.remote,
      branch: state.branch?.value ?? null,
      version: state.version?.value ?? null,
      model: state.model?.value ?? null,
      permissionMode: state.permissionMode?.value ?? null,
      slug: state.slug?.value ?? null,
      agentName: state.agentName?.value ?? null,
      tag: state.tag?.value ?? null,
      team: state.team?.value ?? null,
      pullRequest: state.pullRequest?.value ?? null,
      worktree: state.worktree?.value ?? null,
      status: statusOf(state.ended?.value === true, row.updated_at, now),
      startedAt: row.started_at,
      updatedAt: row.updated_at === 0 ? null : row.updated_at,
      link,
      messages: row.messages,
      prompts: row.prompts,
      toolCalls: row.tool_calls,
      toolErrors: row.tool_errors,
      compactions: row.compactions,
      subagents: row.subagents,
      responses: row.responses,
      input: bounded(row.input),
      output: bounded(row.output),
      cacheRead: bounded(row.cache_read),
      cacheWrite5m: bounded(row.cache_write_5m),
      cacheWrite1h: bounded(row.cache_write_1h),
      costNanoUsd: row.cost === 0 && row.unpriced > 0 ? null : bounded(row.cost),
      unpricedResponses: row.unpriced
    },
    { disableValidation: true }
  )
}

/** Milliseconds between two lines; null when one tells no time. */
export const durationOf = (from: number | null, to: number | null): number | null => (from === null || to === null ? null : Math.max(0, to - from))
