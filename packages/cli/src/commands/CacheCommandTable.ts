import { command, json, limit, utc, withoutWords, yes } from "../command-line/CommandEntry.ts"
import type { Command, Given, Option } from "../command-line/CommandLine.ts"

const hook: Option = { name: "hook", value: "H", help: "only of this hook or plugin: plugin@marketplace/hook, plugin@marketplace, or one of the names" }
const within: Option = { name: "project", short: "p", value: "DIR", help: "only what passed in this folder and below it" }

const choice = (given: Given) => ({ hook: given.text("hook"), project: given.text("project") })

/** The commands for passes of hooks. */
export const cacheCommands: ReadonlyArray<Command> = [
  command({
    name: "cache list",
    summary: "list what hooks passed with, newest first; they do not run again for the same content",
    notes: ["USES counts how often a pass replaced a run. han removes passes that were not used for 60 days."],
    options: [hook, within, limit(50), utc, json],
    start: withoutWords((given) => {
      const options = { ...choice(given), limit: given.count("limit") ?? 50, utc: given.flag("utc"), json: given.flag("json") }
      return async (host) => (await import("./cache/cacheList.ts")).run(options, host)
    })
  }),
  command({
    name: "cache clear",
    summary: "forget what passed, so that hooks run again",
    notes: ["Removes everything, or what --hook and --project say, with what passed file by file. The history of runs stays."],
    options: [hook, within, yes],
    start: withoutWords((given) => {
      const options = { ...choice(given), yes: given.flag("yes") }
      return async (host) => (await import("./cache/cacheClear.ts")).run(options, host)
    })
  })
]
