import * as Effect from "effect/Effect"
import * as Pricing from "han-core/Pricing"
import type { Session } from "han-core/Session"
import { Sessions } from "han-core/Sessions"
import { projectMeant } from "../arguments/ProjectArgument.ts"
import { sessionSyncs } from "../arguments/SessionSyncs.ts"
import { answered, askIndexed, firstRows, print, writeShape } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { sessionRow, sessionSync } from "../export/JsonShapes.ts"
import { count, counted, dateMinute } from "../terminal/Figures.ts"
import { plainLine, toJson } from "../terminal/PlainText.ts"
import { shortId } from "../terminal/SessionNames.ts"
import { styleOf } from "../terminal/Style.ts"
import { syncWords } from "../terminal/SyncWords.ts"
import { table } from "../terminal/Table.ts"

export interface Options {
  readonly project: string | undefined
  readonly limit: number
  readonly utc: boolean
  readonly json: boolean
}

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  askIndexed(
    host,
    Effect.gen(function* () {
      const sessions = yield* Sessions
      const meant = options.project === undefined ? undefined : yield* projectMeant(options.project, host)
      const filter = meant?._tag === "Known" ? { project: meant.project } : {}
      const [rows, total] =
        meant?._tag === "Empty"
          ? [[], 0]
          : yield* Effect.all(
              [
                firstRows(options.limit, (page) => answered(host, "list of sessions", sessions.list(filter, page))),
                answered(host, "number of sessions", sessions.count(filter))
              ],
              { concurrency: 2 }
            )
      const syncs = yield* sessionSyncs(
        rows.map(({ id }) => id),
        host
      )
      if (options.json) {
        const sessions = rows.map((session) => ({ ...sessionRow(session), ...syncShape(syncs, session) }))
        return yield* print(host.out, `${toJson({ sessions, total, ...(yield* writeShape(host)) })}\n`)
      }
      if (total === 0) {
        return yield* print(
          host.out,
          meant === undefined
            ? "There are no sessions yet; `han doctor` shows where they are looked for.\n"
            : `No session has worked in ${plainLine(meant._tag === "Empty" ? meant.folder : meant.project)} yet.\n`
        )
      }
      const style = styleOf(host.terminal)
      if (rows.length > 0) yield* print(host.out, table(rows, columns(options, host, syncs), { width: host.terminal.columns, style }))
      if (rows.length < total) yield* print(host.out, `${style.dim(`${count(rows.length)} of ${counted(total, "session")}; --limit N shows more`)}\n`)
    })
  )

type Syncs = Effect.Effect.Success<ReturnType<typeof sessionSyncs>>

const syncShape = (syncs: Syncs, { id }: Session) => {
  const sync = syncs?.get(id)
  return sync === undefined ? {} : { sync: sessionSync(sync) }
}

const columns = (options: Options, host: CliEnvironment, syncs: Syncs) => [
  { header: "SESSION", cell: (session: Session) => shortId(session.id, host.terminal) },
  { header: "UPDATED", cell: (session: Session) => dateMinute(session.updatedAt, options.utc) },
  {
    header: "STATUS",
    cell: (session: Session) => session.status,
    paint: (style: ReturnType<typeof styleOf>, session: Session) =>
      session.status === "active" ? style.green : session.status === "idle" ? style.yellow : style.dim
  },
  { header: "MESSAGES", align: "right" as const, cell: (session: Session) => count(session.messages) },
  {
    header: "COST",
    align: "right" as const,
    cell: (session: Session) => Pricing.formatUsd(session.costNanoUsd) + (session.costNanoUsd !== null && session.unpricedResponses > 0 ? "+" : "")
  },
  ...(syncs === null ? [] : [{ header: "SYNC", cell: ({ id }: Session) => syncWords(syncs.get(id)), atLeast: 7 }]),
  { header: "PROJECT", cell: (session: Session) => session.project ?? "-", atLeast: 8 },
  { header: "BRANCH", cell: (session: Session) => session.branch ?? "-", atLeast: 6 },
  { header: "TITLE", cell: (session: Session) => (session.forkOf === null ? "" : "⑂ ") + session.displayTitle, atLeast: 12 }
]
