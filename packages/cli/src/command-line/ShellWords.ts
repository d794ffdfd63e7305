/** Words at the beginning of a command that the shell does itself, so that they name no program. */
const builtins = new Set(
  "! [ [[ { ( . : alias bg break case cd continue declare do done echo elif else esac eval exit export false fi for function hash if jobs kill let local printf pwd read readonly return set shift source test then time times trap true type ulimit umask unalias unset until wait while".split(
    " "
  )
)
/** Programs that only run the one behind them. */
const prefixes = new Set(["exec", "command", "env", "nohup", "builtin"])
const assignment = /^[A-Za-z_]\w*=/

/**
 * The words of the first simple command of a shell's command line, as the shell would read them: quotes, escapes, `~` and plain variables. Empty when that is a
 * builtin, or cannot be known without running something. What comes behind a word that cannot be known is left out.
 */
export const commandWords = (command: string, variables: Readonly<Record<string, string | undefined>>): ReadonlyArray<string> => {
  const words = split(command, variables)
  let begin = 0
  while (begin < words.length && (assignment.test(words[begin] ?? "") || prefixes.has(words[begin] ?? ""))) begin++
  const found = words.slice(begin)
  return found[0] === undefined || found[0] === "" || found[0].startsWith("-") || builtins.has(found[0]) ? [] : found
}

const split = (command: string, variables: Readonly<Record<string, string | undefined>>): ReadonlyArray<string> => {
  const words: Array<string> = []
  let word: string | undefined
  let at = 0
  /** Undefined: it cannot be known. */
  const variable = (): string | undefined => {
    const [whole = "", braced, plain] = /^\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/.exec(command.slice(at)) ?? []
    const value = variables[braced ?? plain ?? ""]
    at += whole.length
    return whole === "" ? undefined : value
  }
  while (at < command.length) {
    const character = command[at] ?? ""
    if (/[ \t\n]/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
      if (character === "\n" && words.length > 0) return words
      at++
    } else if (/[;|&<>()#`]/.test(character) && (character !== "#" || word === undefined)) {
      // A redirection, another command, or one whose output is a word.
      return word === undefined || /[`<>(]/.test(character) ? words : [...words, word]
    } else if (character === "'") {
      const end = command.indexOf("'", at + 1)
      if (end === -1) return []
      word = (word ?? "") + command.slice(at + 1, end)
      at = end + 1
    } else if (character === '"') {
      word ??= ""
      at++
      while (at < command.length && command[at] !== '"') {
        if (command[at] === "`") return words
        if (command[at] === "$") {
          const value = variable()
          if (value === undefined) return words
          word += value
        } else {
          if (command[at] === "\\" && /["\\$`]/.test(command[at + 1] ?? "")) at++
          word += command[at++]
        }
      }
      if (at >= command.length) return []
      at++
    } else if (character === "$") {
      const value = variable()
      if (value === undefined) return words
      word = (word ?? "") + value
    } else if (character === "\\") {
      word = (word ?? "") + (command[at + 1] ?? "")
      at += 2
    } else if (character === "~" && word === undefined && /^~(?:\/|\s|$)/.test(command.slice(at))) {
      word = variables["HOME"] ?? "~"
      at++
    } else {
      word = (word ?? "") + character
      at++
    }
  }
  return word === undefined ? words : [...words, word]
}
