import { createHash } from "node:crypto"
import { mkdir } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { edit, JsonFileUnwritable, read } from "../JsonFile.ts"
import { errorCode } from "./fileFacts.ts"
import { object, text } from "./json.ts"

/** What a settings file was before han wrote into it, where taking han's entries out again would not give exactly that. */
export interface SetupRecord {
  /** Null: there was no file. */
  readonly before: string | null
  /** Of the text that han left; once it is another one, what is `before` is only half of the truth. */
  readonly after: string
}

export const digestOf = (whole: string): string => createHash("sha256").update(whole).digest("hex")

/** Null when none is needed. */
export const readRecord = (file: string, settings: string) =>
  Effect.map(read(file), (value) => {
    const found = object(object(value?.settings)?.[settings])
    const after = text(found?.after)
    return found === null || after === null ? null : ({ before: text(found.before), after } satisfies SetupRecord)
  })

/** Readable for its owner alone: settings hold secrets. */
export const writeRecord = (file: string, settings: string, record: SetupRecord) =>
  Effect.zipRight(
    Effect.tryPromise({
      try: () => mkdir(path.dirname(file), { recursive: true, mode: 0o700 }),
      catch: (cause) => new JsonFileUnwritable({ path: file, reason: "failed", message: `cannot make the folder of ${file} (${errorCode(cause)})` })
    }),
    edit(file, () => Effect.succeed([{ path: ["settings", settings], value: record }]))
  )

export const removeRecord = (file: string, settings: string) =>
  Effect.flatMap(readRecord(file, settings), (record) =>
    record === null ? Effect.void : Effect.asVoid(edit(file, () => Effect.succeed([{ path: ["settings", settings], remove: true }])))
  )
