import * as Effect from "effect/Effect"
import type { MessageKind, MessageRole } from "han-core/Message"
import { Search, type SearchHit } from "han-core/Search"
import { projectMeant } from "../arguments/ProjectArgument.ts"
import { sessionMeant } from "../arguments/SessionArgument.ts"
import { answered, askIndexed, firstRows, print, writeShape } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { searchHit } from "../export/JsonShapes.ts"
import { count, counted, dateMinute } from "../terminal/Figures.ts"
import { highlighted } from "../terminal/Highlight.ts"
import { nameOf } from "../terminal/MessageText.ts"
import { plainLine, toJson } from "../terminal/PlainText.ts"
import { shortId } from "../terminal/SessionNames.ts"
import { styleOf } from "../terminal/Style.ts"
import { padEnd, wrap } from "../terminal/Width.ts"

export interface Options {
  readonly text: string
  readonly project: string | undefined
  readonly session: string | undefined
  readonly order: "newest" | "rank" | undefined
  readonly limit: number
  readonly role: MessageRole | undefined
  readonly kinds: ReadonlyArray<MessageKind> | undefined
  readonly since: number | undefined
  readonly until: number | undefined
  readonly utc: boolean
  readonly json: boolean
}

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  askIndexed(
    host,
    Effect.gen(function* () {
      const search = yield* Search
      const { kinds, order, role, since, text, until } = options
      const meant = options.project === undefined ? undefined : yield* projectMeant(options.project, host)
      const within = options.session === undefined ? undefined : yield* sessionMeant(options.session, host)
      const query = {
        text,
        ...(order === undefined ? {} : { order }),
        ...(within === undefined ? {} : { sessionId: within.id }),
        ...(meant?._tag === "Known" ? { project: meant.project } : {}),
        ...(role === undefined ? {} : { role }),
        ...(kinds === undefined ? {} : { kinds }),
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until })
      }
      const [hits, total] =
        meant?._tag === "Empty"
          ? [[], 0]
          : yield* Effect.all(
              [
                firstRows(options.limit, (page) => answered(host, "search", search.messages(query, page))),
                answered(host, "number of hits", search.count(query))
              ],
              { concurrency: 2 }
            )
      if (options.json) return yield* print(host.out, `${toJson({ hits: hits.map(searchHit), total, ...(yield* writeShape(host)) })}\n`)
      if (total === 0)
        return yield* print(host.out, meant?._tag === "Empty" ? `No session has worked in ${plainLine(meant.folder)} yet.\n` : "Nothing was found.\n")
      const style = styleOf(host.terminal)
      yield* print(host.out, hits.map((hit) => hitText(hit, options, host)).join(""))
      if (hits.length < total) yield* print(host.out, `${style.dim(`${count(hits.length)} of ${counted(total, "hit")}; --limit N shows more`)}\n`)
    })
  )

const hitText = (hit: SearchHit, options: Options, host: CliEnvironment): string => {
  const style = styleOf(host.terminal)
  const where = `${shortId(plainLine(hit.sessionId), host.terminal)}${hit.agentId === null ? "" : ` agent ${plainLine(hit.agentId)}`}`
  const head = `${style.dim(dateMinute(hit.at, options.utc))}  ${style.cyan(where)}  ${padEnd(nameOf(hit.kind), 9)}`.trimEnd()
  return `${head}\n${wrap(plainLine(hit.excerpt), host.terminal.columns - 2)
    .map((line) => `  ${highlighted(line, options.text, style)}\n`)
    .join("")}`
}
