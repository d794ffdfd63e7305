import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Message } from "han-core/Message"
import { Sessions } from "han-core/Sessions"
import { Usage } from "han-core/Usage"
import { sessionMeant } from "../arguments/SessionArgument.ts"
import { sessionSyncs } from "../arguments/SessionSyncs.ts"
import { answered, askIndexed, pages, print, type Services, writeShape } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import type { Output } from "../environment/Output.ts"
import * as JsonShapes from "../export/JsonShapes.ts"
import { messageArray } from "../export/MessageArray.ts"
import { isOneLine, isShown, messageBlock } from "../terminal/MessageText.ts"
import { paged } from "../terminal/Pager.ts"
import { toJson } from "../terminal/PlainText.ts"
import { sessionHeader } from "../terminal/SessionHeader.ts"
import { styleOf } from "../terminal/Style.ts"

export interface Options {
  readonly id: string
  readonly utc: boolean
  readonly json: boolean
}

const pageSize = 200
/** Lines of a tool's result that a reader of the whole session sees; `han export --format markdown` has all. */
const resultLines = 20

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  askIndexed(
    host,
    Effect.flatMap(facts(options.id, host), (session) => (options.json ? writeJson(session, host) : writeText(session, options, host)))
  )

/** Everything about a session that is small. */
const facts = (id: string, host: CliEnvironment) =>
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const usage = yield* Usage
    const session = yield* sessionMeant(id, host)
    const of = { sessionId: session.id }
    return yield* answered(
      host,
      "parts of the session",
      Effect.all(
        {
          session: Effect.succeed(session),
          agents: sessions.agents(session.id),
          tasks: sessions.tasks(session.id),
          todos: sessions.todos(session.id),
          files: sessions.fileChanges(session.id),
          usage: usage.report({ by: "model", ...of }),
          compactions: sessions.compactions(session.id),
          summaries: sessions.summaries(session.id),
          sync: Effect.map(sessionSyncs([session.id], host), (syncs) => syncs?.get(session.id))
        },
        { concurrency: "unbounded" }
      )
    )
  })
export type Facts = Effect.Effect.Success<ReturnType<typeof facts>>

const messagePages = (session: Facts["session"], host: CliEnvironment) =>
  Stream.unwrap(Effect.map(Sessions, (sessions) => pages(pageSize, (page) => answered(host, "messages", sessions.messages({ sessionId: session.id }, page)))))

const writeJson = ({ agents, compactions, files, session, summaries, sync, tasks, todos, usage }: Facts, host: CliEnvironment) =>
  Effect.gen(function* () {
    const head = toJson({
      session: { ...JsonShapes.sessionFacts(session), ...(sync !== undefined && { sync: JsonShapes.sessionSync(sync) }) },
      agents: agents.map(JsonShapes.agent),
      tasks: tasks.map(JsonShapes.task),
      todos: todos.map(JsonShapes.dated),
      files: files.map(JsonShapes.dated),
      usage: JsonShapes.usageReport(usage),
      compactions: compactions.map(JsonShapes.dated),
      summaries: summaries.map(JsonShapes.dated),
      ...(yield* writeShape(host))
    })
    yield* print(host.out, `${head.slice(0, -1)},"messages":`)
    yield* messageArray(messagePages(session, host), host.out)
    yield* print(host.out, "}\n")
  })

const writeText = (session: Facts, options: Options, host: CliEnvironment) =>
  Effect.gen(function* () {
    const runtime = yield* Effect.runtime<Services>()
    const style = styleOf(host.terminal)
    const written = (output: Output) => {
      let besideBefore = false
      const block = (message: Message) => {
        const isParted = !(besideBefore && isOneLine(message))
        besideBefore = isOneLine(message)
        return `${isParted ? "\n" : ""}${messageBlock(message, { style, utc: options.utc, resultLines })}`
      }
      return Effect.zipRight(
        print(output, sessionHeader(session, { style, utc: options.utc, terminal: host.terminal })),
        Stream.runForEach(messagePages(session.session, host), (page) => print(output, page.filter(isShown).map(block).join("")))
      )
    }
    yield* Effect.flatten(Effect.promise(() => paged(host, (output) => Effect.runPromise(Effect.provide(Effect.exit(written(output)), runtime)))))
  })
