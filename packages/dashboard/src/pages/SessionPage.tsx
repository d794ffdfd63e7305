import { useNavigate, useParams, useSearch } from "@tanstack/react-router"
import { useCallback, useEffect, useMemo, useState } from "react"
import { graphql } from "relay-runtime"
import { Conversation } from "../conversation/Conversation.ts"
import { ConversationView } from "../conversation/ConversationView.tsx"
import { Spine } from "../conversation/Spine.tsx"
import { useKeys } from "../frame/keys.ts"
import { Nothing, Problem } from "../frame/Problem.tsx"
import type { SessionPageQuery } from "../generated/SessionPageQuery.graphql.ts"
import type { SessionPageSubscription } from "../generated/SessionPageSubscription.graphql.ts"
import { useAnswer, useEvents, useThrottled } from "../relay/asking.ts"
import { marksOf } from "./landmarks.ts"
import { SessionHeader } from "./SessionHeader.tsx"
import css from "./SessionPage.module.css"
import { SessionTabs, type Tab, tabOf } from "./SessionTabs.tsx"
import { AgentsTab } from "./tabs/AgentsTab.tsx"
import { FilesTab } from "./tabs/FilesTab.tsx"
import { GatesTab } from "./tabs/GatesTab.tsx"
import { TasksTab } from "./tabs/TasksTab.tsx"
import { UsageTab } from "./tabs/UsageTab.tsx"

const query = graphql`
  query SessionPageQuery($id: String!) {
    session(id: $id) {
      sessionId
      name
      ...SessionHeader_session @relay(mask: false)
      ...SessionTabs_session @relay(mask: false)
      landmarks {
        messageId
        kind
        place
        at
        text
      }
    }
  }
`

const changed = graphql`
  subscription SessionPageSubscription($id: ID!) {
    nodeUpdated(id: $id) {
      id
    }
  }
`

const freshMs = 1500

/** One session: what it is, a map of it, and what was said. */
export const SessionPage = () => {
  const { id } = useParams({ from: "/s/$id" })
  const search = useSearch({ from: "/s/$id" })
  const navigate = useNavigate({ from: "/s/$id" })
  const { again, data, error } = useAnswer<SessionPageQuery>(query, { id })
  useEvents<SessionPageSubscription>(changed, { id }, useThrottled(again, freshMs))
  const session = data?.session
  const tab = tabOf(search.tab)
  useEffect(() => {
    if (session != null) document.title = `${session.name} · han`
  }, [session])
  const show = useCallback(
    (tab: Tab) => void navigate({ search: (before) => ({ ...before, tab: tab === "conversation" ? undefined : tab }), replace: true }),
    [navigate]
  )
  if (error !== undefined && session === undefined) return <Problem error={error} again={again} />
  if (data !== undefined && session == null)
    return <Nothing title="There is no such session">It may have been forgotten, or the address was cut short.</Nothing>
  return (
    <div className={css.page}>
      {session == null ? <div className={css.placeholder} /> : <SessionHeader session={session} />}
      {session == null ? <div /> : <SessionTabs session={session} now={tab} show={show} />}
      <div className={css.body} role="tabpanel" id="panel" aria-labelledby={`tab-${tab}`}>
        {tab === "conversation" && <Reading key={id} id={id} at={search.at} landmarks={session?.landmarks ?? []} />}
        {tab === "files" && <FilesTab id={id} />}
        {tab === "tasks" && <TasksTab id={id} />}
        {tab === "agents" && <AgentsTab id={id} />}
        {tab === "usage" && <UsageTab id={id} />}
        {tab === "gates" && <GatesTab id={id} />}
      </div>
    </div>
  )
}

type Landmarks = NonNullable<SessionPageQuery["response"]["session"]>["landmarks"]

const Reading = ({ at, id, landmarks }: { readonly id: string; readonly at: string | undefined; readonly landmarks: Landmarks }) => {
  const navigate = useNavigate({ from: "/s/$id" })
  const conversation = useMemo(() => new Conversation(id), [id])
  const marks = useMemo(() => marksOf(landmarks), [landmarks])
  const [current, setCurrent] = useState(-1)
  const looking = useCallback(
    (index: number) => {
      const time = conversation.now().messages[index]?.message.timestamp
      if (time !== undefined) setCurrent(marks.findLastIndex(({ at }) => at !== null && at <= time))
    },
    [conversation, marks]
  )
  const seek = useCallback(
    (message: string | undefined) => {
      const uuid = message?.replace(/^Message:/, "")
      if (uuid === undefined && at === undefined) void conversation.begin()
      else void navigate({ search: (before) => ({ ...before, at: uuid }), replace: true })
    },
    [conversation, navigate, at]
  )
  const prompt = (by: 1 | -1) => {
    const from = marks.findIndex(({ id }) => id === `Message:${at}`)
    const start = from >= 0 ? from : current
    const next =
      by === 1
        ? marks.findIndex(({ kind }, index) => kind === "prompt" && index > start)
        : marks.findLastIndex(({ kind }, index) => kind === "prompt" && index < start)
    const mark = marks[next]
    if (mark !== undefined) seek(mark.id)
  }
  useKeys({ "[": () => prompt(-1), "]": () => prompt(1) })
  return (
    <div className={css.reading}>
      <Spine marks={marks} current={current} seek={seek} />
      <ConversationView conversation={conversation} at={at} looking={looking} seek={seek} />
    </div>
  )
}
