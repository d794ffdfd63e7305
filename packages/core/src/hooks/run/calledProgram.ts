import { accessSync, constants, statSync } from "node:fs"
import * as path from "node:path"
import { shellWord } from "../../text/ShellWord.ts"
import type { HookCall } from "../HookCall.ts"

/**
 * The name by which the agent's shell, which has the caller's PATH, can call han: `han` where that PATH has one which is not of a project's packages (`npx` puts these there
 * for as long as it runs), else the file that called; `han` where nobody says.
 */
export const calledProgram = ({ environment, program }: Pick<HookCall, "environment" | "program">): string =>
  program === undefined || isOnPath(environment["PATH"] ?? "") ? "han" : shellWord(program)

const names = process.platform === "win32" ? ["han.exe", "han.cmd"] : ["han"]

const isOnPath = (folders: string): boolean =>
  folders
    .split(path.delimiter)
    .some((folder) => path.isAbsolute(folder) && !folder.split(path.sep).includes("node_modules") && names.some((name) => isProgram(path.join(folder, name))))

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
