import { ShellQuotes } from "./shellQuotes.ts"

/** A here-document whose body follows after the line. */
interface Heredoc {
  readonly delimiter: string
  readonly quoted: boolean
  readonly tabs: boolean
}

/** The two ways to read parentheses: as commands, or as words (an array, a pattern, a condition in `[[`). */
type Reading = "commands" | "words"

/** A list of commands while it is read. */
interface List {
  readonly close: ")" | null
  readonly reading: Reading
  /** The `case`s around this place, the innermost last. */
  readonly cases: Array<"pattern" | "body">
  /** The place at which the word began that is being read; -1 between words. */
  from: number
  /** The next word is the target of a redirection. */
  redirected: boolean
}

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
    const list: List = { close, reading, cases: [], from: -1, redirected: false }
    const outer = this.words
    this.words = condition ? ["[["] : []
    while (this.more()) {
      if (this.takeContinuation()) continue
      const met = this.#mark(list)
      if (met === "closed") {
        this.words = outer
        return
      }
      if (met === "mark") continue
      this.#begin(list)
      this.insideWord()
    }
    this.#end(list)
    this.words = outer
    if (close !== null || list.cases.length > 0) this.refuse(close === null ? "a `case` does not end" : "a parenthesis is not closed")
  }

  get #inCondition(): boolean {
    return this.words[0] === "[["
  }

  #begin(list: List): void {
    if (list.from < 0) list.from = this.at
  }

  /** Ends the word that has begun, if any. */
  #end(list: List): void {
    const { cases, from, reading, redirected } = list
    if (from < 0) return
    const word = this.text.slice(from, this.at)
    list.from = -1
    list.redirected = false
    if (redirected) return
    if (cases.at(-1) === "pattern") {
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
      else if (word === "]]" && this.#inCondition) this.words = ["]]"]
    }
  }

  /** Takes a mark that stands between words; `word`: there is none, and a piece of a word follows. `closed`: it was the parenthesis that closes the list. */
  #mark(list: List): "mark" | "word" | "closed" {
    switch (this.peek()) {
      case " ":
      case "\t":
        this.#end(list)
        this.take(1)
        return "mark"
      case "\n":
        this.#end(list)
        this.take(1)
        this.#bodies()
        if (!this.#inCondition) this.words = []
        return "mark"
      case "#":
        if (list.from >= 0) return "word"
        this.take((this.found(/[^\n]*/y) ?? "").length)
        return "mark"
      case ";":
      case "&":
      case "|":
        this.#separator(list)
        return "mark"
      case "<":
      case ">":
        this.#redirection(list)
        return "mark"
      case "(":
        this.#open(list)
        return "mark"
      case ")":
        return this.#closes(list) ? "closed" : "mark"
      default:
        return "word"
    }
  }

  #separator(list: List): void {
    this.#end(list)
    const mark = this.found(/;;&|;;|;&|;|&>>?|&&|&|\|\||\|&|\|/y) ?? ""
    this.take(mark.length)
    if (mark.startsWith(";")) {
      if (mark !== ";" && list.cases.length > 0) list.cases[list.cases.length - 1] = "pattern"
      this.words = []
    } else if (mark.startsWith("&>")) list.redirected = true
    else if (!this.#inCondition) this.words = []
  }

  #redirection(list: List): void {
    if (this.found(/[<>]\(/y) !== undefined && !this.#inCondition) {
      this.#end(list)
      this.#begin(list)
      this.take(2)
      return this.substitution()
    }
    if (list.from >= 0 && /^\d+$/.test(this.text.slice(list.from, this.at))) list.from = -1
    this.#end(list)
    if (this.#inCondition) return this.take(1)
    if (this.found(/<<(?!<)/y) !== undefined) return this.#heredoc()
    this.take((this.found(/<<<|<>|<&|>>|>&|>\||<|>/y) ?? "").length)
    list.redirected = true
  }

  /** An opening parenthesis: of a pattern, a function, an array or a condition, arithmetic, or a subshell. */
  #open(list: List): void {
    const isFirst = this.words.length === 0
    if (list.cases.at(-1) === "pattern" && list.from < 0 && isFirst) return this.take(1)
    const word = list.from < 0 ? "" : this.text.slice(list.from, this.at)
    const ofWords = list.from < 0 ? this.#inCondition || list.reading === "words" : false
    if (!ofWords && this.#takeFunction()) {
      list.from = -1
      this.words = []
    } else if (ofWords || (list.from >= 0 && (/[=?*+@!]$/.test(word) || this.#inCondition))) {
      this.take(1)
      this.#list(")", "words", this.#inCondition)
    } else if (list.from >= 0) this.refuse("a parenthesis stands within a word")
    else if (this.found(/\(\(/y) !== undefined && (isFirst || this.words[0] === "for")) {
      this.take(2)
      this.arithmetic()
      this.words = isFirst ? ["))"] : []
    } else if (isFirst) {
      this.take(1)
      this.#list(")", "commands")
      this.words = [")"]
    } else this.refuse("a parenthesis stands after a word")
  }

  /** A closing parenthesis: true when it closes the list. */
  #closes(list: List): boolean {
    const { cases, close } = list
    this.#end(list)
    const isPattern = cases.at(-1) === "pattern"
    if (isPattern) {
      cases[cases.length - 1] = "body"
      this.words = []
    } else if (close === null || cases.length > 0) this.refuse("a parenthesis closes what none opened")
    this.take(1)
    return !isPattern && close !== null && cases.length === 0
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
