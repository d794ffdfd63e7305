import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { type Sent, SyncClient } from "han-core/SyncClient"
import { sessionMeant } from "../../arguments/SessionArgument.ts"
import { answered, askIndexed, print } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { CommandFailed } from "../../environment/CommandFailed.ts"
import * as JsonShapes from "../../export/JsonShapes.ts"
import { byteSize, count, counted } from "../../terminal/Figures.ts"
import { plainLine, toJson } from "../../terminal/PlainText.ts"
import { fit } from "../../terminal/Width.ts"
import { badConfiguration, orExitCode, partly } from "./syncExitCode.ts"

export interface Options {
  /** One session, by its id or the beginning of it; all that waits without. */
  readonly session: string | undefined
  readonly json: boolean
}

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  askIndexed(
    host,
    Effect.gen(function* () {
      const client = yield* SyncClient
      const sessionId = options.session === undefined ? undefined : (yield* sessionMeant(options.session, host)).id
      const sent = yield* withProgress(orExitCode(client.sync({ sessionId })), host)
      yield* print(host.out, options.json ? `${toJson(JsonShapes.sent(sent))}\n` : sentText(sent))
      if (sessionId !== undefined) {
        const [one] = yield* answered(host, "state of the session", client.sessions([sessionId]))
        if (one?.state === "excluded")
          return yield* Effect.fail(new CommandFailed(`the session stays on this machine: ${plainLine(one.reason ?? "")}`, badConfiguration))
        if (one?.state === "quarantined")
          return yield* Effect.fail(new CommandFailed(`the server refused the session, or some of it: ${plainLine(one.reason ?? "")}`, partly))
        return 0
      }
      const { quarantined } = yield* answered(host, "status of sync", client.status)
      if (quarantined === 0) return 0
      return yield* Effect.fail(
        new CommandFailed(
          `${counted(quarantined, "transcript")} that the server refused ${quarantined === 1 ? "stays" : "stay"} here; \`han sync queue\` says why`,
          partly
        )
      )
    })
  )

const sentText = ({ bytes, requests, sent, sessions }: Sent): string =>
  sent === 0
    ? "Nothing was to be sent.\n"
    : `Sent ${counted(sent, "line")} of ${counted(sessions, "session")}, ${byteSize(bytes)} in ${counted(requests, "request")}.\n`

/** Draws how many lines still wait, on a terminal, while something is sent. */
const withProgress = <A, E, R>(sending: Effect.Effect<A, E, R>, host: CliEnvironment) => {
  if (!host.terminal.progress) return sending
  const columns = Number.isFinite(host.terminal.columns) ? host.terminal.columns : 80
  let most = 0
  const draw = Effect.gen(function* () {
    const { pendingMessages } = yield* Effect.flatMap(SyncClient, ({ status }) => status)
    most = Math.max(most, pendingMessages)
    if (most > 0) yield* print(host.err, `\r\u001b[2K${fit(`${count(most - pendingMessages)} of ${counted(most, "line")} sent`, columns - 1)}`)
  })
  return Effect.scoped(
    Effect.gen(function* () {
      // Without the answer there is nothing to draw, and the sending says itself what is wrong.
      yield* Effect.forkScoped(Effect.ignore(Effect.repeat(draw, Schedule.spaced("200 millis"))))
      return yield* sending
    })
  ).pipe(Effect.ensuring(Effect.suspend(() => (most === 0 ? Effect.void : Effect.ignore(print(host.err, "\r\u001b[2K"))))))
}
