import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** The description that a coordinator gives of itself to anybody on this machine. */
export const Health = Schema.Struct({
  name: Schema.Literal("han"),
  status: Schema.Literal("ok"),
  pid: Schema.Int,
  /** Seconds. */
  uptime: Schema.Number,
  version: Schema.String
})
export type Health = typeof Health.Type

const decode = Schema.decodeUnknownOption(Health)
const longest = 10_000

/** Describes who answers at a port of this machine; asks it, if it speaks HTTP. */
export const describe = (port: number): Effect.Effect<string> =>
  Effect.tryPromise(async (signal) => {
    const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal, redirect: "manual" })
    let text = ""
    const decoder = new TextDecoder()
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      if (text.length > longest) break
    }
    const value: unknown = JSON.parse(text)
    return value
  }).pipe(
    Effect.timeout(1000),
    Effect.flatMap(decode),
    Effect.map(({ pid, version }) => `another han (process ${pid}, version ${version})`),
    // Whatever does not answer as han does is not han.
    Effect.orElseSucceed(() => "another program")
  )
