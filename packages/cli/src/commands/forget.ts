import * as Effect from "effect/Effect"
import { SessionId } from "han-core/Entry"
import { Journal } from "han-core/Journal"
import { JournalAdmin } from "han-core/JournalAdmin"
import { Sessions } from "han-core/Sessions"
import { StoreFiles } from "han-core/StoreFiles"
import { SyncClient, SyncStopped } from "han-core/SyncClient"
import { answered, ask, print } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { BadUsage, CommandFailed } from "../environment/CommandFailed.ts"
import { transcriptsOf } from "../export/TranscriptChoice.ts"
import { count, counted, dateMinute } from "../terminal/Figures.ts"
import { plainLine } from "../terminal/PlainText.ts"
import { confirmed } from "../terminal/Question.ts"
import { badConfiguration, orExitCode, partly } from "./sync/syncExitCode.ts"

export interface Options {
  readonly which: { readonly session: string } | { readonly before: number }
  /** Undefined: it is asked where a server has a copy. */
  readonly where: "everywhere" | "local" | undefined
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
      const copies = yield* copiesOf(ids, options, host)
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
      if (yield* isEverywhere(copies, options, host)) yield* forgetThere(ids, copies, host)
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

/** How many of the sessions a team server has something of, and its name. */
interface Copies {
  readonly host: string
  readonly count: number
}

const copiesOf = (ids: ReadonlyArray<SessionId>, { where, yes }: Options, host: CliEnvironment) =>
  Effect.gen(function* () {
    const { sessions, status } = yield* SyncClient
    const { configured, endpointHost } = yield* answered(host, "status of sync", status)
    if (where === "everywhere" && !configured)
      return yield* Effect.fail(new CommandFailed("no team server is connected; --local removes what this machine has. Nothing was removed", badConfiguration))
    const held = where === "local" ? [] : (yield* answered(host, "what the server has", sessions(ids))).filter(({ syncedLines }) => syncedLines > 0)
    const copies: Copies = { host: plainLine(endpointHost ?? "the team server"), count: held.length }
    if (held.length > 0 && where === undefined && (yes || !host.terminal.canAsk))
      return yield* Effect.fail(
        new BadUsage(`forget: ${copies.host} has ${copyCount(copies, ids)}; say --everywhere to remove it there, too, or --local. Nothing was removed`)
      )
    return copies
  })

const copyCount = ({ count }: Copies, ids: ReadonlyArray<SessionId>): string => (ids.length === 1 ? "a copy of it" : `copies of ${count} of these sessions`)

const isEverywhere = (copies: Copies, { where }: Options, host: CliEnvironment) =>
  Effect.gen(function* () {
    if (where !== undefined || copies.count === 0) return where === "everywhere"
    yield* print(host.err, `${copies.host} has ${copies.count === 1 ? "a copy" : `copies of ${copies.count}`}. Remove what it has, too? [y/N] `)
    return yield* Effect.promise(() => confirmed())
  })

/** Removes sessions from the server before they go here: what fails there can be tried again. */
const forgetThere = (ids: ReadonlyArray<SessionId>, copies: Copies, host: CliEnvironment) =>
  Effect.gen(function* () {
    const { forget } = yield* SyncClient
    const outcomes = yield* orExitCode(
      Effect.mapError(forget(ids), (error) =>
        error._tag === "SyncStopped" ? new SyncStopped({ ...error, message: `${error.message}. Nothing was removed here` }) : error
      )
    )
    const others = outcomes.filter(({ outcome }) => outcome === "not_yours")
    if (others.length > 0)
      return yield* Effect.fail(
        new CommandFailed(
          `${copies.host} keeps ${others.map(({ sessionId }) => plainLine(sessionId)).join(", ")}: another person sent it. Nothing was removed here`,
          partly
        )
      )
    yield* print(host.out, `${counted(outcomes.filter(({ outcome }) => outcome === "forgotten").length, "session")} removed from ${copies.host}.\n`)
  })

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
