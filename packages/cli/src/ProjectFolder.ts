import { existsSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import type { HookQuery } from "han-core/Hooks"
import type { Host } from "./Host.ts"

const marks = [".git", join(".claude", "settings.json"), join(".claude", "han.yml"), "han.yml"]

/**
 * Whose hooks are meant: of the project that was named, else CLAUDE_PROJECT_DIR, else the next folder upwards that looks like a project, else the current one;
 * with the one configuration folder of Claude Code that CLAUDE_CONFIG_DIR names.
 */
export const hookQuery = (project: string | undefined, host: Host): HookQuery => {
  const named = project ?? (host.environment.CLAUDE_PROJECT_DIR || undefined)
  const folder = host.environment.CLAUDE_CONFIG_DIR
  return {
    projectPath: named === undefined ? around(resolve("."), resolve(host.environment.HOME ?? "/")) : resolve(named),
    ...(folder === undefined || folder === "" || folder.includes(",") ? {} : { folder })
  }
}

/** The home folder has settings of its own, and is no project for that. */
const around = (start: string, home: string): string => {
  for (let folder = start; ; folder = dirname(folder)) {
    if (folder !== home && marks.some((mark) => existsSync(join(folder, mark)))) return folder
    if (folder === dirname(folder)) return start
  }
}
