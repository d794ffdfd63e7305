import { chmodSync, statSync } from "node:fs"
import { mkdir, open } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { errorCode } from "../../files/fileFacts.ts"
import { edit, JsonFileUnreadable, JsonFileUnwritable, read } from "../../files/JsonFile.ts"
import { isObject, type JsonObject, object } from "../../text/json.ts"
import { TrustDecision } from "../Hooks.ts"

/** `files`: what the decision was about, a digest of each by its absolute path; earlier releases kept none. */
export const StoredDecision = Schema.Struct({
  ...TrustDecision.fields,
  files: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String }))
})
export type StoredDecision = typeof StoredDecision.Type

const isDecision = Schema.is(StoredDecision)

const decisionsIn = (file: JsonObject | null): ReadonlyArray<StoredDecision> =>
  Object.entries(object(file?.projects) ?? {})
    .flatMap(([projectPath, value]) => {
      const decision: unknown = isObject(value) ? { ...value, projectPath } : null
      return isDecision(decision) ? [decision] : []
    })
    .sort((a, b) => (a.projectPath < b.projectPath ? -1 : 1))

/** Every decision in the file, by project. */
export const readDecisions = (file: string): Effect.Effect<ReadonlyArray<StoredDecision>, JsonFileUnreadable | JsonFileError> =>
  Effect.zipRight(unshared(file), Effect.map(read(file), decisionsIn))
type JsonFileError = Effect.Effect.Error<ReturnType<typeof read>>

/** A file that others may write says nothing about whom its owner trusts. */
const unshared = (file: string): Effect.Effect<void, JsonFileUnreadable> =>
  Effect.suspend(() => {
    const stats = statSync(file, { throwIfNoEntry: false })
    const owner = process.getuid?.()
    if (stats === undefined || owner === undefined || ((stats.mode & 0o022) === 0 && stats.uid === owner)) return Effect.void
    return Effect.fail(
      new JsonFileUnreadable({
        path: file,
        reason: "denied",
        message: `${file} can be written by others, so nothing in it is believed: look through it, then \`chmod 600\` it, owned by you`
      })
    )
  })

export const writeDecision = (file: string, decision: StoredDecision) =>
  Effect.gen(function* () {
    yield* made(file)
    yield* unshared(file)
    const { projectPath, ...rest } = decision
    yield* edit(file, () => Effect.succeed([{ path: ["projects", projectPath], value: rest }]))
  })

/** Takes the decision about a project out of the file; false when there was none. */
export const removeDecision = (file: string, projectPath: string) =>
  Effect.map(
    edit(file, () => Effect.succeed([{ path: ["projects", projectPath], remove: true }])),
    ({ written }) => written
  )

/** The file, readable for its owner alone from its first moment on. */
const made = (file: string): Effect.Effect<void, JsonFileUnwritable> =>
  Effect.tryPromise({
    try: async () => {
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
      const handle = await open(file, "wx", 0o600).catch((cause: unknown) => {
        if (errorCode(cause) === "EEXIST") return null
        throw cause
      })
      if (handle === null) return
      await handle.writeFile("{}\n")
      await handle.close()
      chmodSync(file, 0o600)
    },
    catch: (cause) =>
      new JsonFileUnwritable({
        path: file,
        reason: errorCode(cause) === "EACCES" ? "denied" : "failed",
        message: `cannot write ${file} (${errorCode(cause)}): check the owner and mode of its folder`
      })
  })
