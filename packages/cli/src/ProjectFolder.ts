import { resolve } from "node:path"
import * as HookProject from "han-core/HookProject"
import type { HookQuery } from "han-core/Hooks"
import type { Host } from "./Host.ts"

/** Whose hooks a command asks about. */
export const hookQuery = (project: string | undefined, host: Host): HookQuery =>
  HookProject.hookQuery({ project, cwd: resolve("."), environment: host.environment })
