/** The arguments of `han hook run`, as the agent's client gives them. */
export interface HookArgs {
  /** Null: the one that the input names. */
  readonly event: string | null
  readonly only: { readonly plugin: string; readonly hook: string } | null
  readonly directory: string | undefined
  readonly cache: boolean
  /** The client does not wait for it. */
  readonly async: boolean
  /** Whatever cannot be run blocks the agent. */
  readonly failClosed: boolean
}

/** The form of an event's name; one that han does not know is an event, too. */
export const eventName = /^[A-Z]+[a-z][A-Za-z]*$/

// Entries of published plugins have these; they mean nothing any more.
const idleFlags = new Set(["--all", "-a", "--no-checkpoints", "--verbose", "--skip-deps", "--cached"])
const idleValues = new Set(["--checkpoint-type", "--checkpoint-id"])

/** Undefined: the words are not of such a call, or one of them is not known here. */
export const parseHookArgs = (argv: ReadonlyArray<string>): HookArgs | undefined => {
  const [group, verb, ...rest] = argv
  if (group !== "hook" || (verb !== "run" && verb !== "dispatch")) return undefined
  const words: Array<string> = []
  let directory: string | undefined
  let cache = true
  let async = false
  let failClosed = false
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index] ?? ""
    if (!word.startsWith("-")) {
      words.push(word)
      continue
    }
    const equals = word.indexOf("=")
    const name = equals === -1 ? word : word.slice(0, equals)
    if (name === "--only" || idleValues.has(name)) {
      const value = equals === -1 ? rest[++index] : word.slice(equals + 1)
      if (value === undefined || value === "" || (equals === -1 && value.startsWith("-"))) return undefined
      if (name === "--only") directory = value
    } else if (word === "--no-cache") cache = false
    else if (word === "--async") async = true
    else if (word === "--fail-closed") failClosed = true
    else if (!idleFlags.has(word)) return undefined
  }
  const [first = "", second = "", third] = words
  if (first === "" || third !== undefined) return undefined
  const options = { directory, cache, async, failClosed }
  if (words.length === 1) return eventName.test(first) ? { event: first, only: null, ...options } : undefined
  return verb === "run" && second !== "" ? { event: null, only: { plugin: first, hook: second }, ...options } : undefined
}
