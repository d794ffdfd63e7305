import * as Effect from "effect/Effect"
import { SessionId } from "han-core/Entry"
import { Journal } from "han-core/Journal"
import { JournalAdmin } from "han-core/JournalAdmin"
import { Sessions } from "han-core/Sessions"
import { StoreFiles } from "han-core/StoreFiles"
import { answered, ask, print } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { BadUsage, CommandFailed } from "../environment/CommandFailed.ts"
import { transcriptsOf } from "../export/TranscriptChoice.ts"
import { count, counted, dateMinute } from "../terminal/Figures.ts"
import { plainLine } from "../terminal/PlainText.ts"
import { confirmed } from "../terminal/Question.ts"

export interface Options {
  readonly which: { readonly session: string } | { readonly before: number }
  readonly yes: boolean
  readonly utc: boolean
}

/** Sessions that are named before the question; the rest is a number. */
const named = 10

export const run = (options: Options, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const admin = yield* JournalAdmin
      const { which } = options
      const ids = "before" in which ? yield* answered(host, "sessions to forget", admin.forgettable(which)) : [yield* one(which.session, host)]
      if (ids.length === 0) return yield* print(host.out, "No session is that old; nothing was removed.\n")
      if (!options.yes) {
        if (!host.terminal.canAsk)
          return yield* Effect.fail(
            new BadUsage(`forget: ${counted(ids.length, "session")} would be removed for good; without a terminal to ask at, --yes is needed`)
          )
        yield* print(host.err, yield* question(ids, options, host))
        if (!(yield* Effect.promise(() => confirmed()))) {
          yield* print(host.err, "Nothing was removed.\n")
          return 1
        }
      }
      const gone = yield* admin.forget({ sessionIds: ids })
      yield* print(host.out, `${counted(gone.sessions, "session")} with ${counted(gone.entries, "line")} removed for good.\n`)
      const formers = yield* answered(host, "former stores", (yield* StoreFiles).formers)
      if (formers.length > 0)
        yield* print(
          host.err,
          `han: ${counted(formers.length, "former store")} beside the store still ${formers.length === 1 ? "has" : "have"} what it had then; \`han coordinator prune\` removes ${formers.length === 1 ? "it" : "them"}\n`
        )
    })
  )

/** The id of a session that can be forgotten, also one of which no line could be read. */
const one = (session: string, host: CliEnvironment) =>
  Effect.gen(function* () {
    const journal = yield* Journal
    const found = yield* Effect.either(transcriptsOf(session, host))
    if (found._tag === "Right") return found.right.sessionId
    const forgotten = session.length <= 256 && (yield* answered(host, "session", journal.isForgotten(SessionId.make(session))))
    return yield* Effect.fail(forgotten ? new CommandFailed(`session ${session} is forgotten already`) : found.left)
  })

const question = (ids: ReadonlyArray<SessionId>, { utc }: Options, host: CliEnvironment) =>
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const shown = yield* answered(host, "sessions", sessions.getMany(ids.slice(0, named)))
    const known = new Set(shown.map(({ id }) => String(id)))
    const lines = [
      ...shown.map(
        (session) => `  ${session.id}  ${dateMinute(session.updatedAt, utc)}  ${counted(session.messages, "message")}  ${plainLine(session.displayTitle)}`
      ),
      ...ids
        .slice(0, named)
        .filter((id) => !known.has(id))
        .map((id) => `  ${plainLine(id)}`),
      ...(ids.length > named ? [`  … and ${count(ids.length - named)} more`] : [])
    ]
    return `${lines.join("\n")}\nRemove ${counted(ids.length, "session")} for good? The lines that han keeps are the last ones once the client has deleted its files. [y/N] `
  })
