import { parseArgs } from "node:util"
import { distance } from "han-core/unstable/NearNames"
import type { CliEnvironment } from "../environment/CliEnvironment.ts"
import { BadUsage } from "../environment/CommandFailed.ts"
import { type DateContext, parseDate } from "./DateArgument.ts"

export interface Option {
  readonly name: string
  readonly short?: string
  /** The name of its value in the help; an option without one is a flag. */
  readonly value?: string
  readonly help: string
}

/** One command: what it takes, and how it starts. `start` loads the code of the command, so that nothing else is loaded for it. */
export interface Command {
  readonly name: string
  /** The words behind the name, such as `SESSION`. */
  readonly takes: string
  readonly summary: string
  /** Further lines of its help. */
  readonly notes: ReadonlyArray<string>
  readonly options: ReadonlyArray<Option>
  /** `-word` is one of the words, not an option. */
  readonly dashWords: boolean
  readonly start: (given: Given) => (host: CliEnvironment) => Promise<number>
}

/** A command line with its options taken apart. Its readers throw `BadUsage`. */
export class Given {
  readonly command: string
  readonly words: ReadonlyArray<string>
  readonly #flags: ReadonlySet<string>
  readonly #values: ReadonlyMap<string, ReadonlyArray<string>>
  readonly #now: number

  constructor(command: string, words: ReadonlyArray<string>, flags: ReadonlySet<string>, values: ReadonlyMap<string, ReadonlyArray<string>>, now: number) {
    this.command = command
    this.words = words
    this.#flags = flags
    this.#values = values
    this.#now = now
  }

  flag(name: string): boolean {
    return this.#flags.has(name)
  }

  /** The last one holds. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1)
  }

  texts(name: string): ReadonlyArray<string> {
    return this.#values.get(name) ?? []
  }

  count(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (!/^\d{1,9}$/.test(text)) throw new BadUsage(`--${name} "${text.slice(0, 60)}" is not a whole number`)
    return Number(text)
  }

  choice<const A extends string>(name: string, choices: ReadonlyArray<A>): A | undefined {
    const text = this.text(name)
    return text === undefined ? undefined : oneOf(`--${name}`, text, choices)
  }

  /** Several, separated by commas or given one by one. */
  choices<const A extends string>(name: string, choices: ReadonlyArray<A>): ReadonlyArray<A> | undefined {
    return this.#values
      .get(name)
      ?.flatMap((text) => text.split(","))
      .map((text) => oneOf(`--${name}`, text.trim(), choices))
  }

