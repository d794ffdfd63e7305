import { command, json, projectFolder, withoutWords } from "../command-line/CommandEntry.ts"
import type { Command, Given, Option } from "../command-line/CommandLine.ts"
import { BadUsage } from "../environment/CommandFailed.ts"

const scope: Option = { name: "scope", value: "user|project|local", help: "in your settings (user), those of the project, or your own in the project" }

const pluginOptions = (given: Given) => {
  if (given.words.length === 0 || given.words.includes("")) throw new BadUsage("the NAME of a plugin is missing")
  return {
    names: [...new Set(given.words)],
    scope: given.choice("scope", ["user", "project", "local"]) ?? "user",
    project: given.text("project"),
    json: given.flag("json")
  }
}

/** The commands that write files of Claude Code and of plugins. */
export const setupCommands: ReadonlyArray<Command> = [
  command({
    name: "plugin generate-hooks",
    takes: "[DIR]",
    summary: "make a plugin's hooks/hooks.json agree with its han-plugin.yml",
    notes: [
      "One entry for each event that its hooks name: Claude Code calls han, which runs all that is due, of all plugins. What all of them are for is its matcher",
      "(SessionStart:compact); at FileChanged Claude Code watches the files in it. Entries of earlier forms are replaced, other commands stay as they are. An entry",
      "is asynchronous when all its hooks say `sync: false`. DIR is the current folder if absent."
    ],
    options: [
      { name: "all", help: "every plugin below DIR" },
      { name: "check", help: "write nothing; exit code 1 when a file is not as it would be written" },
      json
    ],
    start: (given) => {
      const options = { directory: given.optionalWord() ?? ".", all: given.flag("all"), check: given.flag("check"), json: given.flag("json") }
      return async (host) => (await import("./plugin/pluginGenerateHooks.ts")).run(options, host)
    }
  }),
  command({
    name: "plugin install",
    takes: "NAME…",
    summary: "switch plugins on, with the marketplace that they come from",
    notes: [
      "NAME or NAME@MARKETPLACE. Without --from it is looked for in the marketplaces that Claude Code knows. A repository is cloned to where Claude Code keeps its",
      "marketplaces; a folder is used where it is. Nothing of a plugin is run. What --scope project or local enables needs `han trust`."
    ],
    options: [
      { name: "from", value: "SOURCE", help: "a marketplace: a folder, https://…, ssh://…, file:///…, user@host:path, or owner/repo" },
      scope,
      projectFolder,
      json
    ],
    start: (given) => {
      const options = { ...pluginOptions(given), what: { from: given.text("from") } }
      return async (host) => (await import("./plugin/pluginInstall.ts")).run(options, host)
    }
  }),
  command({
    name: "plugin uninstall",
    takes: "NAME…",
    summary: "take plugins out of the settings again; their marketplace stays",
    options: [scope, projectFolder, json],
    start: (given) => {
      const options = { ...pluginOptions(given), what: undefined }
      return async (host) => (await import("./plugin/pluginInstall.ts")).run(options, host)
    }
  }),
  command({
    name: "setup",
    summary: "make Claude Code call han: write the hooks into your own settings, and say what changed",
    notes: [
      "At SessionStart, PostToolUse, Stop and SubagentStop, and at every event that trusted hooks wait for: of your plugins, of the project that you are in, and of all",
      "repositories that you trusted. A second run adds what is missing, and takes out what was written for hooks that are gone. What --event adds stays."
    ],
    options: [
      { name: "event", short: "e", value: "E", help: "at this event, too; may be given several times" },
      { name: "http", help: "is refused: beside the command a request only has every hook asked twice" },
      { name: "dry-run", help: "only say what would be written" },
      { name: "uninstall", help: "take out what it wrote; everything else stays as it is, to the byte" },
      json
    ],
    start: withoutWords((given) => {
      const options = {
        events: given.texts("event").flatMap((text) => text.split(",").map((event) => event.trim())),
        dryRun: given.flag("dry-run"),
        uninstall: given.flag("uninstall"),
        json: given.flag("json")
      }
      if (given.flag("http")) {
        throw new BadUsage(
          "--http is not possible any more: Claude Code waits for both, the request and the command, so the pair was never quicker. `han setup` writes the command alone"
        )
      }
      if (options.uninstall && options.events.length > 0) throw new BadUsage("--uninstall takes out everything; it goes with --dry-run and --json only")
      return async (host) => (await import("./setup.ts")).run(options, host)
    })
  })
]
