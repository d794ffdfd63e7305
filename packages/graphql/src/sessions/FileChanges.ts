import { GraphQLObjectType } from "graphql"
import type { FileChange } from "han-core/FileChange"
import type { FileValidation } from "han-core/HookRun"
import { field, flag, isoOf, listOf, text } from "../context/Field.ts"
import { connectionType } from "../relay/Connection.ts"
import { FileChangeAction } from "../relay/Enums.ts"
import { globalId } from "../relay/GlobalId.ts"

const FileValidationType = new GraphQLObjectType<FileValidation>({
  name: "FileValidation",
  description: "That a file passed a check as it was then.",
  fields: {
    id: text("Unique among everything.", ({ hook, id, path, plugin }) => globalId("FileValidation", `${id}:${plugin}/${hook}:${path}`)),
    pluginName: text("The plugin whose check it was.", ({ plugin }) => plugin),
    hookName: text("The check.", ({ hook }) => hook),
    validatedAt: text("When it passed.", ({ at }) => isoOf(at)),
    directory: text("The directory that the check ran in.")
  }
})

/** A change with what is known of checks of its file. */
interface ValidatedChange extends FileChange {
  readonly before: FileValidation | null
  readonly validations: ReadonlyArray<FileValidation>
  readonly missing: ReadonlyArray<FileValidation>
}

export const fileChangeId = ({ id }: FileChange): string => globalId("FileChange", id)

const FileChangeType = new GraphQLObjectType<ValidatedChange>({
  name: "FileChange",
  description: "A change of a file that a tool call made.",
  fields: {
    id: text("Unique among everything.", fileChangeId),
    filePath: text("The file.", ({ path }) => path),
    action: field(FileChangeAction, "What happened to it."),
    toolName: text("The tool."),
    recordedAt: text("When.", ({ at }) => isoOf(at)),
    sessionId: text("The session that made the change."),
    isValidated: flag(
      "Whether the file passed every check since, that ever passed it in this session; false when none did.",
      ({ missing, validations }) => validations.length > 0 && missing.length === 0
    ),
    fileHashBefore: text("The digest of its content when it last passed a check before the change.", ({ before }) => before?.digest ?? null),
    fileHashAfter: text("The digest of its content when it first passed a check after the change.", ({ validations }) => validations[0]?.digest ?? null),
    validations: listOf(FileValidationType, "Checks that it passed since, before it was changed again."),
    missingValidations: listOf(FileValidationType, "Checks that it had passed before and not since.", ({ missing }) => missing)
  }
})
export const { connection: FileChangeConnection } = connectionType("FileChange", FileChangeType, "changes of files")

/** The newest change first, each with the checks of its file until the next change. */
export const fileChangeRows = (changes: ReadonlyArray<FileChange>, validations: ReadonlyArray<FileValidation>): ReadonlyArray<ValidatedChange> => {
  const byPath = new Map<string, Array<FileValidation>>()
  for (const validation of validations) byPath.set(validation.path, [...(byPath.get(validation.path) ?? []), validation])
  const nextChange = new Map<string, number>()
  return changes.toReversed().map((change) => {
    const at = change.at ?? 0
    const until = nextChange.get(change.path) ?? Number.POSITIVE_INFINITY
    nextChange.set(change.path, at)
    const list = (byPath.get(change.path) ?? []).toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0))
    const earlier = list.filter((one) => (one.at ?? 0) < at)
    const since = list.filter((one) => (one.at ?? 0) >= at && (one.at ?? 0) < until)
    const nameOf = ({ directory, hook, plugin }: FileValidation) => `${plugin}/${hook}/${directory}`
    const passed = new Set(since.map(nameOf))
    const missing = new Map(earlier.filter((one) => !passed.has(nameOf(one))).map((one) => [nameOf(one), one]))
    return { ...change, before: earlier.at(-1) ?? null, validations: since, missing: [...missing.values()] }
  })
}
