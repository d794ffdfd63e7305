/**
 * Directories that sessions worked in, and the repositories that they are checkouts of.
 *
 * @example
 * ```ts
 * import { type Project, reposOf } from "han-core/Project"
 *
 * const overview = (projects: ReadonlyArray<Project>): ReadonlyArray<string> =>
 *   reposOf(projects).map(({ name, projects, sessions, updatedAt }) => {
 *     const last = updatedAt === null ? "never" : new Date(updatedAt).toISOString().slice(0, 10)
 *     return `${name}: ${sessions} sessions in ${projects.length} checkouts, last on ${last}`
 *   })
 * ```
 */

import { createHash } from "node:crypto"
import * as Schema from "effect/Schema"
import { Directory } from "./Directories.ts"

/**
 * A directory that sessions worked in, with the facts of git about it. In a store of many machines (PostgreSQL) all checkouts of one repository, and the directories in
 * them, are one project. Null for facts that git does not tell; times are milliseconds since 1970.
 */
export const Project = Schema.Struct({
  /** A uuid, the same for the same directory on every store of one machine, and for the same repository on every store of many. */
  id: Schema.String,
  /** The directory; of several the one with the latest activity that is in no working tree beside the main one, else the one with the latest activity. */
  path: Schema.String,
  /** All its directories, the one with the latest activity first. */
  directories: Schema.Array(Directory),
  /** The repository's name when it is known, else the directory's own. */
  name: Schema.String,
  /** `host/owner/name` of the git remote. */
  repo: Schema.NullOr(Schema.String),
  /** The top of the working tree. */
  root: Schema.NullOr(Schema.String),
  /** The top of the repository's main working tree when this one is another (`git worktree`). */
  worktreeOf: Schema.NullOr(Schema.String),
  defaultBranch: Schema.NullOr(Schema.String),
  sessions: Schema.Int,
  startedAt: Schema.NullOr(Schema.Number),
  updatedAt: Schema.NullOr(Schema.Number)
})
export type Project = typeof Project.Type

/** No project of the viewer's has `project` as its id, directory or name, or as the remote or id of its repository. */
export class ProjectNotFound extends Schema.TaggedError<ProjectNotFound>("han-core/ProjectNotFound")("ProjectNotFound", { project: Schema.String }) {
  override get message() {
    return `there is no project "${this.project}"; \`han usage --by project\` lists those with usage`
  }
}

/** A git remote with the projects that are its checkouts. `sessions`, `startedAt` and `updatedAt` are those of all of them. */
export interface Repo {
  /** A uuid, the same for the same remote on every store. */
  readonly id: string
  /** `host/owner/name`. */
  readonly remote: string
  readonly name: string
  readonly defaultBranch: string | null
  readonly projects: ReadonlyArray<Project>
  readonly sessions: number
  readonly startedAt: number | null
  readonly updatedAt: number | null
}

/** The id of a project: a uuid made of its path; in a store of many machines, of its repository's remote, or else of `directoryKey`. */
export const projectId = (key: string): string => named("project", key)
/** The id of the repository with this remote: a uuid made of `host/owner/name`. */
export const repoId = (remote: string): string => named("repo", remote)

/** A uuid made of a name. */
const named = (kind: string, name: string): string => {
  const hex = createHash("sha256").update(`${kind}\0${name}`).digest("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The repositories of these projects, the one with the latest activity first. Projects without a remote are in none. */
export const reposOf = (projects: ReadonlyArray<Project>): ReadonlyArray<Repo> => {
  const byRemote = new Map<string, Array<Project>>()
  for (const project of projects) {
    if (project.repo === null) continue
    const list = byRemote.get(project.repo)
    if (list === undefined) byRemote.set(project.repo, [project])
    else list.push(project)
  }
  return [...byRemote]
    .map(([remote, list]): Repo => {
      const started = list.flatMap(({ startedAt }) => (startedAt === null ? [] : [startedAt]))
      const updated = list.flatMap(({ updatedAt }) => (updatedAt === null ? [] : [updatedAt]))
      return {
        id: repoId(remote),
        remote,
        name: remote.split("/").at(-1) ?? remote,
        defaultBranch: list.find(({ defaultBranch }) => defaultBranch !== null)?.defaultBranch ?? null,
        projects: list,
        sessions: list.reduce((sum, { sessions }) => sum + sessions, 0),
        startedAt: started.length === 0 ? null : Math.min(...started),
        updatedAt: updated.length === 0 ? null : Math.max(...updated)
      }
    })
    .sort((a, b) => (b.updatedAt ?? 0) - (a.updatedAt ?? 0) || (a.remote < b.remote ? -1 : 1))
}
