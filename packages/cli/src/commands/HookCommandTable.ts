import { command, json, limit, projectFolder, session, utc, withoutWords, yes } from "../command-line/CommandEntry.ts"
import type { Command, Given, Option } from "../command-line/CommandLine.ts"
import { BadUsage } from "../environment/CommandFailed.ts"

const tool: Option = { name: "tool", value: "NAME", help: "assume that this tool was used: Edit (for events of tools)" }
const file: Option = { name: "file", value: "FILE", help: "assume that the tool was used on this file" }

/** `EVENT`, or `PLUGIN HOOK`. */
const meant = ({ words: [first, second, third] }: Given) => {
  if (first === undefined || third !== undefined) throw new BadUsage("give an event, or a plugin and a hook of it")
  return second === undefined ? { event: first, only: undefined } : { event: undefined, only: { plugin: first, hook: second } }
}

/** The commands for hooks, plugins and trust. */
export const hookCommands: ReadonlyArray<Command> = [
  command({
    name: "hook list",
    summary: "list the hooks active in this directory: what runs, when, where, and whether it is trusted",
    notes: ["Also lists what Claude Code runs by itself, and the faults in the files of plugins and settings."],
    options: [
      { name: "event", short: "e", value: "E", help: "only those of this event of Claude Code: Stop, PostToolUse, SessionStart:compact" },
      projectFolder,
      json
    ],
    start: withoutWords((given) => {
      const options = { event: given.text("event"), project: given.text("project"), json: given.flag("json") }
      return async (host) => (await import("./hook/hookList.ts")).run(options, host)
    })
  }),
  command({
    name: "hook run",
    takes: "EVENT | PLUGIN HOOK",
    summary: "run the hooks that are due for an event, or one hook, and show what they print",
    notes: [
      "Claude Code calls this with the event's payload on standard input, and gets its answer as its contract says. By hand it runs the same way and shows what",
      "happens; the exit code is 1 when something did not pass. What passed with the same content before is not run again."
    ],
    options: [
      { name: "no-cache", help: "ignore what passed before" },
      { name: "only", value: "DIR", help: "run them only in this directory" },
      { name: "session", short: "s", value: "ID", help: "record the runs in the history of this session" },
      json
    ],
    start: (given) => {
      const options = {
        ...meant(given),
        cache: !given.flag("no-cache"),
        directory: given.text("only"),
        session: given.text("session"),
        json: given.flag("json")
      }
      return async (host) => (await import("./hook/hookRun.ts")).run(options, host)
    }
  }),
  command({
    name: "hook dispatch",
    takes: "EVENT",
    summary: "run the hooks of an event as `hook run EVENT` does; older plugins call it so",
    options: [{ name: "no-cache", help: "ignore what passed before" }, json],
    start: (given) => {
      const options = { event: given.word("the event"), cache: !given.flag("no-cache"), json: given.flag("json") }
      return async (host) => (await import("./hook/hookRun.ts")).run(options, host)
    }
  }),
  command({
    name: "hook explain",
    takes: "EVENT[:WHAT] | PLUGIN HOOK",
    summary: "say why each hook would run, or not, if this event happened now; run nothing",
    notes: [
      "WHAT is what the event is about, as in han-plugin.yml: SessionStart:compact, SubagentStop:Explore, FileChanged:package.json, PreToolUse:Bash.",
      "han does run dir_test and file_test of trusted hooks, for they decide."
    ],
    options: [tool, file, { name: "no-cache", help: "ignore what passed before" }, json],
    start: (given) => {
      const options = {
        ...meant(given),
        cache: !given.flag("no-cache"),
        tool: given.text("tool"),
        file: given.text("file"),
        json: given.flag("json")
      }
      return async (host) => (await import("./hook/hookExplain.ts")).run(options, host)
    }
  }),
  command({
    name: "hook test",
    takes: "EVENT[:WHAT]",
    summary: "run all hooks of an event as if it happened now, and show what Claude Code would do, and what it would be told",
    notes: [
      "WHAT is what it is about, as SessionStart:compact; without it hooks for anything are run.",
      "han ignores what passed before, unless --cached is given. With --input the hooks get that payload, so that you can try a rule:",
      `--input '{"tool_name":"Bash","tool_input":{"command":"rm -rf src"}}'; the session that it names is not touched.`
    ],
    options: [
      tool,
      file,
      { name: "input", value: "JSON|FILE", help: "give the hooks this payload: JSON, or a file with it" },
      { name: "cached", help: "skip what passed before" },
      json
    ],
    start: (given) => {
      const options = {
        event: given.word("the event"),
        cache: given.flag("cached"),
        tool: given.text("tool"),
        file: given.text("file"),
        input: given.text("input"),
        json: given.flag("json")
      }
      return async (host) => (await import("./hook/hookTest.ts")).run(options, host)
    }
  }),
  command({
    name: "hook history",
    summary: "list the runs of hooks, newest first: where, how long, how they ended, and why they ran",
    notes: ["Runs by hand are recorded only with `han hook run --session ID`."],
    options: [
      { name: "project", short: "p", value: "DIR", help: "only in this folder and below it" },
      session,
      { name: "hook", value: "NAME", help: "only of this hook, or plugin" },
      { name: "event", short: "e", value: "E", help: "only at this event" },
      { name: "failed", help: "only what did not pass" },
      { name: "output", help: "with what they printed" },
      limit(50),
      utc,
      json
    ],
    start: withoutWords((given) => {
      const options = {
        project: given.text("project"),
        session: given.text("session"),
        hook: given.text("hook"),
        event: given.text("event"),
        failed: given.flag("failed"),
        output: given.flag("output"),
        limit: given.count("limit") ?? 50,
        utc: given.flag("utc"),
        json: given.flag("json")
      }
      return async (host) => (await import("./hook/hookHistory.ts")).run(options, host)
    })
  }),
  command({
    name: "plugin list",
    summary: "list the plugins that settings name: what enables them, where they are, and whether they are trusted",
    options: [projectFolder, json],
    start: withoutWords((given) => {
      const options = { project: given.text("project"), json: given.flag("json") }
      return async (host) => (await import("./plugin/pluginList.ts")).run(options, host)
    })
  }),
  command({
    name: "plugin validate",
    takes: "[DIR]",
    summary: "check a plugin's files; exit code 1 when han ignores something in them",
    notes: ["Reads han-plugin.yml, hooks/hooks.json and .claude-plugin/plugin.json in DIR, the current folder if absent. Runs nothing, asks no coordinator."],
    options: [json],
    start: (given) => {
      const options = { directory: given.optionalWord() ?? ".", json: given.flag("json") }
      return async (host) => (await import("./plugin/pluginValidate.ts")).run(options, host)
    }
  }),
  command({
    name: "trust",
    summary: "look at what only this repository would have run, and allow exactly that",
    notes: [
      "Plugins that you enabled in your own settings, or that Claude Code has installed for you, are trusted without it. What .claude/, han.yml or",
      "han-config.yml of a repository enable or define is not run before. A change of what would run asks again."
    ],
    options: [
      { name: "list", help: "list the decisions taken so far" },
      { name: "revoke", help: "withdraw the decision for this project" },
      projectFolder,
      yes,
      { name: "json", help: "with --list: machine-readable output" }
    ],
    start: withoutWords((given) => {
      const [list, revoke, json] = [given.flag("list"), given.flag("revoke"), given.flag("json")]
      if (list && revoke) throw new BadUsage("give --list or --revoke, not both")
      if (json && !list) throw new BadUsage("--json goes with --list only; `han hook list --json` has what would run")
      const options = {
        what: list ? ("list" as const) : revoke ? ("revoke" as const) : ("give" as const),
        project: given.text("project"),
        yes: given.flag("yes"),
        json
      }
      return async (host) => (await import("./trust.ts")).run(options, host)
    })
  })
]
