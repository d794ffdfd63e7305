import { existsSync } from "node:fs"
import type { HookQuery } from "han-core/Hooks"
import * as HookProject from "han-core/unstable/HookProject"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { inFull, standing, workingDirectory } from "../environment/WorkingDirectory.ts"

/** The project whose hooks a command asks about: the one that a folder is named of, else of the one around the current folder. */
export const hookQuery = (project: string | undefined, host: CliEnvironment): HookQuery =>
  project === undefined
    ? HookProject.hookQuery({ cwd: standing(workingDirectory()), environment: host.environment })
    : existsSync(inFull(project))
      ? HookProject.hookQuery({ cwd: inFull(project), environment: { ...host.environment, CLAUDE_PROJECT_DIR: undefined } })
      : // What was decided about a project holds until it is taken back, also when its folder is gone.
        HookProject.hookQuery({ project: inFull(project), cwd: workingDirectory(), environment: host.environment })
