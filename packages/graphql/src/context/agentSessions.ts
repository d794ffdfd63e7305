import type { SessionId } from "han-core/Entry"
import { type Agent, Session } from "han-core/Session"
import type { AgentConversation } from "han-core/SessionDetails"
import { sessionIdOf } from "../relay/GlobalId.ts"

const agents = new WeakMap<Session, Agent>()

/** A subagent's conversation as a session: with its own figures, and what it shares with the session that it belongs to. */
export const agentSession = ({ agent, ...figures }: AgentConversation, parent: Session): Session => {
  const session = new Session(
    {
      ...parent,
      ...figures,
      id: sessionIdOf(agent.id),
      title: agent.description ?? agent.name ?? agent.type,
      slug: null,
      model: agent.model,
      permissionMode: null,
      agentName: agent.name,
      tag: null,
      pullRequest: null,
      startedAt: agent.startedAt,
      updatedAt: agent.updatedAt,
      link: null,
      messages: agent.messages,
      // Its prompts are the work of another agent.
      prompts: 0,
      subagents: 0
    },
    { disableValidation: true }
  )
  agents.set(session, agent)
  return session
}

/** The subagent whose conversation this is; null for a session. */
export const agentOf = (session: Session): Agent | null => agents.get(session) ?? null

/** The session to which what is kept by session belongs. */
export const sessionOf = (session: Session): SessionId => agentOf(session)?.sessionId ?? session.id

/** Keeps of a list what is of this conversation: of a session all, its subagents' included. */
export const ofConversation = <Row extends { readonly agentId: string | null }>(session: Session, rows: ReadonlyArray<Row>): ReadonlyArray<Row> => {
  const agent = agentOf(session)
  return agent === null ? rows : rows.filter(({ agentId }) => agentId === agent.id)
}
