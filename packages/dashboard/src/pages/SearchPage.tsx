import { Link, useNavigate, useSearch } from "@tanstack/react-router"
import { useEffect, useMemo, useRef, useState } from "react"
import { graphql } from "relay-runtime"
import { useKeys } from "../frame/keys.ts"
import { Nothing, Problem } from "../frame/Problem.tsx"
import type { SearchPageCountQuery } from "../generated/SearchPageCountQuery.graphql.ts"
import type { SearchPageQuery } from "../generated/SearchPageQuery.graphql.ts"
import { Time } from "../parts/Time.tsx"
import { ask, useAnswer } from "../relay/asking.ts"
import { count } from "../text/figures.ts"
import { marked } from "../text/marked.ts"
import css from "./SearchPage.module.css"

const query = graphql`
  query SearchPageQuery($text: String!, $first: Int!, $after: String, $order: SearchOrder, $project: String, $role: MessageRole, $since: String) {
    search(text: $text, first: $first, after: $after, order: $order, project: $project, role: $role, since: $since) {
      edges {
        node {
          messageId
          sessionId
          agentId
          kind
          role
          at
          excerpt
          session {
            sessionId
            name
            projectName
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`

// Counting all of them takes longer than finding the first: it is not waited for.
const counted = graphql`
  query SearchPageCountQuery($text: String!, $project: String, $role: MessageRole, $since: String) {
    search(text: $text, first: 1, project: $project, role: $role, since: $since) {
      totalCount
    }
  }
`

const pageSize = 50
const typingMs = 90

const days = { "1": "last day", "7": "last 7 days", "30": "last 30 days", "90": "last 90 days" } as const
const roles = { user: "USER", assistant: "ASSISTANT", system: "SYSTEM" } as const
const roleWords = { user: "what was asked", assistant: "what models said", system: "what the client said" } as const

type Hit = SearchPageQuery["response"]["search"]["edges"][number]["node"]

const sinceOf = (span: string | undefined): string | null =>
  span !== undefined && span in days ? new Date(Date.now() - Number(span) * 86_400_000).toISOString().slice(0, 10) : null

/** Where it was talked about. */
export const SearchPage = () => {
  const search = useSearch({ from: "/search" })
  const navigate = useNavigate({ from: "/search" })
  const change = (next: Partial<typeof search>) => void navigate({ search: { ...search, ...next }, replace: true })
  useEffect(() => {
    document.title = search.q === undefined ? "Search · han" : `${search.q} · han`
  }, [search.q])
  const filters = useMemo(
    () =>
      search.q === undefined
        ? null
        : {
            text: search.q,
            project: search.project ?? null,
            role: search.who === "user" || search.who === "assistant" || search.who === "system" ? roles[search.who] : null,
            since: sinceOf(search.since)
          },
    [search]
  )
  const { again, data, error, pending } = useAnswer<SearchPageQuery>(
    query,
    useMemo(
      () => (filters === null ? null : { ...filters, first: pageSize, order: search.order === "rank" ? ("RANK" as const) : ("NEWEST" as const) }),
      [filters, search.order]
    )
  )
  const total = useAnswer<SearchPageCountQuery>(counted, filters)
  return (
    <div className={css.page}>
      <h1 className={css.hidden}>Search</h1>
      <Fields search={search} change={change} />
      {error !== undefined ? (
        <Problem error={error} again={again} />
      ) : search.q === undefined ? (
        <Nothing title="Search all messages of all sessions">
          All words must occur. <code>"quoted words"</code> stand side by side, <code>word*</code> is a beginning, <code>-word</code> must not occur.
        </Nothing>
      ) : (
        data !== undefined && (
          <>
            <p className={css.total} role="status">
              {pending ? "…" : total.data === undefined || total.pending ? "counting…" : `${count(total.data.search.totalCount)} messages`}
            </p>
            <Hits
              key={JSON.stringify([filters, search.order])}
              first={data.search}
              query={search.q}
              more={(after) => moreOf({ ...filters, text: search.q ?? "", first: pageSize, after, order: search.order === "rank" ? "RANK" : "NEWEST" })}
            />
          </>
        )
      )}
    </div>
  )
}

const moreOf = async (variables: SearchPageQuery["variables"]) => (await ask<SearchPageQuery>(query, variables)).search

interface Asked {
  readonly q?: string | undefined
  readonly order?: "rank" | undefined
  readonly who?: string | undefined
  readonly since?: string | undefined
  readonly project?: string | undefined
}
interface FieldsOf {
  readonly search: Asked
  readonly change: (next: Asked) => void
}

