import * as Effect from "effect/Effect"
import { socketPath } from "han-core/unstable/CoordinatorSocket"
import { Coordinator, CoordinatorIncompatible, type CoordinatorStatus } from "han-rpc/Coordinator"
import { protocol, version } from "han-rpc/Version"
import { probe, shakeHands } from "../../coordinator/Connection.ts"
import { answered, print, run as runAgainst, writeNote } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { CommandFailed } from "../../environment/CommandFailed.ts"
import { byteSize, count, counted, duration, isoInstant } from "../../terminal/Figures.ts"
import { plainLine, toJson } from "../../terminal/PlainText.ts"

/** As of a service that is not running (LSB). */
const notRunning = 3

export const run = (options: { readonly json: boolean }, host: CliEnvironment): Promise<number> =>
  runAgainst(
    host,
    Effect.gen(function* () {
      const found = yield* probe(host)
      if (found._tag === "Barred") return yield* Effect.fail(new CommandFailed(found.message))
      if (found._tag === "None") {
        yield* print(host.out, options.json ? `${toJson({ running: false, home: host.home })}\n` : `no coordinator is running for ${host.home}\n`)
        return notRunning
      }
      const theirs = yield* shakeHands(host)
      if (theirs.protocol !== protocol)
        return yield* Effect.fail(new CoordinatorIncompatible({ location: socketPath(host.home), theirs, ours: { version, protocol } }))
      const coordinator = yield* Coordinator
      const status = yield* answered(host, "status", coordinator.status)
      yield* print(host.out, options.json ? `${toJson(statusShape(status))}\n` : statusText(status, host.now()))
      yield* print(host.err, options.json ? writeNote(status, host) : "")
      return 0
    })
  )

export const statusShape = (status: CoordinatorStatus) => ({
  running: true,
  ...status,
  startedAt: isoInstant(status.startedAt),
  indexer: { ...status.indexer, lastPassAt: isoInstant(status.indexer.lastPassAt), failing: failureShape(status.indexer.failing) },
  cannotWrite: failureShape(status.cannotWrite)
})

const failureShape = (failure: CoordinatorStatus["cannotWrite"]) => (failure === null ? null : { since: isoInstant(failure.since), message: failure.message })

export const statusText = (status: CoordinatorStatus, now: number): string => {
  const { database, indexer, rebuilding } = status
  const pass = indexer.running
  const lines: ReadonlyArray<readonly [string, string]> = [
    ["coordinator", `han ${status.version}, process ${status.pid}, running for ${duration(now - status.startedAt)}`],
    ["home", status.home],
    ["socket", status.socket],
    ["HTTP", status.http.state === "off" ? `off: ${status.http.reason}` : `${status.http.url}, GraphQL at /graphql`],
    ["database", `${database.location} (${database.engine} ${database.version})`],
    [
      "indexing",
      pass !== null
        ? `${byteSize(pass.bytesDone)} of ${byteSize(pass.bytes)}, ${count(pass.filesDone)} of ${count(pass.files)} files`
        : `${indexer.following ? "following what is written" : "not following"}${indexer.lastPassAt === null ? "" : `, last pass ${duration(now - indexer.lastPassAt)} ago`}`
    ],
    ...(rebuilding === null ? [] : [["rebuilding", `${rebuilding.projection}: ${count(rebuilding.entries)} of ${counted(rebuilding.total, "line")}`] as const]),
    ...remakeLines(status),
    ...(status.cannotWrite === null
      ? []
      : [["warning", `for ${duration(now - status.cannotWrite.since)} not everything has been written down: ${status.cannotWrite.message}`] as const]),
    ...(database.warning === null ? [] : [["warning", database.warning] as const])
  ]
  return lines.map(([name, value]) => `${name.padEnd(11)}  ${plainLine(value)}\n`).join("")
}

/** The store of an earlier build, and how far it is made anew. */
const remakeLines = ({ database, remaking }: CoordinatorStatus): ReadonlyArray<readonly [string, string]> => {
  if (remaking === null) return []
  const { lines, message, phase, total, version } = remaking
  const what = `${database.location} is of an earlier build (journal version ${version})`
  return phase === "failed"
    ? [["warning", `${what} and could not be made anew, nothing of it was changed: ${message}; \`han coordinator stop\`, and the next command tries again`]]
    : [
        ["making anew", `${phase}: ${count(lines)} of ${counted(total, "line")}`],
        ["", `${what}: until it is made anew, hooks run without cached passes, and nothing is indexed or shown`]
      ]
}
