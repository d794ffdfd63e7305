import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { SyncClient } from "han-core/SyncClient"
import { askIndexed, print } from "../../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../../environment/CliEnvironment.ts"
import { CommandFailed } from "../../environment/CommandFailed.ts"
import { inFull } from "../../environment/WorkingDirectory.ts"
import { byteSize, counted } from "../../terminal/Figures.ts"
import { plainLine } from "../../terminal/PlainText.ts"
import { badConfiguration, orExitCode } from "./syncExitCode.ts"

export interface Options {
  /** Made if it is not there; one with something in it is refused. */
  readonly directory: string
}

export const run = ({ directory }: Options, host: CliEnvironment): Promise<number> =>
  askIndexed(
    host,
    Effect.gen(function* () {
      const folder = inFull(directory)
      yield* attempt(folder, () => isUsable(folder))
      const { dryRun } = yield* SyncClient
      let files = 0
      let bytes = 0
      yield* orExitCode(
        Stream.runForEach(dryRun, (body) =>
          attempt(folder, () => {
            if (files === 0) mkdirSync(folder, { recursive: true, mode: 0o700 })
            files++
            bytes += body.length
            writeFileSync(join(folder, `request-${String(files).padStart(6, "0")}.json.gz`), body, { mode: 0o600, flag: "wx" })
          })
        )
      )
      yield* print(
        host.out,
        files === 0
          ? "Nothing would be sent; nothing was written.\n"
          : `${counted(files, "request")} with ${byteSize(bytes)} would be sent; ${plainLine(folder)} has ${files === 1 ? "it" : "them"}, and nothing was sent.\n`
      )
      return 0
    })
  )

/** Throws unless the folder is empty or not there. */
const isUsable = (folder: string): void => {
  const stats = statSync(folder, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (!stats.isDirectory()) throw new Error("it is no folder")
  if (readdirSync(folder).length > 0) throw new Error("there is something in it; name an empty folder, or one that is not there")
}

const attempt = (folder: string, act: () => void) =>
  Effect.try({
    try: act,
    catch: (error) => new CommandFailed(`${plainLine(folder)} cannot be used: ${error instanceof Error ? error.message : String(error)}`, badConfiguration)
  })
