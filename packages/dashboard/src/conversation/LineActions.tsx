import { useState } from "react"
import { graphql } from "relay-runtime"
import type { LineActionsQuery } from "../generated/LineActionsQuery.graphql.ts"
import { ask } from "../relay/asking.ts"
import css from "./LineActions.module.css"
import { blocksOf, type Message } from "./messageFragment.ts"

const query = graphql`
  query LineActionsQuery($id: String!) {
    message(id: $id) {
      rawJson
    }
  }
`

/** A line of megabytes is in the transcript, and not in the page. */
const maxShown = 200_000

/** What can be done with the line that the address names. */
export const LineActions = ({ message }: { readonly message: Message }) => {
  const [said, setSaid] = useState("")
  const [raw, setRaw] = useState<string | undefined>()
  const copy = (what: string, text: string) =>
    navigator.clipboard.writeText(text).then(
      () => setSaid(`${what} copied`),
      () => setSaid("The browser did not allow it")
    )
  const show = () =>
    ask<LineActionsQuery>(query, { id: message.id }).then(
      (answer) => setRaw(pretty(answer.message?.rawJson ?? "")),
      (error: unknown) => setSaid(String(error))
    )
  return (
    <div className={css.actions}>
      <button type="button" onClick={() => void copy("Link", location.href)}>
        Copy link
      </button>
      <button type="button" onClick={() => void copy("Text", markdownOf(message))}>
        Copy as Markdown
      </button>
      <button type="button" aria-expanded={raw !== undefined} onClick={() => (raw === undefined ? void show() : setRaw(undefined))}>
        Raw line
      </button>
      <span role="status">{said}</span>
      {raw !== undefined && (
        <pre className={css.raw} tabIndex={0} role="region" aria-label="The raw line">
          {raw.slice(0, maxShown)}
          {raw.length > maxShown && `\n… ${raw.length - maxShown} more characters; the transcript has them.`}
        </pre>
      )}
    </div>
  )
}

const pretty = (line: string): string => {
  if (line.length > maxShown) return line
  try {
    return JSON.stringify(JSON.parse(line), null, 2)
  } catch {
    return line
  }
}

const markdownOf = (message: Message): string =>
  blocksOf(message)
    .flatMap((block) => {
      switch (block.__typename) {
        case "TextBlock":
          return [block.text]
        case "ToolUseBlock":
          return [`\`\`\`json\n${block.name} ${block.input}\n\`\`\``, ...(block.result == null ? [] : [`\`\`\`\n${block.result.content}\n\`\`\``])]
        case "ToolResultBlock":
          return [`\`\`\`\n${block.content}\n\`\`\``]
        default:
          return []
      }
    })
    .join("\n\n") ||
  (message.content ?? "")
