import * as Effect from "effect/Effect"
import { edit } from "../src/files/JsonFile.ts"

// Root may write everything: only another user is refused.
if (process.getuid?.() === 0) process.setuid?.(65534)

const outcome = await Effect.runPromise(Effect.either(edit(process.argv[2] ?? "", () => Effect.succeed([{ path: ["key"], value: true }]))))
console.log(JSON.stringify(outcome._tag === "Left" ? outcome.left : { _tag: "Written" }))