  date(name: string, edge: DateContext["edge"]): number | undefined {
    const text = this.text(name)
    return text === undefined ? undefined : parseDate(text, `--${name}`, { now: this.#now, utc: this.flag("utc"), edge })
  }

  /** The single word that the command takes. */
  word(what: string): string {
    const word = this.optionalWord()
    if (word === undefined) throw new BadUsage(`${what} is missing`)
    return word
  }

  optionalWord(): string | undefined {
    const [word, second] = this.words
    if (second !== undefined) throw new BadUsage(`"${second.slice(0, 60)}" is one word too many`)
    if (word === "") throw new BadUsage("an empty word means nothing here")
    return word
  }

  noWords(): void {
    const [word] = this.words
    if (word !== undefined) throw new BadUsage(`"${word.slice(0, 60)}" is one word too many`)
  }
}

const oneOf = <A extends string>(option: string, text: string, choices: ReadonlyArray<A>): A => {
  const found = choices.find((choice) => choice === text)
  if (found === undefined) throw new BadUsage(`${option} "${text.slice(0, 60)}" is not one of ${choices.join(", ")}`)
  return found
}

/** The meaning of a command line. */
export type Asked =
  | { readonly _tag: "Help"; readonly topic: string }
  | { readonly _tag: "Version" }
  | { readonly _tag: "Run"; readonly run: (host: CliEnvironment) => Promise<number> }

/** Throws `BadUsage` with a line that names the command. */
export const parse = (argv: ReadonlyArray<string>, commands: ReadonlyArray<Command>, now: number): Asked => {
  const [first, ...rest] = argv
  if (first === undefined || first === "--help" || first === "-h") return { _tag: "Help", topic: "" }
  if (first === "--version" || first === "-V" || first === "version") return { _tag: "Version" }
  if (first === "help") return { _tag: "Help", topic: topicOf(rest, commands) }
  if (first.startsWith("-")) throw new BadUsage(`unknown option "${first.slice(0, 60)}"; \`han --help\` lists the commands`)
  const found = find(argv, commands)
  if (found === undefined) {
    if (rest.some((word) => word === "--help" || word === "-h") || (rest.length === 0 && isGroup(first, commands)))
      return { _tag: "Help", topic: topicOf([first], commands) }
    throw unknown(argv, commands)
  }
  const { command, length } = found
  try {
    const given = take(command, argv.slice(length), now)
    return given === undefined ? { _tag: "Help", topic: command.name } : { _tag: "Run", run: command.start(given) }
  } catch (error) {
    throw error instanceof BadUsage ? new BadUsage(`${command.name}: ${error.message}; see \`han ${command.name} --help\``) : error
  }
}

const find = (argv: ReadonlyArray<string>, commands: ReadonlyArray<Command>): { readonly command: Command; readonly length: number } | undefined => {
  for (const length of [2, 1]) {
    const command = commands.find(({ name }) => name === argv.slice(0, length).join(" "))
    if (command !== undefined) return { command, length: Math.min(length, argv.length) }
  }
  return undefined
}

const isGroup = (word: string, commands: ReadonlyArray<Command>) => commands.some(({ name }) => name.startsWith(`${word} `))

const topicOf = (words: ReadonlyArray<string>, commands: ReadonlyArray<Command>): string => {
  const topic = words.filter((word) => !word.startsWith("-")).join(" ")
  if (topic !== "" && !isGroup(topic, commands) && !commands.some(({ name }) => name === topic)) throw unknown(words, commands)
  return topic
}

/** `undefined`: its help is asked for. */
const take = (command: Command, args: ReadonlyArray<string>, now: number): Given | undefined => {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      command.options.map(({ name, short, value }) => [
        name,
        { type: value === undefined ? ("boolean" as const) : ("string" as const), ...(short === undefined ? {} : { short }) }
      ])
    ),
    strict: false,
    allowPositionals: true,
    tokens: true
  })
  const words: Array<string> = []
  const flags = new Set<string>()
  const values = new Map<string, Array<string>>()
  const asWord = new Set<number>()
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value)
    if (token.kind !== "option" || asWord.has(token.index)) continue
    const whole = args[token.index] ?? token.rawName
    if (whole === "--help" || whole === "-h") return undefined
    const option = command.options.find(({ name }) => name === token.name)
    if (option === undefined) {
      if (!command.dashWords || whole.startsWith("--")) throw new BadUsage(`unknown option "${(whole.startsWith("--") ? token.rawName : whole).slice(0, 60)}"`)
      asWord.add(token.index)
      words.push(whole)
    } else if (option.value === undefined) {
      if (token.value !== undefined) throw new BadUsage(`--${option.name} takes no value`)
      flags.add(option.name)
    } else {
      const { value } = token
      if (value === undefined || value === "" || (!token.inlineValue && value.startsWith("-") && value !== "-"))
        throw new BadUsage(`--${option.name} needs a value: --${option.name} ${option.value}`)
      values.set(option.name, [...(values.get(option.name) ?? []), value])
    }
  }
  return new Given(command.name, words, flags, values, now)
}

const unknown = (argv: ReadonlyArray<string>, commands: ReadonlyArray<Command>): BadUsage => {
  const [first = "", second = ""] = argv
  const asked = isGroup(first, commands) && second !== "" ? `${first} ${second}` : first
  const near = commands.map(({ name }) => ({ name, distance: distance(asked, name) })).sort((a, b) => a.distance - b.distance)[0]
  const hint = near !== undefined && near.distance <= 2 ? `did you mean \`han ${near.name}\`?` : "`han --help` lists the commands"
  return new BadUsage(`unknown command "${asked.slice(0, 60)}"; ${hint}`)
}
