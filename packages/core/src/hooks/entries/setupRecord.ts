import { createHash } from "node:crypto"
import { mkdir } from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { errorCode } from "../../files/fileFacts.ts"
import type { JsonChange } from "../../files/JsonChange.ts"
import { edit, JsonFileUnwritable, read } from "../../files/JsonFile.ts"
import { array, object, text } from "../../text/json.ts"

/** The text of a settings file before han wrote into it, where taking han's entries out again would not give exactly that. */
export interface SetupRecord {
  /** Null: there was no file. */
  readonly before: string | null
  /** The digest of the text that han left; once the file has another one, `before` lacks what others changed. */
  readonly after: string
}

export const digestOf = (whole: string): string => createHash("sha256").update(whole).digest("hex")

/** Reads the record of a settings file; null when none is needed. */
export const readRecord = (file: string, settings: string) =>
  Effect.map(read(file), (value) => {
    const found = object(object(value?.settings)?.[settings])
    const after = text(found?.after)
    return found === null || after === null ? null : ({ before: text(found.before), after } satisfies SetupRecord)
  })

/** The events of a settings file whose entries are there for hooks alone: they go when no hook needs them. */
export const readForHooks = (file: string, settings: string) =>
  Effect.map(read(file), (value) => array(object(value?.forHooks)?.[settings]).flatMap((event) => text(event) ?? []))

/** None: nothing is kept of that. */
export const writeForHooks = (file: string, settings: string, events: ReadonlyArray<string>) =>
  Effect.flatMap(readForHooks(file, settings), (before) =>
    events.length > 0
      ? change(file, { path: ["forHooks", settings], value: events })
      : before.length > 0
        ? change(file, { path: ["forHooks", settings], remove: true })
        : Effect.void
  )

/** The projects whose hooks have entries in this settings file. */
export const readProjects = (file: string, settings: string) =>
  Effect.map(read(file), (value) => array(object(value?.projects)?.[settings]).flatMap((project) => text(project) ?? []))

export const writeProjects = (file: string, settings: string, projects: ReadonlyArray<string>) =>
  Effect.flatMap(readProjects(file, settings), (before) =>
    projects.every((project) => before.includes(project))
      ? Effect.void
      : change(file, { path: ["projects", settings], value: [...new Set([...before, ...projects])].sort() })
  )

/** Readable for its owner alone: settings hold secrets. */
export const writeRecord = (file: string, settings: string, record: SetupRecord) => change(file, { path: ["settings", settings], value: record })

const change = (file: string, one: JsonChange) =>
  Effect.zipRight(
    Effect.tryPromise({
      try: () => mkdir(path.dirname(file), { recursive: true, mode: 0o700 }),
      catch: (cause) => new JsonFileUnwritable({ path: file, reason: "failed", message: `cannot make the folder of ${file} (${errorCode(cause)})` })
    }),
    Effect.asVoid(edit(file, () => Effect.succeed([one])))
  )

export const removeRecord = (file: string, settings: string) =>
  Effect.flatMap(readRecord(file, settings), (record) => (record === null ? Effect.void : change(file, { path: ["settings", settings], remove: true })))
