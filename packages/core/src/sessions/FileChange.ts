/**
 * Changes of files that tool calls made, with the lines that they added and removed.
 *
 * @example
 * ```ts
 * import type { FileChange } from "han-core/FileChange"
 *
 * // The lines that were touched in each file, the most touched file first.
 * const churn = (changes: ReadonlyArray<FileChange>): ReadonlyArray<readonly [path: string, lines: number]> => {
 *   const lines = new Map<string, number>()
 *   for (const { linesAdded, linesRemoved, path } of changes) lines.set(path, (lines.get(path) ?? 0) + linesAdded + linesRemoved)
 *   return [...lines].sort(([, a], [, b]) => b - a)
 * }
 * ```
 */

import { posix } from "node:path"
import * as Schema from "effect/Schema"
import { AgentId, SessionId } from "../journal/Entry.ts"

/** A change of a file by a tool call that succeeded, told by the call or by a note beside it. */
export class FileChange extends Schema.Class<FileChange>("han-core/FileChange")({
  /** The tool call's id, or the id of the line that reports the change. */
  id: Schema.String,
  sessionId: SessionId,
  agentId: Schema.NullOr(AgentId),
  path: Schema.String,
  action: Schema.Literal("created", "modified", "deleted"),
  toolName: Schema.String,
  at: Schema.NullOr(Schema.Number),
  /** Lines of the client's own patch where the result has one; else of the difference between the call's texts. */
  linesAdded: Schema.Int,
  linesRemoved: Schema.Int
}) {}

/** A change as a tool's own line tells it. `until`: when its result came. */
export interface OwnChange {
  readonly path: string
  readonly toolName: string
  readonly at: number | null
  readonly until: number | null
}
/** A change that a hook or a bridge noted beside the transcript. */
export interface NotedChange {
  readonly id: string
  readonly path: string
  readonly toolName: string
  readonly at: number | null
}

/** The longest time between a note and the call that it is about: hooks may wait for each other. */
const noteDistanceMs = 5 * 60_000

/**
 * The notes of changes that no tool call tells, in the order of time: each of `changes` takes away at most one note of the same file and tool and of about the
 * same time. Relative paths begin at `cwd`.
 */
export const ownNotes = <Note extends NotedChange>(changes: ReadonlyArray<OwnChange>, notes: ReadonlyArray<Note>, cwd: string | null): ReadonlyArray<Note> => {
  const byName = Map.groupBy(changes, ({ path }) => nameOf(path))
  return notes
    .toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0) || (a.id < b.id ? -1 : 1))
    .filter((note) => {
      const list = byName.get(nameOf(note.path)) ?? []
      let nearest = -1
      let least = noteDistanceMs
      list.forEach((change, index) => {
        const distance = distanceOf(change, note)
        const isNearer = nearest < 0 ? distance <= least : distance < least
        if (!isNearer || !isSameTool(change.toolName, note.toolName) || !isSameFile(change.path, note.path, cwd)) return
        nearest = index
        least = distance
      })
      if (nearest >= 0) list.splice(nearest, 1)
      return nearest < 0
    })
}

const slashed = (path: string): string => (/^[A-Za-z]:[\\/]/.test(path) || !path.includes("/") ? path.replaceAll("\\", "/") : path)
const nameOf = (path: string): string => slashed(path).split("/").at(-1) ?? path
const isAbsolute = (path: string): boolean => path.startsWith("/") || /^[A-Za-z]:\//.test(path)

/** A path made absolute from `cwd` and normalized, with slashes; a relative one stays relative when `cwd` is null. */
export const pathFrom = (cwd: string | null, path: string): string => {
  const plain = slashed(path)
  return posix.normalize(cwd === null || isAbsolute(plain) ? plain : `${slashed(cwd)}/${plain}`)
}

const isSameFile = (a: string, b: string, cwd: string | null): boolean => {
  const [one, other] = [pathFrom(cwd, a), pathFrom(cwd, b)]
  if (one === other) return true
  // Without a directory the end of a path has to do.
  if (isAbsolute(one) === isAbsolute(other)) return false
  return isAbsolute(one) ? one.endsWith(`/${other}`) : other.endsWith(`/${one}`)
}
const isSameTool = (a: string, b: string): boolean => a === b || a === "unknown" || b === "unknown"

/** From the time of the call to that of its result; 0 where one of both tells no time. */
const distanceOf = ({ at, until }: OwnChange, note: NotedChange): number =>
  at === null || note.at === null ? 0 : Math.max(0, at - note.at, note.at - Math.max(at, until ?? at))
