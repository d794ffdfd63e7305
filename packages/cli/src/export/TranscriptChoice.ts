import * as Effect from "effect/Effect"
import { SessionId } from "han-core/Entry"
import { Journal, type TranscriptInfo } from "han-core/Journal"
import { sessionMeant } from "../arguments/SessionArgument.ts"
import { answered } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { CommandFailed } from "../environment/CommandFailed.ts"

/** The transcripts of a session, by its id or the beginning of one. A session of which no line could be read has them too. */
export const transcriptsOf = (session: string, host: CliEnvironment) =>
  Effect.gen(function* () {
    const journal = yield* Journal
    if (session.length <= 256) {
      const exact = yield* answered(host, "transcripts", journal.transcripts({ sessionId: SessionId.make(session) }))
      if (exact.length > 0) return { sessionId: SessionId.make(session), transcripts: exact }
    }
    const { id } = yield* sessionMeant(session, host)
    return { sessionId: id, transcripts: yield* answered(host, "transcripts", journal.transcripts({ sessionId: id })) }
  })

export interface Wanted {
  readonly session: string
  readonly agent: string | undefined
  readonly generation: number | undefined
}

/**
 * The generation that stands for a transcript: of those that hold the one with the most lines, for several files can have one session's id, and
 * some are no more than a line of bookkeeping.
 */
export const foremost = (generations: ReadonlyArray<TranscriptInfo>): TranscriptInfo | undefined => {
  const holding = holdingOf(generations)
  return (holding.length > 0 ? holding : generations).reduce<TranscriptInfo | undefined>(
    (best, info) =>
      best === undefined || info.lines > best.lines || (info.lines === best.lines && info.transcript.generation > best.transcript.generation) ? info : best,
    undefined
  )
}

/** Transcripts that no newer generation took the place of. */
export const holdingOf = (generations: ReadonlyArray<TranscriptInfo>): ReadonlyArray<TranscriptInfo> => generations.filter((info) => info.replacedBy === null)

/** All generations of the main transcript, or of the one that is wanted. A session that only han wrote about has its own log as the main one. */
export const generationsOf = (transcripts: ReadonlyArray<TranscriptInfo>, agent: string | undefined): ReadonlyArray<TranscriptInfo> =>
  agent === undefined ? ofMain(transcripts) : transcripts.filter(({ transcript }) => transcript.agentId === agent)

/** The foremost generation of the main transcript, or of the one and the generation that is wanted. */
export const choose = (transcripts: ReadonlyArray<TranscriptInfo>, wanted: Wanted): Effect.Effect<TranscriptInfo, CommandFailed> => {
  const { agent, generation, session } = wanted
  const ofKind = generationsOf(transcripts, agent)
  if (ofKind.length === 0) {
    const agents = [...new Set(transcripts.flatMap(({ transcript }) => (transcript.agentId === null ? [] : [transcript.agentId])))]
    return Effect.fail(
      new CommandFailed(
        agent === undefined
          ? `session ${session} has no main transcript${agents.length === 0 ? "" : `, only its subagents': --agent ${agents.join(", ")}`}`
          : `session ${session} has no subagent "${agent}"${agents.length === 0 ? " (and none at all)" : `; it has ${agents.join(", ")}`}`
      )
    )
  }
  const found = foremost(ofKind.filter(({ transcript }) => generation === undefined || transcript.generation === generation))
  return found === undefined
    ? Effect.fail(
        new CommandFailed(
          `there is no generation ${generation} of this transcript; it has ${[...new Set(ofKind.map(({ transcript }) => transcript.generation))].sort((a, b) => a - b).join(", ")}`
        )
      )
    : Effect.succeed(found)
}

const ofMain = (transcripts: ReadonlyArray<TranscriptInfo>): ReadonlyArray<TranscriptInfo> => {
  const main = transcripts.filter(({ transcript }) => transcript.kind === "main")
  return main.length > 0 ? main : transcripts.filter(({ transcript }) => transcript.kind === "han")
}
