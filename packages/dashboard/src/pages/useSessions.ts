import { useEffect, useMemo, useRef, useState } from "react"
import { graphql } from "relay-runtime"
import type { useSessionsChangedSubscription } from "../generated/useSessionsChangedSubscription.graphql.ts"
import type { useSessionsQuery } from "../generated/useSessionsQuery.graphql.ts"
import { ask, useEvents, useReturns, useThrottled } from "../relay/asking.ts"
import type { SessionRow } from "./sessionRow.ts"

const query = graphql`
  query useSessionsQuery($first: Int!, $after: String, $filter: SessionFilter, $orderBy: SessionOrderBy) {
    sessions(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      totalCount
      edges {
        node {
          ...sessionRow_session @relay(mask: false)
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`

const changed = graphql`
  subscription useSessionsChangedSubscription {
    memoryUpdated {
      timestamp
    }
  }
`

const pageSize = 100
/** The most rows that are asked for again when something happened; those below stand as they were. */
const maxFresh = 300
/** Milliseconds between two looks at a list that changes all the time. */
const freshMs = 1000

type Variables = useSessionsQuery["variables"]

interface List {
  readonly key: string
  readonly rows: ReadonlyArray<SessionRow>
  readonly total: number
  readonly end: string | null
  readonly error: Error | undefined
}

export interface Sessions {
  /** Undefined before the first answer. */
  readonly rows: ReadonlyArray<SessionRow> | undefined
  readonly total: number
  readonly error: Error | undefined
  readonly more: () => void
  readonly again: () => void
}

/** Hears that any session changed. */
export const useSessionChanges = (heard: () => void): void =>
  useEvents<useSessionsChangedSubscription>(
    changed,
    useMemo(() => ({}), []),
    heard
  )

/** A list of sessions that grows downwards and follows what happens. */
export const useSessions = (filter: Variables["filter"], orderBy: Variables["orderBy"]): Sessions => {
  const key = JSON.stringify([filter, orderBy])
  const [list, setList] = useState<List>({ key: "", rows: [], total: 0, end: null, error: undefined })
  const now = useRef({ key, list, asking: false })
  now.current.key = key
  now.current.list = list
  const failed = (error: unknown) => setList((before) => ({ ...before, key, error: error instanceof Error ? error : new Error(String(error)) }))
  const page = (first: number, after: string | null) => ask<useSessionsQuery>(query, { first, after, filter, orderBy })

  const refresh = () => {
    const have = now.current.list.key === key ? now.current.list.rows.length : 0
    const first = Math.min(maxFresh, Math.max(pageSize, have))
    page(first, null).then(({ sessions }) => {
      if (now.current.key !== key) return
      const fresh = sessions.edges.map(({ node }) => node)
      const ids = new Set(fresh.map(({ id }) => id))
      setList((before) => {
        const below = before.key === key ? before.rows.slice(first).filter(({ id }) => !ids.has(id)) : []
        return { key, rows: [...fresh, ...below], total: sessions.totalCount, end: below.length > 0 ? before.end : endOf(sessions.pageInfo), error: undefined }
      })
    }, failed)
  }
  const more = () => {
    const { asking, list } = now.current
    if (asking || list.key !== key || list.end === null) return
    now.current.asking = true
    page(pageSize, list.end)
      .then(({ sessions }) => {
        if (now.current.key !== key) return
        setList((before) => {
          const ids = new Set(before.rows.map(({ id }) => id))
          const rows = [...before.rows, ...sessions.edges.map(({ node }) => node).filter(({ id }) => !ids.has(id))]
          return { key, rows, total: sessions.totalCount, end: endOf(sessions.pageInfo), error: undefined }
        })
      }, failed)
      .finally(() => {
        now.current.asking = false
      })
  }
  const returns = useReturns()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list, or the line is back.
  useEffect(refresh, [key, returns])
  useSessionChanges(useThrottled(refresh, freshMs))
  return { rows: list.key === "" ? undefined : list.rows, total: list.total, error: list.key === key ? list.error : undefined, more, again: refresh }
}

const endOf = ({ endCursor, hasNextPage }: { readonly hasNextPage: boolean; readonly endCursor?: string | null | undefined }): string | null =>
  hasNextPage ? (endCursor ?? null) : null
