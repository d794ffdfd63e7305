import * as Effect from "effect/Effect"
import * as Pricing from "han-core/Pricing"
import { type Reconciliation, Usage, type UsageReport, type UsageRow, type UsageTotals } from "han-core/Usage"
import { answered, askIndexed, print, writeShape } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { usageReport } from "../export/JsonShapes.ts"
import { count, counted } from "../terminal/Figures.ts"
import { plainLine, toJson } from "../terminal/PlainText.ts"
import { shortId } from "../terminal/SessionNames.ts"
import { type Style, styleOf } from "../terminal/Style.ts"
import { table } from "../terminal/Table.ts"

export interface Options {
  readonly by: "day" | "model" | "project" | "session"
  readonly since: number | undefined
  readonly utc: boolean
  readonly check: boolean
  readonly json: boolean
}

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  askIndexed(
    host,
    Effect.gen(function* () {
      const usage = yield* Usage
      const since = options.since === undefined ? {} : { since: options.since }
      const zone = options.utc ? {} : { timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone }
      const report = yield* answered(host, "usage", usage.report({ by: options.by, ...since, ...zone }))
      const check = options.check ? yield* answered(host, "check of the usage", usage.reconcile(since)) : undefined
      if (options.json) {
        const unpriced = unpricedLine(report)
        if (unpriced !== undefined) yield* print(host.err, `han: ${unpriced}\n`)
        return yield* print(host.out, `${toJson({ ...usageReport(report), ...(check === undefined ? {} : { check }), ...(yield* writeShape(host)) })}\n`)
      }
      const style = styleOf(host.terminal)
      yield* print(host.out, usageTable(report, options.by, host))
      for (const note of [unpricedLine(report), ...report.notIncluded.map((what) => `not included: ${what}`)]) {
        if (note !== undefined) yield* print(host.out, `${style.dim(plainLine(note))}\n`)
      }
      if (check !== undefined) yield* print(host.out, `\n${checkText(check, style, host)}`)
    })
  )

const unpricedLine = (report: UsageReport): string | undefined =>
  report.unpricedModels.length === 0
    ? undefined
    : plainLine(
        `no price is known for ${report.unpricedModels.join(", ")}: the tokens are counted, the cost of ${counted(report.totals.unpricedResponses, "response")} is not`
      )

const cost = (row: UsageTotals): string =>
  row.unpricedResponses > 0 && row.costNanoUsd === 0 ? "unknown" : `${Pricing.formatUsd(row.costNanoUsd)}${row.unpricedResponses > 0 ? "+" : ""}`

const usageTable = (report: UsageReport, by: Options["by"], host: CliEnvironment): string => {
  const total = { key: "", label: "total", path: null, ...report.totals }
  const labels = new Map<string, number>()
  for (const { label } of report.rows) labels.set(label, (labels.get(label) ?? 0) + 1)
  // Projects of one name are told apart by their directories.
  const called = ({ label, path }: UsageRow) => (path !== null && (labels.get(label) ?? 0) > 1 ? `${label}  ${path}` : label)
  const name = (row: UsageRow) => (by === "session" && row !== total ? `${shortId(row.key, host.terminal)}  ${row.label}` : called(row))
  const figure = (header: string, of: (row: UsageRow) => string) => ({
    header,
    align: "right" as const,
    cell: of,
    paint: (style: Style, row: UsageRow) => (row === total ? style.bold : (text: string) => text)
  })
  return table(
    [...report.rows, total],
    [
      { header: by.toUpperCase(), cell: name, atLeast: 10, paint: (style: Style, row: UsageRow) => (row === total ? style.bold : (text: string) => text) },
      figure("RESPONSES", (row) => count(row.responses)),
      figure("INPUT", (row) => count(row.input)),
      figure("OUTPUT", (row) => count(row.output)),
      figure("CACHE READ", (row) => count(row.cacheRead)),
      figure("CACHE WRITE", (row) => count(row.cacheWrite5m + row.cacheWrite1h)),
      figure("COST", cost)
    ],
    { width: host.terminal.columns, style: styleOf(host.terminal) }
  )
}

/** The client's own totals beside the ledger's. */
const checkText = (check: ReadonlyArray<Reconciliation>, style: Style, host: CliEnvironment): string => {
  if (check.length === 0) return "The client has kept no totals of its own to compare with.\n"
  const differing = check.filter(({ differenceNanoUsd, reasons }) => differenceNanoUsd !== 0 || reasons.length > 0)
  const head =
    differing.length === 0
      ? `${style.green("All agree")}: ${counted(check.length, "session")} for which the client kept a total of its own.\n`
      : `${count(check.length - differing.length)} of ${counted(check.length, "session")} for which the client kept a total agree; these differ:\n`
  return (
    head +
    differing
      .map((one) => {
        const sign = one.differenceNanoUsd < 0 ? "-" : "+"
        return (
          `\n${style.cyan(shortId(plainLine(one.sessionId), host.terminal))}  ${plainLine(one.title)}\n` +
          `  client ${Pricing.formatUsd(one.clientNanoUsd)}, ledger ${Pricing.formatUsd(one.ledgerNanoUsd)}, difference ${sign}${Pricing.formatUsd(Math.abs(one.differenceNanoUsd))}\n` +
          one.reasons.map((reason) => `  ${plainLine(reason)}\n`).join("")
        )
      })
      .join("")
  )
}
