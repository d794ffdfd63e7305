import { useNavigate } from "@tanstack/react-router"
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react"
import { graphql } from "relay-runtime"
import type { PaletteQuery } from "../generated/PaletteQuery.graphql.ts"
import { useAnswer } from "../relay/asking.ts"
import { ago } from "../text/times.ts"
import { Dialog } from "./Dialog.tsx"
import css from "./Palette.module.css"
import { type Theme, theme } from "./theme.ts"

const query = graphql`
  query PaletteQuery($filter: SessionFilter) {
    sessions(first: 30, filter: $filter) {
      edges {
        node {
          id
          sessionId
          name
          projectName
          updatedAt
        }
      }
    }
    projects(first: 200) {
      id
      projectId
      name
      path
    }
  }
`

interface Choice {
  readonly id: string
  readonly label: string
  readonly kind: "Page" | "Session" | "Project" | "Do"
  readonly note: string
  readonly act: () => void
}

const pageNames = [
  ["/", "Sessions"],
  ["/search", "Search"],
  ["/usage", "Usage"],
  ["/gates", "Gates"],
  ["/projects", "Projects"],
  ["/sync", "Sync"],
  ["/settings", "Settings"]
] as const

/** One field that leads everywhere. */
export const Palette = ({ close }: { readonly close: () => void }) => {
  const [text, setText] = useState("")
  const [at, setAt] = useState(0)
  const choices = useChoices(text.trim(), close)
  const id = useId()
  const chosen = choices[Math.min(at, choices.length - 1)]
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    list.current?.querySelector(`[data-id="${CSS.escape(chosen?.id ?? "")}"]`)?.scrollIntoView({ block: "nearest" })
  }, [chosen?.id])
  const onKeyDown = (event: KeyboardEvent) => {
    const step =
      event.key === "ArrowDown" || (event.ctrlKey && event.key === "n") ? 1 : event.key === "ArrowUp" || (event.ctrlKey && event.key === "p") ? -1 : 0
    if (step !== 0) {
      event.preventDefault()
      setAt((now) => (Math.min(now, choices.length - 1) + step + choices.length) % Math.max(1, choices.length))
    } else if (event.key === "Enter") {
      event.preventDefault()
      chosen?.act()
    }
  }
  return (
    <Dialog label="Go to, or do" close={close}>
      <input
        className={css.field}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
        placeholder="A page, a session, a project; or words to search for"
        role="combobox"
        aria-label="Go to, or do"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={chosen === undefined ? undefined : `${id}-${chosen.id}`}
        autoComplete="off"
        spellCheck={false}
      />
      <div ref={list} id={id} role="listbox" aria-label="Choices" className={css.list}>
        {choices.map((choice) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys, as a combobox has them.
          <div
            key={choice.id}
            id={`${id}-${choice.id}`}
            data-id={choice.id}
            role="option"
            tabIndex={-1}
            aria-selected={choice === chosen}
            className={css.choice}
            onClick={choice.act}
          >
            <span className={css.kind}>{choice.kind}</span>
            <span className={css.label}>{choice.label}</span>
            <span className={css.note}>{choice.note}</span>
          </div>
        ))}
      </div>
    </Dialog>
  )
}

const useChoices = (text: string, close: () => void): ReadonlyArray<Choice> => {
  const navigate = useNavigate()
  const filter = useMemo(() => (text.length < 2 ? null : { _or: casings(text).map((words) => ({ title: { _contains: words } })) }), [text])
  const { data } = useAnswer<PaletteQuery>(query, { filter })
  const go = (act: () => unknown) => () => {
    close()
    void act()
  }
  const matches = (...texts: ReadonlyArray<string>) => texts.some((one) => one.toLowerCase().includes(text.toLowerCase()))
  const pages = pageNames
    .filter(([, label]) => matches(label))
    .map(([to, label]): Choice => ({ id: `page${to}`, label, kind: "Page", note: "", act: go(() => navigate({ to })) }))
  const sessions = (data?.sessions.edges ?? [])
    .filter(({ node }) => matches(node.name, node.projectName))
    .map(
      ({ node }): Choice => ({
        id: node.id,
        label: node.name,
        kind: "Session",
        note: `${node.projectName} · ${ago(node.updatedAt, Date.now())}`,
        act: go(() => navigate({ to: "/s/$id", params: { id: node.sessionId } }))
      })
    )
  const projects = (data?.projects ?? [])
    .filter(({ name, path }) => text !== "" && matches(name, path))
    .map(
      (one): Choice => ({
        id: one.id,
        label: one.name,
        kind: "Project",
        note: one.path,
        act: go(() => navigate({ to: "/p/$id", params: { id: one.projectId } }))
      })
    )
  const themes = (["system", "light", "dark"] as ReadonlyArray<Theme>)
    .filter((one) => text !== "" && matches(`colours ${one}`))
    .map((one): Choice => ({ id: `theme-${one}`, label: `Colours: ${one}`, kind: "Do", note: "", act: go(() => theme.choose(one)) }))
  const search: ReadonlyArray<Choice> =
    text === ""
      ? []
      : [{ id: "search", label: `Search all messages for “${text}”`, kind: "Do", note: "", act: go(() => navigate({ to: "/search", search: { q: text } })) }]
  return [...(text === "" ? [] : pages), ...sessions.slice(0, 12), ...projects.slice(0, 8), ...(text === "" ? pages : []), ...themes, ...search]
}

/** Conditions on texts know cases: the words as they were typed, small, and with a capital. */
const casings = (text: string): ReadonlyArray<string> => [...new Set([text, text.toLowerCase(), `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`])]
