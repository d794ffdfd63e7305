import { statSync } from "node:fs"
import { dirname, isAbsolute, resolve } from "node:path"

/**
 * The folder that a command was given in: absolute, and the name that it had when it is gone. The process itself goes on in the root folder then, for whatever
 * it starts would not start in a folder that is not there.
 */
const directory = ((): string => {
  try {
    return process.cwd()
  } catch {
    process.chdir("/")
    const before = process.env["PWD"]
    return before !== undefined && isAbsolute(before) ? before : "/"
  }
})()

export const workingDirectory = (): string => directory

/** A path as it was given, in full: without `.`, `..` and a `/` at its end. */
export const inFull = (path: string): string => resolve(directory, path)

/** The folder itself, or the next one upwards that is there. */
export const standing = (folder: string): string => (folder === dirname(folder) || isFolder(folder) ? folder : standing(dirname(folder)))

const isFolder = (path: string): boolean => {
  try {
    return statSync(path).isDirectory()
  } catch {
    // Not there, or out of sight: no folder to stand in.
    return false
  }
}
