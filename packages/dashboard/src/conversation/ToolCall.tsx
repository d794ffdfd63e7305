import { Link } from "@tanstack/react-router"
import { memo, useMemo, useReducer, useSyncExternalStore } from "react"
import { Diff } from "../parts/Diff.tsx"
import { bytes, counted, duration } from "../text/figures.ts"
import { changes, lineDiff } from "../text/lineDiff.ts"
import type { Conversation } from "./Conversation.ts"
import { changesOf, type Input, inputOf, summaryOf, textIn, todosOf } from "./callInput.ts"
import type { BlockOf, Message, Result } from "./messageFragment.ts"
import { Output } from "./Output.tsx"
import css from "./ToolCall.module.css"
import { wholeOf } from "./wholeBlocks.ts"

const signs: Readonly<Record<string, string>> = { FILE: "≡", SEARCH: "?", SHELL: "$", TASK: "»", WEB: "@", MCP: "+", OTHER: "·" }

type Use = BlockOf<"ToolUseBlock">

interface Call {
  readonly conversation: Conversation
  readonly message: Message
  readonly block: Use
  readonly index: number
}

/** A call of a tool in one line, and under it what it did. */
export const ToolCall = memo(({ block, conversation, index, message }: Call) => {
  const late = useSyncExternalStore(conversation.listen, () => conversation.resultOf(block.toolCallId))
  const result: Result | undefined = block.result ?? late
  const input = useMemo(() => inputOf(block.input), [block.input])
  const { name } = block
  const edits = useMemo(() => changesOf(name, input), [name, input])
  const key = `call/${block.toolCallId}`
  const [, redraw] = useReducer((turn: number) => turn + 1, 0)
  const standard = edits.length > 0 || name === "Bash" || result?.isError === true || name === "TodoWrite"
  const open = conversation.open.get(key) ?? conversation.open.get("calls") ?? standard
  const toggle = () => {
    conversation.open.set(key, !open)
    redraw()
  }
  return (
    <div className={css.call} data-error={result?.isError === true}>
      <div className={css.head}>
        <button type="button" className={css.toggle} aria-expanded={open} onClick={toggle}>
          <span className={css.sign} aria-hidden="true">
            {signs[block.category] ?? "·"}
          </span>
          <span className={css.name}>{name}</span>
          <span className={css.summary} dir="ltr">
            {summaryOf(name, input) || (input === undefined ? block.input.slice(0, 300) : "")}
          </span>
        </button>
        <Facts block={block} result={result} edits={edits} />
      </div>
      {open && (
        <div className={css.body}>
          <Given name={name} input={input} block={block} edits={edits} />
          {result !== undefined && ((edits.length === 0 && name !== "TodoWrite") || result.isError) && (
            <Output
              text={result.content}
              length={result.length}
              bad={result.isError}
              label={`Output of ${name}`}
              lines={result.isError ? 20 : 10}
              whole={async () => {
                const whole = await wholeOf(message.id, index)
                return whole !== undefined && "result" in whole ? whole.result?.content : undefined
              }}
            />
          )}
        </div>
      )}
    </div>
  )
})

const Facts = ({
  block,
  edits,
  result
}: {
  readonly block: Use
  readonly result: Result | undefined
  readonly edits: ReadonlyArray<{ before: string; after: string }>
}) => {
  const sums = useMemo(() => edits.map(({ after, before }) => changes(lineDiff(before, after))), [edits])
  const [added, removed] = [sums.reduce((sum, one) => sum + one.added, 0), sums.reduce((sum, one) => sum + one.removed, 0)]
  return (
    <span className={css.facts}>
      {block.agentTask != null && <Agent agent={block.agentTask} />}
      {added > 0 && <span className={css.added}>+{added}</span>}
      {removed > 0 && <span className={css.removed}>−{removed}</span>}
      {result?.isError === true && <span className={css.failed}>failed</span>}
      {result === undefined && <span>no result yet</span>}
      {result?.hasImage === true && <span>picture</span>}
      {result !== undefined && result.length > 2000 && <span>{bytes(result.length)}</span>}
      {block.durationMs != null && <span title="From the line of the call to the line of its result">{duration(block.durationMs)}</span>}
    </span>
  )
}

type Task = NonNullable<Use["agentTask"]>

const Agent = ({ agent }: { readonly agent: Task }) => (
  <Link to="/s/$id" params={{ id: `agent-${(agent.agentId ?? "").replace(/^agent-/, "")}` }} className={css.agent} title={agent.description ?? undefined}>
    {agent.agentType ?? "subagent"} · {counted(agent.messageCount, "message")} →
  </Link>
)

interface GivenOf {
  readonly name: string
  readonly input: Input | undefined
  readonly block: Use
  readonly edits: ReadonlyArray<{ readonly before: string; readonly after: string }>
}

const Given = ({ block, edits, input, name }: GivenOf) => {
  if (edits.length > 0)
    return (
      <div className={css.edits}>
        {edits.map((edit, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the edits of one call never move.
          <Diff key={index} {...edit} path={textIn(input, "file_path", "path")} />
        ))}
      </div>
    )
  const todos = todosOf(input)
  if (todos.length > 0)
    return (
      <ul className={css.todos}>
        {todos.map(({ content, status }) => (
          <li key={content} data-status={status} dir="auto">
            {status === "completed" ? "☑" : status === "in_progress" ? "◪" : "☐"} {content}
          </li>
        ))}
      </ul>
    )
  if (name === "Bash") {
    const command = input?.["command"]
    // One line stands in the head already.
    return typeof command === "string" && command.length > 70 ? <pre className={css.command}>{command.slice(0, 20_000)}</pre> : null
  }
  if (input !== undefined && Object.keys(input).length === 0) return null
  if (input !== undefined && Object.keys(input).length === 1 && (name === "Read" || name === "Glob")) return null
  return <Output text={block.input} length={block.inputLength} label={`Input of ${name}`} lines={12} />
}
