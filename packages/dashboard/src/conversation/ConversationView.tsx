import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react"
import { graphql } from "relay-runtime"
import { VList, type VListHandle } from "virtua"
import { useKeys } from "../frame/keys.ts"
import { Nothing, Problem } from "../frame/Problem.tsx"
import { Waiting } from "../frame/Waiting.tsx"
import type { ConversationViewSubscription } from "../generated/ConversationViewSubscription.graphql.ts"
import { useEvents, useReturns } from "../relay/asking.ts"
import { count } from "../text/figures.ts"
import type { Conversation, Loaded } from "./Conversation.ts"
import css from "./ConversationView.module.css"
import { MessageRow } from "./MessageRow.tsx"

const subscription = graphql`
  subscription ConversationViewSubscription($id: ID!) {
    sessionMessageAdded(sessionId: $id) {
      newMessageEdge {
        cursor
        node {
          ...messageFragment_message @relay(mask: false)
        }
      }
    }
  }
`

interface View {
  readonly conversation: Conversation
  /** The message that the address names. */
  readonly at: string | undefined
  /** Called with the index of the first message on the screen. */
  readonly looking: (index: number) => void
  readonly seek: (message: string | undefined) => void
}

/** Pixels from either end of what is loaded at which more is asked for. */
const nearPx = 2500

/** The conversation, of which only what is near the screen is in the page. */
export const ConversationView = ({ at, conversation, looking, seek }: View) => {
  const loaded = useSyncExternalStore(conversation.listen, conversation.now)
  const list = useRef<VListHandle>(null)
  const [atEnd, setAtEnd] = useState(true)
  useLive(conversation, at)
  usePlace(conversation, loaded, list, at)
  const [turn, redraw] = useState(0)
  useKeys({
    j: () => stepBy(list, 1),
    k: () => stepBy(list, -1),
    G: () => seek(undefined),
    e: () => {
      const open = conversation.open.get("calls") !== true
      conversation.open.clear()
      conversation.open.set("calls", open)
      redraw((now) => now + 1)
    }
  })
  const onScroll = useCallback(
    (offset: number) => {
      const { scrollSize = 0, viewportSize = 0 } = list.current ?? {}
      const { hasNewer, hasOlder } = conversation.now()
      const end = offset + viewportSize >= scrollSize - 24
      conversation.pinned = end && !hasNewer
      setAtEnd(end && !hasNewer)
      if (conversation.pinned) conversation.seen()
      if (hasOlder && offset < nearPx) void conversation.older()
      if (hasNewer && offset + viewportSize > scrollSize - nearPx) void conversation.newer()
      looking(list.current?.findItemIndex(offset + 40) ?? 0)
    },
    [conversation, looking]
  )
  if (loaded.error !== undefined) return <Problem error={loaded.error} again={() => void conversation.begin(at)} />
  if (loaded.state === "loading") return <Waiting />
  if (loaded.state === "missing") return <Nothing title="There is no such session">It may have been forgotten, or the address was cut short.</Nothing>
  if (loaded.state === "there" && loaded.messages.length === 0)
    return <Nothing title="Nothing was said here yet">What the agent writes comes here by itself.</Nothing>
  return (
    <div className={css.view}>
      <VList
        ref={list}
        key={loaded.opened}
        className={css.list}
        tabIndex={0}
        role="feed"
        aria-label="Conversation"
        data={loaded.messages}
        shift={loaded.changed === "start"}
        bufferSize={800}
        onScroll={onScroll}
      >
        {({ message }) => (
          <MessageRow
            key={`${message.id}/${turn}`}
            conversation={conversation}
            message={message}
            target={at === message.uuid}
            elsewhere={conversation.isShownElsewhere(message)}
          />
        )}
      </VList>
      {!atEnd && loaded.state === "there" && (
        <button type="button" className={css.end} onClick={() => (loaded.hasNewer ? seek(undefined) : toEnd(list, loaded))}>
          {loaded.unseen > 0 ? `${count(loaded.unseen)} new ↓` : "To the end ↓"}
        </button>
      )}
    </div>
  )
}

const toEnd = (list: RefObject<VListHandle | null>, { messages }: Loaded) => list.current?.scrollToIndex(messages.length - 1, { align: "end" })

const stepBy = (list: RefObject<VListHandle | null>, by: number) => {
  const handle = list.current
  if (handle === null) return
  const now = handle.findItemIndex(handle.scrollOffset + 2)
  // A line that is shown within another has no height.
  let next = now + by
  while (next > 0 && handle.getItemSize(next) === 0) next += by
  handle.scrollToIndex(Math.max(0, next), { align: "start" })
}

/** Opens what the address names, and follows what comes. */
const useLive = (conversation: Conversation, at: string | undefined) => {
  useEffect(() => {
    void conversation.begin(at)
  }, [conversation, at])
  const returns = useReturns()
  useEffect(() => {
    // What came while the line was lost.
    if (returns > 0) void conversation.catchUp()
  }, [conversation, returns])
  useEvents<ConversationViewSubscription>(subscription, { id: conversation.id }, ({ sessionMessageAdded: { newMessageEdge: edge } }) => {
    if (edge != null) conversation.heard({ cursor: edge.cursor, message: edge.node })
  })
}

/** Stays at the end while it grows, begins at the message that was asked for, and gives back what is too much. */
const usePlace = (conversation: Conversation, loaded: Loaded, list: RefObject<VListHandle | null>, at: string | undefined) => {
  const { messages, opened } = loaded
  const placed = useRef(0)
  useLayoutEffect(() => {
    if (messages.length === 0) return
    if (placed.current !== opened) {
      placed.current = opened
      const index = at === undefined ? -1 : messages.findIndex(({ message }) => message.uuid === at || message.id === at)
      if (index >= 0) list.current?.scrollToIndex(index, { align: "center" })
      else list.current?.scrollToIndex(messages.length - 1, { align: "end" })
    } else if (conversation.pinned) list.current?.scrollToIndex(messages.length - 1, { align: "end" })
  }, [messages, opened, at, conversation, list])
  useEffect(() => {
    if (messages.length > 0) conversation.trim()
  }, [messages, conversation])
}
