import { GraphQLObjectType } from "graphql"
import type { Directory } from "han-core/Directories"
import { type Project as ProjectRow, type Repo as RepoRow, reposOf } from "han-core/Project"
import { holds, inOrder, type OrderBy, type Scalar, type Where } from "han-core/Where"
import { always, type Fields, flag, id, int, isoOf, listOf, text } from "../context/Field.ts"
import type { GraphqlContext, MachineContext } from "../context/GraphqlContext.ts"
import { memoized } from "../context/memoized.ts"
import type { SchemaParts } from "../context/SchemaParts.ts"
import { conditionsOn, filterType, onFlag, onText, orderType } from "../relay/Filters.ts"
import { globalId, rawIdOf } from "../relay/GlobalId.ts"
import { findsNode, Node } from "../relay/Node.ts"

const projectColumns = {
  slug: onText("The directory as Claude Code names its folders."),
  path: onText("The directory."),
  name: onText("What it is called."),
  repoId: onText("The repository, by its `id` or `repoId`; null outside of one."),
  relativePath: onText("From the top of the working tree to the directory; null outside of a repository."),
  isWorktree: onFlag("Whether it is in a working tree beside the repository's main one."),
  createdAt: onText("When its first session began, ISO 8601 in UTC."),
  updatedAt: onText("When something was last written in one of its sessions, ISO 8601 in UTC.")
}
export type ProjectField = keyof typeof projectColumns | "id"
export const ProjectFilter = filterType("ProjectFilter", "projects", projectColumns)
export const ProjectOrderBy = orderType("ProjectOrderBy", projectColumns)
const repoColumns = {
  remote: onText("`host/owner/name`."),
  name: onText("The last part of the remote."),
  defaultBranch: onText("The branch that the remote's HEAD names; null where no clone noted it."),
  createdAt: onText("When its first session began, ISO 8601 in UTC."),
  updatedAt: onText("When something was last written in one of its sessions, ISO 8601 in UTC.")
}
export type RepoField = keyof typeof repoColumns
export const RepoFilter = filterType("RepoFilter", "repositories", repoColumns)
export const RepoOrderBy = orderType("RepoOrderBy", repoColumns)

/** The name that the client's own folders have for a directory. */
export const slugOf = (path: string): string => path.replace(/[^a-zA-Z0-9]/g, "-")
const repoIdOf = (project: ProjectRow, repos: ReadonlyArray<RepoRow>) => repos.find(({ remote }) => remote === project.repo)?.id ?? null
const relativePathOf = ({ path, root }: ProjectRow) => (root === null || !path.startsWith(root) ? null : path.slice(root.length).replace(/^[/\\]/, ""))
const updatedAtOf = ({ startedAt, updatedAt }: ProjectRow | RepoRow) => isoOf(updatedAt ?? startedAt ?? 0)

export const projectField = (project: ProjectRow, column: string): Scalar => {
  switch (column) {
    case "id":
      return project.id
    case "slug":
      return slugOf(project.path)
    case "path":
      return project.path
    case "name":
      return project.name
    case "repoId":
      return repoIdOf(project, reposOf([project]))
    case "relativePath":
      return relativePathOf(project)
    case "isWorktree":
      return project.worktreeOf !== null
    case "createdAt":
      return isoOf(project.startedAt ?? 0)
    default:
      return updatedAtOf(project)
  }
}
export const repoField = (repo: RepoRow, column: string): Scalar => {
  switch (column) {
    case "remote":
      return repo.remote
    case "name":
      return repo.name
    case "defaultBranch":
      return repo.defaultBranch
    case "createdAt":
      return isoOf(repo.startedAt ?? 0)
    default:
      return updatedAtOf(repo)
  }
}

/** A condition on projects; ids are compared without their prefix. */
export const projectCondition = (name: string, conditions: Readonly<Record<string, unknown>>): Where<ProjectField> => {
  const column = name === "id" || name in projectColumns ? (name as ProjectField) : "id"
  return conditionsOn(column, conditions, (value) =>
    typeof value !== "string" ? value : column === "repoId" ? rawIdOf("Repo", value) : rawIdOf("Project", value)
  )
}
export const repoCondition = (name: string, conditions: Readonly<Record<string, unknown>>): Where<RepoField> =>
  conditionsOn(name in repoColumns ? (name as RepoField) : "remote", conditions)

/** Rows that fulfil a condition, in an order; nothing changes the order of rows that are equal in it. */
export const chosen = <Row, Column extends string>(
  rows: ReadonlyArray<Row>,
  where: Where<Column>,
  orderBy: ReadonlyArray<OrderBy<Column>>,
  read: (row: Row, column: Column) => Scalar
): ReadonlyArray<Row> => {
  const found = rows.filter((row) => holds(where, (column) => read(row, column)))
  return found.toSorted((a, b) =>
    inOrder(
      orderBy,
      (column) => read(a, column),
      (column) => read(b, column)
    )
  )
}

/** The repository with this id, or the one of the project with it; null when there is neither. */
export const repoFor = (id: string, projects: ReadonlyArray<ProjectRow>): RepoRow | null => {
  const repos = reposOf(projects)
  const raw = rawIdOf("Project", rawIdOf("Repo", id))
  const remote = projects.find((project) => project.id === raw)?.repo ?? null
  return repos.find((repo) => repo.id === raw || repo.remote === remote) ?? null
}

