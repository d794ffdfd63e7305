import { readdir, stat, unlink } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { errorCode } from "./fileFacts.ts"

const keptMs = 14 * 24 * 3600 * 1000

/** Removes outputs of hooks that nobody will look for any more. What cannot be removed is logged, and stays. */
export const oldOutputsGone = (folder: string): Effect.Effect<void> =>
  Effect.tryPromise({
    try: async () => {
      for (const name of await readdir(folder)) {
        const file = path.join(folder, name)
        if (Date.now() - (await stat(file)).mtimeMs > keptMs) await unlink(file)
      }
    },
    catch: errorCode
  }).pipe(Effect.catchAll((code) => (code === "ENOENT" ? Effect.void : Effect.logWarning(`old outputs in ${folder} cannot be removed (${code})`))))
