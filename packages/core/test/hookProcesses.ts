import * as Effect from "effect/Effect"
import { type HookProcessOptions, runHookProcess } from "../src/hooks/process/hookProcess.ts"

// Runs the commands of its first argument all at once, tells their lines while they come, then how they ended and how much memory this took at most.
const commands: ReadonlyArray<HookProcessOptions> = JSON.parse(process.argv[2] ?? "[]")
const say = (value: unknown) => console.log(JSON.stringify(value))

const before = process.memoryUsage.rss()
let most = before
const look = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss())
}, 5)
const tell = process.argv[3] === "quiet" ? {} : { onLine: (stream: string, line: string) => say({ stream, line }) }
const ends = await Effect.runPromise(
  Effect.all(
    commands.map((command) => runHookProcess({ ...command, ...tell })),
    { concurrency: "unbounded" }
  )
)
clearInterval(look)
say({ ends, growth: most - before })
