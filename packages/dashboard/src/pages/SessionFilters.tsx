import { useEffect, useState } from "react"
import { graphql } from "relay-runtime"
import type { SessionFiltersQuery } from "../generated/SessionFiltersQuery.graphql.ts"
import { useAnswer } from "../relay/asking.ts"
import { modelName } from "../text/columns.ts"
import css from "./SessionFilters.module.css"
import { type SessionsSearch, type Span, type State, spans, states } from "./sessionsSearch.ts"

const query = graphql`
  query SessionFiltersQuery {
    projects(first: 500) {
      id
      projectId
      name
    }
  }
`

interface Filters {
  readonly search: SessionsSearch
  readonly change: (next: Partial<SessionsSearch>) => void
}

const spanWords: Readonly<Record<Span, string>> = { "24h": "last 24 hours", "7d": "last 7 days", "30d": "last 30 days", "90d": "last 90 days" }
const stateWords: Readonly<Record<State, string>> = { active: "active now", idle: "idle", completed: "ended" }

/** Conditions on the list; the address has them. */
export const SessionFilters = ({ change, search }: Filters) => {
  const { data } = useAnswer<SessionFiltersQuery>(query, {})
  return (
    <search className={css.filters}>
      <TitleField value={search.q} change={(q) => change({ q })} />
      <select
        aria-label="State"
        className={css.select}
        data-set={search.state !== undefined}
        value={search.state ?? ""}
        onChange={(event) => change({ state: states.find((one) => one === event.target.value) })}
      >
        <option value="">Any state</option>
        {states.map((state) => (
          <option key={state} value={state}>
            {stateWords[state]}
          </option>
        ))}
      </select>
      <select
        aria-label="Project"
        className={css.select}
        data-set={search.project !== undefined}
        value={search.project ?? ""}
        onChange={(event) => change({ project: event.target.value || undefined })}
      >
        <option value="">Any project</option>
        {(data?.projects ?? []).map(({ id, name, projectId }) => (
          <option key={id} value={projectId}>
            {name}
          </option>
        ))}
      </select>
      <select
        aria-label="Time"
        className={css.select}
        data-set={search.since !== undefined}
        value={search.since ?? ""}
        onChange={(event) => change({ since: (Object.keys(spans) as ReadonlyArray<Span>).find((one) => one === event.target.value) })}
      >
        <option value="">Any time</option>
        {(Object.keys(spans) as ReadonlyArray<Span>).map((span) => (
          <option key={span} value={span}>
            {spanWords[span]}
          </option>
        ))}
      </select>
      <button
        type="button"
        className={css.toggle}
        aria-pressed={search.errors === true}
        onClick={() => change({ errors: search.errors === true ? undefined : true })}
      >
        With errors
      </button>
      {search.branch !== undefined && <Chip label={`branch ${search.branch}`} remove={() => change({ branch: undefined })} />}
      {search.model !== undefined && <Chip label={modelName(search.model)} remove={() => change({ model: undefined })} />}
    </search>
  )
}

const typingMs = 150

/** The words as they are typed; the address follows a moment later. */
const TitleField = ({ change, value }: { readonly value: string | undefined; readonly change: (value: string | undefined) => void }) => {
  const [text, setText] = useState(value ?? "")
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is typed is told once it rests.
  useEffect(() => {
    if (text === (value ?? "")) return
    const timer = setTimeout(() => change(text === "" ? undefined : text), typingMs)
    return () => clearTimeout(timer)
  }, [text])
  useEffect(() => setText((now) => (value === undefined && now !== "" && document.activeElement?.tagName === "INPUT" ? now : (value ?? ""))), [value])
  return (
    <input
      type="search"
      aria-label="Title"
      className={css.field}
      placeholder="Title"
      value={text}
      onChange={(event) => setText(event.target.value)}
      spellCheck={false}
      autoComplete="off"
    />
  )
}

const Chip = ({ label, remove }: { readonly label: string; readonly remove: () => void }) => (
  <button type="button" className={css.chip} onClick={remove} title="Take this filter away">
    {label} <span aria-hidden="true">×</span>
  </button>
)
