import { spawn } from "node:child_process"
import * as Effect from "effect/Effect"
import { Coordinator } from "han-rpc/Coordinator"
import { answered, ask, print } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { CommandFailed } from "../environment/CommandFailed.ts"

/** A program that hands the address on ends soon; one that becomes the browser itself stays. */
const patienceMs = 3000

export const run = (options: { readonly print: boolean }, host: CliEnvironment): Promise<number> =>
  ask(
    host,
    Effect.gen(function* () {
      const coordinator = yield* Coordinator
      const url = yield* answered(host, "open", coordinator.openUrl)
      yield* print(host.out, `${url}\n`)
      if (!options.print) yield* opened(url)
    })
  )

/** The argv that shows an address in the browser of whoever is logged in. */
const opener = (url: string): readonly [string, ...ReadonlyArray<string>] =>
  process.platform === "darwin" ? ["open", url] : process.platform === "win32" ? ["rundll32", "url.dll,FileProtocolHandler", url] : ["xdg-open", url]

export const opened = (url: string): Effect.Effect<void, CommandFailed> =>
  Effect.async<void, CommandFailed>((resume) => {
    const [file, ...args] = opener(url)
    const child = spawn(file, args, { detached: true, stdio: "ignore" })
    child.unref()
    const timer = setTimeout(() => resume(Effect.void), patienceMs)
    const ended = (why?: string) => {
      clearTimeout(timer)
      resume(why === undefined ? Effect.void : Effect.fail(new CommandFailed(`no browser was opened (${why}); open the address above in one of this machine`)))
    }
    child.once("error", ({ message }) => ended(`${file} could not be run: ${message}`))
    child.once("exit", (code) => ended(code === 0 ? undefined : `${file} ended with ${code ?? "a signal"}`))
  })
