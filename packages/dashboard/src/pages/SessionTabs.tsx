import type { KeyboardEvent } from "react"
import { graphql } from "relay-runtime"
import type { SessionTabs_session$data } from "../generated/SessionTabs_session.graphql.ts"
import css from "./SessionTabs.module.css"

export const sessionTabsFragment = graphql`
  fragment SessionTabs_session on Session {
    fileChangeCount
    agentTaskIds
    nativeTasks {
      id
    }
    todoCounts {
      total
    }
    hookStats {
      totalHooks
      failedHooks
    }
  }
`

const all = ["conversation", "files", "tasks", "agents", "usage", "gates"] as const
export type Tab = (typeof all)[number]
export const tabOf = (name: string | undefined): Tab => all.find((one) => one === name) ?? "conversation"

interface Tabs {
  readonly session: Omit<SessionTabs_session$data, " $fragmentType">
  readonly now: Tab
  readonly show: (tab: Tab) => void
}

/** The sides of a session; what it has nothing of is not offered. */
export const SessionTabs = ({ now, session, show }: Tabs) => {
  const tasks = session.nativeTasks.length + (session.todoCounts?.total ?? 0)
  const counts: Readonly<Record<Tab, number | undefined>> = {
    conversation: undefined,
    files: session.fileChangeCount ?? 0,
    tasks,
    agents: session.agentTaskIds?.length ?? 0,
    usage: undefined,
    gates: session.hookStats?.totalHooks ?? 0
  }
  const shown = all.filter((tab) => tab === now || counts[tab] !== 0)
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const next = shown[(shown.indexOf(now) + step + shown.length) % shown.length]
    if (next === undefined) return
    show(next)
    event.currentTarget.querySelector<HTMLElement>(`#tab-${next}`)?.focus()
  }
  return (
    <div className={css.tabs} role="tablist" aria-label="Sides of the session" onKeyDown={onKeyDown}>
      {shown.map((tab) => (
        <button
          key={tab}
          id={`tab-${tab}`}
          type="button"
          role="tab"
          aria-selected={tab === now}
          aria-controls="panel"
          tabIndex={tab === now ? 0 : -1}
          className={css.tab}
          onClick={() => show(tab)}
        >
          {`${tab.slice(0, 1).toUpperCase()}${tab.slice(1)}`}
          {counts[tab] !== undefined && (
            <span className={css.count} data-bad={tab === "gates" && (session.hookStats?.failedHooks ?? 0) > 0}>
              {counts[tab]}
            </span>
          )}
        </button>
      ))}
    </div>
  )
}
