import { useNavigate, useSearch } from "@tanstack/react-router"
import { useEffect, useMemo, useState } from "react"
import { useKeys } from "../frame/keys.ts"
import { Nothing, Problem } from "../frame/Problem.tsx"
import { count } from "../text/figures.ts"
import { NeedsYou } from "./NeedsYou.tsx"
import { SessionFilters } from "./SessionFilters.tsx"
import { SessionPreview } from "./SessionPreview.tsx"
import css from "./SessionsPage.module.css"
import { SessionTable } from "./SessionTable.tsx"
import { filterOf, orderOf, type SessionsSearch } from "./sessionsSearch.ts"
import { useSessions } from "./useSessions.ts"

/** All sessions: on top those that need a person, below them the list. */
export const SessionsPage = () => {
  const search = useSearch({ from: "/" })
  const navigate = useNavigate({ from: "/" })
  const change = (next: Partial<SessionsSearch>) => void navigate({ search: { ...search, ...next }, replace: true })
  useEffect(() => {
    document.title = "Sessions · han"
  }, [])
  const filter = useMemo(() => filterOf(search, Math.floor(Date.now() / 60_000) * 60_000), [search])
  const order = useMemo(() => orderOf(search), [search])
  const sessions = useSessions(filter, order)
  const [at, setAt] = useState(-1)
  const [preview, setPreview] = useState(false)
  const rows = sessions.rows ?? []
  const chosen = rows[at]
  const step = (by: number) => rows.length > 0 && setAt((now) => Math.max(0, Math.min(rows.length - 1, now + by)))
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    " ": () => {
      if (chosen === undefined) setAt(0)
      setPreview((now) => !now)
    },
    Enter: () => chosen !== undefined && void navigate({ to: "/s/$id", params: { id: chosen.sessionId } }),
    Escape: () => setPreview(false)
  })
  const filtered = Object.values(search).some((value) => value !== undefined)
  return (
    <div className={css.page} data-preview={preview && chosen !== undefined}>
      <h1 className={css.hidden}>Sessions</h1>
      <div className={css.list}>
        <NeedsYou />
        <div className={css.bar}>
          <SessionFilters search={search} change={change} />
          <span className={css.total} role="status">
            {sessions.rows === undefined ? "" : `${count(sessions.total)} ${sessions.total === 1 ? "session" : "sessions"}`}
          </span>
        </div>
        {sessions.error !== undefined ? (
          <Problem error={sessions.error} again={sessions.again} />
        ) : sessions.rows !== undefined && rows.length === 0 ? (
          filtered ? (
            <Nothing title="No session fulfils these filters">
              <button type="button" className={css.link} onClick={() => void navigate({ search: {}, replace: true })}>
                Show all sessions
              </button>
            </Nothing>
          ) : (
            <Nothing title="There are no sessions yet">
              han follows the transcripts of Claude Code on this machine. Start a conversation there, and it is here a moment later. <code>han doctor</code>{" "}
              says which folders are followed.
            </Nothing>
          )
        ) : (
          <SessionTable rows={rows} total={sessions.total} more={sessions.more} at={at} choose={setAt} search={search} change={change} />
        )}
      </div>
      {preview && chosen !== undefined && <SessionPreview key={chosen.sessionId} id={chosen.sessionId} close={() => setPreview(false)} filter={change} />}
    </div>
  )
}
