import { ShellQuotes } from "./shellQuotes.ts"

/** A here-document whose body follows after the line. */
interface Heredoc {
  readonly delimiter: string
  readonly quoted: boolean
  readonly tabs: boolean
}

/** How parentheses are read: as commands, or as words (an array, a pattern, a condition in `[[`). */
type Reading = "commands" | "words"

/** After these a command begins anew. */
const beforeCommands = new Set(["if", "then", "elif", "else", "while", "until", "do", "{", "!", "time", "command", "builtin"])
const assignment = /^[A-Za-z_]\w*(\[[^\]]*\])?\+?=/

/**
 * Reads a text as bash does, as far as it takes to know which quotes each `${HAN_FILES}` stands in, and writes it anew. What it cannot follow it refuses, with
 * the reason in words. `bare` is written where words are split: `"$@"`, or for the text within single quotes what leaves them.
 */
export class ShellFiles extends ShellQuotes {
  #pending: Array<Heredoc> = []

  /** All of the text as a list of commands. */
  program(): this {
    this.#list(null, "commands")
    if (this.#pending.length > 0) this.refuse("a here-document does not end")
    return this
  }

  protected heredocBody(): this {
    while (this.more()) this.insideDouble("heredoc")
    return this
  }

  protected within(text: string, nested: boolean): ShellFiles {
    return new ShellFiles(text, this.bare, this.depth + 1, nested || this.nested)
  }

  protected quotedText(text: string): ShellFiles {
    return new ShellFiles(text, `'"\${HAN_FILES}"'`, this.depth + 1, false)
  }

  protected substitution(): void {
    const outer = this.#pending
    const from = this.at
    this.#pending = []
    this.#list(")", "commands")
    if (this.#pending.length > 0) this.refuse("a here-document does not end within its parentheses")
    if (outer.length > 0 && this.text.slice(from, this.at).includes("\n")) this.refuse("several lines in parentheses stand between `<<` and its text")
    this.#pending = outer
  }

  /** Up to the closing parenthesis, or to the end. */
  #list(close: ")" | null, reading: Reading, condition = false): void {
    const outer = this.words
    this.words = condition ? ["[["] : []
    const cases: Array<"pattern" | "body"> = []
    let from = -1
    let redirected = false
    const inPattern = (): boolean => cases.at(-1) === "pattern"
    const inCondition = (): boolean => this.words[0] === "[["
    const next = (): void => {
      if (!inCondition()) this.words = []
    }
    const begin = (): void => {
      if (from < 0) from = this.at
    }
    const end = (): void => {
      if (from < 0) return
      const word = this.text.slice(from, this.at)
      from = -1
      if (redirected) redirected = false
      else if (inPattern()) {
        if (this.words.length === 0 && word === "esac") cases.pop()
        this.words.push(word)
      } else if (reading === "words") this.words.push(word)
      else if (this.words.length > 0 || !(beforeCommands.has(word) || assignment.test(word))) {
        this.words.push(word)
        this.#noteWords()
        if (this.words.length === 3 && this.words[0] === "case" && word === "in") {
          cases.push("pattern")
          this.words = []
        } else if (this.words.length === 1 && word === "esac") cases.pop()
        else if (word === "]]" && inCondition()) this.words = ["]]"]
      }
    }
    while (this.more()) {
      const character = this.peek()
      if (this.takeContinuation()) continue
      switch (character) {
        case " ":
        case "\t":
          end()
          this.take(1)
          continue
        case "\n":
          end()
          this.take(1)
          this.#bodies()
          next()
          continue
        case "#":
          if (from >= 0) break
          this.take((this.found(/[^\n]*/y) ?? "").length)
          continue
        case ";": {
          end()
          const mark = this.found(/;;&|;;|;&|;/y) ?? ""
          this.take(mark.length)
          if (mark !== ";" && cases.length > 0) cases[cases.length - 1] = "pattern"
          this.words = []
          continue
        }
        case "&":
        case "|": {
          end()
          const mark = this.found(/&>>?|&&|&|\|\||\|&|\|/y) ?? ""
          this.take(mark.length)
          if (mark.startsWith("&>")) redirected = true
          else next()
          continue
        }
        case "<":
        case ">":
          if (this.found(/[<>]\(/y) !== undefined && !inCondition()) {
            end()
            begin()
            this.take(2)
            this.substitution()
            continue
          }
          if (from >= 0 && /^\d+$/.test(this.text.slice(from, this.at))) from = -1
          end()
          if (inCondition()) this.take(1)
          else if (this.found(/<<(?!<)/y) !== undefined) this.#heredoc()
          else {
            this.take((this.found(/<<<|<>|<&|>>|>&|>\||<|>/y) ?? "").length)
            redirected = true
          }
          continue
        case "(":
          if (inPattern() && from < 0 && this.words.length === 0) this.take(1)
          else if (from >= 0) {
            const word = this.text.slice(from, this.at)
            if (this.#takeFunction()) {
              from = -1
              this.words = []
            } else if (/[=?*+@!]$/.test(word) || inCondition()) {
              this.take(1)
              this.#list(")", "words", inCondition())
            } else this.refuse("a parenthesis stands within a word")
          } else if (inCondition() || reading === "words") {
            this.take(1)
            this.#list(")", "words", inCondition())
          } else if (this.#takeFunction()) this.words = []
          else if (this.found(/\(\(/y) !== undefined && (this.words.length === 0 || this.words[0] === "for")) {
            const after = this.words.length === 0 ? ["))"] : []
            this.take(2)
            this.arithmetic()
            this.words = after
          } else if (this.words.length === 0) {
            this.take(1)
            this.#list(")", "commands")
            this.words = [")"]
          } else this.refuse("a parenthesis stands after a word")
          continue
        case ")":
          end()
          if (inPattern()) {
            cases[cases.length - 1] = "body"
            this.words = []
          } else if (close === null || cases.length > 0) this.refuse("a parenthesis closes what none opened")
          else {
            this.take(1)
            this.words = outer
            return
          }
          this.take(1)
          continue
      }
      begin()
      this.insideWord()
    }
    end()
    this.words = outer
    if (close !== null || cases.length > 0) this.refuse(close === null ? "a `case` does not end" : "a parenthesis is not closed")
  }

  /** `name()`, at its parenthesis. */
  #takeFunction(): boolean {
    const mark = this.found(/\([ \t]*\)/y)
    if (mark === undefined || this.words.length > 1 + Number(this.words[0] === "function")) return false
    if (/[=?*+@!]$/.test(this.text.slice(0, this.at))) return false
    this.take(mark.length)
    this.changed ??= "a function is defined, which has arguments of its own"
    return true
  }

  /** Commands after which the shell's arguments are others. */
  #noteWords(): void {
    const [name] = this.words
    const word = this.words.at(-1) ?? ""
    if (name === "function") this.changed ??= "a function is defined, which has arguments of its own"
    else if (name === "shift") this.changed ??= "`shift` drops arguments"
    else if (name === "set" && this.words.length > 1) {
      const option = /^[-+]\w+$/.test(word) || /^[-+]\w*o$/.test(this.words.at(-2) ?? "")
      if (!option) this.changed ??= "`set` gives other arguments"
    }
  }

  #heredoc(): void {
    const mark = this.found(/<<-?[ \t]*/y) ?? ""
    this.take(mark.length)
    const raw = this.found(/(?:'[^'\n]*'|"[^"\\$`\n]*"|\\[^\n]|[^\s|&;()<>$`"'\\])+/y)
    if (raw === undefined) return this.refuse("the end mark of a here-document is not plain")
    this.take(raw.length)
    if (!/^(?:[\s|&;()<>]|$)/.test(this.peek())) return this.refuse("the end mark of a here-document is not plain")
    const delimiter = raw.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, (_, single?: string, double?: string, one?: string) => single ?? double ?? one ?? "")
    this.#pending.push({ delimiter, quoted: /['"\\]/.test(raw), tabs: mark.startsWith("<<-") })
  }

  #bodies(): void {
    for (const { delimiter, quoted, tabs } of this.#pending.splice(0)) {
      let end = this.at
      let carried: string | null = null
      for (;;) {
        if (end >= this.text.length) return this.refuse("a here-document does not end")
        const newline = this.text.indexOf("\n", end)
        const after = newline < 0 ? this.text.length : newline
        const line = this.text.slice(end, after)
        const whole: string = (carried ?? "") + (tabs ? line.replace(/^\t+/, "") : line)
        // A backslash at the end of a line joins it with the next, the end mark included.
        const goesOn = !quoted && /(?<!\\)(?:\\\\)*\\$/.test(whole)
        if (whole === delimiter && carried !== null) return this.refuse("the end mark of a here-document follows a backslash")
        if (whole === delimiter) break
        carried = goesOn ? whole.slice(0, -1) : null
        end = after + 1
      }
      const body = this.text.slice(this.at, end)
      if (quoted) this.take(body.length)
      else this.adopt(this.within(body, true).heredocBody(), body.length)
      this.take(this.text.slice(end).split("\n", 1)[0]?.length ?? 0)
      if (this.peek() === "\n") this.take(1)
    }
  }
}
