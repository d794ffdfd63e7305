import { Link } from "@tanstack/react-router"
import { memo, type ReactNode, useReducer, useState } from "react"
import { Prose } from "../parts/Prose.tsx"
import { modelName } from "../text/columns.ts"
import { bytes, duration } from "../text/figures.ts"
import { absolute, clockTime } from "../text/times.ts"
import type { Conversation } from "./Conversation.ts"
import { LineActions } from "./LineActions.tsx"
import css from "./MessageRow.module.css"
import { type Block, type BlockOf, blocksOf, type Message } from "./messageFragment.ts"
import { Output } from "./Output.tsx"
import { ToolCall } from "./ToolCall.tsx"
import { wholeOf } from "./wholeBlocks.ts"

interface Row {
  readonly conversation: Conversation
  readonly message: Message
  readonly target: boolean
  /** It has only results that are shown within their calls. */
  readonly elsewhere: boolean
}

/** Who speaks, by the kind of line. */
const voices: Readonly<Record<string, "person" | "model" | "aside">> = { RegularUserMessage: "person", CommandUserMessage: "person", AssistantMessage: "model" }

/** One line of the conversation. One that is shown within another has no height. */
export const MessageRow = memo(({ conversation, elsewhere, message, target }: Row) => {
  if (elsewhere) return <div hidden />
  const content = contentOf(message, conversation)
  if (content === null) return <div hidden />
  return (
    <article
      className={css.row}
      data-voice={message.kind === "MACHINE" ? "aside" : (voices[message.__typename] ?? "aside")}
      data-target={target}
      data-message={message.id}
      aria-label={labelOf(message)}
    >
      <div className={css.gutter}>
        <Link
          from="/s/$id"
          to="."
          search={(before) => ({ ...before, at: message.uuid })}
          replace
          className={css.time}
          title={`${absolute(message.timestamp)} · link to this line`}
        >
          {clockTime(message.timestamp) || "·"}
        </Link>
      </div>
      <div className={css.content}>
        {content}
        {target && <LineActions message={message} />}
      </div>
    </article>
  )
})

const labelOf = (message: Message): string => {
  if (message.__typename === "AssistantMessage") return `Answer${message.model == null ? "" : ` of ${modelName(message.model)}`}`
  if (message.kind === "MACHINE") return "Notice"
  return message.__typename === "RegularUserMessage" ? "Prompt" : message.__typename.replace(/Message$/, "")
}

const contentOf = (message: Message, conversation: Conversation): ReactNode => {
  switch (message.__typename) {
    case "SystemMessage":
      return message.content == null ? null : <Aside word={message.subtype ?? "system"} text={message.content} bad={message.level === "error"} />
    case "SummaryMessage":
      return (
        <Folded
          conversation={conversation}
          id={message.id}
          label={message.isCompactSummary === true ? "The context was compacted" : "Summary"}
          note={bytes((message.content ?? "").length)}
        >
          <Prose text={(message.content ?? "").slice(0, 20_000)} />
        </Folded>
      )
    case "HookRunMessage":
      return <Hook message={message} facts={message.result ?? undefined} />
    case "HookResultMessage":
      return null
    case "InterruptUserMessage":
      return <Aside word="interrupted" text="" bad />
    case "MetaUserMessage":
    case "CommandUserMessage":
    case "RegularUserMessage":
    case "AssistantMessage":
    case "ToolResultUserMessage": {
      const blocks = blocksOf(message).map((block, index) => blockOf(block, index, message, conversation))
      return blocks.every((block) => block === null) ? null : blocks
    }
    case "FileHistorySnapshotMessage":
      return null
    default:
      return message.eventType == null ? null : <Aside word={message.eventType} text={message.content ?? ""} />
  }
}

