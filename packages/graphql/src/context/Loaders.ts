import DataLoader from "dataloader"
import * as Effect from "effect/Effect"
import type { SessionId } from "han-core/Entry"
import type { FileChange } from "han-core/FileChange"
import type { HanTask } from "han-core/HanTask"
import type { FileValidation, HookRun } from "han-core/HookRun"
import { Membership, type Person } from "han-core/Membership"
import type { ToolResult } from "han-core/Message"
import { type MessageLine, Messages } from "han-core/Messages"
import type { Project } from "han-core/Project"
import type { Agent, Compaction, Session } from "han-core/Session"
import { type Mood, SessionDetails } from "han-core/SessionDetails"
import { Sessions } from "han-core/Sessions"
import type { StoreError } from "han-core/StoreError"
import type { Task, TodoList } from "han-core/Task"
import type { PersonId, Viewer } from "han-core/Viewer"
import { agentSession } from "./agentSessions.ts"
import type { Run, TeamRequirements } from "./GraphqlRequirements.ts"

/** Lookups that one request makes for many rows: those of one tick are one statement. */
export interface Loaders {
  /** Sessions by their ids, and conversations of subagents by the agents'. */
  readonly session: DataLoader<SessionId, Session | null>
  readonly projects: () => Promise<ReadonlyArray<Project>>
  readonly tasks: DataLoader<SessionId, ReadonlyArray<Task>>
  readonly todos: DataLoader<SessionId, TodoList | null>
  readonly fileChanges: DataLoader<SessionId, ReadonlyArray<FileChange>>
  readonly fileChangeCount: DataLoader<SessionId, number>
  readonly compactions: DataLoader<SessionId, ReadonlyArray<Compaction>>
  readonly agents: DataLoader<SessionId, ReadonlyArray<Agent>>
  readonly hookRuns: DataLoader<SessionId, ReadonlyArray<HookRun>>
  readonly validations: DataLoader<SessionId, ReadonlyArray<FileValidation>>
  readonly hanTasks: DataLoader<SessionId, ReadonlyArray<HanTask>>
  readonly mood: DataLoader<SessionId, Mood | null>
  readonly root: DataLoader<SessionId, string | null>
  /** By the tool call's id. */
  readonly toolResult: DataLoader<string, ToolResult | null>
  /** Who is or was in the workspace; null for others, and where there are no workspaces. */
  readonly person: DataLoader<PersonId, Person | null>
  /** The han event that answers the one with this id in this session. */
  readonly reply: DataLoader<{ readonly sessionId: SessionId; readonly id: string }, MessageLine | null, string>
}

/** `runTeam`: null where there are no workspaces. */
export const make = (run: Run, runTeam: Run<TeamRequirements> | null): Loaders => {
  const ofSessions = <A, B>(
    ask: (details: typeof SessionDetails.Service) => (ids: ReadonlyArray<SessionId>) => Effect.Effect<ReadonlyMap<SessionId, A>, StoreError, Viewer>,
    none: B
  ) => batched<SessionId, A | B>((ids) => run(Effect.flatMap(SessionDetails, (details) => ask(details)(ids))), none)
  let projects: Promise<ReadonlyArray<Project>> | undefined
  return {
    session: new DataLoader((ids) => run(sessionsOf(ids))),
    projects: () => {
      projects ??= run(Effect.flatMap(Sessions, (sessions) => sessions.projects))
      return projects
    },
    tasks: ofSessions((details) => details.tasks, []),
    todos: ofSessions((details) => details.todos, null),
    fileChanges: ofSessions((details) => details.fileChanges, []),
    fileChangeCount: ofSessions((details) => details.fileChangeCounts, 0),
    compactions: ofSessions((details) => details.compactions, []),
    agents: ofSessions((details) => details.agents, []),
    hookRuns: ofSessions((details) => details.hookRuns, []),
    validations: ofSessions((details) => details.validations, []),
    hanTasks: ofSessions((details) => details.hanTasks, []),
    mood: ofSessions((details) => details.moods, null),
    root: ofSessions((details) => details.roots, null),
    toolResult: batched((ids) => run(Effect.flatMap(Messages, (messages) => messages.results(ids))), null),
    person: batched(async (ids) => (runTeam === null ? new Map() : runTeam(Effect.flatMap(Membership, (membership) => membership.people(ids)))), null),
    reply: new DataLoader(
      async (asked) => {
        const bySession = new Map<SessionId, Array<string>>()
        for (const { id, sessionId } of asked) bySession.set(sessionId, [...(bySession.get(sessionId) ?? []), id])
        const found = new Map(
          await Promise.all(
            [...bySession].map(
              async ([sessionId, ids]) => [sessionId, await run(Effect.flatMap(Messages, (messages) => messages.replies(sessionId, ids)))] as const
            )
          )
        )
        return asked.map(({ id, sessionId }) => found.get(sessionId)?.get(id) ?? null)
      },
      { cacheKeyFn: ({ id, sessionId }) => `${sessionId}/${id}` }
    )
  }
}

const sessionsOf = Effect.fnUntraced(function* (ids: ReadonlyArray<SessionId>) {
  const sessions = yield* Sessions
  const details = yield* SessionDetails
  const found = new Map((yield* sessions.getMany(ids)).map((session) => [session.id, session]))
  // Files of subagents are called after their ids.
  const agentIds = new Map(ids.flatMap((id) => (found.has(id) ? [] : [[id, id.replace(/^agent-/, "")] as const])))
  if (agentIds.size > 0) {
    const conversations = yield* details.agentConversations([...new Set(agentIds.values())])
    const parents = new Map(
      (yield* sessions.getMany([...new Set([...conversations.values()].map(({ agent }) => agent.sessionId))])).map((session) => [session.id, session])
    )
    for (const [id, agentId] of agentIds) {
      const conversation = conversations.get(agentId)
      const parent = conversation === undefined ? undefined : parents.get(conversation.agent.sessionId)
      if (conversation !== undefined && parent !== undefined) found.set(id, agentSession(conversation, parent))
    }
  }
  return ids.map((id) => found.get(id) ?? null)
})

const batched = <K, V>(load: (keys: ReadonlyArray<K>) => Promise<ReadonlyMap<K, V>>, none: V) =>
  new DataLoader<K, V>(async (keys) => {
    const found = await load(keys)
    return keys.map((key) => found.get(key) ?? none)
  })
