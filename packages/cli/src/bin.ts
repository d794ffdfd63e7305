#!/usr/bin/env bun
import { type Asked, parse } from "./command-line/CommandLine.ts"
import { commands } from "./commands/CommandTable.ts"
import { BadUsage } from "./environment/CommandFailed.ts"
import { OutputClosed, toDescriptor } from "./environment/Output.ts"
import { thisEnvironment } from "./environment/ThisEnvironment.ts"

// Nothing above loads Effect: help, the version and a wrong command line are answered at once.

const out = toDescriptor(1)
const err = toDescriptor(2)

const answer = async (asked: Asked): Promise<number> => {
  if (asked._tag === "Help") {
    const { help } = await import("./command-line/CommandHelp.ts")
    await out.write(help(asked.topic, commands))
    return 0
  }
  const { version } = await import("han-rpc/Version")
  if (asked._tag === "Run") return asked.run(thisEnvironment(version))
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

/** The commands that only a person calls. */
const ofPersons = ["list", "explain", "test", "history"]
const code = await main()
const [group, name = ""] = process.argv.slice(2)
// Plugins have an agent call other `han hook …`, and to it 2 says "blocked": a command line that is wrong, or of an older han, must not.
process.exit(group === "hook" && !ofPersons.includes(name) && code === 2 ? 1 : code)