const blockOf = (block: Block, index: number, message: Message, conversation: Conversation): ReactNode => {
  const key = `${message.id}/${index}`
  switch (block.__typename) {
    case "TextBlock":
      return block.text.trim() === "" ? null : <Words key={key} block={block} index={index} message={message} conversation={conversation} />
    case "ThinkingBlock":
      return block.thinking === "" ? null : (
        <Folded key={key} conversation={conversation} id={key} label="Thought" note={bytes(block.length)}>
          <p className={css.thought} dir="auto">
            {block.thinking}
          </p>
        </Folded>
      )
    case "ToolUseBlock":
      return <ToolCall key={key} block={block} index={index} message={message} conversation={conversation} />
    case "ToolResultBlock":
      return (
        <Output
          key={key}
          text={block.content}
          length={block.length}
          bad={block.isError}
          label="Result of a tool"
          lines={8}
          whole={async () => {
            const whole = await wholeOf(message.id, index)
            return whole !== undefined && "content" in whole ? whole.content : undefined
          }}
        />
      )
    case "ImageBlock":
      return (
        <p key={key} className={css.dim}>
          picture ({block.mediaType})
        </p>
      )
    default:
      return null
  }
}

const firstChars = 6000

/** What somebody said: a model as Markdown, a person as it was typed. */
const Words = ({
  block,
  conversation,
  index,
  message
}: {
  readonly block: BlockOf<"TextBlock">
  readonly index: number
  readonly message: Message
  readonly conversation: Conversation
}) => {
  const [whole, setWhole] = useState<string | undefined>()
  const [failed, setFailed] = useState<string | undefined>()
  const said = whole ?? block.text
  const text = whole === undefined && said.length > firstChars ? said.slice(0, firstChars) : said
  const { length } = block
  const meta = message.__typename === "MetaUserMessage"
  const body =
    message.__typename === "AssistantMessage" ? (
      <Prose text={text} />
    ) : (
      <p className={meta || message.kind === "MACHINE" ? css.meta : css.words} dir="auto">
        {message.__typename === "CommandUserMessage" && message.commandName != null && !said.startsWith("/") && !message.commandName.startsWith("!") && (
          <span className={css.command}>/{message.commandName} </span>
        )}
        {text}
      </p>
    )
  return (
    <>
      {meta ? (
        <Folded conversation={conversation} id={`${message.id}/${index}`} label="For the model" note={text.slice(0, 120)}>
          {body}
        </Folded>
      ) : (
        body
      )}
      {text.length < length && whole === undefined && (
        <button
          type="button"
          className={css.more}
          onClick={() =>
            wholeOf(message.id, index).then(
              (found) => setWhole(found !== undefined && "text" in found ? found.text : said),
              (error: unknown) => setFailed(String(error))
            )
          }
        >
          Show all of it ({bytes(length)})
        </button>
      )}
      {failed !== undefined && <p className={css.dim}>{failed}</p>}
    </>
  )
}

interface Fold {
  readonly conversation: Conversation
  readonly id: string
  readonly label: string
  readonly note: string
  readonly children: ReactNode
}

const Folded = ({ children, conversation, id, label, note }: Fold) => {
  const [, redraw] = useReducer((turn: number) => turn + 1, 0)
  const open = conversation.open.get(id) ?? false
  const toggle = () => {
    conversation.open.set(id, !open)
    redraw()
  }
  return (
    <div className={css.fold}>
      <button type="button" className={css.foldHead} aria-expanded={open} onClick={toggle}>
        <span className={css.foldLabel}>{label}</span> <span className={css.foldNote}>{note}</span>
      </button>
      {open && <div className={css.foldBody}>{children}</div>}
    </div>
  )
}

const Aside = ({ bad = false, text, word }: { readonly word: string; readonly text: string; readonly bad?: boolean }) => (
  <p className={css.aside} data-bad={bad} dir="auto">
    <span className={css.asideWord}>{word.replaceAll("_", " ")}</span> {text.slice(0, 2000)}
  </p>
)

type HookFacts = NonNullable<Message["result"]>

const Hook = ({ facts, message }: { readonly message: Message; readonly facts: HookFacts | undefined }) => (
  <div>
    <p className={css.aside} data-bad={facts?.success === false}>
      <span className={css.asideWord}>{message.hookType ?? "hook"}</span> {message.hookName}{" "}
      <span className={css.dim}>
        {facts === undefined
          ? "no end is known"
          : facts.success === true
            ? message.cached === true
              ? "passed before, not run again"
              : "passed"
            : `failed${facts.exitCode == null ? "" : ` with ${facts.exitCode}`}`}
        {facts?.durationMs == null ? "" : ` · ${duration(facts.durationMs)}`}
      </span>
    </p>
    {facts?.success === false && (
      <Output text={facts.error || facts.output || ""} length={(facts.error || facts.output || "").length} bad label="Output of the hook" lines={12} />
    )}
  </div>
)
