#!/usr/bin/env bun
import { existsSync } from "node:fs"
import { homedir } from "node:os"
import { delimiter, join } from "node:path"
import { BadUsage } from "./CommandFailed.ts"
import { type Asked, parse } from "./CommandLine.ts"
import { commands } from "./CommandTable.ts"
import type { Host } from "./Host.ts"
import { OutputClosed, toDescriptor } from "./terminal/Output.ts"
import { inFull } from "./WorkingDirectory.ts"

// Nothing above loads Effect: help, the version and a wrong command line are answered at once.

const environment = process.env
const out = toDescriptor(1)
const err = toDescriptor(2)

const milliseconds = (name: string, standard: number): number => {
  const text = environment[name]
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

const pager = (): ReadonlyArray<string> => {
  const asked = environment.HAN_PAGER ?? environment.PAGER
  if (asked === undefined) return ["less", "-R"]
  return asked.split(/\s+/).filter((word) => word !== "")
}

const makeHost = (version: string): Host => {
  const home = inFull(environment.HAN_HOME || join(homedir(), ".han"))
  const drawn = environment.TERM !== "dumb"
  const output = process.stdout.isTTY === true
  const columns = Number(environment.COLUMNS) || process.stdout.columns || 80
  const configuration = environment.CLAUDE_CONFIG_DIR
  return {
    version,
    out,
    err,
    terminal: {
      output,
      canAsk: process.stdin.isTTY === true && process.stderr.isTTY === true,
      progress: process.stderr.isTTY === true && drawn,
      columns: output ? Math.max(20, columns) : Number.POSITIVE_INFINITY,
      colour: output && drawn && (environment.NO_COLOR ?? "") === "",
      pager: pager()
    },
    now: Date.now,
    home,
    path: (environment.PATH ?? "").split(delimiter).filter((directory) => directory !== ""),
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

const answer = async (asked: Asked): Promise<number> => {
  if (asked._tag === "Help") {
    const { help } = await import("./CommandHelp.ts")
    await out.write(help(asked.topic, commands))
    return 0
  }
  const { version } = await import("han-rpc/Version")
  if (asked._tag === "Run") return asked.run(makeHost(version))
  await out.write(`han ${version}\n`)
  return 0
}

const main = async (): Promise<number> => {
  try {
    return await answer(parse(process.argv.slice(2), commands, Date.now()))
  } catch (error) {
    if (error instanceof OutputClosed) return 0
    if (error instanceof BadUsage) {
      await err.write(`han: ${error.message}\n`)
      return error.exitCode
    }
    throw error
  }
}

/** What nobody but a person calls. */
const ofPersons = ["list", "explain", "test", "history"]
const code = await main()
const [group, name = ""] = process.argv.slice(2)
// Plugins have an agent call other `han hook …`, and to it 2 says "blocked": a command line that is wrong, or of an older han, must not.
process.exit(group === "hook" && !ofPersons.includes(name) && code === 2 ? 1 : code)
