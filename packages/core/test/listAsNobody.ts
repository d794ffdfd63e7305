import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { transcriptFileId } from "../src/journal/Entry.ts"
import { Transcripts } from "../src/journal/Transcripts.ts"
import { layer } from "../src/transcripts/TranscriptFiles.ts"

// Root may read everything: only another user sees what is closed.
if (process.getuid?.() === 0) process.setuid?.(65534)

const seen = await Effect.gen(function* () {
  const transcripts = yield* Transcripts
  const { files, problems, roots } = yield* transcripts.list
  const read = yield* Effect.forEach(files, (file) => Effect.either(Stream.runDrain(transcripts.read(file, { line: 0, offset: 0 }))))
  return {
    files: files.map((file) => transcriptFileId(file.transcript)).sort(),
    listed: problems.map((problem) => problem.message),
    roots: roots.map((root) => root.state),
    read: read.flatMap((result) => (result._tag === "Left" ? [result.left.message] : []))
  }
}).pipe(Effect.provide(layer({ machine: "m", roots: process.argv.slice(2).map((path) => ({ path })) })), Effect.runPromise)
console.log(JSON.stringify(seen))
