import { realpath } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { FileUnreadable } from "../files/FileUnreadable.ts"
import { factsOf, openForReading, readAt, unreadable } from "../files/fileFacts.ts"

/** Larger records are no payload. */
const maxPayloadBytes = 4 << 20
/**
 * Reads the record that a line points to as `ref`, below `folder` and nowhere else. Undefined when there is none or it is no
 * plain file of a sane size: the line is kept and says itself that its payload is missing.
 */
export const readPayload = (folder: string, ref: string): Effect.Effect<Uint8Array | undefined> =>
  Effect.gen(function* () {
    const [base, target] = yield* Effect.forEach([folder, path.join(folder, ref)], canonical)
    if (base === undefined || target === undefined || !target.startsWith(base + path.sep)) return undefined
    const facts = yield* factsOf(target)
    if (facts.kind !== "file" || facts.size > maxPayloadBytes) return undefined
    const descriptor = yield* openForReading(target)
    return yield* readAt(target, descriptor, 0, facts.size)
  }).pipe(
    Effect.scoped,
    Effect.catchTag("FileUnreadable", (error) =>
      error.reason === "missing" ? Effect.succeed(undefined) : Effect.as(Effect.logWarning(error.message), undefined)
    )
  )

const canonical = (file: string): Effect.Effect<string, FileUnreadable> => Effect.tryPromise({ try: () => realpath(file), catch: unreadable(file) })
