import { Effect } from "effect"
import type { AgentId } from "han-core/Entry"
import { HookHistory } from "han-core/HookHistory"
import { MessageQueries } from "han-core/MessageQueries"
import { Messages } from "han-core/Messages"
import { Metrics } from "han-core/Metrics"
import { Search } from "han-core/Search"
import { SessionDetails } from "han-core/SessionDetails"
import { SessionQueries } from "han-core/SessionQueries"
import { Sessions } from "han-core/Sessions"
import { Usage } from "han-core/Usage"
import { readEverything } from "../src/testing/readEverything.ts"

const period = { since: 0, until: Date.UTC(2100, 0, 1) }

const ofNumbers = Effect.gen(function* () {
  const metrics = yield* Metrics
  const usage = yield* Usage
  const zone = { timeZone: "Asia/Kathmandu" }
  for (const scope of [period, { ...period, author: "ann" }, { ...period, paths: ["/home/dev/app"] }]) {
    yield* metrics.days({ ...scope, ...zone, by: "week" })
    yield* metrics.hours({ ...scope, ...zone })
    yield* metrics.models({ ...scope, daysIn: zone.timeZone })
    for (const of of [metrics.sessions, metrics.tools, metrics.agents, metrics.hooks, metrics.compactions, metrics.tasks, metrics.moods]) yield* of(scope)
  }
  for (const by of ["day", "model", "project", "session", "author"] as const) yield* usage.report({ by, ...period, author: "ann" })
})

/** Asks what a store can be asked, of the first sessions that it lists, in more ways than `readEverything`, and leaves the answers to other tests. */
export const askEverything = Effect.gen(function* () {
  const [sessions, queries, messages, lines, search, details] = yield* Effect.all([Sessions, SessionQueries, Messages, MessageQueries, Search, SessionDetails])
  const list = (yield* sessions.list({}, { first: 20 })).items.map(({ node }) => node.id)
  yield* readEverything
  yield* ofNumbers
  for (const filter of [{}, { project: "app" }, { author: "ann" }]) yield* Effect.all([sessions.list(filter, { last: 3 }), sessions.count(filter)])
  yield* Effect.all([sessions.getMany(list), sessions.projects])
  for (const field of ["id", "path", "status", "slug", "pullRequest", "team", "source", "author"] as const) {
    yield* queries.find({ where: { _tag: "Field", field, op: "isNull", value: false }, orderBy: [{ field, descending: true }] }, { first: 3 })
  }
  for (const sessionId of list.slice(0, 5)) {
    const agentId = (yield* sessions.agents(sessionId))[0]?.id ?? ("none" as AgentId)
    for (const of of [{ sessionId }, { sessionId, agentId }, { sessionId, agentId: null }]) {
      const ids = (yield* messages.page(of, { first: 3 })).items.map(({ node }) => node.message.id)
      yield* Effect.all([messages.count(of), messages.places(of, ids), messages.cursors(sessionId, ids), messages.replies(sessionId, ids)])
      yield* Effect.forEach(ids, messages.get)
      for (const field of ["toolName", "sentimentScore", "inputTokens", "linesAdded", "parentId"] as const)
        yield* lines.find({ ...of, where: { _tag: "Field", field, op: "isNull", value: false }, orderBy: [{ field, descending: false }] }, { last: 3 })
      for (const order of ["newest", "rank"] as const) {
        const query = { text: "the*", order, project: "app", author: "ann", ...period, ...of, agentId: of.agentId ?? undefined }
        yield* Effect.all([search.messages(query, { first: 3 }), search.count(query)])
      }
    }
    yield* (yield* HookHistory).runs({ sessionId, directory: "/work", hook: "style", failed: true, limit: 5 })
  }
  yield* (yield* HookHistory).runs({ limit: 5 })
  yield* Effect.all([details.roots(list), details.fileChangeCounts(list), details.agentConversations(["a1", "x"])])
})
