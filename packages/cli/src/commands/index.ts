import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Indexer, type IndexReport } from "han-core/Indexer"
import { ask, print } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { CommandFailed } from "../environment/CommandFailed.ts"
import { byteSize, count, counted, duration } from "../terminal/Figures.ts"
import { plainLine } from "../terminal/PlainText.ts"
import { progressBar } from "../terminal/ProgressBar.ts"

export const run = (options: { readonly json: boolean }, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const indexer = yield* Indexer
      const bar = progressBar(host)
      let report: IndexReport | undefined
      yield* indexer.index.pipe(
        Stream.runForEach((progress) => {
          if (progress._tag === "Indexed")
            return Effect.sync(() => {
              report = progress.report
            })
          return print(host.err, bar.draw(progress))
        }),
        Effect.ensuring(Effect.ignore(print(host.err, bar.clear())))
      )
      if (report === undefined)
        return yield* Effect.fail(new CommandFailed("the coordinator ended the pass without a report; `han coordinator logs` may say why"))
      const { problems, ...figures } = report
      for (const { message, path } of problems) {
        yield* print(host.err, `han: ${plainLine(message.includes(path) ? message : `${path}: ${message}`)}\n`)
      }
      yield* print(host.out, options.json ? `${JSON.stringify(shape(figures))}\n` : summary(figures))
    })
  )

const shape = ({ appended, bytesRead, durationMs, entries, notTaken, transcripts, unreadable, unrecognized }: Omit<IndexReport, "problems">) => ({
  transcripts,
  bytesRead,
  entries,
  appended,
  unreadable,
  unrecognized,
  durationMs,
  notTaken: notTaken.count
})

const summary = (report: Omit<IndexReport, "problems">): string => {
  const odd = report.unreadable + report.unrecognized
  return (
    `${counted(report.entries, "line")} of ${counted(report.transcripts, "transcript")} kept` +
    (odd === 0 ? "" : `, ${count(report.unreadable)} unreadable, ${count(report.unrecognized)} of unknown kind (\`han doctor\` lists them)`) +
    `\nthis pass: ${counted(report.appended, "new line")}, ${byteSize(report.bytesRead)} read in ${duration(report.durationMs)}\n` +
    (report.notTaken.files.every(({ known }) => known)
      ? ""
      : `${counted(report.notTaken.count, ".jsonl file")} not taken for transcripts (\`han doctor\` lists them)\n`)
  )
}
