import * as Effect from "effect/Effect"
import { Sessions } from "han-core/Sessions"
import { SessionRpcs } from "./SessionRpcs.ts"

export const layer = SessionRpcs.toLayer(
  Effect.map(Sessions, (sessions) =>
    SessionRpcs.of({
      "Sessions.list": ({ filter, page }) => sessions.list(filter, page),
      "Sessions.count": ({ filter }) => sessions.count(filter),
      "Sessions.get": ({ id }) => sessions.get(id),
      "Sessions.getMany": ({ ids }) => sessions.getMany(ids),
      "Sessions.projects": () => sessions.projects,
      "Sessions.messages": ({ of, page }) => sessions.messages(of, page),
      "Sessions.toolCalls": ({ sessionId }) => sessions.toolCalls(sessionId),
      "Sessions.tasks": ({ sessionId }) => sessions.tasks(sessionId),
      "Sessions.todos": ({ sessionId }) => sessions.todos(sessionId),
      "Sessions.fileChanges": ({ sessionId }) => sessions.fileChanges(sessionId),
      "Sessions.agents": ({ sessionId }) => sessions.agents(sessionId),
      "Sessions.compactions": ({ sessionId }) => sessions.compactions(sessionId),
      "Sessions.summaries": ({ sessionId }) => sessions.summaries(sessionId),
      "Sessions.watch": ({ id }) => sessions.watch(id),
      "Sessions.problems": (options) => sessions.problems(options)
    })
  )
)
