import { Link } from "@tanstack/react-router"
import { useState } from "react"
import { graphql } from "relay-runtime"
import type { SessionHeader_session$data } from "../generated/SessionHeader_session.graphql.ts"
import { Cost } from "../parts/Cost.tsx"
import { Lamp } from "../parts/Lamp.tsx"
import { Time } from "../parts/Time.tsx"
import { modelName } from "../text/columns.ts"
import { count, counted, duration, short } from "../text/figures.ts"
import css from "./SessionHeader.module.css"

export const sessionHeaderFragment = graphql`
  fragment SessionHeader_session on Session {
    sessionId
    name
    status
    activity
    projectId
    projectName
    projectPath
    gitBranch
    worktreeName
    model
    version
    harness
    startedAt
    updatedAt
    duration
    messageCount
    turnCount
    toolCallCount
    toolErrorCount
    compactionCount
    estimatedCostUsd
    prNumber
    prUrl
    usage {
      input
      output
      cacheRead
      cacheWrite5m
      cacheWrite1h
      responses
      unpricedResponses
    }
    agentOf {
      sessionId
      name
    }
    link {
      kind
      sessionId
      session {
        name
      }
    }
    sync {
      state
      reason
    }
  }
`

type Session = Omit<SessionHeader_session$data, " $fragmentType">

const syncWords: Readonly<Record<string, string>> = { SYNCED: "synced", WAITING: "waits to be sent", EXCLUDED: "not sent", QUARANTINED: "could not be sent" }
const linkWords: Readonly<Record<string, string>> = { fork: "fork of", branch: "branch of", resume: "resumes", clear: "after" }

/** What a session is, in three lines. */
export const SessionHeader = ({ session }: { readonly session: Session }) => (
  <header className={css.header}>
    <div className={css.line}>
      <Lamp doing={session} worded />
      <h1 className={css.title} dir="auto" title={session.name}>
        {session.name}
      </h1>
      {session.agentOf == null && session.harness === "claude-code" && <Resume id={session.sessionId} path={session.projectPath} />}
    </div>
    <p className={css.facts}>
      {session.agentOf != null && (
        <span>
          subagent of{" "}
          <Link to="/s/$id" params={{ id: session.agentOf.sessionId }}>
            {session.agentOf.name}
          </Link>
        </span>
      )}
      {session.link != null && (
        <span>
          {linkWords[session.link.kind] ?? session.link.kind}{" "}
          <Link to="/s/$id" params={{ id: session.link.sessionId }}>
            {session.link.session?.name ?? session.link.sessionId.slice(0, 8)}
          </Link>
        </span>
      )}
      {session.projectId != null && (
        <span title={session.projectPath}>
          <Link to="/p/$id" params={{ id: session.projectId }}>
            {session.projectName}
          </Link>
          {session.gitBranch == null || session.gitBranch === "" ? "" : ` · ${session.gitBranch}`}
          {session.worktreeName == null ? "" : ` · worktree ${session.worktreeName}`}
        </span>
      )}
      {session.model != null && <span title={session.model}>{modelName(session.model)}</span>}
      {session.prUrl != null && /^https:\/\//.test(session.prUrl) && (
        <a href={session.prUrl} target="_blank" rel="noopener noreferrer">
          #{session.prNumber}
        </a>
      )}
      {session.sync != null && syncWords[session.sync.state] !== undefined && (
        <span title={session.sync.reason ?? undefined}>{syncWords[session.sync.state]}</span>
      )}
      <Figures session={session} />
    </p>
  </header>
)

const Figures = ({ session }: { readonly session: Session }) => {
  const { usage } = session
  const input = usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h
  return (
    <>
      <span>
        <strong>
          <Cost costUsd={session.estimatedCostUsd} unpriced={usage.unpricedResponses} />
        </strong>
      </span>
      <span
        title={`${count(usage.input)} new, ${count(usage.cacheRead)} read from the cache, ${count(usage.cacheWrite5m + usage.cacheWrite1h)} written to it; ${count(usage.output)} written`}
      >
        {short(input)} in, {short(usage.output)} out
      </span>
      <span>
        {counted(session.turnCount, "prompt")}, {counted(session.messageCount, "message")}
      </span>
      <span>
        {counted(session.toolCallCount, "call")}
        {(session.toolErrorCount ?? 0) > 0 && <span className={css.bad}>, {count(session.toolErrorCount)} failed</span>}
      </span>
      {(session.compactionCount ?? 0) > 0 && <span>{count(session.compactionCount)} × compacted</span>}
      {session.duration != null && <span title="From the first line to the newest">{duration(session.duration * 1000)}</span>}
      <span>
        <Time at={session.updatedAt} />
      </span>
    </>
  )
}

/** The command that goes on with the session, for the clipboard. */
const Resume = ({ id, path }: { readonly id: string; readonly path: string }) => {
  const [said, setSaid] = useState<string | undefined>()
  const command = `${path === "" ? "" : `cd ${/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`} && `}claude --resume ${id}`
  const copy = () =>
    navigator.clipboard.writeText(command).then(
      () => setSaid("Copied"),
      () => setSaid("The browser did not allow it")
    )
  return (
    <button type="button" className={css.resume} onClick={() => void copy()} title={command} aria-live="polite">
      {said ?? "Copy resume command"}
    </button>
  )
}
