import * as Effect from "effect/Effect"
import { StoreFiles } from "han-core/StoreFiles"
import { ask, print } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { inFull } from "../../environment/WorkingDirectory.ts"
import { byteSize, counted } from "../../terminal/Figures.ts"
import { plainLine } from "../../terminal/PlainText.ts"

export const run = ({ file }: { readonly file: string }, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const { backup } = yield* StoreFiles
      // A large store takes its time, and the coordinator says when it cannot.
      const { bytes, lines, path, sessions, transcripts } = yield* backup(inFull(file))
      yield* print(
        host.out,
        `${counted(sessions, "session")} with ${counted(transcripts, "transcript")} and ${counted(lines, "line")} (${byteSize(bytes)}) in ${plainLine(path)}\n`
      )
    })
  )
