import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Journal } from "han-core/Journal"
import { answered, ask, print } from "../Asking.ts"
import { CommandFailed } from "../CommandFailed.ts"
import { exportFolder } from "../ExportFolder.ts"
import { placesOf } from "../ExportTree.ts"
import type { Host } from "../Host.ts"
import { byteSize, count, counted } from "../terminal/Figures.ts"
import { plainLine } from "../terminal/PlainText.ts"
import { inFull } from "../WorkingDirectory.ts"

export const run = ({ directory }: { readonly directory: string }, host: Host): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const journal = yield* Journal
      const transcripts = yield* answered(host, "transcripts", journal.transcripts())
      const { places, refused } = placesOf(transcripts)
      const folder = yield* Effect.try({ try: () => exportFolder(inFull(directory)), catch: failed(directory) })
      let bytes = 0
      for (const { info, meta, path } of places) {
        const file = yield* Effect.try({ try: () => folder.create(path), catch: failed(path.join("/")) })
        yield* journal.bytes(info.id).pipe(
          Stream.runForEach((chunk) =>
            Effect.try({
              try: () => {
                file.write(chunk)
                bytes += chunk.length
              },
              catch: failed(file.path)
            })
          ),
          Effect.onError(() => Effect.sync(file.abandon))
        )
        yield* Effect.try({ try: file.finish, catch: failed(file.path) })
        if (meta !== undefined && info.meta !== null) {
          const { meta: text } = info
          yield* Effect.try({
            try: () => {
              const metaFile = folder.create(meta)
              metaFile.write(Buffer.from(text))
              metaFile.finish()
            },
            catch: failed(meta.join("/"))
          })
        }
      }
      for (const { info, reason } of refused) yield* print(host.err, `han: not exported: ${plainLine(info.id)}: ${reason}\n`)
      const sessions = new Set(places.map(({ info: { transcript } }) => `${transcript.machine}/${transcript.source}/${transcript.sessionId}`)).size
      yield* print(host.out, `${counted(places.length, "transcript")} of ${counted(sessions, "session")} (${byteSize(bytes)}) in ${plainLine(folder.path)}\n`)
      if (refused.length > 0)
        return yield* Effect.fail(
          new CommandFailed(`${count(refused.length)} of ${counted(transcripts.length, "transcript")} were not exported, for the reasons above`)
        )
    })
  )

const failed = (path: string) => (error: unknown) =>
  error instanceof CommandFailed ? error : new CommandFailed(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
