import { Buffer } from "node:buffer"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { FileUnreadable } from "../files/FileUnreadable.ts"
import { openForReading, readAt } from "../files/fileFacts.ts"
import { type FoundFile, nameIn } from "./transcriptFolders.ts"

/** The longest first line that is read for its session. */
const maxFirstLine = 1 << 20
const step = 64 << 10

type Answer =
  | { readonly _tag: "Session"; readonly sessionId: string }
  /** No line yet: its writer has just begun. */
  | { readonly _tag: "NotYet" }
  | { readonly _tag: "Problem"; readonly message: string }

/** Tells the sessions of files whose place and name leave them open. A file is read once: its session stays, and what it lacks may only come with a change. */
export const agentSessions = () => {
  const answers = new Map<string, { readonly key: string; readonly size: number; readonly mtimeMs: number; readonly answer: Answer }>()
  const of = (file: FoundFile): Effect.Effect<Answer, FileUnreadable> => {
    const seen = answers.get(file.path)
    if (seen !== undefined && seen.key === file.facts.key) {
      if (seen.answer._tag === "Session" || (seen.size === file.facts.size && seen.mtimeMs === file.facts.mtimeMs)) return Effect.succeed(seen.answer)
    }
    return Effect.tap(askFile(file), (answer) =>
      Effect.sync(() => answers.set(file.path, { key: file.facts.key, size: file.facts.size, mtimeMs: file.facts.mtimeMs, answer }))
    )
  }
  /** Forgets the files that are not among these. */
  const keepOnly = (paths: ReadonlySet<string>) => {
    for (const path of answers.keys()) if (!paths.has(path)) answers.delete(path)
  }
  return { of, keepOnly }
}

const askFile = (file: FoundFile): Effect.Effect<Answer, FileUnreadable> =>
  Effect.scoped(
    Effect.gen(function* () {
      const descriptor = yield* openForReading(file.path)
      const pieces: Array<Uint8Array> = []
      for (let offset = 0; offset < maxFirstLine; ) {
        const piece = yield* readAt(file.path, descriptor, offset, step)
        const end = piece.indexOf(10)
        if (end !== -1) return sessionOf(file, Buffer.concat([...pieces, piece.subarray(0, end)]))
        if (piece.length < step) return { _tag: "NotYet" as const }
        pieces.push(piece)
        offset += piece.length
      }
      return problem(file.path, `its first line is longer than ${maxFirstLine} bytes`)
    })
  )

const sessionOf = ({ folder, path: file }: FoundFile, line: Buffer): Answer => {
  let value: unknown
  try {
    value = JSON.parse(line.toString("utf8"))
  } catch {
    return problem(file, "its first line is no JSON")
  }
  const name = nameIn(folder, path.basename(file), value)
  return name === null || name.sessionId === null ? problem(file, "its first line names no session") : { _tag: "Session", sessionId: name.sessionId }
}

const problem = (file: string, why: string): Answer => ({ _tag: "Problem", message: `cannot tell which session ${file} belongs to: ${why}` })