const projectFields: Fields<ProjectRow> = {
  id: always(id("`Project:` and `projectId`.", (project) => globalId("Project", project.id))),
  projectId: always(
    text(
      "The same for the same directory everywhere, or on a team server for the same repository; what `project(id:)` and filters take.",
      (project) => project.id
    )
  ),
  slug: always(text("The directory with everything but letters and digits replaced by `-`, as Claude Code names its folders.", ({ path }) => slugOf(path))),
  path: always(text("The directory.")),
  name: always(text("The repository's name where it is known, else the directory's.")),
  repoId: text("The repository, by its `repoId`; null outside of one.", (project) => repoIdOf(project, reposOf([project]))),
  relativePath: text("From the top of the working tree to the directory; empty for the top itself, null outside of a repository.", relativePathOf),
  isWorktree: always(flag("Whether it is in a working tree beside the repository's main one.", ({ worktreeOf }) => worktreeOf !== null)),
  createdAt: always(text("When its first session began; 1970 when no line tells a time.", ({ startedAt }) => isoOf(startedAt ?? 0))),
  updatedAt: always(text("When something was last written in one of its sessions.", updatedAtOf)),
  totalSessions: int("Sessions that worked here.", ({ sessions }) => sessions),
  sessionCount: int("The same as `totalSessions`.", ({ sessions }) => sessions),
  lastActivity: text("When something was last written in one of its sessions.", ({ updatedAt }) => isoOf(updatedAt))
}

export const projectType = memoized((parts: SchemaParts) => {
  const type: GraphQLObjectType<ProjectRow, MachineContext> = new GraphQLObjectType({
    name: "Project",
    description: "A directory that sessions worked in.",
    interfaces: [Node],
    extensions: findsNode(async (raw, { loaders }: GraphqlContext) => (await loaders.projects()).find(({ id }) => id === raw) ?? null),
    isTypeOf: (source) => typeof source === "object" && source !== null && "worktreeOf" in source,
    fields: () => ({
      ...projectFields,
      worktrees: listOf<ProjectRow>(type, "Projects in other working trees of this one.", async ({ path, root }, _, { loaders }) =>
        (await loaders.projects()).filter(({ worktreeOf }) => worktreeOf !== null && worktreeOf === (root ?? path))
      ),
      subdirs: listOf<ProjectRow>(type, "Projects in directories below this one.", async ({ path }, _, { loaders }) =>
        (await loaders.projects()).filter((other) => other.path.startsWith(`${path}/`) || other.path.startsWith(`${path}\\`))
      ),
      ...parts.machine?.project
    })
  })
  return type
})

const repoFields: Fields<RepoRow> = {
  id: always(id("`Repo:` and `repoId`.", (repo) => globalId("Repo", repo.id))),
  repoId: always(text("The same for the same remote everywhere; what `repo(id:)` and filters take.", (repo) => repo.id)),
  remote: always(text("`host/owner/name`, without credentials.")),
  name: always(text("The last part of the remote.")),
  defaultBranch: text("The branch that the remote's HEAD names, where a clone noted it."),
  path: always(text("The same as `remote`.", ({ remote }) => remote)),
  createdAt: always(text("When its first session began; 1970 when no line tells a time.", ({ startedAt }) => isoOf(startedAt ?? 0))),
  updatedAt: always(text("When something was last written in one of its sessions.", updatedAtOf)),
  totalSessions: int("Sessions that worked on it.", ({ sessions }) => sessions),
  lastActivity: text("When something was last written in one of its sessions.", ({ updatedAt }) => isoOf(updatedAt))
}

export const repoType = memoized(
  (parts: SchemaParts) =>
    new GraphQLObjectType<RepoRow, GraphqlContext>({
      name: "Repo",
      description: "A git remote that sessions worked on.",
      interfaces: [Node],
      extensions: findsNode(async (raw, { loaders }: GraphqlContext) => reposOf(await loaders.projects()).find(({ id }) => id === raw) ?? null),
      isTypeOf: (source) => typeof source === "object" && source !== null && "remote" in source && "projects" in source,
      fields: () => ({ ...repoFields, projects: listOf<RepoRow>(projectType(parts), "Its checkouts.") })
    })
)

export interface ScopeArgs {
  readonly projectId?: string | null
  readonly projectIds?: ReadonlyArray<string> | null
  readonly repoId?: string | null
  readonly author?: string | null
}

/** The directories of a scope, with undefined for all. An empty text is no scope; a project or a repository that is not known has no directories. */
export const scopeOf = async ({ projectId, projectIds, repoId }: ScopeArgs, { loaders }: GraphqlContext): Promise<ReadonlyArray<Directory> | undefined> => {
  const wanted = [...(projectIds ?? []), projectId ?? ""].map((one) => rawIdOf("Project", one)).filter((one) => one !== "")
  const repo = rawIdOf("Repo", repoId ?? "")
  if (wanted.length === 0 && repo === "") return undefined
  const projects = await loaders.projects()
  const ofRepo = repo === "" ? projects : (reposOf(projects).find((one) => one.id === repo)?.projects ?? [])
  return ofRepo.filter((one) => wanted.length === 0 || wanted.includes(one.id)).flatMap(({ directories }) => directories)
}
