import { messageKinds, messageRoles } from "han-core/unstable/MessageKinds"
import { command, json, limit, session, utc, withoutWords, yes } from "../command-line/CommandEntry.ts"
import type { Command, Option } from "../command-line/CommandLine.ts"
import { BadUsage } from "../environment/CommandFailed.ts"
import { cacheCommands } from "./CacheCommandTable.ts"
import { hookCommands } from "./HookCommandTable.ts"
import { setupCommands } from "./SetupCommandTable.ts"
import { storeCommands } from "./StoreCommandTable.ts"
import { syncCommands } from "./SyncCommandTable.ts"

const project: Option = { name: "project", short: "p", value: "P", help: "only of this project: its name, directory or repository" }
const since: Option = { name: "since", value: "DATE", help: "only from then on: 2026-11-22, an ISO instant, or an age such as 24h, 7d" }
const until: Option = { name: "until", value: "DATE", help: "only until then; a day is meant with its end" }
const root: Option = { name: "root", value: "DIR", help: "one more configuration folder to index; may be given several times" }

export const commands: ReadonlyArray<Command> = [
  command({
    name: "index",
    summary: "index every transcript of this machine once",
    notes: ["Waits for a pass that is running. What cannot be read is named on standard error; the rest goes on."],
    options: [json],
    start: withoutWords((given) => {
      const options = { json: given.flag("json") }
      return async (host) => (await import("./index.ts")).run(options, host)
    })
  }),
  command({
    name: "sessions",
    summary: "list sessions, latest activity first",
    options: [project, limit(50), utc, json],
    start: withoutWords((given) => {
      const options = { project: given.text("project"), limit: given.count("limit") ?? 50, utc: given.flag("utc"), json: given.flag("json") }
      return async (host) => (await import("./sessions.ts")).run(options, host)
    })
  }),
  command({
    name: "session",
    takes: "ID",
    summary: "show one session: header, tasks, files, usage, then its messages",
    notes: ["ID may be the beginning of an id. On a terminal it is shown in $PAGER (less -R)."],
    options: [utc, json],
    start: (given) => {
      const options = { id: given.word("the ID of a session"), utc: given.flag("utc"), json: given.flag("json") }
      return async (host) => (await import("./session.ts")).run(options, host)
    }
  }),
  command({
    name: "search",
    takes: "TEXT…",
    summary: "find messages that contain all the words, newest first",
    notes: [
      "word* is the beginning of a word, -word must not occur, and words in double quotes stand side by side:",
      "han search '\"rate limit\" retr* -test'"
    ],
    options: [
      project,
      session,
      { name: "order", value: "newest|rank", help: "the newest first (newest), or the best first" },
      limit(20),
      { name: "role", value: "ROLE", help: `only of ${messageRoles.join(", ")}` },
      { name: "kind", value: "KIND", help: `only of these kinds, separated by commas (all but han): ${messageKinds.join(", ")}` },
      since,
      until,
      utc,
      json
    ],
    dashWords: true,
    start: (given) => {
      if (given.words.length === 0) throw new BadUsage("the TEXT to look for is missing")
      const options = {
        text: given.words.join(" "),
        project: given.text("project"),
        session: given.text("session"),
        order: given.choice("order", ["newest", "rank"]),
        limit: given.count("limit") ?? 20,
        role: given.choice("role", messageRoles),
        kinds: given.choices("kind", messageKinds),
        since: given.date("since", "start"),
        until: given.date("until", "end"),
        utc: given.flag("utc"),
        json: given.flag("json")
      }
      return async (host) => (await import("./search.ts")).run(options, host)
    }
  }),
  command({
    name: "usage",
    summary: "sum up tokens and money, each API response counted once",
    options: [
      { name: "by", value: "day|model|project|session", help: "what a row is (day)" },
      since,
      utc,
      { name: "check", help: "compare with the totals that the client itself kept, and explain each difference" },
      json
    ],
    start: withoutWords((given) => {
      const options = {
        by: given.choice("by", ["day", "model", "project", "session"]) ?? "day",
        since: given.date("since", "start"),
        utc: given.flag("utc"),
        check: given.flag("check"),
        json: given.flag("json")
      }
      return async (host) => (await import("./usage.ts")).run(options, host)
    })
  }),
  command({
    name: "tail",
    takes: "[SESSION]",
    summary: "follow what is being written now, until interrupted",
    options: [utc],
    start: (given) => {
      const options = { session: given.optionalWord(), utc: given.flag("utc") }
      return async (host) => (await import("./tail.ts")).run(options, host)
    }
  }),
  command({
    name: "export",
    takes: "SESSION | --all DIR",
    summary: "export a transcript as the client wrote it, or readable",
    notes: [
      "jsonl is byte for byte the file up to its last newline, also after the file is gone. --all writes every transcript of every session,",
      "with all generations, to DIR/<source>/<session>/."
    ],
    options: [
      { name: "agent", value: "ID", help: "the transcript of this subagent" },
      {
        name: "generation",
        value: "N",
        help: "the Nth content that was seen, as from before a file was rewritten, or of another file of the session (jsonl only)"
      },
      { name: "format", short: "f", value: "jsonl|markdown|json", help: "jsonl (standard), markdown to read, json for an array of messages" },
      { name: "all", value: "DIR", help: "everything, as files under DIR that only you can read" },
      { name: "redact", help: "write [REDACTED:rule] in the place of secrets: those of known forms, and of your environment" },
      utc
    ],
    start: (given) => {
      const directory = given.text("all")
      if (directory !== undefined) {
        given.noWords()
        for (const name of ["agent", "generation", "format"]) if (given.text(name) !== undefined) throw new BadUsage(`--${name} does not go with --all`)
        return async (host) => (await import("./exportAll.ts")).run({ directory, redact: given.flag("redact") }, host)
      }
      const options = {
        session: given.word("the SESSION (or --all DIR)"),
        agent: given.text("agent"),
        generation: given.count("generation"),
        format: given.choice("format", ["jsonl", "markdown", "json"]) ?? "jsonl",
        utc: given.flag("utc"),
        redact: given.flag("redact")
      }
      if (options.generation !== undefined && options.format !== "jsonl")
        throw new BadUsage("--generation goes with --format jsonl only; the other formats show the conversation as it is now")
      return async (host) => (await import("./export.ts")).run(options, host)
    }
  }),
  command({
    name: "forget",
    takes: "SESSION | --before DATE",
    summary: "remove a session for good, or all that ended before a date",
    notes: [
      "Asks what to do where a team server has a copy, too; --everywhere or --local answers that.",
      "Entries, read models and full text are removed, and the session is not indexed again. The client's own files are left alone."
    ],
    options: [
      { name: "before", value: "DATE", help: "every session whose last line is older: 2026-11-22, an ISO instant, or an age such as 90d" },
      { name: "everywhere", help: "also what the team server has of it, which then takes it no more" },
      { name: "local", help: "only what this machine has; what a team server has stays there" },
      yes,
      utc
    ],
    start: (given) => {
      const before = given.date("before", "start")
      if (before !== undefined && given.words.length > 0) throw new BadUsage("give a SESSION or --before DATE, not both")
      const which = before === undefined ? { session: given.word("a SESSION or --before DATE") } : { before }
      if (given.flag("everywhere") && given.flag("local")) throw new BadUsage("--everywhere and --local are opposites")
      const where: "everywhere" | "local" | undefined = given.flag("everywhere") ? "everywhere" : given.flag("local") ? "local" : undefined
      const options = { which, where, yes: given.flag("yes"), utc: given.flag("utc") }
      return async (host) => (await import("./forget.ts")).run(options, host)
    }
  }),
  ...hookCommands,
  ...cacheCommands,
  ...storeCommands,
  ...syncCommands,
  ...setupCommands,
  command({
    name: "sync redact",
    takes: "FILE",
    summary: "show a file as it is when its secrets are taken out, or where they are; sends nothing, asks no coordinator",
    notes: [
      "Secrets are those of known forms, those that a name shows (password=…), and the values of variables of your environment whose names tell of a secret.",
      "--explain prints LINE:COLUMN, the rule, and the JSON pointer in a line that is JSON; never a character of a secret. The exit code is 0 either way."
    ],
    options: [
      { name: "explain", help: "only say which rule finds something, and where" },
      { name: "strict", help: "find also whatever looks random behind a name such as key or access" },
      json
    ],
    start: (given) => {
      const options = { file: given.word("the FILE to look at"), explain: given.flag("explain"), strict: given.flag("strict"), json: given.flag("json") }
      if (options.json && !options.explain) throw new BadUsage("--json goes with --explain: the file itself is no JSON")
      return async (host) => (await import("./sync/syncRedact.ts")).run(options, host)
    }
  }),
  command({
    name: "doctor",
    summary: "show roots, counts, problems, versions, and when Claude Code will next delete transcripts",
    options: [json, utc],
    start: withoutWords((given) => {
      const options = { json: given.flag("json"), utc: given.flag("utc") }
      return async (host) => (await import("./doctor.ts")).run(options, host)
    })
  }),
  command({
    name: "open",
    summary: "let the browser use the coordinator's API, and show it there",
    notes: ["The link works once, for ten minutes. It sets the cookie that /graphql asks for."],
    options: [{ name: "print", help: "print the link without opening it" }],
    start: withoutWords((given) => {
      const options = { print: given.flag("print") }
      return async (host) => (await import("./open.ts")).run(options, host)
    })
  }),
  command({
    name: "coordinator serve",
    summary: "run the coordinator in the foreground",
    options: [
      root,
      { name: "port", value: "N", help: "serve HTTP at this port of 127.0.0.1 (41956), 0 for any free one; also HAN_PORT, or `port` in config.json" },
      { name: "allow-host", value: "H", help: "serve HTTP under this name, too: name or name:port; may be given several times" },
      { name: "allow-origin", value: "O", help: "let pages of this origin use HTTP, too: https://name; may be given several times" }
    ],
    start: withoutWords((given) => {
      const options = {
        roots: given.texts("root"),
        port: given.text("port"),
        allowHosts: given.texts("allow-host"),
        allowOrigins: given.texts("allow-origin")
      }
      return async (host) => (await import("./coordinator/coordinatorServe.ts")).run(options, host)
    })
  }),
  command({
    name: "coordinator start",
    summary: "start the coordinator in the background; returns when it is healthy",
    notes: ["Every other command starts it by itself. When it does not become healthy the reason is printed and the exit code is 1."],
    start: withoutWords(() => async (host) => (await import("./coordinator/coordinatorStart.ts")).run(host))
  }),
  command({
    name: "coordinator stop",
    summary: "let the coordinator finish what it does and end",
    start: withoutWords(() => async (host) => (await import("./coordinator/coordinatorStop.ts")).run(host))
  }),
  command({
    name: "coordinator status",
    summary: "say whether it runs, since when, and what it does; exit code 3 when it does not run",
    options: [json],
    start: withoutWords((given) => {
      const options = { json: given.flag("json") }
      return async (host) => (await import("./coordinator/coordinatorStatus.ts")).run(options, host)
    })
  }),
  command({
    name: "coordinator prune",
    summary: "remove the former stores: what was there before one was made anew, or restored",
    notes: ["Lists them and asks first. They are whole copies, also of what was forgotten since. Refused while a store is made anew."],
    options: [yes],
    start: withoutWords((given) => {
      const options = { yes: given.flag("yes") }
      return async (host) => (await import("./coordinator/coordinatorPrune.ts")).run(options, host)
    })
  }),
  command({
    name: "coordinator logs",
    summary: "print the end of the coordinator's log",
    options: [
      { name: "follow", short: "f", help: "and what comes, until interrupted" },
      { name: "lines", short: "n", value: "N", help: "the last N lines (50)" }
    ],
    start: withoutWords((given) => {
      const options = { follow: given.flag("follow"), lines: given.count("lines") ?? 50 }
      return async (host) => (await import("./coordinator/coordinatorLogs.ts")).run(options, host)
    })
  })
]
