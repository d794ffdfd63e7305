import { spawn } from "node:child_process"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { type Output, OutputClosed } from "../environment/Output.ts"

/** Gives `write` the pager's input when standard output is a terminal and there is a pager, else standard output; ends when the reader has left it. */
export const paged = async <A>(host: CliEnvironment, write: (output: Output) => Promise<A>): Promise<A> => {
  const [file, ...args] = host.terminal.pager
  if (!host.terminal.output || file === undefined) return write(host.out)
  // Less shows colours, ends by itself when all fits on the screen, and leaves the text there.
  const child = spawn(file, args, { stdio: ["pipe", "inherit", "inherit"], env: { LESS: "FRX", ...host.environment } })
  const started = await new Promise<boolean>((resolve) => {
    child.once("spawn", () => resolve(true))
    child.once("error", () => resolve(false))
  })
  if (!started) return write(host.out)
  const left = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  const { stdin } = child
  stdin.on("error", () => {})
  // An interrupt at the keyboard is for the pager, which goes on.
  const listeners = process.listeners("SIGINT")
  const ignore = () => {}
  process.on("SIGINT", ignore)
  for (const listener of listeners) process.off("SIGINT", listener)
  try {
    return await write({
      write: (chunk) =>
        Promise.race([
          new Promise<void>((resolve, reject) =>
            stdin.write(chunk, (error) =>
              error === null || error === undefined ? resolve() : reject(new OutputClosed("the pager was left", { cause: error }))
            )
          ),
          left.then(() => Promise.reject(new OutputClosed("the pager was left")))
        ])
    })
  } finally {
    stdin.end()
    await left
    for (const listener of listeners) process.on("SIGINT", listener)
    process.off("SIGINT", ignore)
  }
}
