import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import type { Command, Given, Option } from "./CommandLine.ts"

export const json: Option = { name: "json", help: "machine-readable output; instants in UTC, money in integer nano-dollars" }
export const utc: Option = { name: "utc", help: "days and times in UTC instead of local time" }
export const limit = (standard: number): Option => ({ name: "limit", short: "n", value: "N", help: `at most N (${standard})` })
export const session: Option = { name: "session", short: "s", value: "ID", help: "only in this session" }
export const projectFolder: Option = { name: "project", short: "p", value: "DIR", help: "in this project instead of the one around the current folder" }
export const yes: Option = { name: "yes", short: "y", help: "do not ask" }

interface Entry {
  readonly name: string
  readonly takes?: string
  readonly summary: string
  readonly notes?: ReadonlyArray<string>
  readonly options?: ReadonlyArray<Option>
  readonly dashWords?: boolean
  readonly start: (given: Given) => (host: CliEnvironment) => Promise<number>
}
export const command = (entry: Entry): Command => ({ takes: "", notes: [], options: [], dashWords: false, ...entry })

export const withoutWords = (start: (given: Given) => (host: CliEnvironment) => Promise<number>) => (given: Given) => {
  given.noWords()
  return start(given)
}
