import { Link } from "@tanstack/react-router"
import { graphql } from "relay-runtime"
import { Nothing, Problem } from "../frame/Problem.tsx"
import type { SessionPreviewQuery } from "../generated/SessionPreviewQuery.graphql.ts"
import { Cost } from "../parts/Cost.tsx"
import { Lamp } from "../parts/Lamp.tsx"
import { Time } from "../parts/Time.tsx"
import { useAnswer, useThrottled } from "../relay/asking.ts"
import { modelName } from "../text/columns.ts"
import { counted, duration, short } from "../text/figures.ts"
import css from "./SessionPreview.module.css"
import type { SessionsSearch } from "./sessionsSearch.ts"
import { useSessionChanges } from "./useSessions.ts"

const query = graphql`
  query SessionPreviewQuery($id: String!) {
    session(id: $id) {
      ...sessionRow_session @relay(mask: false)
      duration
      turnCount
      toolCallCount
      fileChangeCount
      firstPrompt
      usage {
        input
        output
        cacheRead
      }
      messages(first: 12) {
        edges {
          node {
            id
            __typename
            timestamp
            ... on AssistantMessage {
              contentBlocks {
                __typename
                ... on TextBlock {
                  text(maxChars: 600)
                }
                ... on ToolUseBlock {
                  name
                  toolCallId
                }
              }
            }
            ... on RegularUserMessage {
              contentBlocks {
                __typename
                ... on TextBlock {
                  text(maxChars: 600)
                }
              }
            }
          }
        }
      }
    }
  }
`

interface Preview {
  readonly id: string
  readonly close: () => void
  readonly filter: (next: Partial<SessionsSearch>) => void
}

type Session = NonNullable<SessionPreviewQuery["response"]["session"]>

/** A look at a session beside the list. */
export const SessionPreview = ({ close, filter, id }: Preview) => {
  const { again, data, error } = useAnswer<SessionPreviewQuery>(query, { id })
  useSessionChanges(useThrottled(again, 1000))
  if (error !== undefined) return <Problem error={error} again={again} />
  const session = data?.session
  return (
    <aside className={css.preview} aria-label="Preview">
      <button type="button" className={css.close} onClick={close} aria-label="Close the preview" title="Close (Space)">
        ×
      </button>
      {data !== undefined && session == null && <Nothing title="This session is no longer kept" />}
      {session != null && <Facts session={session} filter={filter} />}
      {session != null && <Latest session={session} />}
    </aside>
  )
}

const Facts = ({ filter, session }: { readonly session: Session; readonly filter: Preview["filter"] }) => (
  <>
    <h2 className={css.title} dir="auto">
      <Link to="/s/$id" params={{ id: session.sessionId }}>
        {session.name}
      </Link>
    </h2>
    <p className={css.place}>
      <Lamp doing={session} worded /> <Time at={session.updatedAt} />
    </p>
    <dl className={css.facts}>
      <dt>Project</dt>
      <dd>
        <button type="button" className={css.filter} onClick={() => filter({ project: session.projectId ?? undefined })} title="Only this project">
          {session.projectName || "none"}
        </button>
      </dd>
      {session.gitBranch != null && (
        <>
          <dt>Branch</dt>
          <dd>
            <button type="button" className={css.filter} onClick={() => filter({ branch: session.gitBranch ?? undefined })} title="Only this branch">
              {session.gitBranch}
            </button>
          </dd>
        </>
      )}
      {session.model != null && (
        <>
          <dt>Model</dt>
          <dd>
            <button type="button" className={css.filter} onClick={() => filter({ model: session.model ?? undefined })} title="Only this model">
              {modelName(session.model)}
            </button>
          </dd>
        </>
      )}
      <dt>Cost</dt>
      <dd>
        <Cost costUsd={session.estimatedCostUsd} unpriced={session.usage.unpricedResponses} /> · {short(session.usage.input + session.usage.cacheRead)} in,{" "}
        {short(session.usage.output)} out
      </dd>
      <dt>Work</dt>
      <dd>
        {counted(session.turnCount, "prompt")}, {counted(session.toolCallCount, "call")},{" "}
        {counted(session.fileChangeCount, "change of a file", "changes of files")}, {duration((session.duration ?? 0) * 1000)}
      </dd>
    </dl>
  </>
)

const Latest = ({ session }: { readonly session: Session }) => (
  <ol className={css.latest}>
    {session.messages.edges
      .map(({ node }) => node)
      .toReversed()
      .map((node) => {
        const blocks = "contentBlocks" in node ? (node.contentBlocks ?? []) : []
        const words = blocks.flatMap((block) => ("text" in block && block.text.trim() !== "" ? [block.text] : [])).join("\n")
        const tools = blocks.flatMap((block) => ("name" in block ? [block.name] : []))
        if (words === "" && tools.length === 0) return null
        return (
          <li key={node.id} data-who={node.__typename === "AssistantMessage" ? "model" : "person"} dir="auto">
            {words}
            {tools.length > 0 && <span className={css.tools}>{tools.join(", ")}</span>}
          </li>
        )
      })}
  </ol>
)
