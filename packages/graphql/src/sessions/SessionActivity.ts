import * as Effect from "effect/Effect"
import { GraphQLEnumType } from "graphql"
import type { HookRun } from "han-core/HookRun"
import { MessageQueries } from "han-core/MessageQueries"
import type { Session } from "han-core/Session"
import { agentOf, sessionOf } from "../context/agentSessions.ts"
import { type Fields, field } from "../context/Field.ts"
import type { GraphqlContext } from "../context/GraphqlContext.ts"

const SessionActivity = new GraphQLEnumType({
  name: "SessionActivity",
  description: "What a session is doing that was written to within five minutes.",
  values: {
    RUNNING: { description: "The agent is at work, or waits for a permission: nothing in a transcript tells these apart." },
    WAITING: { description: "The agent has answered, or was stopped, and waits for the next prompt." },
    BLOCKED: { description: "The last run of a gate at the end of a turn failed." }
  }
})

/** Events at which a gate holds the agent back. */
const gateEvents = new Set(["Stop", "SubagentStop", "TaskCompleted"])

const activityOf = async (session: Session, { loaders, run }: GraphqlContext): Promise<"RUNNING" | "WAITING" | "BLOCKED" | null> => {
  if (session.status !== "active") return null
  const query = { sessionId: sessionOf(session), agentId: agentOf(session)?.id ?? null }
  const [runs, { items }] = await Promise.all([
    loaders.hookRuns.load(sessionOf(session)),
    run(
      Effect.flatMap(MessageQueries, (queries) =>
        queries.find({ ...query, where: { _tag: "Field", field: "role", op: "in", value: ["user", "assistant"] } }, { first: 1 })
      )
    )
  ])
  const last = items[0]?.node.message
  const gate = runs.findLast(({ event, passed }) => event !== null && gateEvents.has(event) && passed !== null)
  if (gate?.passed === false && endOf(gate) >= (last?.at ?? 0)) return "BLOCKED"
  return last?.kind === "answer" || last?.kind === "interrupt" ? "WAITING" : "RUNNING"
}

const endOf = ({ finishedAt, startedAt }: HookRun): number => finishedAt ?? startedAt ?? 0

export const activityFields: Fields<Session> = {
  activity: field<Session>(SessionActivity, "What it is doing; null for one that was not written to within five minutes.", (session, _, context) =>
    activityOf(session, context)
  )
}
