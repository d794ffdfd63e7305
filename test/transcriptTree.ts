import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { Transcripts } from "../packages/core/src/journal/Transcripts.ts"
import { isObject } from "../packages/core/src/text/json.ts"
import { layer, type TranscriptFilesOptions } from "../packages/core/src/transcripts/TranscriptFiles.ts"

/** A folder of its own for one test, removed with its scope. */
export const temporary = Effect.acquireRelease(
  Effect.sync(() => realpathSync(mkdtempSync(path.join(tmpdir(), "han-transcripts-")))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

/** Writes a file with the folders above it. */
export const put = (file: string, text: string | Uint8Array): string => {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

export const session = (number: number): string => `11111111-1111-4111-8111-${String(number).padStart(12, "0")}`

/** The transcripts under these folders, with short waits. */
export const transcriptsOf = (options: Omit<TranscriptFilesOptions, "machine">): Effect.Effect<typeof Transcripts.Service> =>
  Effect.provide(Transcripts, layer({ machine: "m", debounceMs: 10, sweepMs: 600_000, pollMs: 50, maxRestMs: 20, ...options }))

/** Waits until it is so; after a time that no working machine needs, fails with what it saw last. */
export const eventually = <A>(look: () => A, holds: (value: A) => boolean): Effect.Effect<A> =>
  Effect.gen(function* () {
    const deadline = Date.now() + 20_000
    for (;;) {
      const value = look()
      if (holds(value)) return value
      if (Date.now() > deadline) throw new Error(`still not so: ${JSON.stringify(value)}`)
      yield* Effect.sleep(5)
    }
  })

/** Writes the files of one of the hand-written indexing cases below `folder`. */
export const putCase = (name: string, folder: string): void => {
  const parsed: unknown = JSON.parse(readFileSync(fileURLToPath(new URL(`../fixtures/indexing/${name}.json`, import.meta.url)), "utf8"))
  const steps = isObject(parsed) && Array.isArray(parsed.steps) ? parsed.steps : []
  for (const step of steps) {
    if (isObject(step) && step.op === "write" && typeof step.path === "string" && typeof step.text === "string") put(path.join(folder, step.path), step.text)
  }
}
