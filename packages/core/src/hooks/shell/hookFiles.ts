import { Buffer } from "node:buffer"
import { ShellFiles } from "./shellFiles.ts"

/** A command that can be given files, or in words why it cannot. */
export type FilesCommand = { readonly command: string } | { readonly refused: string }

/**
 * The command with its `${HAN_FILES}` such that each file is one word of it, whatever its name, when it runs with the files as the shell's arguments and with
 * their `quotedList` in the variable HAN_FILES. Outside of quotes and alone in them it is the shell's own list of arguments, in `"$(…)"` too. Within other
 * quotes it is the variable, for another shell (`sh -c "… ${HAN_FILES}"`); so it is in here-documents. Where `[ -n … ]` asks for one word it is the variable.
 * A command is refused whose quoting does not end or cannot be followed, and one that gives the shell other arguments (functions, `set --`, `shift`).
 */
export const commandFor = (command: string): FilesCommand => {
  const read = new ShellFiles(command, '"$@"', 0, false).program()
  if (read.refused !== null) return { refused: `\`\${HAN_FILES}\` cannot be placed in the command: ${read.refused}` }
  if (read.placed && read.changed !== null) return { refused: `\`\${HAN_FILES}\` cannot be placed in the command: ${read.changed}` }
  return { command: read.out }
}

/** For a shell: each name in single quotes, with spaces between them. */
export const quotedList = (files: ReadonlyArray<string>): string => files.map((file) => `'${file.replaceAll("'", `'\\''`)}'`).join(" ")

/** A name that begins with a dash is no option. */
export const asArgument = (file: string): string => (file.startsWith("-") ? `./${file}` : file)

/** Systems take 128 kB in one argument or variable, and two megabytes in all. Quotes within quotes may grow a name to four times its length. */
const maxBytes = 96_000

/** The files in groups that fit into one call each, in their order; a single name is never too long. */
export const chunked = (files: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const groups: Array<Array<string>> = []
  let bytes = 0
  for (const file of files) {
    const size = Buffer.byteLength(file) + 3 + 3 * (file.split("'").length - 1)
    const last = groups.at(-1)
    if (last === undefined || bytes + size > maxBytes) {
      groups.push([file])
      bytes = size
    } else {
      last.push(file)
      bytes += size
    }
  }
  return groups
}
