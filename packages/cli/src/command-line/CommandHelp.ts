import type { Command } from "./CommandLine.ts"

const aligned = (rows: ReadonlyArray<readonly [string, string]>): string => {
  const width = Math.max(0, ...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join("")
}

/** The help of one command, of a group of commands, or, for an empty topic, of all. */
export const help = (topic: string, commands: ReadonlyArray<Command>): string => {
  const command = commands.find(({ name }) => name === topic)
  if (command !== undefined) return commandHelp(command)
  const listed = topic === "" ? commands : commands.filter(({ name }) => name.startsWith(`${topic} `))
  const head =
    topic === ""
      ? "han keeps the transcripts of AI coding agents, makes them searchable, and says what they cost.\n\nusage: han COMMAND …\n\n"
      : `usage: han ${topic} COMMAND …\n\n`
  const foot =
    topic === ""
      ? "\n`han COMMAND --help` says more. `han --version` prints the version.\nHAN_HOME is the folder of han's data (~/.han). CLAUDE_CONFIG_DIR is Claude Code's folder (~/.claude).\n"
      : ""
  return head + aligned(listed.map(({ name, summary, takes }) => [`${name} ${takes}`.trimEnd(), summary])) + foot
}

const commandHelp = ({ name, notes, options, summary, takes }: Command): string => {
  const rows = [...options, { name: "help", short: "h", help: "this text" }].map((option): readonly [string, string] => [
    `${option.short === undefined ? "   " : `-${option.short},`} --${option.name}${"value" in option ? ` ${option.value}` : ""}`,
    option.help
  ])
  return `usage: han ${name}${takes === "" ? "" : ` ${takes}`}${options.length === 0 ? "" : " [options]"}\n\n${summary}\n${notes.map((note) => `${note}\n`).join("")}\n${aligned(rows)}`
}
