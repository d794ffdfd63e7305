import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { CommandFailed } from "../environment/CommandFailed.ts"
import { OutputClosed } from "../environment/Output.ts"
import { plainLine } from "../terminal/PlainText.ts"

/** Says on standard error what went wrong, and gives the exit code. */
export const report = async (host: CliEnvironment, error: unknown): Promise<number> => {
  if (error instanceof OutputClosed) return 0
  await host.err.write(`han: ${plainLine(error instanceof Error ? error.message : String(error))}\n`).catch((failure: unknown) => {
    if (!(failure instanceof OutputClosed)) throw failure
  })
  return error instanceof CommandFailed ? error.exitCode : 1
}
