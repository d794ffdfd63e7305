import * as Effect from "effect/Effect"
import { read } from "../files/JsonFile.ts"
import type { FileProblem } from "../journal/Transcripts.ts"
import type { JsonObject } from "../text/json.ts"

/** The object in a JSON file; null where there is none, and for one that cannot be read, which is then one of the problems. */
export const readOr = (problems: Array<FileProblem>, file: string, maxBytes?: number): Effect.Effect<JsonObject | null> =>
  Effect.catchAll(read(file, maxBytes), ({ message, path }) =>
    Effect.sync(() => {
      if (!problems.some((problem) => problem.path === path)) problems.push({ path, message })
      return null
    })
  )
