import { Buffer } from "node:buffer"
import { realpath } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { FileUnreadable } from "../files/FileUnreadable.ts"
import { factsOf, openForReading, readAt, unreadable } from "../files/fileFacts.ts"

/** Larger records are no payload. */
export const maxPayloadBytes = 4 << 20
/** A line that points to a record is short: the writer keeps what is short in the line itself. */
const maxPointerBytes = 64 << 10
const reference = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*\/[A-Za-z0-9_-][A-Za-z0-9_.-]*\.json$/

/** The `<type>/<uuid>.json` that a line of a han log points to; null for a line that carries its own data, and for a pointer that could lead elsewhere. */
export const payloadReference = (line: Uint8Array): string | null => {
  const buffer = Buffer.from(line.buffer, line.byteOffset, line.byteLength)
  if (buffer.length > maxPointerBytes || !buffer.includes('"ref"')) return null
  let value: unknown
  try {
    value = JSON.parse(buffer.toString("utf8"))
  } catch {
    // A broken line is the decoder's to report: it has no payload.
    return null
  }
  if (typeof value !== "object" || value === null || !("ref" in value) || typeof value.ref !== "string") return null
  return reference.test(value.ref) ? value.ref : null
}

/**
 * The record that a pointer names, below `<folder of the log>/<session>` and nowhere else. Undefined when there is none or it is no
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
