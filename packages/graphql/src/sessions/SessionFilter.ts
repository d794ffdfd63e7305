import { directoryKey } from "han-core/Directories"
import type { Project } from "han-core/Project"
import type { SessionField } from "han-core/SessionQueries"
import { holds, type Where } from "han-core/Where"
import { ProjectFilter, projectCondition, projectField } from "../projects/Projects.ts"
import { instantOf } from "../relay/ArgumentDates.ts"
import { conditionsOn, filterType, onFloat, onInstant, onInt, onText, orderType, whereOf } from "../relay/Filters.ts"
import { rawIdOf, sessionIdOf } from "../relay/GlobalId.ts"

const columns = {
  id: onText("The session, by any form of its `id`."),
  projectId: onText("The project, by its `id` or `projectId`; null for a session that never said where it worked."),
  status: onText("`active`, `idle` or `completed`."),
  slug: onText("The name that the client made up for it."),
  prNumber: onInt("The pull request that it is linked to."),
  teamName: onText("The team of agents that it belongs to."),
  author: onText("The person who sent it, by `id` or `personId`; null on one's own machine."),
  harness: onText("What wrote it, e.g. `claude-code`."),
  title: onText("Its title, else what was asked first."),
  gitBranch: onText("The branch that its newest line names."),
  model: onText("The model that answered last."),
  startedAt: onInstant("When its first line was written."),
  updatedAt: onInstant("When its newest line was written."),
  estimatedCostUsd: onFloat("What its API responses cost by list price, in dollars; null when none has a known price."),
  messageCount: onInt("Lines of its own conversation."),
  toolErrorCount: onInt("Calls of tools that failed.")
}
export const SessionFilter = filterType("SessionFilter", "sessions", {
  ...columns,
  project: { type: ProjectFilter, description: "Its project fulfils this. A session without a project fulfils none." }
})
export const SessionOrderBy = orderType("SessionOrderBy", columns)

const renamed: Readonly<Record<string, SessionField>> = {
  projectId: "path",
  prNumber: "pullRequest",
  teamName: "team",
  harness: "source",
  gitBranch: "branch",
  estimatedCostUsd: "cost",
  messageCount: "messages",
  toolErrorCount: "toolErrors"
}
export const sessionColumn = (name: string): SessionField => renamed[name] ?? (name as SessionField)

/** Conditions on sessions; what they ask of projects is answered here, and becomes a condition on directories. */
export const sessionCondition =
  (projects: ReadonlyArray<Project>) =>
  (name: string, conditions: Readonly<Record<string, unknown>>): Where<SessionField> => {
    if (name === "project") {
      const where = whereOf(conditions, projectCondition)
      return inside(projects.filter((project) => holds(where, (field) => projectField(project, field))))
    }
    if (name === "projectId") {
      const where = conditionsOn("id", conditions, (value) => (typeof value === "string" ? rawIdOf("Project", value) : value))
      const found = inside(projects.filter((project) => holds(where, () => project.id)))
      // A session without a directory has no project.
      return holds(where, () => null) ? { _tag: "Or", of: [found, { _tag: "Field", field: "path", op: "isNull", value: true }] } : found
    }
    return conditionsOn(sessionColumn(name), conditions, (value) => stored(name, value))
  }

/** A value of a condition as the store has the field. */
const stored = (name: string, value: unknown): unknown => {
  if (name === "estimatedCostUsd" && typeof value === "number") return Math.round(value * 1e9)
  if (typeof value !== "string") return value
  if (name === "startedAt" || name === "updatedAt") return instantOf(name, value, "UTC")
  return name === "id" ? sessionIdOf(value) : name === "author" ? rawIdOf("Person", value) : value
}

const inside = (projects: ReadonlyArray<Project>): Where<SessionField> => ({
  _tag: "Field",
  field: "directory",
  op: "in",
  value: projects.flatMap(({ directories }) => directories.map(directoryKey))
})
