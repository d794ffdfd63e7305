import { Buffer } from "node:buffer"
import { accessSync, constants, statSync } from "node:fs"
import { errorCode } from "../../files/fileFacts.ts"

/** A program to start, with its arguments. */
export interface SupervisedCommand {
  readonly file: string
  readonly args: ReadonlyArray<string>
}

/** The command, and the directory and environment to start it in. */
export interface CommandStart {
  readonly command: string
  readonly args?: ReadonlyArray<string>
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
}

/**
 * Text for `/bin/bash -c`, or `/bin/sh -c` where there is no bash: hooks are written for what people have. As that shell's process, under a watcher: a process of
 * the same group that reads descriptor 3. A line there sends it away; without one, when the other end is closed, however its process ended, it ends the group:
 * SIGTERM, and 300 ms later SIGKILL. As long as it is there, no other group can get the group's number. The command has neither descriptor 3 nor a child that it
 * does not know of. No start-up file is read but the one that `BASH_ENV` of the given environment names.
 */
export const supervised = ({ command, args = [] }: CommandStart): SupervisedCommand => {
  const shell = shellOf()
  return { file: shell.file, args: [...shell.quiet, "-c", supervisor, "han-hook", shell.file, ...shell.options, "-c", command, shell.file, ...args] }
}

/** Gives the reason not to start it at all; null when there is none. */
export const refusalOf = ({ command, args = [], directory, environment }: CommandStart): string | null => {
  if (process.platform === "win32") return "Hooks are run on Linux and macOS only: on Windows there are no process groups that could be ended whole"
  if (command.includes("\0")) return "The command has a NUL character in it, which no program can be given"
  if (args.some((arg) => arg.includes("\0"))) return "An argument has a NUL character in it, which no program can be given"
  if (directory.includes("\0")) return "The directory has a NUL character in its name"
  const variable = Object.entries(environment).find(([name, value]) => name.includes("\0") || value.includes("\0"))
  return variable === undefined ? null : `The variable ${JSON.stringify(variable[0])} has a NUL character in it, which no program can be given`
}

/** Explains why it could not be started: systems report ENOENT for the program when the directory is missing. */
export const whyNotStarted = (start: CommandStart, cause: unknown): string => {
  const { file } = supervised(start)
  if (errorCode(cause) === "E2BIG") return `The command with its arguments and its environment is too long for this system: ${bytesOf(start)} bytes (E2BIG)`
  return directoryTrouble(start.directory) ?? `${file} could not be started: ${cause instanceof Error ? cause.message : String(cause)}`
}

/**
 * `kill … 0` is to the group, and cannot mean another one. The watcher is a child of a child, so that nobody who waits for his children finds it. It must not
 * hold the outputs, whose ends are waited for. What the hook's environment says must not lead it astray: TMOUT would be a limit for `read`, and PATH may lack `sleep`.
 */
const supervisor = `( (
trap '' HUP INT QUIT PIPE ALRM TERM USR1 USR2
exec </dev/null >/dev/null 2>&1
unset TMOUT
read -r line <&3 && exit
kill -TERM 0
PATH=/usr/bin:/bin\${PATH:+:$PATH}
sleep 0.3
kill -KILL 0
) & )
exec 3<&-
exec "$@"`

interface Shell {
  readonly file: string
  readonly options: ReadonlyArray<string>
  /** The options of the one that only starts the other. */
  readonly quiet: ReadonlyArray<string>
}

// With -p it does not read BASH_ENV, which is for the command.
const bash: Shell = { file: "/bin/bash", options: ["--norc"], quiet: ["--norc", "-p"] }
const sh: Shell = { file: "/bin/sh", options: [], quiet: [] }

const shellOf = (): Shell => (mayRun(bash.file) ? bash : sh)

const mayRun = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const directoryTrouble = (directory: string): string | null => {
  try {
    if (!statSync(directory).isDirectory()) return `${directory} is no directory`
    accessSync(directory, constants.X_OK)
    return null
  } catch (cause) {
    const code = errorCode(cause)
    if (code === "ENOENT") return `The directory ${directory} is not there`
    return code === "EACCES" ? `The directory ${directory} may not be entered` : `The directory ${directory} cannot be used: ${code}`
  }
}

const bytesOf = ({ command, args = [], environment }: CommandStart): number =>
  [command, ...args, ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)].reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0)
