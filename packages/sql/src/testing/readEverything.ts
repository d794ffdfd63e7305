import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { AgentId, SessionId } from "han-core/Entry"
import { Journal } from "han-core/Journal"
import { Messages } from "han-core/Messages"
import { Metrics } from "han-core/Metrics"
import type { Page, PageRequest } from "han-core/Page"
import { Search } from "han-core/Search"
import { SessionDetails } from "han-core/SessionDetails"
import { Sessions } from "han-core/Sessions"
import { Usage } from "han-core/Usage"

/** All pages of a list. */
export const allOf = <A, E, R>(page: (request: PageRequest) => Effect.Effect<Page<A>, E, R>, size = 100): Effect.Effect<ReadonlyArray<A>, E, R> =>
  Stream.paginateChunkEffect(undefined as string | undefined, (after) =>
    Effect.map(
      page({ first: size, ...(after !== undefined && { after }) }),
      (found) => [Chunk.fromIterable(found.items.map((item) => item.node)), found.hasNext ? optionOf(found.items.at(-1)?.cursor) : none] as const
    )
  ).pipe(
    Stream.runCollect,
    Effect.map((chunk) => Chunk.toReadonlyArray(chunk))
  )

const none = Option.none<string | undefined>()
const optionOf = (cursor: string | undefined) => Option.some(cursor)

/** Collects what a store answers to every question, as plain data in a fixed order: two stores that hold the same answer the same. */
export const readEverything = Effect.gen(function* () {
  const journal = yield* Journal
  const sessions = yield* Sessions
  const usage = yield* Usage
  const messages = yield* Messages
  const details = yield* SessionDetails
  const metrics = yield* Metrics
  const list = [...(yield* allOf((page) => sessions.list({}, page)))].sort((a, b) => (a.id < b.id ? -1 : 1))
  const whole = yield* Effect.forEach(list, (session) =>
    Effect.gen(function* () {
      const agents = yield* sessions.agents(session.id)
      const threads = yield* Effect.forEach([undefined, ...agents.map((agent) => agent.id)], (agentId: AgentId | undefined) =>
        Effect.map(
          allOf((page) => sessions.messages({ sessionId: session.id, ...(agentId !== undefined && { agentId }) }, page)),
          (messages) => messages.map((message) => [message.id, message.transcript, message.line, message.kind, message.at, message.text])
        )
      )
      return {
        session,
        agents,
        messages: threads,
        toolCalls: yield* sessions.toolCalls(session.id),
        tasks: yield* sessions.tasks(session.id),
        todos: yield* sessions.todos(session.id),
        files: yield* sessions.fileChanges(session.id),
        compactions: yield* sessions.compactions(session.id),
        summaries: yield* sessions.summaries(session.id),
        page: (yield* allOf((page) => messages.page({ sessionId: session.id }, page))).map(({ message, raw }) => [message.id, message.at, raw.length])
      }
    })
  )
  const ids = list.map((session) => session.id)
  const ofSessions = <A>(found: ReadonlyMap<SessionId, A>) => [...found].sort(([a], [b]) => (a < b ? -1 : 1))
  const zone = { timeZone: "America/St_Johns" }
  const problems = [...(yield* sessions.problems({ limit: 10_000 }))].map((problem) => JSON.stringify(problem)).sort()
  return JSON.parse(
    JSON.stringify({
      sessions: whole,
      problems,
      totals: yield* journal.totals,
      usage: yield* usage.report({ by: "session" }),
      days: (yield* usage.report({ by: "day" })).rows,
      models: (yield* usage.report({ by: "model" })).rows,
      check: yield* usage.reconcile({}),
      moods: ofSessions(yield* details.moods(ids)),
      hookRuns: ofSessions(yield* details.hookRuns(ids)),
      hanTasks: ofSessions(yield* details.hanTasks(ids)),
      validations: ofSessions(yield* details.validations(ids)),
      metrics: {
        days: yield* metrics.days(zone),
        hours: yield* metrics.hours(zone),
        models: yield* metrics.models({}),
        modelDays: yield* metrics.models({ daysIn: zone.timeZone }),
        sessions: [...(yield* metrics.sessions({}))].sort((a, b) => (a.sessionId < b.sessionId ? -1 : 1)),
        tools: yield* metrics.tools({}),
        agents: yield* metrics.agents({}),
        hooks: yield* metrics.hooks({}),
        compactions: yield* metrics.compactions({}),
        tasks: [...(yield* metrics.tasks({}))].map((task) => JSON.stringify(task)).sort(),
        moods: yield* metrics.moods({})
      }
    })
  ) as unknown
})

/** The ids of the messages that a search finds, in its order. */
export const found = (text: string, more: Partial<Parameters<typeof Search.Service.messages>[0]> = {}) =>
  Effect.flatMap(Search, (search) =>
    Effect.map(
      allOf((page) => search.messages({ text, ...more }, page)),
      (hits) => hits.map((hit) => hit.messageId)
    )
  )

export const sessionId = (id: string) => id as SessionId

/** Where two answers differ first, in words; undefined when they do not. Shorter to read than both. */
export const difference = (actual: unknown, expected: unknown, path = ""): string | undefined => {
  if (Object.is(actual, expected)) return undefined
  if (typeof actual !== "object" || typeof expected !== "object" || actual === null || expected === null)
    return `${path}: ${JSON.stringify(actual)} for ${JSON.stringify(expected)}`.slice(0, 600)
  const [a, b] = [Object.entries(actual), Object.entries(expected)]
  for (const [key, value] of b) {
    const found = difference(a.find(([name]) => name === key)?.[1], value, `${path}.${key}`)
    if (found !== undefined) return found
  }
  return a.length === b.length ? undefined : `${path}: ${a.length} for ${b.length} members`
}
