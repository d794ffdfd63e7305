import { existsSync } from "node:fs"
import { homedir } from "node:os"
import { delimiter, join } from "node:path"
import type { CliEnvironment } from "./CliEnvironment.ts"
import { BadUsage } from "./CommandFailed.ts"
import { toDescriptor } from "./Output.ts"
import { inFull } from "./WorkingDirectory.ts"

/** The machine that this program runs on, by its environment. Throws `BadUsage` when that makes no sense. */
export const thisEnvironment = (version: string): CliEnvironment => {
  const environment = process.env
  const home = inFull(environment["HAN_HOME"] || join(homedir(), ".han"))
  const drawn = environment["TERM"] !== "dumb"
  const output = process.stdout.isTTY === true
  const columns = Number(environment["COLUMNS"]) || process.stdout.columns || 80
  const configuration = environment["CLAUDE_CONFIG_DIR"]
  return {
    version,
    out: toDescriptor(1),
    err: toDescriptor(2),
    terminal: {
      output,
      canAsk: process.stdin.isTTY === true && process.stderr.isTTY === true,
      progress: process.stderr.isTTY === true && drawn,
      columns: output ? Math.max(20, columns) : Number.POSITIVE_INFINITY,
      colour: output && drawn && (environment["NO_COLOR"] ?? "") === "",
      pager: pager(environment["HAN_PAGER"] ?? environment["PAGER"])
    },
    now: Date.now,
    home,
    path: (environment["PATH"] ?? "").split(delimiter).filter((directory) => directory !== ""),
    environment: {
      ...environment,
      HAN_HOME: home,
      ...(configuration === undefined || configuration === "" ? {} : { CLAUDE_CONFIG_DIR: foldersInFull(configuration) })
    },
    startTimeoutMs: milliseconds("HAN_START_TIMEOUT_MS", 10_000),
    answerTimeoutMs: milliseconds("HAN_ANSWER_TIMEOUT_MS", 30_000),
    executable: import.meta.url.includes("/$bunfs/") || import.meta.url.includes("/~BUN/") ? process.execPath : undefined
  }
}

const milliseconds = (name: string, standard: number): number => {
  const text = process.env[name]
  if (text === undefined || text === "") return standard
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new BadUsage(`${name}="${text.slice(0, 60)}" is not a number of milliseconds`)
  return value
}

/** The coordinator works in another directory. One folder, or several with commas. */
const foldersInFull = (folders: string): string =>
  existsSync(folders)
    ? inFull(folders)
    : folders
        .split(",")
        .map((folder) => folder.trim())
        .filter((folder) => folder !== "")
        .map(inFull)
        .join(",")

const pager = (asked: string | undefined): ReadonlyArray<string> => (asked === undefined ? ["less", "-R"] : asked.split(/\s+/).filter((word) => word !== ""))
