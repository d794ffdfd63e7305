import { realpathSync, statSync } from "node:fs"
import { basename, dirname } from "node:path"
import * as Effect from "effect/Effect"
import type { Project } from "han-core/Project"
import { Sessions } from "han-core/Sessions"
import { similarNames } from "han-core/unstable/NearNames"
import { meant } from "../command-line/NearNames.ts"
import { answered } from "../coordinator/CoordinatorClient.ts"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { CommandFailed } from "../environment/CommandFailed.ts"
import { inFull } from "../environment/WorkingDirectory.ts"

/** The project that a person meant. `Known`: as the services call it · `Empty`: a folder that is there, and in which no session has worked. */
export type ProjectMeant = { readonly _tag: "Known"; readonly project: string } | { readonly _tag: "Empty"; readonly folder: string }

/** Finds a project by its name, its repository or a path to it, relative ones included. Fails with the nearest names when there is none. */
export const projectMeant = (asked: string, host: CliEnvironment) =>
  Effect.gen(function* () {
    const projects = yield* answered(
      host,
      "projects",
      Effect.flatMap(Sessions, (sessions) => sessions.projects)
    )
    const found = meantBy(asked, projects)
    return found instanceof CommandFailed ? yield* Effect.fail(found) : found
  })

/** `projectMeant` among these. */
export const meantBy = (asked: string, projects: ReadonlyArray<Project>): ProjectMeant | CommandFailed => {
  if (projects.some(({ name, path, repo }) => asked === name || asked === path || asked === repo)) return { _tag: "Known", project: asked }
  const folder = inFull(asked)
  const real = realPath(folder)
  const isThere = real !== undefined && statSync(real).isDirectory()
  const inside =
    isThere || asked.includes("/") || /^\.{1,2}$/.test(asked)
      ? (around(folder, projects) ?? (real === undefined ? undefined : around(real, projects)))
      : undefined
  if (inside !== undefined) return { _tag: "Known", project: inside }
  const below = isThere ? belowOf([folder, real], projects) : undefined
  if (below !== undefined) return below
  if (isThere) return { _tag: "Empty", folder }
  const shown = asked.includes("/") || /^\.{1,2}$/.test(asked) ? folder : asked
  const near = similarNames(
    asked.includes("/") ? basename(folder) : asked,
    projects.flatMap(({ name, path, repo }) => [name, basename(path), ...(repo === null ? [] : [repo])])
  )
  return new CommandFailed(`there is no project "${shown.slice(0, 300)}"${meant(near, "`han usage --by project` lists them")}`)
}

/** The project at a folder or around it: one that sessions worked in, or the top of the working tree of such a one. */
const around = (folder: string, projects: ReadonlyArray<Project>): string | undefined => {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    const exact = projects.find(({ path }) => path === at) ?? projects.find(({ path }) => realPath(path) === at)
    if (exact !== undefined) return exact.path
    const ofTree = projects.filter(({ root }) => root === at)
    if (ofTree.length > 0) return joined(ofTree, projects)
  }
  return undefined
}

/** Finds a name for all of `some` that no other project has: their directory, their repository, or their label. Else it is the directory that was worked in last. */
const joined = (some: ReadonlyArray<Project>, all: ReadonlyArray<Project>): string | undefined => {
  const [first] = some
  if (first === undefined || some.length === 1) return first?.path
  if (first.repo !== null && some.every(({ repo }) => repo === first.repo)) return first.repo
  return some.every(({ name }) => name === first.name) && all.filter(({ name }) => name === first.name).length === some.length ? first.name : first.path
}

/** A folder that holds projects, and is none. */
const belowOf = (folders: ReadonlyArray<string>, projects: ReadonlyArray<Project>): ProjectMeant | CommandFailed | undefined => {
  const below = projects.filter(({ path }) => folders.some((folder) => path.startsWith(folder === "/" ? folder : `${folder}/`)))
  const [first] = below
  if (first === undefined) return undefined
  if (below.length === 1) return { _tag: "Known", project: first.path }
  const named = below.slice(0, 5).map(({ path }) => path)
  return new CommandFailed(
    `${folders[0]} is no project, but ${below.length} projects are in it: ${named.join(", ")}${below.length > named.length ? ", …" : ""}; name one of them`
  )
}

const realPath = (path: string): string | undefined => {
  try {
    return realpathSync(path)
  } catch {
    // It is gone, or cannot be looked into.
    return undefined
  }
}
