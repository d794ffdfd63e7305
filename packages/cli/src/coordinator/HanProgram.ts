import { accessSync, constants, statSync } from "node:fs"
import { isAbsolute, join, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { shellWord } from "han-core/unstable/ShellWord"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"

const launcher = fileURLToPath(new URL("../../bin/han.mjs", import.meta.url))

/**
 * The name by which other programs call this han, quoted for a shell: the compiled program's own path; `han` where PATH has one that is not of a project's packages, which
 * are there for as long as `npx` runs; else the path of what started this one.
 */
export const hanProgram = (host: CliEnvironment): string => {
  if (host.executable !== undefined) return shellWord(host.executable)
  const names = process.platform === "win32" ? ["han.exe", "han.cmd"] : ["han"]
  const found = host.path.some(
    (folder) => isAbsolute(folder) && !folder.split(sep).includes("node_modules") && names.some((name) => isProgram(join(folder, name)))
  )
  return found ? "han" : shellWord(launcher)
}

/** The file of this han. */
export const ownProgram = (host: Pick<CliEnvironment, "executable">): string => host.executable ?? launcher

/** Tells whether this is a file that may be run. */
export const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
