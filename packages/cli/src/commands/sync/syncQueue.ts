import * as Effect from "effect/Effect"
import { type QueueItem, SyncClient } from "han-core/SyncClient"
import { answered, ask, print } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import * as JsonShapes from "../../export/JsonShapes.ts"
import { count, dateTime } from "../../terminal/Figures.ts"
import { toJson } from "../../terminal/PlainText.ts"
import { shortId } from "../../terminal/SessionNames.ts"
import { styleOf } from "../../terminal/Style.ts"
import { table } from "../../terminal/Table.ts"
import { partly } from "./syncExitCode.ts"

export interface Options {
  readonly utc: boolean
  readonly json: boolean
}

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const { queue } = yield* SyncClient
      const items = yield* answered(host, "queue of sync", queue)
      const shown = options.json
        ? `${toJson({ items: items.map(JsonShapes.queueItem) })}\n`
        : items.length === 0
          ? "Nothing waits.\n"
          : table(items, columns(options, host), { width: host.terminal.columns, style: styleOf(host.terminal) })
      yield* print(host.out, shown)
      return items.some(({ state }) => state === "quarantined") ? partly : 0
    })
  )

const columns = ({ utc }: Options, host: CliEnvironment) => [
  { header: "SESSION", cell: ({ sessionId }: QueueItem) => shortId(sessionId, host.terminal) },
  { header: "STATE", cell: ({ priority, state }: QueueItem) => (state === "pending" && priority > 0 ? "next" : state) },
  { header: "SINCE", cell: ({ enqueuedAt }: QueueItem) => dateTime(enqueuedAt, utc) },
  { header: "ATTEMPTS", align: "right" as const, cell: ({ attempts }: QueueItem) => count(attempts) },
  { header: "NEXT", cell: ({ nextAttemptAt }: QueueItem) => dateTime(nextAttemptAt, utc) },
  { header: "ERROR", cell: ({ lastErrorCode }: QueueItem) => lastErrorCode ?? "-" }
]
