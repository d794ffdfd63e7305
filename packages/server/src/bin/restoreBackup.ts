import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as StartingFile from "han-core/unstable/StartingFile"
import * as Home from "../home/Home.ts"
import { inWords } from "../store/databaseFiles.ts"
import { restore } from "../store/restore.ts"

/**
 * Puts a backup in the place of the store, as a program. Resolves with the exit code. The coordinator that runs is ended when the file has been checked; whoever calls this
 * starts it again.
 */
export const run = async (argv: ReadonlyArray<string>): Promise<number> => {
  const [file, ...more] = argv
  if (file === undefined || more.length > 0 || file.startsWith("--")) {
    process.stderr.write("han: usage: han-coordinator restore-backup FILE\n")
    return 2
  }
  process.umask(0o077)
  const path = Path.resolve(process.env["HAN_HOME"] || Path.join(Os.homedir(), ".han"))
  const program = Effect.gen(function* () {
    const home = yield* Home.open(path)
    // Whoever wants a coordinator meanwhile waits for this process instead of starting one.
    const step = (text: string) => Effect.ignore(Home.attempt(home.path, "cannot be written", () => StartingFile.write(home.path, process.pid, text)))
    const removed = Effect.ignore(Home.attempt(home.path, "cannot be written", () => StartingFile.remove(home.path, [process.pid])))
    return yield* Effect.ensuring(restore({ home, file: Path.resolve(file), step }), removed)
  })
  const exit = await Effect.runPromiseExit(program)
  if (Exit.isFailure(exit)) {
    const failure = Cause.failureOption(exit.cause)
    process.stderr.write(`han: ${Option.isSome(failure) ? failure.value.message : Cause.pretty(exit.cause)}\n`)
    return 1
  }
  const { database, facts, former } = exit.value
  const lines = [
    `restored  ${file}: ${facts.sessions} sessions, ${facts.transcripts} transcripts with ${facts.lines} lines (${inWords(Fs.statSync(database).size)}) are now ${database}`,
    ...(former === null ? [] : [`kept      what was there as ${former}; \`han coordinator prune\` removes it`]),
    ...(facts.earlier === null ? [] : [`note      an earlier build wrote it (journal version ${facts.earlier}): the coordinator makes it anew when it starts`])
  ]
  process.stdout.write(`${lines.join("\n")}\n`)
  return 0
}
