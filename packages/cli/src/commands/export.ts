import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { AgentId } from "han-core/Entry"
import { Journal, type TranscriptInfo } from "han-core/Journal"
import { redactor } from "han-core/Redaction"
import { Sessions } from "han-core/Sessions"
import { sessionMeant } from "../arguments/SessionArgument.ts"
import { answered, ask, pages, print } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { messageArray } from "../export/MessageArray.ts"
import { redactedLines, variablesOf } from "../export/Redacted.ts"
import { choose, generationsOf, holdingOf, transcriptsOf } from "../export/TranscriptChoice.ts"
import { counted } from "../terminal/Figures.ts"
import { markdownHeader, markdownMessage } from "../terminal/Markdown.ts"
import { plainLine } from "../terminal/PlainText.ts"

export interface Options {
  readonly session: string
  readonly agent: string | undefined
  readonly generation: number | undefined
  readonly format: "jsonl" | "markdown" | "json"
  readonly utc: boolean
  readonly redact: boolean
}

const pageSize = 200

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  options.format === "jsonl" ? ask(host, verbatim(options, host)) : ask(host, readable(options, host))

const verbatim = (options: Options, host: CliEnvironment) =>
  Effect.gen(function* () {
    const journal = yield* Journal
    const { transcripts } = yield* transcriptsOf(options.session, host)
    const { id, transcript } = yield* choose(transcripts, options)
    if (options.generation === undefined) yield* tellOthers(generationsOf(transcripts, options.agent), transcript.generation, host)
    const lines = journal.bytes(id)
    yield* Stream.runForEach(options.redact ? redactedLines(redactor(variablesOf(host)))(lines) : lines, (bytes) => print(host.out, bytes))
  })

/** Several files can have one session's id: whoever exports one of them is to know of the others. */
const tellOthers = (generations: ReadonlyArray<TranscriptInfo>, exported: number, host: CliEnvironment) => {
  const others = holdingOf(generations).filter(({ transcript }) => transcript.generation !== exported)
  return others.length === 0
    ? Effect.void
    : print(
        host.err,
        `han: this transcript has ${counted(others.length + 1, "file")}; not exported here: ${others
          .map(
            ({ file, lines, transcript }) =>
              `--generation ${transcript.generation} (${counted(lines, "line")}${file === null ? "" : `, ${plainLine(file.path)}`})`
          )
          .join(", ")}\n`
      )
}

const readable = ({ agent, format, generation, redact, session: asked, utc }: Options, host: CliEnvironment) =>
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const session = yield* sessionMeant(asked, host)
    if (agent !== undefined) yield* choose((yield* transcriptsOf(session.id, host)).transcripts, { session: session.id, agent, generation })
    const of = { sessionId: session.id, ...(agent === undefined ? {} : { agentId: AgentId.make(agent) }) }
    const messages = pages(pageSize, (page) => answered(host, "messages", sessions.messages(of, page)))
    // Before they are written: Markdown has escapes of its own.
    const shown = redact ? redactor(variablesOf(host)).value : <A>(value: A) => value
    if (format === "json") {
      yield* messageArray(Stream.map(messages, shown), host.out)
      return yield* print(host.out, "\n")
    }
    yield* print(host.out, markdownHeader(shown(session), { utc, agent }))
    yield* Stream.runForEach(messages, (page) =>
      print(
        host.out,
        shown(page)
          .map((message) => markdownMessage(message, utc))
          .join("")
      )
    )
  })
