import * as Effect from "effect/Effect"
import { HookCacheAdmin, type HookPass } from "han-core/HookCache"
import { answered, ask, print, writeShape } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { inFull } from "../../environment/WorkingDirectory.ts"
import * as Shape from "../../export/JsonShapes.ts"
import { type CacheChoice, cacheFilter, filterText, isNoFolder } from "../../hook/CacheFilter.ts"
import { count, counted, dateMinute } from "../../terminal/Figures.ts"
import { toJson } from "../../terminal/PlainText.ts"
import { styleOf } from "../../terminal/Style.ts"
import { table } from "../../terminal/Table.ts"

export interface Options extends CacheChoice {
  readonly limit: number
  readonly utc: boolean
  readonly json: boolean
}

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const filter = cacheFilter(options)
      // One more than is shown tells whether there are more.
      const found = yield* answered(
        host,
        "passes of hooks",
        Effect.flatMap(HookCacheAdmin, (cache) => cache.list({ ...filter, limit: options.limit + 1 }))
      )
      if (found.length === 0 && options.project !== undefined) yield* isNoFolder(inFull(options.project))
      const passes = found.slice(0, options.limit)
      if (options.json) return yield* print(host.out, `${toJson({ passes: passes.map(Shape.hookPass), ...(yield* writeShape(host)) })}\n`)
      if (found.length === 0) return yield* print(host.out, `No pass${filterText(filter)} is kept; every hook that is due runs.\n`)
      const style = styleOf(host.terminal)
      if (passes.length > 0) yield* print(host.out, table(passes, columns(options), { width: host.terminal.columns, style }))
      if (found.length > passes.length)
        yield* print(
          host.out,
          `${style.dim(`${passes.length === 0 ? "some passes are kept" : `the newest ${counted(passes.length, "pass", "passes")}`}; --limit N shows more`)}\n`
        )
    })
  )

const columns = ({ utc }: Options) => [
  { header: "HOOK", cell: (pass: HookPass) => pass.hook, atLeast: 20 },
  { header: "DIRECTORY", cell: (pass: HookPass) => pass.directory, atLeast: 16 },
  { header: "FILES", align: "right" as const, cell: (pass: HookPass) => count(pass.files) },
  { header: "PASSED", cell: (pass: HookPass) => dateMinute(pass.passedAt, utc) },
  { header: "USES", align: "right" as const, cell: (pass: HookPass) => count(pass.uses) }
]
