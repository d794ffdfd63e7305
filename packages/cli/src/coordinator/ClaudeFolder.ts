import { homedir } from "node:os"
import { join } from "node:path"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { inFull } from "../environment/WorkingDirectory.ts"

/** The configuration folder of Claude Code that its own commands write: the first that CLAUDE_CONFIG_DIR names, else `~/.claude`. */
export const claudeFolder = ({ environment }: CliEnvironment): string => {
  const named = (environment.CLAUDE_CONFIG_DIR ?? "").split(",")[0]?.trim() ?? ""
  return named === "" ? join(environment.HOME || homedir(), ".claude") : inFull(named)
}