const Fields = ({ change, search }: FieldsOf) => {
  const [text, setText] = useState(search.q ?? "")
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  useKeys({ "/": () => field.current?.select() })
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is typed is asked for once it rests.
  useEffect(() => {
    const words = text.trim() === "" ? undefined : text.trim()
    if (words === search.q) return
    const timer = setTimeout(() => change({ q: words }), typingMs)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <search className={css.fields}>
      <input
        ref={field}
        type="search"
        aria-label="Words"
        className={css.field}
        placeholder="Words, “a phrase”, begin*, -without"
        value={text}
        onChange={(event) => setText(event.target.value)}
        spellCheck={false}
        autoComplete="off"
      />
      <select
        aria-label="Order"
        className={css.select}
        value={search.order ?? ""}
        onChange={(event) => change({ order: event.target.value === "rank" ? "rank" : undefined })}
      >
        <option value="">newest first</option>
        <option value="rank">best first</option>
      </select>
      <select aria-label="Who" className={css.select} value={search.who ?? ""} onChange={(event) => change({ who: event.target.value || undefined })}>
        <option value="">all that was said</option>
        {Object.entries(roleWords).map(([role, words]) => (
          <option key={role} value={role}>
            {words}
          </option>
        ))}
      </select>
      <select aria-label="Time" className={css.select} value={search.since ?? ""} onChange={(event) => change({ since: event.target.value || undefined })}>
        <option value="">any time</option>
        {Object.entries(days).map(([span, words]) => (
          <option key={span} value={span}>
            {words}
          </option>
        ))}
      </select>
      {search.project !== undefined && (
        <button type="button" className={css.chip} onClick={() => change({ project: undefined })} title="Take this filter away">
          {search.project} ×
        </button>
      )}
    </search>
  )
}

interface HitsOf {
  readonly first: SearchPageQuery["response"]["search"]
  readonly query: string
  readonly more: (after: string) => Promise<SearchPageQuery["response"]["search"]>
}

const Hits = ({ first, more, query }: HitsOf) => {
  const [next, setNext] = useState<ReadonlyArray<HitsOf["first"]>>([])
  const pages = [first, ...next]
  const hits = pages.flatMap(({ edges }) => edges.map(({ node }) => node))
  const end = pages.at(-1)?.pageInfo
  const list = useRef<HTMLDivElement>(null)
  const step = (by: number) => {
    const links = [...(list.current?.querySelectorAll<HTMLElement>("[data-hit]") ?? [])]
    const at = links.indexOf(document.activeElement as HTMLElement)
    links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus()
  }
  useKeys({ j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1) })
  if (hits.length === 0) return <Nothing title="No message has all of these words">Fewer words, or the beginning of one with a star, find more.</Nothing>
  return (
    <div ref={list} className={css.hits}>
      {groupsOf(hits).map((group) => (
        <Group key={group[0]?.messageId} hits={group} query={query} />
      ))}
      {end?.hasNextPage === true && end.endCursor != null && (
        <button type="button" className={css.more} onClick={() => void more(end.endCursor ?? "").then((page) => setNext((before) => [...before, page]))}>
          More
        </button>
      )}
    </div>
  )
}

/** Hits that stand beside each other and are of one session. */
const groupsOf = (hits: ReadonlyArray<Hit>): ReadonlyArray<ReadonlyArray<Hit>> => {
  const groups: Array<Array<Hit>> = []
  for (const hit of hits) {
    const group = groups.at(-1)
    if (group?.[0]?.sessionId === hit.sessionId) group.push(hit)
    else groups.push([hit])
  }
  return groups
}

const whoWords: Readonly<Record<string, string>> = {
  PROMPT: "prompt",
  ANSWER: "answer",
  TOOL_CALL: "call",
  TOOL_RESULT: "result",
  COMMAND: "command",
  COMPACTION: "summary",
  SYSTEM: "client",
  META: "for the model",
  MACHINE: "notice"
}

const Group = ({ hits, query }: { readonly hits: ReadonlyArray<Hit>; readonly query: string }) => {
  const session = hits[0]?.session
  return (
    <section className={css.group}>
      <h2 className={css.session}>
        {session == null ? (
          "A session that is no longer kept"
        ) : (
          <Link to="/s/$id" params={{ id: session.sessionId }} dir="auto">
            {session.name}
          </Link>
        )}
        <span className={css.project}>{session?.projectName}</span>
      </h2>
      <ul>
        {hits.map((hit) => (
          <li key={hit.messageId}>
            <Link
              data-hit=""
              to="/s/$id"
              params={{ id: hit.agentId == null ? hit.sessionId : `agent-${hit.agentId}` }}
              search={{ at: hit.messageId.replace(/^Message:/, "") }}
              className={css.hit}
            >
              <span className={css.kind}>{whoWords[hit.kind] ?? hit.kind.toLowerCase()}</span>
              <span className={css.excerpt} dir="auto">
                {marked(hit.excerpt, query).map(({ found, text }, index) =>
                  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one excerpt never move.
                  found ? <mark key={index}>{text}</mark> : text
                )}
              </span>
              <Time at={hit.at} className={css.time} />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
