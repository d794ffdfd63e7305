import * as Effect from "effect/Effect"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { dateTime } from "../../terminal/Figures.ts"
import { styleOf } from "../../terminal/Style.ts"
import { table } from "../../terminal/Table.ts"
import { asJson, atServer } from "./workspaceServer.ts"

export interface Options {
  readonly limit: number
  readonly utc: boolean
  readonly json: boolean
}

interface Entry {
  readonly seq: number
  readonly at: string
  readonly person: { readonly name: string } | null
  readonly action: string
  readonly resource: string | null
  readonly outcome: string
  readonly detail: string
}

/** The newest acts last, as in a log. */
export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  atServer(host, (ask) =>
    Effect.gen(function* () {
      const { auditLog } = yield* ask<{ readonly auditLog: { readonly edges: ReadonlyArray<{ readonly node: Entry }> } }>(
        "query ($last: Int) { auditLog(last: $last) { edges { node { seq at person { name } action resource outcome detail } } } }",
        { last: options.limit }
      )
      const entries = auditLog.edges.map(({ node }) => node)
      if (options.json)
        return asJson({ entries: entries.map(({ detail, person, ...entry }) => ({ ...entry, person: person?.name ?? null, detail: JSON.parse(detail) })) })
      return table(entries, columns(options), { width: host.terminal.columns, style: styleOf(host.terminal) })
    })
  )

const columns = ({ utc }: Options) => [
  { header: "NO", align: "right" as const, cell: ({ seq }: Entry) => String(seq) },
  { header: "WHEN", cell: ({ at }: Entry) => dateTime(Date.parse(at), utc) },
  { header: "WHO", cell: ({ person }: Entry) => person?.name ?? "-", atLeast: 10 },
  { header: "WHAT", cell: ({ action }: Entry) => action },
  { header: "OUTCOME", cell: ({ outcome }: Entry) => outcome },
  { header: "ON", cell: ({ resource }: Entry) => resource ?? "-", atLeast: 12 }
]
