/** The surroundings of a `$`: nothing, quotes, a here-document, or an expansion whose value is one word. */
export type Surroundings = "bare" | "double" | "heredoc" | "one"

const variable = /\$(?:\{HAN_FILES\}|HAN_FILES(?![A-Za-z0-9_]))/y
const anyVariable = /\$(?:\{HAN_FILES\}|HAN_FILES(?![A-Za-z0-9_]))/
const maxDepth = 60

const assignment = /^[A-Za-z_]\w*\+?=/
/** Commands that take assignments as their words. */
const declares = /^(export|declare|local|readonly|typeset)$/

/** The part of reading a shell's text that is within words: quotes and expansions. */
export abstract class ShellQuotes {
  protected at = 0
  /** The words before this one in the same command, as written. */
  protected words: Array<string> = []
  /** The text anew, so far. */
  out = ""
  /** The reason why the text cannot be followed. */
  refused: string | null = null
  /** The reason why the shell's arguments are not the files everywhere. */
  changed: string | null = null
  /** `bare` was written. */
  placed = false

  protected readonly text: string
  protected readonly bare: string
  protected readonly depth: number
  /** Within backticks or a here-document, where names that are written out would be read once more. */
  protected readonly nested: boolean
  #levels = 0

  constructor(text: string, bare: string, depth: number, nested: boolean) {
    this.text = text
    this.bare = bare
    this.depth = depth
    this.nested = nested
    if (depth > maxDepth) this.refuse("quotes and parentheses are nested too deeply")
  }

  /** The whole text as commands. */
  abstract program(): this
  /** Commands up to a closing parenthesis. */
  protected abstract substitution(): void
  /** A part of the text that ends by itself. */
  protected abstract within(text: string, nested: boolean): ShellQuotes
  /** The text in single quotes, for another shell. */
  protected abstract quotedText(text: string): ShellQuotes

  /** The first reason stays; nothing is read any more. */
  protected refuse(why: string): void {
    this.refused ??= why
    this.at = this.text.length
  }

  protected more(): boolean {
    return this.at < this.text.length
  }

  protected peek(offset = 0): string {
    return this.text.charAt(this.at + offset)
  }

  /** Matches a sticky expression here. */
  protected found(expression: RegExp, offset = 0): string | undefined {
    expression.lastIndex = this.at + offset
    return expression.exec(this.text)?.[0]
  }

  protected take(length: number): void {
    this.out += this.text.slice(this.at, this.at + length)
    this.at += length
  }

  protected put(text: string, length: number): void {
    this.out += text
    this.at += length
  }

  /** Takes a part that was read over: its text, and its faults. */
  protected adopt(part: ShellQuotes, length: number): void {
    this.put(part.out, length)
    this.changed ??= part.changed
    this.placed ||= part.placed
    if (part.refused !== null) this.refuse(part.refused)
  }

  protected takeContinuation(): boolean {
    if (this.found(/\\\n/y) === undefined) return false
    if (/[$<>]$/.test(this.text.slice(0, this.at))) this.refuse("a line goes on in the middle of a mark")
    else this.take(2)
    return true
  }

  /** One piece of a word outside of quotes. */
  protected insideWord(): void {
    switch (this.peek()) {
      case "\\":
        return this.take(2)
      case "'":
        return this.#single()
      case '"':
        return this.#double(0)
      case "`":
        return this.#backticks("bare")
      case "$":
        return this.#dollar("bare", this.at)
      default:
        return this.take(1)
    }
  }

  /** One piece of what double quotes or a here-document hold. */
  protected insideDouble(surroundings: Surroundings, from = this.at): void {
    switch (this.peek()) {
      case "\\":
        if (!this.takeContinuation()) this.take(2)
        return
      case "`":
        return this.#backticks(surroundings)
      case "$":
        return this.#dollar(surroundings, from)
      default:
        return this.take(1)
    }
  }

  /** Up to `))`, from within. */
  protected arithmetic(): void {
    for (let open = 0; this.more(); ) {
      const character = this.peek()
      if (character === ")" && open === 0) {
        if (this.peek(1) === ")") return this.take(2)
        return this.refuse("`((` does not end with `))`; for commands in parentheses write `( (`")
      }
      if (character === "'") return this.refuse("an apostrophe stands in arithmetic")
      if (character === "(") open++
      if (character === ")") open--
      if (character === '"') this.#double(0, true)
      else this.insideDouble("one")
    }
    this.refuse("`((` does not end")
  }

