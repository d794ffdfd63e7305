import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Journal, type JournalChange } from "han-core/Journal"
import * as Message from "han-core/Message"
import { sessionMeant } from "../arguments/SessionArgument.ts"
import { ask, print, statusOf, writeNote } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { CommandFailed } from "../environment/CommandFailed.ts"
import { isShown, messageBlock, type Shown } from "../terminal/MessageText.ts"
import { plainLine } from "../terminal/PlainText.ts"
import { shortId } from "../terminal/SessionNames.ts"
import { type Style, styleOf } from "../terminal/Style.ts"

export interface Options {
  readonly session: string | undefined
  readonly utc: boolean
}

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const journal = yield* Journal
      const only = options.session === undefined ? undefined : (yield* sessionMeant(options.session, host)).id
      const style = styleOf(host.terminal)
      if (host.terminal.output)
        yield* print(host.err, `waiting for ${only === undefined ? "what is written" : `lines of ${plainLine(only)}`}; Ctrl-C ends it\n`)
      yield* Effect.fork(toldOfTrouble(host))
      yield* Stream.runForEach(journal.changes({}), (change) =>
        only !== undefined && change.transcript.sessionId !== only
          ? Effect.void
          : print(host.out, changeText(change, { style, utc: options.utc, terminal: host.terminal }))
      )
      return yield* Effect.fail(new CommandFailed("the coordinator ended; `han tail` again starts it and goes on"))
    }),
    { interruptedCode: 0 }
  )

const lookEveryMs = 5000

/** Tells who follows for hours when nothing comes because nothing can be written, and when that is over. */
const toldOfTrouble = (host: CliEnvironment) =>
  Effect.gen(function* () {
    let told = false
    while (true) {
      const note = writeNote(yield* statusOf(host), host)
      if (note !== "" && !told) yield* print(host.err, note)
      if (note === "" && told) yield* print(host.err, "han: what was missing is written down now\n")
      told = note !== ""
      yield* Effect.sleep(lookEveryMs)
    }
  })

/** Every message of a change that is for reading; empty when there is none. */
export const changeText = (
  change: JournalChange,
  options: { readonly style: Style; readonly utc: boolean; readonly terminal: { readonly output: boolean } }
): string => {
  const { agentId, sessionId } = change.transcript
  const prefix = `${options.style.cyan(shortId(plainLine(sessionId), options.terminal))}${agentId === null ? "" : options.style.cyan(` agent ${plainLine(agentId)}`)}  `
  return change.decoded
    .flatMap((decoded) => {
      const kind = Message.kindOf(decoded)
      if (kind === null) return []
      const shown: Shown = { kind, at: decoded.envelope.at, text: Message.textOf(decoded), events: decoded.events }
      return isShown(shown) ? [messageBlock(shown, { style: options.style, utc: options.utc, resultLines: 6, prefix })] : []
    })
    .join("")
}
