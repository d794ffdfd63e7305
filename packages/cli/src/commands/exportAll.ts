import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Journal } from "han-core/Journal"
import { redactor } from "han-core/Redaction"
import { toolOutputId } from "han-core/ToolOutput"
import { answered, ask, print } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { CommandFailed } from "../environment/CommandFailed.ts"
import { inFull } from "../environment/WorkingDirectory.ts"
import { type ExportFile, exportFolder } from "../export/ExportFolder.ts"
import { outputPlacesOf, placesOf } from "../export/ExportTree.ts"
import { redactedLines, redactedText, variablesOf } from "../export/Redacted.ts"
import { byteSize, count, counted } from "../terminal/Figures.ts"
import { plainLine } from "../terminal/PlainText.ts"

export const run = ({ directory, redact }: { readonly directory: string; readonly redact: boolean }, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const journal = yield* Journal
      const transcripts = yield* answered(host, "transcripts", journal.transcripts())
      const outputs = yield* answered(host, "outputs", journal.outputs())
      const { places, refused } = placesOf(transcripts)
      const machines = new Set(transcripts.map(({ transcript }) => transcript.machine))
      const ofOutputs = outputPlacesOf(outputs, machines.size > 1)
      const folder = yield* Effect.try({ try: () => exportFolder(inFull(directory)), catch: failed(directory) })
      const create = (path: ReadonlyArray<string>) => Effect.try({ try: () => folder.create(path), catch: failed(path.join("/")) })
      const secrets = redactor(variablesOf(host))
      const lines = redact ? redactedLines(secrets) : <A>(content: A) => content
      const text = redact ? redactedText(secrets) : <A>(content: A) => content
      let bytes = 0
      for (const { info, meta, path } of places) {
        const file = yield* create(path)
        bytes += yield* fill(file, lines(journal.bytes(info.id)))
        if (meta === undefined || info.meta === null) continue
        yield* fill(yield* create(meta), text(Stream.succeed<Uint8Array>(Buffer.from(info.meta))))
      }
      for (const { output, path } of ofOutputs.places) bytes += yield* fill(yield* create(path), text(journal.outputBytes(toolOutputId(output))))
      for (const { info, reason } of refused) yield* print(host.err, `han: not exported: ${plainLine(info.id)}: ${reason}\n`)
      for (const { output, reason } of ofOutputs.refused) yield* print(host.err, `han: not exported: ${plainLine(toolOutputId(output))}: ${reason}\n`)
      const sessions = new Set(places.map(({ info: { transcript } }) => `${transcript.machine}/${transcript.source}/${transcript.sessionId}`)).size
      const also = ofOutputs.places.length === 0 ? "" : ` and ${counted(ofOutputs.places.length, "output")} of tools`
      yield* print(
        host.out,
        `${counted(places.length, "transcript")} of ${counted(sessions, "session")}${also} (${byteSize(bytes)}) in ${plainLine(folder.path)}\n`
      )
      const left = refused.length + ofOutputs.refused.length
      if (left > 0)
        return yield* Effect.fail(
          new CommandFailed(`${count(left)} of ${counted(transcripts.length + outputs.length, "file")} were not exported, for the reasons above`)
        )
    })
  )

/** Writes a file, whole or not at all; the bytes that it has. */
const fill = <E, R>(file: ExportFile, content: Stream.Stream<Uint8Array, E, R>) =>
  Effect.gen(function* () {
    let bytes = 0
    yield* content.pipe(
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
    return bytes
  })

const failed = (path: string) => (error: unknown) =>
  error instanceof CommandFailed ? error : new CommandFailed(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