  /** The files, where words are split. */
  #place(length: number): void {
    if (/^(\[\[?|test)$/.test(this.words[0] ?? "")) return this.#placeInTest(length)
    const before = this.text.slice(0, this.at)
    const assigned =
      /(?:^|[\s;&|()`])[A-Za-z_]\w*\+?=$/.test(before) && (declares.test(this.words[0] ?? "") || this.words.every((word) => assignment.test(word)))
    // `${NAME:-…}`, which ends with a brace.
    const expanded = /\$\{\w+:?[-+]$/.test(before)
    const after = this.text.slice(this.at + length)
    const within = (/[^\s;&|()<>`]$/.test(before) && !assigned && !expanded) || (expanded ? /^[^}]/ : /^[^\s;&|()<>`]/).test(after)
    if (within) return this.refuse("`${HAN_FILES}` stands within a word, of which the files can be only one; write it as a word of its own")
    if (this.bare !== '"$@"' && this.nested) return this.refuse("`${HAN_FILES}` stands in backticks or a here-document within quotes")
    this.placed = true
    this.put(this.bare, length)
  }

  /** `[ -n "${HAN_FILES}" ]` asks for one word, and so does whatever else a test compares. */
  #placeInTest(length: number): void {
    const quoted = this.peek() === '"' || this.peek() === "'" || this.peek(1) === '"' || this.peek(1) === "'"
    const isAsked = /^-[nz]$/.test(this.words.at(-1) ?? "") || this.found(/[ \t]+(=|==|!=)[ \t]+(""|'')(?=[ \t;\n]|$)/y, length) !== undefined
    if (!quoted && !isAsked) return this.refuse("`${HAN_FILES}` stands in a test, where it must be one word; write it in double quotes")
    this.put('"${HAN_FILES}"', length)
  }

  /** From the opening quote on; `dollar` is 1 for `$"…"`. */
  #double(dollar: 0 | 1, one = false): void {
    const alone = this.found(variable, dollar + 1)
    if (alone !== undefined && this.peek(dollar + 1 + alone.length) === '"') {
      if (one) return this.refuse("`${HAN_FILES}` stands where only one word can")
      return this.#place(alone.length + dollar + 2)
    }
    this.take(dollar + 1)
    const from = this.at
    while (this.more()) {
      if (this.peek() === '"') return this.take(1)
      this.insideDouble(one ? "one" : "double", from)
    }
    this.refuse("a double quote is not closed")
  }

  #single(): void {
    const end = this.text.indexOf("'", this.at + 1)
    if (end < 0) return this.refuse("a single quote is not closed")
    const body = this.text.slice(this.at + 1, end)
    if (!anyVariable.test(body)) return this.take(body.length + 2)
    if (/['"]/.test(this.text.charAt(this.at - 1)) || /['"\\]/.test(this.text.charAt(end + 1)))
      return this.refuse("`${HAN_FILES}` stands in one of several quotes that make up a word")
    if (this.found(variable, 1) === body) return this.#place(body.length + 2)
    // For another shell, which has the variable, too: what it expands in its own double quotes stays.
    const inner = this.quotedText(body).program()
    if (inner.refused !== null) return this.refuse(`in single quotes: ${inner.refused}`)
    this.put(`'${inner.out}'`, body.length + 2)
  }

  /** `$'…'`, where a backslash escapes an apostrophe. */
  #escaped(): void {
    const text = this.found(/\$'(?:[^'\\]|\\[\s\S])*'/y)
    if (text === undefined) return this.refuse("a single quote is not closed")
    if (this.found(variable, 2) === text.slice(2, -1)) return this.#place(text.length)
    if (anyVariable.test(text)) return this.refuse("`${HAN_FILES}` stands in `$'…'`")
    this.take(text.length)
  }

  #backticks(surroundings: Surroundings): void {
    const text = this.found(/`(?:[^`\\]|\\[\s\S])*`/y)
    if (text === undefined) return this.refuse("a backtick is not closed")
    const body = text.slice(1, -1)
    if (!anyVariable.test(body)) return this.take(text.length)
    // There these lose a backslash before the text is read.
    if (/\\[$`\\]/.test(body) || (surroundings !== "bare" && body.includes('\\"')))
      return this.refuse("`${HAN_FILES}` stands in backticks with escapes; write `$(…)`")
    this.out += "`"
    this.at++
    this.adopt(this.within(body, true).program(), body.length)
    this.take(1)
  }

  #dollar(surroundings: Surroundings, from: number): void {
    const files = this.found(variable)
    if (files !== undefined) {
      if (surroundings === "one") return this.refuse("`${HAN_FILES}` stands where only one word can")
      if (surroundings === "bare") return this.#place(files.length)
      return surroundings === "double" ? this.#embedded(files, from) : this.take(files.length)
    }
    const next = this.peek(1)
    if (next === "'" && surroundings === "bare") return this.#escaped()
    if (next === '"' && surroundings === "bare") return this.#double(1)
    if (next === "'" && surroundings === "one") return this.refuse("`$'` stands in an expansion within quotes")
    if (next === "[") return this.refuse("`$[` is arithmetic of long ago; write `$((`")
    if (next === "{") return this.#braces(surroundings)
    if (this.found(/\$\(\(/y) !== undefined) {
      this.take(3)
      return this.#deeper(() => this.arithmetic())
    }
    if (next === "(") {
      this.take(2)
      return this.#deeper(() => this.substitution())
    }
    this.take(/[$#?!*@0-9-]/.test(next) ? 2 : 1)
  }

  #deeper(read: () => void): void {
    if (++this.#levels + this.depth > maxDepth) return this.refuse("quotes and parentheses are nested too deeply")
    read()
    this.#levels--
  }

  /** Among other text in double quotes: the variable is for another shell, or for a message. */
  #embedded(files: string, from: number): void {
    const before = this.text.slice(from, this.at)
    const after = this.text.slice(this.at + files.length)
    const quote = /(?:^|\s)(\\"|')$/.exec(before)?.[1]
    const whole = quote !== undefined && after.startsWith(quote) && /^(?:["\s;|&)]|$)/.test(after.slice(quote.length))
    if (whole && quote !== undefined && innerQuote(before.slice(0, -quote.length)) === null && !/\s-[nz]\s+$/.test(before.slice(0, -quote.length))) {
      // The names bring quotes of their own: within these they would be bare.
      this.out = this.out.slice(0, -quote.length)
      return this.put(files, files.length + quote.length)
    }
    const forShell = /^-[A-Za-z]*c$/.test(this.words.at(-1) ?? "") || /^(eval|ssh)$/.test(this.words[0] ?? "")
    if (forShell && innerQuote(before) !== null) return this.refuse("`${HAN_FILES}` stands in quotes within the quotes of another shell's text")
    this.take(files.length)
  }

  #braces(surroundings: Surroundings): void {
    const head = this.found(/\$\{(?:[#!]?(?:\w+|[@*#?$!-])(?:\[[^\]"'`$\\]*\])?)?/y) ?? "${"
    this.take(head.length)
    if (/[\s|]/.test(this.peek()) && head === "${") return this.refuse("`${` is followed by no name")
    const operator = this.found(/:?[-+=?]/y)
    const bare = surroundings === "bare"
    const inside = bare && /[-+]$/.test(operator ?? "") ? "bare" : "one"
    this.#deeper(() => {
      while (this.more()) {
        const character = this.peek()
        if (character === "}") return this.take(1)
        if (character === '"') this.#double(0, inside === "one")
        else if (character === "'" && bare) this.#single()
        else if (character === "'") this.refuse("an apostrophe stands in an expansion within quotes")
        else if (this.found(/[<>]\(/y) !== undefined && bare) this.refuse("`<(` stands in an expansion")
        else if (character === "$" && bare && inside === "one" && this.peek(1) === "'") this.#escaped()
        else if (inside === "bare") this.insideWord()
        else this.insideDouble("one")
      }
      this.refuse("`${` is not closed")
    })
  }
}

/** The quote that another shell would be in after this text, which stands in double quotes. */
const innerQuote = (text: string): string | null => {
  let quote: string | null = null
  for (const [mark] of text.matchAll(/\\"|\\[\s\S]|'/g)) {
    const kind = mark === '\\"' ? '"' : mark === "'" ? "'" : null
    if (kind !== null) quote = quote === null ? kind : quote === kind ? null : quote
  }
  return quote
}
