import { command, json, utc, withoutWords, yes } from "../command-line/CommandEntry.ts"
import type { Command, Given } from "../command-line/CommandLine.ts"
import { BadUsage } from "../environment/CommandFailed.ts"

const exitCodes = "Exit codes: 0 done, 1 it is tried again, 2 a setting or the plan, 3 the key is refused, 4 the server refused some of it."
const patterns = [
  "PATTERN is github.com/acme/shop, acme/shop (at any host), acme/* (any repository of acme), github.com/acme/** (also of its groups), a remote's address,",
  "or a directory that begins with / or ~ and means all that is in it."
]

const pattern = (name: "include" | "exclude", summary: string, note: string) =>
  command({
    name: `sync ${name}`,
    takes: "PATTERN",
    summary,
    notes: [...patterns, note],
    start: (given) => {
      const options = { pattern: given.word("a PATTERN"), list: name === "include" ? ("forceInclude" as const) : ("forceExclude" as const) }
      return async (host) => (await import("./sync/syncPattern.ts")).run(options, host)
    }
  })

/** Which of two opposite flags is given; undefined: neither. */
const switched = (given: Given, on: string, off: string): boolean | undefined => {
  if (given.flag(on) && given.flag(off)) throw new BadUsage(`--${on} and --${off} are opposites`)
  return given.flag(on) ? true : given.flag(off) ? false : undefined
}

/** The commands that say what is sent to a team server. */
export const syncCommands: ReadonlyArray<Command> = [
  command({
    name: "sync enable",
    summary: "connect to a team server: say what will leave this machine, ask, and send it from then on",
    notes: [
      "Asks the server which workspace the key is for; sends nothing before you have said yes. The settings are the key `sync` of config.json in HAN_HOME.",
      "Sessions of the workspace's repositories are sent. One machine has one server: another --endpoint replaces the one before."
    ],
    options: [
      { name: "endpoint", value: "URL", help: "the server: https://han.example; also HAN_SYNC_ENDPOINT" },
      {
        name: "key",
        value: "KEY|-",
        help: "the API key, - to read it from standard input (better: others can see a command line); also HAN_SYNC_API_KEY, or it is asked for"
      },
      { name: "metadata-only", help: "send numbers and names alone, no texts; holds until --content" },
      { name: "content", help: "send texts again; what went without them goes once more" },
      { name: "include-personal", help: "send sessions of your own repositories, too; holds until --exclude-personal" },
      { name: "exclude-personal", help: "keep sessions of your own repositories here again; what a server has of them stays there" },
      yes
    ],
    start: withoutWords((given) => {
      const options = {
        endpoint: given.text("endpoint"),
        key: given.text("key"),
        yes: given.flag("yes"),
        includeContent: switched(given, "content", "metadata-only"),
        includePersonal: switched(given, "include-personal", "exclude-personal")
      }
      return async (host) => (await import("./sync/syncEnable.ts")).run(options, host)
    })
  }),
  command({
    name: "sync disable",
    summary: "send nothing any more; what the server has stays there",
    start: withoutWords(() => async (host) => (await import("./sync/syncDisable.ts")).run(host))
  }),
  command({
    name: "sync status",
    summary: "say whether something is sent, where to, what waits, what stays here and why",
    notes: ["The exit code says how it stands.", exitCodes],
    options: [{ name: "verify", help: "ask the server, by one request, whether it has what is noted here" }, utc, json],
    start: withoutWords((given) => {
      const options = { verify: given.flag("verify"), utc: given.flag("utc"), json: given.flag("json") }
      return async (host) => (await import("./sync/syncStatus.ts")).run(options, host)
    })
  }),
  command({
    name: "sync session",
    takes: "ID",
    summary: "send what waits of one session now",
    notes: ["ID may be the beginning of an id.", exitCodes],
    options: [json],
    start: (given) => {
      const options = { session: given.word("the ID of a session"), json: given.flag("json") }
      return async (host) => (await import("./sync/syncSend.ts")).run(options, host)
    }
  }),
  command({
    name: "sync all",
    summary: "send all that waits now",
    notes: [exitCodes],
    options: [json],
    start: withoutWords((given) => {
      const options = { session: undefined, json: given.flag("json") }
      return async (host) => (await import("./sync/syncSend.ts")).run(options, host)
    })
  }),
  command({
    name: "sync queue",
    summary: "list the transcripts that wait, in the order of their turn, and those that the server refused",
    notes: ["Exit code 4 when the server refused some."],
    options: [utc, json],
    start: withoutWords((given) => {
      const options = { utc: given.flag("utc"), json: given.flag("json") }
      return async (host) => (await import("./sync/syncQueue.ts")).run(options, host)
    })
  }),
  command({
    name: "sync --dry-run",
    takes: "[DIR]",
    summary: "write the requests that would send all that waits into files, and send none of it",
    notes: [
      "Each file in DIR (han-sync-dry-run, if none is named) is the body of one request, byte for byte: `zcat DIR/*.gz` shows what would leave this machine.",
      "The server is asked which workspace the key is for, and nothing else. Ids of requests, and times, are others when it is sent.",
      exitCodes
    ],
    start: (given) => {
      const options = { directory: given.optionalWord() ?? "han-sync-dry-run" }
      return async (host) => (await import("./sync/syncDryRun.ts")).run(options, host)
    }
  }),
  pattern("include", "send sessions of these repositories or in this directory, whosever they are", "A pattern that excludes comes first."),
  pattern("exclude", "keep sessions of these repositories or in this directory on this machine", "What a server has of them stays there.")
]
